"""The commits of a repository and how far their runs are, as an ipywidget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.runs import RunStatus
from workbench.session.campaign.execution import Execution
from workbench.ui.campaign.run_view import RunView
from workbench.ui.widgets.hosted import HostedWidget

__all__ = ["RunPanel"]


class RunPanel(HostedWidget):
    """A commit, how to run it, how far it is, and what came back.

    ``value`` are the counts of quanta by state, such as ``{"successful": 3,
    "failed": 0, ...}``, empty before they are known; they are only read.
    ``run`` is the RUN of the commit, and may be set.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    run : `str`, optional
        RUN, or identifier of a commit, to begin with; the newest by default.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.

    Raises
    ------
    traitlets.TraitError
        Raised if there is no such commit, also when ``run`` is set later.
    """

    run = traitlets.Unicode(help="RUN of the commit")
    value = traitlets.Dict(read_only=True, help="number of quanta by state")

    def __init__(self, bench: Bench, run: str = "", **options: Any):
        super().__init__(bench, **options)
        self._execution = Execution(self.desk)
        self._view = RunView(self.desk, self._execution)
        self._execution.param.watch(lambda *_: self._tell(), ["revision", "looked"])
        self.refresh()
        if run:
            self.run = run
        self._host(self._view.view)
        self._execution.show(True)

    @property
    def status(self) -> RunStatus | None:
        """How far it is (`~workbench.runs.RunStatus`); `None` before it is known."""
        return self._execution.status

    def refresh(self) -> None:
        """List the commits again; the newest is chosen where none is."""
        self._execution.list_commits()
        if not self.run and self._execution.commits:
            self.run = str(self._execution.commits[0]["run"])

    async def look(self) -> None:
        """Look how far it is; in a notebook this also happens by itself."""
        await self._execution.look()

    def close(self) -> None:
        """Close the widget and look no longer; what runs goes on."""
        self._execution.close()
        super().close()

    def _tell(self) -> None:
        commit, status = self._execution.commit, self._execution.status
        with self._telling():
            self.run = "" if commit is None or commit.run is None else commit.run
            self.set_trait("value", {} if status is None else dict(status.counts))

    @traitlets.observe("run")
    def _choose(self, change: Mapping[str, Any]) -> None:
        if self._is_telling or not change["new"]:
            return
        before = self._execution.commit
        self._execution.choose(change["new"])
        if self._execution.commit is before:
            self._tell()
            self._complain("run")
