"""Groupings as they are kept: one saved set a group, and a table of relations."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from workbench.errors import CampaignError, UnknownNameError
from workbench.groupings.frame import read_rule_frame
from workbench.groupings.grouping import Grouping
from workbench.groupings.rules import GROUP, GroupingRule
from workbench.registry import Column, Registry, TableDeclaration
from workbench.sets import DataIdSet, SetProvenance, SetStore

__all__ = ["GROUPINGS", "load_grouping", "make_grouping", "read_groupings"]

GROUPINGS = TableDeclaration(
    name="groupings",
    columns=(
        Column("grouping", "str", doc="name", nullable=False),
        Column("version", "int", doc="version, counted from 1", nullable=False),
        Column("group_key", "str", doc="key of the group", nullable=False),
        Column("members", "str", doc="saved set of the group, name@version", nullable=False),
        Column("parent", "str", doc="set that was grouped", nullable=False),
        Column("rule", "str", doc="the rule, as a Python call", nullable=False),
    ),
    doc="Groups of groupings and the sets that hold their members.",
    visible=False,
)


def make_grouping(registry: Registry, name: str, rows: DataIdSet, rule: GroupingRule) -> Grouping:
    """Group a saved set by a rule and save the grouping.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        Lower-case name; the groups are saved as sets "name-group".
    rows : `~workbench.sets.DataIdSet`
        A saved set.
    rule : `GroupingRule`
        How to group it.

    Returns
    -------
    grouping : `Grouping`
        Its next version.  Writes to our tables.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the set was never saved, the name is not allowed, or no group
        has members.
    workbench.errors.ExpressionError
        Raised if the rule needs a column that does not exist.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise CampaignError(
            f"{name!r} is no name for a grouping: lower-case letters, digits, '-' and '_' only."
        )
    if rows.name is None:
        raise CampaignError(
            "Only a saved set can be grouped: save it first with bench.save(set, name, reason=...)."
        )
    relation = rule.assign(read_rule_frame(registry, rows, rule))
    keys = sorted({str(key) for key in relation[GROUP].to_pylist()})
    if not keys:
        raise CampaignError(f"{rule.describe()} puts no row of {rows.label} into any group.")
    store = SetStore(registry)
    table = registry.declare(GROUPINGS)
    # One transaction: no version is given out twice, and a group that cannot
    # be saved leaves none of the others.
    with registry.transaction() as connection:
        earlier = table.read(where={"grouping": name}).to_pylist()
        version = max((int(row["version"]) for row in earlier), default=0) + 1
        sets = {}
        for key in keys:
            why = f"group {key} of {name}@{version} of {rows.label}"
            sets[key] = store.save(_select_group(rows, relation, key, rule), f"{name}-{key}", reason=why)
        table.append(
            [
                {
                    "grouping": name,
                    "version": version,
                    "group_key": key,
                    "members": sets[key].label,
                    "parent": rows.label,
                    "rule": rule.describe(),
                }
                for key in keys
            ],
            connection,
        )
    return Grouping(name, version, rule.describe(), rows, relation, sets)


def _select_group(rows: DataIdSet, relation: pa.Table, key: str, rule: GroupingRule) -> DataIdSet:
    names = list(rows.dimensions.required)
    members = relation.filter(pc.equal(relation[GROUP], pa.scalar(key))).select(names)
    return DataIdSet.from_table(
        rows.dimensions.universe,
        members,
        names,
        rows.role,
        provenance=SetProvenance.now(rule=f"{rule.describe()} -> {key}", parents=(rows.label,)),
        relations=rows.relations,
    )


def read_groupings(registry: Registry) -> pa.Table:
    """List the groups of all groupings; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.

    Returns
    -------
    groups : `pyarrow.Table`
        One row a group, with the columns of `GROUPINGS`.
    """
    tables = registry.tables()
    if GROUPINGS.name in tables:
        return tables[GROUPINGS.name].read()
    return pa.table({column.name: [] for column in GROUPINGS.columns})


def load_grouping(registry: Registry, label: str) -> Grouping:
    """Load a grouping.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    label : `str`
        "name", for the latest version, or "name@2".

    Returns
    -------
    grouping : `Grouping`
        As it was saved; its relation holds the keys alone.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such grouping; lists what there is.
    """
    name, _, number = label.partition("@")
    known = registry.table("groupings").read() if "groupings" in registry.tables() else None
    rows = [] if known is None else [row for row in known.to_pylist() if row["grouping"] == name]
    if number:
        rows = [row for row in rows if str(row["version"]) == number]
    if not rows:
        there = sorted({f"{row['grouping']}@{row['version']}" for row in known.to_pylist()}) if known else []
        raise UnknownNameError(f"There is no grouping {label!r}; there are {there or 'none yet'}.")
    version = max(row["version"] for row in rows)
    rows = [row for row in rows if row["version"] == version]
    store = SetStore(registry)
    sets = {row["group_key"]: store.load(row["members"]) for row in rows}
    relation = pa.concat_tables(
        group.keys.append_column(GROUP, pa.array([key] * len(group), pa.string()))
        for key, group in sets.items()
    )
    return Grouping(name, version, rows[0]["rule"], store.load(rows[0]["parent"]), relation, sets)
