"""Groups that are being put together: tried by a rule, edited by hand, saved as the next version."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import param
import pyarrow as pa

from workbench.bench import Bench
from workbench.errors import GroupingError, WorkbenchError
from workbench.groupings import GroupBalance, Grouping, GroupingCheck, GroupingRule, Requirements, by_table
from workbench.ui.group_words import (
    NOTHING_ASKED,
    ask_beyond,
    describe_groups,
    name_members,
    write_data_ids,
    write_requirements,
)
from workbench.ui.history import History
from workbench.ui.views.lanes import GroupRows, Lanes

__all__ = ["Arrangement", "Regrouping"]


@dataclasses.dataclass(frozen=True, eq=False)
class Arrangement:
    """One state of the groups.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        The groups.
    lanes : `tuple` [ `str`, ... ]
        Their keys, and those of groups that were emptied by hand.
    python : `str`
        Lines that make ``grouping``.
    rule : `~workbench.groupings.GroupingRule` or `None`, optional
        The rule that made them; `None` if they were opened, or edited.
    rule_python : `str`, optional
        The rule in Python.
    edited : `bool`, optional
        Whether members were moved, or something else is asked of the groups.
    gone : `tuple` [ `str`, ... ], optional
        What the repository no longer had of the members before they were
        edited, in words.
    """

    grouping: Grouping
    lanes: tuple[str, ...]
    python: str
    rule: GroupingRule | None = None
    rule_python: str = ""
    edited: bool = False
    gone: tuple[str, ...] = ()


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
        self.where = ""
        self.history: History[Arrangement] | None = None
        self._saved: dict[Arrangement, Grouping] = {}
        self._shown: tuple[str, GroupRows] | None = None
        self._strata: dict[tuple[object, ...], pa.Table | WorkbenchError] = {}
        self._checks: dict[Arrangement, GroupingCheck] = {}
        self._lanes: tuple[Arrangement, GroupRows, Lanes] | None = None

    @property
    def current(self) -> Arrangement | None:
        """The groups as they are now (`Arrangement` or `None`)."""
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
        """What holds, as ``bench.check_grouping`` says (`~workbench.groupings.GroupingCheck`)."""
        now = self.current
        if now is None:
            return None
        if now not in self._checks:
            # Moving members brings none that the repository was not asked about before.
            check = now.grouping.check() if now.edited else self.bench.check_grouping(now.grouping)
            self._checks[now] = dataclasses.replace(check, faults=(*check.faults, *now.gone))
        return self._checks[now]

    @property
    def shown(self) -> GroupRows | None:
        """The rows that members are of (`~workbench.ui.views.lanes.GroupRows` or `None`)."""
        grouping = self.grouping
        if grouping is None:
            return None
        key = f"{grouping.parent.key_digest} {self.where}"
        if self._shown is None or self._shown[0] != key:
            self._shown = (key, GroupRows.read(self.bench, grouping, self.where))
        return self._shown[1]

    @property
    def lanes(self) -> Lanes | None:
        """The members as lanes show them (`~workbench.ui.views.lanes.Lanes` or `None`)."""
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
            As `~workbench.ui.group_words.describe_groups` returns them.
        """
        grouping, check = self.grouping, self.check
        return [] if grouping is None or check is None else describe_groups(grouping, check, self.lane_keys)

    def try_rule(
        self, name: str, label: str, rule: GroupingRule, python: str, require: Requirements = NOTHING_ASKED
    ) -> None:
        """Group a saved set by a rule; nothing is saved.

        Parameters
        ----------
        name : `str`
            Name of the grouping, for messages.
        label : `str`
            The set.
        rule : `~workbench.groupings.GroupingRule`
            The rule.
        python : `str`
            The rule in Python, after lines that it needs.
        require : `~workbench.groupings.Requirements`, optional
            What to ask of the groups beside what the rule asks.
        """
        grouping, check = self.bench.try_group(name, self.bench.load(label), rule, require=require)
        asked = write_requirements(ask_beyond(rule, require))
        *setup, call = python.split("\n")
        made = f"grouping, check = bench.try_group({name!r}, bench.load({label!r}), {call}{asked})"
        now = Arrangement(grouping, tuple(grouping.keys), "\n".join([*setup, made]), rule, python)
        before = self.current
        if before and (before.python, before.grouping.digest) == (now.python, grouping.digest):
            return
        self._checks[now] = check
        self._change(f"{call.removeprefix('wb.')} of {label}", now)

    def open(self, label: str) -> None:
        """Begin from a saved grouping.

        Parameters
        ----------
        label : `str`
            "name" or "name@2".
        """
        self.begin(self.bench.grouping(label))

    def begin(self, grouping: Grouping) -> None:
        """Begin from a grouping.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping`
            Saved or not.
        """
        made = f"grouping = bench.grouping({grouping.label!r})"
        if not grouping.version:
            rows = f"bench.load({grouping.parent.label!r})"
            made = f"grouping, check = bench.try_group({grouping.name!r}, {rows}, wb.{grouping.rule})"
        self._change(f"open {grouping.label}", Arrangement(grouping, tuple(grouping.keys), made))

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
        self._change(label, Arrangement(grouping, lanes, python, edited=True, gone=gone))

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
        # Moving members changes no stratum: they are read once for each set.
        key = (grouping.parent.key_digest, grouping.key_names, *by)
        if key not in self._strata:
            try:
                self._strata[key] = self.bench.strata(grouping, by)
            except WorkbenchError as error:
                self._strata[key] = error
        strata = self._strata[key]
        if isinstance(strata, WorkbenchError):
            raise strata
        return grouping.balance(strata)

    def save(self, name: str, reason: str) -> tuple[Grouping, str]:
        """Save the groups as the next version of a name; no other version changes.

        Parameters
        ----------
        name : `str`
            Lower-case name.
        reason : `str`
            Why.

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
        made = self.bench.group(name, grouping.parent, rule, require=asked, reason=reason, author=self.author)
        self._saved[now] = made
        self.revision += 1
        return made, python

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
        return line.split("'")[1] if line.startswith("grouping = bench.grouping(") else now.grouping.name

    def _must_be(self) -> Arrangement:
        if self.current is None:
            raise GroupingError("There are no groups yet: try a rule, or open a saved grouping.")
        return self.current

    def _change(self, label: str, now: Arrangement) -> None:
        if self.history is None:
            self.history = History(now)
        else:
            self.history.record(label, now)
        self.revision += 1
