"""Groups that are being put together: tried by a rule, edited by hand, saved as the next version."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import param
import pyarrow as pa

from workbench.bench import Bench
from workbench.errors import GroupingError
from workbench.groupings import GroupBalance, Grouping, GroupingCheck, Requirements, by_table
from workbench.progress import Progress, silent
from workbench.session.content.lanes import GroupRows, Lanes
from workbench.session.curation.history import History
from workbench.session.groups.trials import GroupingState, GroupTrials, Trial, begin_from
from workbench.session.groups.words import (
    ask_beyond,
    describe_groups,
    name_members,
    write_data_ids,
    write_requirements,
)

__all__ = ["Regrouping"]


class Regrouping(param.Parameterized):
    """Groups under construction, with undo; all by calls of the bench.  Methods raise what those raise.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    author : `str`, optional
        Who saves; by default the user of this process.
    **params : `object`
        Values of the parameters.
    """

    revision = param.Integer(default=0, doc="counts the changes")

    def __init__(self, bench: Bench, *, author: str | None = None, **params: object):
        super().__init__(**params)
        self.bench = bench
        self.author = author
        self.trials = GroupTrials(bench)
        self.history: History[GroupingState] | None = None
        self._saved: dict[GroupingState, Grouping] = {}
        self._checks: dict[GroupingState, GroupingCheck] = {}
        self._lanes: tuple[GroupingState, GroupRows, Lanes] | None = None

    @property
    def current(self) -> GroupingState | None:
        """The groups as they are now (`GroupingState` or `None`)."""
        return None if self.history is None else self.history.current

    @property
    def grouping(self) -> Grouping | None:
        """The same as a grouping (`~workbench.groupings.Grouping` or `None`)."""
        return None if self.current is None else self.current.grouping

    @property
    def saved(self) -> Grouping | None:
        """The version that holds just these groups (`~workbench.groupings.Grouping` or `None`)."""
        now = self.current
        if now is None:
            return None
        return now.grouping if now.grouping.version and not now.edited else self._saved.get(now)

    @property
    def check(self) -> GroupingCheck | None:
        """What holds, as ``bench.groupings.check`` says (`~workbench.groupings.GroupingCheck`)."""
        now = self.current
        if now is None:
            return None
        if now not in self._checks:
            # Moving members brings none that the repository was not asked about before.
            check = now.grouping.check() if now.edited else self.bench.groupings.check(now.grouping)
            self._checks[now] = dataclasses.replace(check, faults=(*check.faults, *now.gone))
        return self._checks[now]

    @property
    def shown(self) -> GroupRows | None:
        """The rows that members are of (`~workbench.session.content.lanes.GroupRows` or `None`)."""
        grouping = self.grouping
        if grouping is None:
            return None
        return self.trials.read_rows(grouping)

    @property
    def lanes(self) -> Lanes | None:
        """The members as lanes show them (`~workbench.session.content.lanes.Lanes` or `None`)."""
        now, shown = self.current, self.shown
        if now is None or shown is None:
            return None
        if self._lanes is None or self._lanes[0] is not now or self._lanes[1] is not shown:
            self._lanes = (now, shown, Lanes(shown, now.grouping, now.lanes))
        return self._lanes[2]

    @property
    def lane_keys(self) -> tuple[str, ...]:
        """Keys of the groups, emptied ones too (`tuple` [ `str`, ... ])."""
        return () if self.current is None else self.current.lanes

    def describe(self) -> list[tuple[str, str]]:
        """Say what holds of the groups.

        Returns
        -------
        sentences : `list` [ `tuple` [ `str`, `str` ] ]
            As `~workbench.session.groups.words.describe_groups` returns them.
        """
        grouping, check = self.grouping, self.check
        return [] if grouping is None or check is None else describe_groups(grouping, check, self.lane_keys)

    def take(self, trial: Trial) -> None:
        """Show groups that were made; those before them come back by undo.

        Parameters
        ----------
        trial : `~workbench.session.groups.trials.Trial`
            What `trials` gave.
        """
        before, now = self.current, trial.made
        self.trials.keep(trial)
        if (
            before
            and now.rule is not None
            and (before.python, before.grouping.digest) == (now.python, now.grouping.digest)
        ):
            return
        self._checks[now] = trial.check
        self._change(trial.label, now)

    def begin(self, grouping: Grouping) -> None:
        """Begin from a grouping.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping`
            Saved or not.
        """
        self._change(f"open {grouping.label}", begin_from(grouping))

    def move(self, members: pa.Table, to: str | None, of: str | None = None) -> None:
        """Put members into another group, as ``Grouping.move`` does.

        Parameters
        ----------
        members : `pyarrow.Table`
            Their data IDs.
        to : `str` or `None`
            Key of the group, which may be new; `None` for no group.
        of : `str`, optional
            Key of the one group that they leave; by default they leave all.
        """
        now = self._must_be()
        grouping = now.grouping.move(members, to, of=of)
        left = "" if of is None else f", of={of!r}"
        line = f"grouping = grouping.move({write_data_ids(members)}, {to!r}{left})"
        lanes = now.lanes if to is None or to in now.lanes else (*now.lanes, to)
        label = f"move {name_members(members)} {'out of the groups' if to is None else f'to {to}'}"
        python, gone = f"{now.python}\n{line}", self._find_gone()
        self._change(label, GroupingState(grouping, lanes, python, edited=True, gone=gone))

    def require(self, asked: Requirements) -> None:
        """Ask something else of groups that were opened or edited.

        Parameters
        ----------
        asked : `~workbench.groupings.Requirements`
            All that is asked from now on.
        """
        now = self._must_be()
        if asked != now.grouping.requirements:
            grouping = dataclasses.replace(now.grouping, requirements=asked)
            gone = self._find_gone()
            changed = dataclasses.replace(now, grouping=grouping, rule=None, edited=True, gone=gone)
            self._change("other requirements", changed)

    def answer(self, text: str) -> bool:
        """Do what lanes ask for.

        Parameters
        ----------
        text : `str`
            As ``lanes_view.js`` writes it.

        Returns
        -------
        done : `bool`
            `False` if it is about another state of the groups.
        """
        told: dict[str, Any] = json.loads(text)
        lanes = self.lanes
        if told["revision"] != self.revision or lanes is None:
            return False
        if told["do"] == "undo":
            self.undo()
        elif told["do"] == "redo":
            self.redo()
        else:
            self.move(lanes.take(told["members"]), told["to"], told["from"])
        return True

    def to_wire(self) -> bytes:
        """Return the members as lanes are sent them.

        Returns
        -------
        message : `bytes`
            Empty where there are no groups.
        """
        lanes, history = self.lanes, self.history
        if lanes is None or history is None:
            return b""
        return lanes.to_wire(revision=self.revision, undo=history.undo_label, redo=history.redo_label)

    def undo(self) -> None:
        """Take the last change back."""
        if self.history is not None:
            self.history.undo()
            self.revision += 1

    def redo(self) -> None:
        """Make the last change that was taken back again."""
        if self.history is not None:
            self.history.redo()
            self.revision += 1

    def balance(self, by: Sequence[str]) -> GroupBalance:
        """Count the members of each group in each stratum.

        Parameters
        ----------
        by : `~collections.abc.Sequence` [ `str` ]
            Such as ``["tract", "patch", "band"]``.

        Returns
        -------
        balance : `~workbench.groupings.GroupBalance`
            Counts.
        """
        grouping = self._must_be().grouping
        return grouping.balance(self.trials.read_strata(grouping, by))

    def save(self, name: str, reason: str, progress: Progress = silent) -> tuple[Grouping, str]:
        """Save the groups as the next version of a name; no other version changes.

        May be called from a thread; `take_saved` then makes it known.

        Parameters
        ----------
        name : `str`
            Lower-case name.
        reason : `str`
            Why.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; where it cancels, nothing is written.

        Returns
        -------
        grouping : `~workbench.groupings.Grouping`
            With its version.
        python : `str`
            Lines that do the same.
        """
        now = self._must_be()
        if (saved := self.saved) is not None:
            raise GroupingError(f"{saved.label} holds just these groups: there is nothing to save.")
        if not reason:
            raise GroupingError("Say why: it is kept with the version.")
        grouping = now.grouping
        told = f", reason={reason!r}" + ("" if self.author is None else f", author={self.author!r}")
        if now.rule is not None:
            rule, rule_python = now.rule, now.rule_python
            *setup, rule_python = rule_python.split("\n")
            first, rows = "".join(f"{line}\n" for line in setup), f"bench.load({grouping.parent.label!r})"
        else:
            disjoint = grouping.requirements.disjoint
            source = f"{self._find_base()}, edited by hand"
            rule = by_table(grouping.relation, disjoint=disjoint, source=source)
            rule_python = f"wb.by_table(grouping.relation, disjoint={disjoint}, source={source!r})"
            first, rows = f"{now.python}\n", "grouping.parent"
        asked = grouping.requirements
        more = write_requirements(ask_beyond(rule, asked))
        python = f"{first}grouping = bench.group({name!r}, {rows}, {rule_python}{more}{told})"
        made = self.bench.group(
            name,
            grouping.parent,
            rule,
            require=asked,
            reason=reason,
            author=self.author,
            progress=progress,
        )
        return made, python

    def take_saved(self, made: Grouping) -> None:
        """Say that the groups as they are now were saved.

        Parameters
        ----------
        made : `~workbench.groupings.Grouping`
            What `save` returned.
        """
        self._saved[self._must_be()] = made
        self.revision += 1

    def _find_gone(self) -> tuple[str, ...]:
        """Return the faults that are the repository's and not the groups'."""
        now, check = self._must_be(), self.check
        if now.edited or check is None:
            return now.gone
        return check.faults[len(now.grouping.check().faults) :]

    def _find_base(self) -> str:
        """Name what the groups were before they were edited."""
        now = self._must_be()
        line = now.python.partition("\n")[0]
        return (
            line.split("'")[1] if line.startswith("grouping = bench.groupings.load(") else now.grouping.name
        )

    def _must_be(self) -> GroupingState:
        if self.current is None:
            raise GroupingError("There are no groups yet: try a rule, or open a saved grouping.")
        return self.current

    def _change(self, label: str, now: GroupingState) -> None:
        if self.history is None:
            self.history = History(now)
        else:
            self.history.record(label, now)
        self.revision += 1
