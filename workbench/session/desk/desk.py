"""What all views share: the bench, the theme, and how an action is carried out."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import param

from workbench.bench import Bench
from workbench.errors import OperationCancelledError
from workbench.faults import describe_error
from workbench.progress import Progress
from workbench.session.content.palette import PALETTES, Palette
from workbench.session.desk.log import EntryKind, SessionLog, Subject
from workbench.session.desk.schedule import LoopSchedule, Schedule
from workbench.session.desk.threads import do_in_thread

__all__ = ["Desk"]

T = TypeVar("T")

LongCall: TypeAlias = Callable[..., Coroutine[Any, Any, None]]

_TICK = 0.1
"""Seconds between two looks at long work."""


class Desk(param.Parameterized):
    """The bench as views use it: every action passes here.

    An action is one call of the public Python API.  It is shown as such, and
    an error that it raises becomes a message.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    author : `str`, optional
        Who saves and notes; by default the user of this process.
    schedule : `~workbench.session.desk.schedule.Schedule`, optional
        Begins long work; a page hands its own in.
    **params
        Initial values of the parameters, such as ``theme="dark"``.
    """

    theme: param.Selector[str] = param.Selector(objects=list(PALETTES), default="light")
    hint = param.String(doc="Python that does what was done last")
    message = param.String(doc="What to tell the user")
    message_kind: param.Selector[str] = param.Selector(objects=["info", "done", "error"], default="info")
    n_saved = param.Integer(default=0, doc="counts the sets that were saved")
    n_noted = param.Integer(default=0, doc="counts what was noted, here or by others")
    n_logged = param.Integer(default=0, doc="counts the actions of the session")
    busy = param.String(doc="Long work that is under way")
    stage = param.String(doc="Stage of the long work")
    fraction = param.Number(default=None, allow_None=True, doc="Fraction of the stage that is done")
    elapsed = param.Number(default=0.0, doc="Seconds since the long work began")
    installed_only = param.Boolean(
        default=False, doc="Whether only pipelines of packages that are loaded may be looked at"
    )
    most_at_once = param.Integer(
        default=2000,
        doc="Rows up to which something is read or grouped at once; more is long work (about 0.2 s)",
    )

    def __init__(
        self, bench: Bench, *, author: str | None = None, schedule: Schedule | None = None, **params: Any
    ):
        super().__init__(**params)
        self.bench = bench
        self.author = author
        self.schedule: Schedule = LoopSchedule() if schedule is None else schedule
        self.log = SessionLog()
        self._cancelled = threading.Event()
        self._reported: tuple[str, float | None] = ("", None)

    @property
    def palette(self) -> Palette:
        """Colours of the current theme (`~workbench.session.content.palette.Palette`)."""
        return PALETTES[self.theme]

    @property
    def error(self) -> str:
        """What the last action failed with; empty if it did not (`str`)."""
        return self.message if self.message_kind == "error" else ""

    @property
    def author_argument(self) -> str:
        """The author as an argument of Python, after others; empty for the default (`str`)."""
        return "" if self.author is None else f", author={self.author!r}"

    def saved_labels(self) -> list[str]:
        """Return the labels of all saved sets.

        Returns
        -------
        labels : `list` [ `str` ]
            "name@version", by name, the newest version first.
        """
        sets, _ = self.attempt(self.bench.sets.list)
        rows = [] if sets is None else sets.to_pylist()
        return [f"{item['name']}@{item['version']}" for item in reversed(rows)]

    @property
    def progress_text(self) -> str:
        """What the long work does now, in a sentence; empty if there is none (`str`)."""
        if not self.busy:
            return ""
        share = f", {self.fraction:.0%}" if self.fraction is not None else ""
        return f"{self.busy}: {self.stage}{share}, {self.elapsed:.1f} s"

    def is_long(self, n_rows: int = 0) -> bool:
        """Say whether something is too much to be done at once.

        Parameters
        ----------
        n_rows : `int`, optional
            Rows that are worked on, beside all visits of the repository.

        Returns
        -------
        is_long : `bool`
            Whether these, or the visits of the repository, are more than
            ``most_at_once``; where they cannot be counted, it is not.
        """
        if n_rows > self.most_at_once:
            return True
        n_visits, _ = self.attempt(lambda: self.bench.dimensions.count("visit"))
        return n_visits is not None and n_visits > self.most_at_once

    def start(self, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start long work from where it cannot be awaited.

        Parameters
        ----------
        call : `~collections.abc.Callable`
            Gives the coroutine.  Where no event loop runs, as in a script, it
            is done when this returns.
        """
        work = self.guard(lambda *_: call())
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(work())
        else:
            self.schedule.begin(work)

    def guard(
        self, call: Callable[..., Coroutine[Any, Any, None]]
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        """Return what answers a press of a button by long work, and tells of its faults.

        What is awaited is beyond a notebook's handlers of errors, and nobody
        asks for the result of the task that it becomes.

        Parameters
        ----------
        call : `~collections.abc.Callable`
            Gives the coroutine.

        Returns
        -------
        guarded : `~collections.abc.Callable`
            A coroutine function that takes the same and raises nothing.
        """

        async def guarded(*given: Any) -> None:
            try:
                await call(*given)
            except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
                self.tell(describe_error(error), "error")

        return guarded

    def tell(self, message: str, kind: str = "info") -> None:
        """Show a message.

        Parameters
        ----------
        message : `str`
            What to say; shown as plain text, line breaks kept.
        kind : `str`, optional
            ``info``, ``done`` or ``error``.
        """
        self.param.update(message=message, message_kind=kind)

    def record(self, hint: str, kind: EntryKind, subject: Subject = "set") -> None:
        """Show the Python of what was done, and keep it for a replay.

        Parameters
        ----------
        hint : `str`
            The Python that does it.
        kind : `str`
            One of `~workbench.session.desk.log.EntryKind`.
        subject : `str`, optional
            What a change makes.
        """
        self.hint = hint
        self.log.record(kind, hint, subject)
        self.n_logged += 1

    def act(self, hint: str, call: Callable[[], T], *, kind: EntryKind = "look") -> T | None:
        """Carry out a short action.

        Parameters
        ----------
        hint : `str`
            The Python that does it; empty for mere display.
        call : `~collections.abc.Callable`
            Does it.
        kind : `str`, optional
            One of `~workbench.session.desk.log.EntryKind`.

        Returns
        -------
        result : `object` or `None`
            What ``call`` returned; `None` if it failed, and the user was told.
        """
        result, error = self.carry_out(hint, call, kind=kind)
        self.tell(error, "error" if error else "info")
        return result

    def carry_out(
        self, hint: str, call: Callable[[], T], *, kind: EntryKind = "look"
    ) -> tuple[T | None, str]:
        """Carry out a short action whose error is shown beside what was entered, and there alone.

        Parameters
        ----------
        hint : `str`
            The Python that does it; empty for mere display.
        call : `~collections.abc.Callable`
            Does it.
        kind : `str`, optional
            One of `~workbench.session.desk.log.EntryKind`.

        Returns
        -------
        result : `object` or `None`
            What ``call`` returned; `None` if it failed.
        error : `str`
            What went wrong; empty if nothing did.
        """
        result, error = self.attempt(call)
        if hint and error:
            # That of what was done before would stand there as if it were that of what failed.
            self.hint = ""
        elif hint:
            self.record(hint, kind)
        self.tell("")
        return result, error

    def attempt(self, call: Callable[[], T]) -> tuple[T | None, str]:
        """Try something that is no action of the user: what he was told before stays.

        Parameters
        ----------
        call : `~collections.abc.Callable`
            Does it.

        Returns
        -------
        result : `object` or `None`
            What ``call`` returned; `None` if it failed.
        error : `str`
            What went wrong; empty if nothing did.
        """
        if self.busy:
            return None, f"{self.busy} is under way. Wait for it, or cancel it."
        try:
            return call(), ""
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            return None, describe_error(error)

    async def work(
        self, title: str, hint: str, call: Callable[[Progress], T], *, kind: EntryKind = "look"
    ) -> T | None:
        """Carry out long work in a thread, with progress and cancel.

        Parameters
        ----------
        title : `str`
            What it is, such as "Preview".
        hint : `str`
            The Python that does it.
        call : `~collections.abc.Callable`
            Does it; takes the progress callback.
        kind : `str`, optional
            One of `~workbench.session.desk.log.EntryKind`.

        Returns
        -------
        result : `object` or `None`
            What ``call`` returned; `None` if it failed or was cancelled, and
            the user was told.
        """
        result, error = await self.attempt_long(title, call, hint, kind=kind)
        if error:
            self.tell(error, "error")
        return result

    async def attempt_long(
        self, title: str, call: Callable[[Progress], T], hint: str = "", *, kind: EntryKind = "look"
    ) -> tuple[T | None, str]:
        """Carry out long work whose error is shown beside what was entered, and there alone.

        Parameters
        ----------
        title : `str`
            What it is, such as "Grouping".
        call : `~collections.abc.Callable`
            Does it; takes the progress callback.
        hint : `str`, optional
            The Python that does it, if its caller does not record it.
        kind : `str`, optional
            One of `~workbench.session.desk.log.EntryKind`.

        Returns
        -------
        result : `object` or `None`
            What ``call`` returned; `None` if it failed or was cancelled.
        error : `str`
            What went wrong; empty if nothing did.  It is empty too where the
            user was told: that it was cancelled, or that other work is under
            way.
        """
        if self.busy:
            self.tell(f"{self.busy} is under way. Wait for it, or cancel it.")
            return None, ""
        self._cancelled.clear()
        self._reported = ("starting", None)
        self.tell("")
        if hint:
            self.hint = hint
        self.param.update(busy=title, stage="starting", fraction=None, elapsed=0.0)
        started = time.monotonic()
        task = asyncio.create_task(do_in_thread(call, self._progress))
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_TICK)
                stage, fraction = self._reported
                self.param.update(stage=stage, fraction=fraction, elapsed=time.monotonic() - started)
            result = task.result()
        except OperationCancelledError:
            self.tell(f"{title} was cancelled; nothing was left behind.")
            return None, ""
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            if hint:
                self.hint = ""
            return None, describe_error(error)
        finally:
            self.busy = ""
        if hint and result is not None:
            self.record(hint, kind)
        return result, ""

    @property
    def is_cancelling(self) -> bool:
        """Whether the long work was asked to stop, and has not yet (`bool`)."""
        return bool(self.busy) and self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the long work to stop at its next report."""
        self._cancelled.set()

    def _progress(self, stage: str, fraction: float | None = None) -> None:
        # Called in the worker's thread: parameters are set by the loop above alone.
        self._reported = (stage, fraction)
        if self._cancelled.is_set():
            raise OperationCancelledError(f"Cancelled by the user at: {stage}.")
