"""Groups that are made by a rule or read, and not shown yet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from workbench.bench import Bench
from workbench.errors import OperationCancelledError, WorkbenchError
from workbench.groupings import Grouping, GroupingCheck, GroupingRule, Requirements
from workbench.progress import Progress, silent
from workbench.session.content.lanes import GroupRows
from workbench.session.groups.words import NOTHING_ASKED, ask_beyond, write_requirements

__all__ = ["GroupingState", "GroupTrials", "Trial", "begin_from"]

Strata = pa.Table | WorkbenchError
"""Strata of the rows of a set, or why there are none."""

Key = tuple[object, ...]

_MOST_KEPT = 4
"""Sets whose rows are kept."""


@dataclasses.dataclass(frozen=True, eq=False)
class GroupingState:
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


@dataclasses.dataclass(frozen=True, eq=False)
class Trial:
    """Groups, with all that is read to show them.

    Parameters
    ----------
    label : `str`
        What showing them does, in words, for undo.
    made : `GroupingState`
        The groups.
    check : `~workbench.groupings.GroupingCheck`
        What holds of them.
    shown : `~workbench.session.content.lanes.GroupRows`
        Their rows.
    strata : `~collections.abc.Mapping`
        Strata of the rows, by set and columns.
    """

    label: str
    made: GroupingState
    check: GroupingCheck
    shown: GroupRows
    strata: Mapping[Key, Strata]


class GroupTrials:
    """Makes and reads groups; what is read of a set is kept when its groups are shown.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; nothing is written.
    where : `str`, optional
        Expression that limits the visits that are shown.
    """

    def __init__(self, bench: Bench, where: str = ""):
        self.bench = bench
        self.where = where
        self._rows: dict[str, GroupRows] = {}
        self._strata: dict[Key, Strata] = {}

    def try_rule(
        self,
        name: str,
        label: str,
        rule: GroupingRule,
        python: str,
        require: Requirements = NOTHING_ASKED,
        *,
        by: Iterable[Sequence[str]] = (),
        progress: Progress = silent,
    ) -> Trial:
        """Group a saved set by a rule.

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
        by : `~collections.abc.Iterable`, optional
            Columns of each kind of strata that is going to be counted.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; it cancels by raising.

        Returns
        -------
        trial : `Trial`
            The groups.
        """
        progress(f"loading {label}")
        rows = self.bench.load(label)
        grouping, check = self.bench.groupings.try_rule(name, rows, rule, require=require, progress=progress)
        asked = write_requirements(ask_beyond(rule, require))
        *setup, call = python.split("\n")
        made = f"grouping, check = bench.groupings.try_rule({name!r}, bench.load({label!r}), {call}{asked})"
        now = GroupingState(grouping, tuple(grouping.keys), "\n".join([*setup, made]), rule, python)
        return self._finish(f"{call.removeprefix('wb.')} of {label}", now, check, by, progress)

    def open(self, label: str, *, by: Iterable[Sequence[str]] = (), progress: Progress = silent) -> Trial:
        """Read a saved grouping, to begin from.

        Parameters
        ----------
        label : `str`
            "name" or "name@2".
        by : `~collections.abc.Iterable`, optional
            Columns of each kind of strata that is going to be counted.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; it cancels by raising.

        Returns
        -------
        trial : `Trial`
            The groups.
        """
        progress(f"loading {label}")
        now = begin_from(self.bench.groupings.load(label))
        progress("checking groups")
        check = self.bench.groupings.check(now.grouping)
        return self._finish(f"open {now.grouping.label}", now, check, by, progress)

    def _finish(
        self,
        label: str,
        now: GroupingState,
        check: GroupingCheck,
        by: Iterable[Sequence[str]],
        progress: Progress,
    ) -> Trial:
        grouping = now.grouping
        shown = self._find_rows(grouping, progress)
        strata = {
            _key_strata(grouping, columns): self._find_strata(grouping, columns, progress) for columns in by
        }
        return Trial(label, now, check, shown, strata)

    def keep(self, trial: Trial) -> None:
        """Keep what was read of the set of a trial, which is going to be shown.

        Parameters
        ----------
        trial : `Trial`
            What `try_rule` or `open` gave.
        """
        self._keep_rows(trial.made.grouping, trial.shown)
        self._strata |= trial.strata

    def read_rows(self, grouping: Grouping) -> GroupRows:
        """Return the rows of the set that was grouped, read once.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping`
            Groups of the set.

        Returns
        -------
        rows : `~workbench.session.content.lanes.GroupRows`
            As they were when they were read.
        """
        found = self._find_rows(grouping, silent)
        self._keep_rows(grouping, found)
        return found

    def _keep_rows(self, grouping: Grouping, rows: GroupRows) -> None:
        """Keep rows as those that were used last: undo may come back to another set."""
        self._rows.pop(self._key_rows(grouping), None)
        self._rows[self._key_rows(grouping)] = rows
        if len(self._rows) > _MOST_KEPT:
            del self._rows[next(iter(self._rows))]

    def read_strata(self, grouping: Grouping, by: Sequence[str]) -> pa.Table:
        """Return the strata of the rows of the set, read once: moving members changes none.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping`
            Groups of the set.
        by : `~collections.abc.Sequence` [ `str` ]
            Such as ``["tract", "patch", "band"]``.

        Returns
        -------
        strata : `pyarrow.Table`
            As ``bench.groupings.strata`` gives them.

        Raises
        ------
        workbench.errors.WorkbenchError
            What that raises.
        """
        strata = self._strata[_key_strata(grouping, by)] = self._find_strata(grouping, by, silent)
        if isinstance(strata, WorkbenchError):
            raise strata
        return strata

    def _key_rows(self, grouping: Grouping) -> str:
        return f"{grouping.parent.key_digest} {self.where}"

    def _find_rows(self, grouping: Grouping, progress: Progress) -> GroupRows:
        known = self._rows.get(self._key_rows(grouping))
        return known or GroupRows.read(self.bench, grouping, self.where, progress=progress)

    def _find_strata(self, grouping: Grouping, by: Sequence[str], progress: Progress) -> Strata:
        known = self._strata.get(_key_strata(grouping, by))
        if known is not None:
            return known
        try:
            return self.bench.groupings.strata(grouping, by, progress=progress)
        except OperationCancelledError:
            raise
        except WorkbenchError as error:
            return error


def _key_strata(grouping: Grouping, by: Sequence[str]) -> Key:
    return (grouping.parent.key_digest, grouping.key_names, *by)


def begin_from(grouping: Grouping) -> GroupingState:
    """Begin from a grouping.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        Saved or not.

    Returns
    -------
    made : `GroupingState`
        With the Python that gives it.
    """
    made = f"grouping = bench.groupings.load({grouping.label!r})"
    if not grouping.version:
        rows = f"bench.load({grouping.parent.label!r})"
        made = f"grouping, check = bench.groupings.try_rule({grouping.name!r}, {rows}, wb.{grouping.rule})"
    return GroupingState(grouping, tuple(grouping.keys), made)
