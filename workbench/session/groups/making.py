"""Groups on their way to the page: made at once, or in a thread, with all that they are shown with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeAlias

from workbench.progress import Progress, silent
from workbench.session.content.content import Patches, VisitContent, make_rows, make_sky
from workbench.session.content.lanes import GroupRows
from workbench.session.desk.desk import Desk
from workbench.session.desk.latest_work import LatestWork
from workbench.session.groups.trials import Trial

__all__ = ["MAKING", "GroupMaking", "Prepared"]

MAKING = "Grouping"
"""What the desk calls it."""

Make: TypeAlias = Callable[[Progress], Trial]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Groups, and all that views need to show them.

    Parameters
    ----------
    trial : `~workbench.session.groups.trials.Trial`
        The groups.
    patches : `~workbench.session.content.content.Patches` or `None`
        Patches of the sky; `None` where the members are no visits.
    contents : `~collections.abc.Mapping` [ `str`, `bytes` ]
        What each view is sent about the rows.
    """

    trial: Trial
    patches: Patches | None
    contents: Mapping[str, bytes]


class GroupMaking:
    """Makes groups; nothing that is shown changes before they are complete, or if they never are.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the work.
    done : `~collections.abc.Callable`
        Takes the groups, or `None`, and what went wrong.
    """

    def __init__(self, desk: Desk, done: Callable[[Prepared | None, str], None]):
        self.desk = desk
        self.work = LatestWork(desk, MAKING, done)
        self._patches: Patches | None = None
        self._shown: GroupRows | None = None
        self._contents: Mapping[str, bytes] = {}

    def begin(self, make: Make, *, asked: object, n_rows: int) -> None:
        """Make groups: at once where that is short, otherwise as long work.

        Parameters
        ----------
        make : `~collections.abc.Callable`
            Makes them; takes the progress callback.
        asked : `object`
            What is asked for, to be compared.  Of what is asked while others
            are being made the last counts, and those are cancelled.
        n_rows : `int`
            Rows that are grouped.
        """
        self.work.begin(lambda progress: self._prepare(make, progress), asked=asked, n_rows=n_rows)

    def _prepare(self, make: Make, progress: Progress) -> Prepared:
        trial, patches = make(progress), self._patches
        if trial.shown.of_visits and patches is None:
            patches = Patches.read(self.desk.bench, progress=progress)
        contents = self._contents
        if trial.shown is not self._shown:
            contents = self._make_contents(trial.shown, patches, progress)
        return Prepared(trial, patches, contents)

    def keep(self, prepared: Prepared) -> None:
        """Keep what was read for groups that are going to be shown.

        Parameters
        ----------
        prepared : `Prepared`
            What was made.
        """
        self._patches = prepared.patches or self._patches
        self._shown, self._contents = prepared.trial.shown, prepared.contents

    def find_contents(self, shown: GroupRows) -> Mapping[str, bytes]:
        """Return what views are sent about rows.

        Parameters
        ----------
        shown : `~workbench.session.content.lanes.GroupRows`
            The rows.

        Returns
        -------
        contents : `~collections.abc.Mapping` [ `str`, `bytes` ]
            For ``lanes``; of visits also for ``nights``, and for ``sky``
            where patches were read.
        """
        if shown is not self._shown:
            if shown.of_visits and self._patches is None:
                self._patches, _ = self.desk.attempt(lambda: Patches.read(self.desk.bench))
            self._shown, self._contents = shown, self._make_contents(shown, self._patches, silent)
        return self._contents

    def _make_contents(
        self, shown: GroupRows, patches: Patches | None, progress: Progress
    ) -> dict[str, bytes]:
        progress("drawing groups")
        rows, link = shown.rows, f"groups-{id(self)}"
        contents = {"lanes": make_rows(rows).to_wire(rows, title="Groups", link=link)}
        if shown.of_visits:
            if patches is not None:
                sky = make_sky(rows, patches)
                contents["sky"] = sky.to_wire(rows, title="Groups on the sky", link=link, colour_by="group")
            nights = VisitContent(options={"x": "night", "y": "visit.seq_num", "fixed": True, "height": 340})
            contents["nights"] = nights.to_wire(rows, title="Groups in time", link=link, colour_by="group")
        return contents
