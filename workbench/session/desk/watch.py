"""What others write to the repository while a session is open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import param

from workbench.faults import describe_error, is_closed
from workbench.session.desk.desk import Desk

__all__ = ["Watch"]

_SETS = {"set_versions", "groupings"}
_NOTES = {"annotations", "annotation_flags"}
_PERIOD = 2.0
"""Seconds between two looks; each is a query of a few rows."""


class Watch(param.Parameterized):
    """Looks every two seconds whether others saved sets or wrote notes.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Told to read sets and notes again.
    """

    news = param.String(doc="what others saved since the session began or was last told")

    def __init__(self, desk: Desk):
        super().__init__()
        self.desk = desk
        self._rows: Mapping[str, int] = {}
        self._labels: frozenset[str] = frozenset()
        self._unseen: BaseException | None = None
        desk.param.watch(lambda *_: self._remember(), "n_logged")
        self._remember()

    def start(self) -> None:
        """Look from now on, as long as the page or the repository is open.

        Needs a running event loop, as pages and the kernels of notebooks have;
        elsewhere nothing is looked for.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._ticking = self.desk.schedule.repeat(self._tick, _PERIOD)

    def _tick(self) -> None:
        try:
            self.look()
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            if self._unseen is None or str(self._unseen) != str(error):
                # Said once, and not every two seconds.
                self._unseen = error
                self.news = f"What others write is not seen now. {describe_error(error)}"
            if is_closed(error):
                self._ticking.stop()  # a notebook's cell outlives the repository that it shows

    def look(self) -> None:
        """Look once; cheap where nothing was written."""
        if self.desk.busy:
            return
        rows = self.desk.bench.registry.last_rows()
        if self._unseen is not None:
            self._unseen, self.news = None, ""
        if rows == self._rows:
            return
        grown = {name for name, last in rows.items() if self._rows.get(name, 0) != last}
        self._rows = rows
        if grown & _SETS:
            saved = self._read_sets()
            new = [item for item in saved if _label(item) not in self._labels]
            self._labels |= {_label(item) for item in new}
            if new:
                self.news = " ".join(
                    f"{item['author']} saved {_label(item)} ({item['n_rows']:,} rows): {item['reason']}."
                    for item in new[-3:]
                )
            self.desk.n_saved += 1
        if grown & _NOTES:
            self.desk.n_noted += 1

    def _remember(self) -> None:
        """What this session wrote itself is no news."""
        entries = self.desk.log.entries
        if entries and entries[-1].kind != "write":
            return
        rows, _ = self.desk.attempt(self.desk.bench.registry.last_rows)
        if rows is not None:
            self._rows = rows
            self._labels = frozenset(map(_label, self._read_sets()))

    def _read_sets(self) -> list[dict[str, Any]]:
        sets, _ = self.desk.attempt(self.desk.bench.sets.list)
        return [] if sets is None else sets.to_pylist()


def _label(item: Mapping[str, Any]) -> str:
    return f"{item['name']}@{item['version']}"
