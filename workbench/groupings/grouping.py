"""A grouping: its relation, its groups as sets, and whether it is sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import DimensionGroup

from workbench.errors import UnknownNameError
from workbench.groupings.balance import GroupBalance, count_members
from workbench.groupings.moving import move_rows
from workbench.groupings.relation import compute_digest, describe_roles, list_data_ids, split_groups
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, ROLE
from workbench.presentation import presented
from workbench.sets import DataIdSet, SetProvenance
from workbench.sets.content.origin import Origin
from workbench.sets.content.tables import AnyTable, to_arrow
from workbench.snapshot import key_names

__all__ = ["Grouping", "GroupingCheck"]

_SHOWN = 5
"""How many groups a sentence lists."""

_EDITED = ", then edited by hand"


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class GroupingCheck:
    """What holds of a grouping.

    Parameters
    ----------
    disjoint : `bool`
        No row is in two groups.
    covering : `bool`
        Every row of the parent set is in some group.
    smallest, largest : `int`
        Members of the smallest and of the largest group.
    faults : `tuple` [ `str`, ... ], optional
        A sentence for each thing that was asked for and does not hold.
    """

    disjoint: bool
    covering: bool
    smallest: int
    largest: int
    faults: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool:
        """Whether the sizes of the groups differ by at most one (`bool`)."""
        return self.largest - self.smallest <= 1


@presented
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Grouping:
    """A named, versioned relation between group keys and data IDs.

    Parameters
    ----------
    name : `str`
        Name.
    version : `int`
        Version, counted from 1; 0 if it was not saved.
    rule : `str`
        The rule, as a Python call.
    parent : `~workbench.sets.DataIdSet`
        The set that was grouped.
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the members: those of the parent, and tract or patch
        where the rule works in each.
    relation : `pyarrow.Table`
        ``group_key``, the required dimensions, ``role`` and ``ordinal``;
        sorted by group, ordinal and key.
    requirements : `Requirements`
        What was asked of it.
    saved : `~collections.abc.Mapping` [ `str`, `str` ], optional
        Label of the saved set of each group that has one.
    """

    name: str
    version: int
    rule: str
    parent: DataIdSet
    dimensions: DimensionGroup
    relation: pa.Table
    requirements: Requirements = dataclasses.field(default_factory=Requirements)
    saved: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        members = ", ".join(name for name in self.key_names if name not in self.dimensions.governors)
        return f"Grouping({self.label}, {self.rule}, {len(self.keys)} groups of ({members}))"

    def _shown_facts(self) -> dict[str, object]:
        rows = self.relation.num_rows
        return {"grouping": self.label, "rule": self.rule, "of": self.parent.label, "rows": rows}

    def _shown_rows(self) -> pa.Table:
        return self.relation

    @property
    def label(self) -> str:
        """Name and version, such as "seeing@1" (`str`)."""
        return f"{self.name}@{self.version}"

    @property
    def keys(self) -> list[str]:
        """Group keys, sorted (`list` [ `str` ])."""
        return list(self._groups)

    @property
    def key_names(self) -> tuple[str, ...]:
        """Required dimensions of the members (`tuple` [ `str`, ... ])."""
        return tuple(key_names(self.dimensions))

    @property
    def has_integer_keys(self) -> bool:
        """Whether every key is a whole number as Python writes it (`bool`)."""
        return all(key.isascii() and key.isdigit() and str(int(key)) == key for key in self._groups)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the relation, equal on every machine (`str`)."""
        return compute_digest(self.relation)

    @cached_property
    def _groups(self) -> Mapping[str, pa.Table]:
        return split_groups(self.relation)

    @cached_property
    def sets(self) -> Mapping[str, DataIdSet]:
        """The members of each group as a set, made when it is asked for (`~collections.abc.Mapping`)."""
        return _GroupSets(self)

    def members(self, key: str) -> pa.Table:
        """Return the rows of a group.

        Parameters
        ----------
        key : `str`
            Key of the group.

        Returns
        -------
        rows : `pyarrow.Table`
            Its part of the relation, in order.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such group; lists those there are.
        """
        try:
            return self._groups[key]
        except KeyError as error:
            there = ", ".join(self.keys[: 4 * _SHOWN])
            more = f", ... ({len(self.keys)} in all)" if len(self.keys) > 4 * _SHOWN else ""
            raise UnknownNameError(
                f"No group {key!r} in {self.label}; its groups are {there}{more}."
            ) from error

    def __getitem__(self, key: str) -> DataIdSet:
        return self.sets[key]

    def with_role(self, role: str) -> pa.Table:
        """Return the rows of one role in their groups.

        Parameters
        ----------
        role : `str`
            Such as "extra".

        Returns
        -------
        rows : `pyarrow.Table`
            Part of the relation.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if no member has that role; lists those there are.
        """
        rows = self.relation.filter(pc.equal(self.relation[ROLE], pa.scalar(role)))
        if not rows.num_rows:
            roles = sorted({str(name) for name in self.relation[ROLE].drop_null().to_pylist()})
            there = ", ".join(roles) or "none"
            raise UnknownNameError(f"No member of {self.label} has the role {role!r}; its roles are {there}.")
        return rows

    def check(self, requirements: Requirements | None = None) -> GroupingCheck:
        """Check the grouping against its parent set.

        Parameters
        ----------
        requirements : `Requirements`, optional
            What to ask for beside what was asked when it was made.

        Returns
        -------
        check : `GroupingCheck`
            What holds.
        """
        asked = self.requirements | (requirements or Requirements())
        names = list(self.key_names)
        rows = pl.DataFrame(pl.from_arrow(self.relation.select([GROUP_KEY, *names])))
        members = rows.select(names)
        own = list(self.parent.key_names)
        left = pl.DataFrame(pl.from_arrow(self.parent.keys)).join(
            rows.select(own).unique(), on=own, how="anti"
        )
        repeated = members.filter(members.is_duplicated()).unique(maintain_order=True)
        sizes = {key: group.num_rows for key, group in self._groups.items()}
        check = GroupingCheck(
            disjoint=not len(repeated),
            covering=not len(left),
            smallest=min(sizes.values(), default=0),
            largest=max(sizes.values(), default=0),
        )
        faults = []
        if asked.disjoint and not check.disjoint:
            groups = rows.join(repeated.head(1), on=names)[GROUP_KEY].to_list()
            faults.append(
                f"{len(repeated)} data IDs are in several groups: {list_data_ids(repeated)}; the first is in "
                f"{', '.join(groups[:_SHOWN])}."
            )
        if asked.covering and not check.covering:
            faults.append(f"{len(left)} of {len(self.parent)} rows are in no group: {list_data_ids(left)}.")
        if asked.balanced and not check.balanced:
            faults.append(f"The groups have from {check.smallest} to {check.largest} members.")
        if small := [f"{key} ({size})" for key, size in sizes.items() if size < asked.minimum]:
            more = f" and {len(small) - _SHOWN} more" if len(small) > _SHOWN else ""
            shown = ", ".join(small[:_SHOWN]) + more
            faults.append(f"{len(small)} groups have fewer than {asked.minimum} members: {shown}.")
        if asked.roles:
            faults += describe_roles(self.relation, asked.roles)
        return dataclasses.replace(check, faults=tuple(faults))

    def move(self, members: AnyTable, to: str | None, *, of: str | None = None) -> Grouping:
        """Put members into another group, by hand; the grouping itself stays as it is.

        Parameters
        ----------
        members : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
            Data IDs of the members, or of some of their dimensions: a visit
            stands for all its detectors.
        to : `str` or `None`
            Key of the group that they go to, which may be a new one; `None`
            for no group.
        of : `str`, optional
            Key of the one group that they leave; by default they leave all,
            and rows of the set that are in no group are taken in.

        Returns
        -------
        grouping : `Grouping`
            Of version 0.  Roles are kept.  So are places where there are
            roles; otherwise who comes is last, and the others close up.
            To save it, group the parent by ``by_table(grouping.relation)``.

        Raises
        ------
        workbench.errors.UnknownDataIdError
            Raised if none of them is there to be moved.
        workbench.errors.GroupingError
            Raised if all are there already, or a column is no key.
        """
        known = self.parent.keys if set(self.parent.key_names) == set(self.key_names) else None
        moved = move_rows(self.relation, to_arrow(members), to, of=of, known=known)
        rule = self.rule if self.rule.endswith(_EDITED) else self.rule + _EDITED
        return dataclasses.replace(self, version=0, rule=rule, relation=moved, saved={})

    def balance(self, strata: pa.Table) -> GroupBalance:
        """Count the members of each group in each stratum.

        Parameters
        ----------
        strata : `pyarrow.Table`
            Data IDs and what divides them, as ``bench.groupings.strata`` reads it.

        Returns
        -------
        balance : `GroupBalance`
            Counts, and where the groups differ most.
        """
        return count_members(self.relation, strata)

    def make_set(self, key: str) -> DataIdSet:
        """Make the set of a group's members.

        Parameters
        ----------
        key : `str`
            Key of the group.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            With name and version where it was saved with the grouping.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such group; lists those there are.
        """
        names = list(self.key_names)
        made = DataIdSet.from_table(
            self.dimensions.universe,
            self.members(key).select(names),
            names,
            self.parent.role,
            provenance=SetProvenance.now(rule=f"{self.rule} -> {key}", parents=(self.parent.label,)),
            relations=self.parent.relations,
        )
        # What was said of the members, and of what the set leaves out, is told of the group too.
        made = dataclasses.replace(made, origin=Origin("", (self.parent,)))
        name, _, version = self.saved.get(key, "").partition("@")
        return dataclasses.replace(made, name=name, version=int(version)) if name else made


class _GroupSets(Mapping[str, DataIdSet]):
    """The sets of a grouping: as many as there are groups, none before it is asked for."""

    def __init__(self, grouping: Grouping):
        self._grouping = grouping
        self._made: dict[str, DataIdSet] = {}

    def __getitem__(self, key: str) -> DataIdSet:
        if key not in self._made:
            self._made[key] = self._grouping.make_set(key)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._grouping.keys)

    def __len__(self) -> int:
        return len(self._grouping.keys)
