"""Groupings as they are kept: a relation each version, and saved sets of its groups."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

from workbench.errors import CampaignError, GroupingError, MissingTableError, UnknownNameError
from workbench.groupings.frame import read_rule_frame
from workbench.groupings.grouping import Grouping, GroupingCheck
from workbench.groupings.relation import check_members, conform_relation, list_data_ids, relation_schema
from workbench.groupings.renaming import KIND, to_listed_groups
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, GroupingRule
from workbench.groupings.stored import GROUPINGS, MEMBERS_PREFIX, members_declaration, to_stored_members
from workbench.groupings.strata import close_strata, spread_rows
from workbench.names import LONGEST_NAME, is_name, quote
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.registry.tables.aliases import read_aliases, to_first_name
from workbench.registry.tables.kept import last_version
from workbench.sets import DataIdSet, SetStore
from workbench.sets.content.checking import find_unknown
from workbench.sets.content.provenance import current_author, current_time
from workbench.snapshot import RepositoryRelations, conform

__all__ = ["MOST_SETS", "check_grouping", "group_rows", "load_grouping", "make_grouping", "read_groupings"]

MOST_SETS = 32
"""Groups that are saved as sets too, unless told otherwise: pairs by the thousand are for joins."""

_ARROW: Mapping[str, pa.DataType] = {"int": pa.int64(), "time": pa.float64()}


def group_rows(
    registry: Registry,
    name: str,
    rows: DataIdSet,
    rule: GroupingRule,
    *,
    require: Requirements | None = None,
    progress: Progress = silent,
) -> Grouping:
    """Group a set by a rule, without saving anything.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    name : `str`
        Name, for messages.
    rows : `~workbench.sets.DataIdSet`
        The set.
    rule : `GroupingRule`
        How to group it.
    require : `Requirements`, optional
        What to ask of the groups beside what the rule asks.
    progress : `~workbench.progress.Progress`, optional
        Called with what is done.

    Returns
    -------
    grouping : `Grouping`
        Of version 0, whether or not it is what was asked for.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the rule needs a column that does not exist.
    workbench.errors.UnknownDataIdError
        Raised if the rule names members that are not in the set.
    workbench.errors.GroupingError
        Raised if what the rule makes is no relation, or no group has members.
    """
    rule = close_strata(rule, registry.universe)
    if rows.relations is None:
        rows = rows.with_relations(RepositoryRelations(registry.uri))
    spread = spread_rows(registry, rows, rule, progress)
    text = rule.describe()
    frame = read_rule_frame(registry, spread, rule, progress)
    progress("grouping")
    made = rule.assign(frame)
    progress("sorting groups")
    relation = conform_relation(made, spread.dimensions, text)
    check_members(relation, spread.keys, f"{rows.label}, which {text} groups,")
    if not relation.num_rows:
        raise GroupingError(f"{text} puts no row of {rows.label} into any group.")
    asked = getattr(rule, "requires", Requirements()) | (require or Requirements())
    return Grouping(name, 0, text, rows, spread.dimensions, relation, asked)


def make_grouping(
    registry: Registry,
    name: str,
    rows: DataIdSet,
    rule: GroupingRule,
    *,
    require: Requirements | None = None,
    sets: bool | None = None,
    reason: str = "",
    author: str | None = None,
    progress: Progress = silent,
) -> Grouping:
    """Group a saved set by a rule and save the grouping.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        Lower-case name.
    rows : `~workbench.sets.DataIdSet`
        A saved set.
    rule : `GroupingRule`
        How to group it.
    require : `Requirements`, optional
        What to ask of the groups beside what the rule asks.
    sets : `bool`, optional
        Whether to save each group as the set "name-key" too; by default where
        there are at most `MOST_SETS` whose keys can be part of such a name.
    reason : `str`, optional
        Why, kept with the version.
    author : `str`, optional
        Who; by default the user of this process.
    progress : `~workbench.progress.Progress`, optional
        Called with what is done; where it cancels, nothing was written.

    Returns
    -------
    grouping : `Grouping`
        Its next version; the latest, where that is the same in every member,
        by the same rule of the same set, reason and author.  Writes to our
        tables.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the set was never saved, or the name is not allowed.
    workbench.errors.BadNameError
        Raised if the set of a group cannot be called so.
    workbench.errors.GroupingError
        Raised if the groups are not what was asked for, with a sentence for
        each thing; nothing is written.
    workbench.errors.ExpressionError
        Raised if the rule needs a column that does not exist.
    workbench.errors.UnknownDataIdError
        Raised if the rule names members that are not in the set.
    """
    if not is_name(name):
        raise CampaignError(
            f"{quote(name)} is no name for a grouping: it is at most {LONGEST_NAME} small letters, digits, "
            "'-' and '_', and begins with a letter."
        )
    kept = to_first_name(registry, KIND, name)
    if rows.name is None:
        raise CampaignError(
            "Only a saved set can be grouped: save it first with bench.save(set, name, reason=...), or "
            "'workbench select --save'."
        )
    grouping = group_rows(registry, name, rows, rule, require=require, progress=progress)
    progress("checking groups")
    if faults := check_grouping(registry, grouping).faults:
        raise GroupingError(f"{grouping.rule} of {rows.label} is not what was asked for. {' '.join(faults)}")
    if sets is None:
        sets = len(grouping.keys) <= MOST_SETS and all(is_name(f"{name}-{key}") for key in grouping.keys)
    # Tables are made before the transaction that holds the version.
    table = registry.declare(GROUPINGS)
    members = registry.declare(members_declaration(grouping.dimensions))
    store = SetStore(registry)
    # One transaction: no version is given out twice, and a group that cannot
    # be saved leaves none of the others.
    author = author or current_author()
    with registry.transaction() as connection:
        earlier = table.read(where={"grouping": kept}).to_pylist()
        last = max((row["version"] or 0 for row in earlier), default=0)
        version = (last or last_version(registry, MEMBERS_PREFIX, {"grouping": kept}, "version")) + 1
        latest = [row for row in earlier if row["version"] == version - 1]
        if _is_recorded(latest, grouping, {"author": author, "reason": reason}, sets=sets):
            return load_grouping(registry, f"{name}@{version - 1}")
        saved = {}
        for number, key in enumerate(grouping.keys if sets else ()):
            progress("saving groups", number / len(grouping.keys))
            why = f"group {key} of {name}@{version} of {rows.label}{reason and f': {reason}'}"
            saved[key] = store.save(grouping[key], f"{name}-{key}", reason=why, author=author).label
        progress("saving members")
        members.append(to_stored_members(grouping.relation, grouping.dimensions, kept, version), connection)
        shared = {"author": author, "reason": reason, "grouping": kept}
        table.append(_group_rows_of(grouping, version, saved, shared), connection)
    return Grouping(
        name,
        version,
        grouping.rule,
        rows,
        grouping.dimensions,
        grouping.relation,
        grouping.requirements,
        saved,
    )


def _is_recorded(
    latest: Sequence[Mapping[str, object]], grouping: Grouping, told: Mapping[str, str], *, sets: bool
) -> bool:
    """Tell whether the rows of the latest version say all that a new one would."""
    said = {
        **told,
        "parent": grouping.parent.label,
        "rule": grouping.rule,
        "requirements": grouping.requirements.to_json(),
        "digest": grouping.digest,
    }
    return (
        bool(latest)
        and all(row[column] == value for row in latest for column, value in said.items())
        and all(bool(row["members"]) is sets for row in latest)
    )


def _group_rows_of(
    grouping: Grouping, version: int, saved: Mapping[str, str], told: Mapping[str, str]
) -> list[dict[str, object]]:
    shared = {
        **told,
        "version": version,
        "parent": grouping.parent.label,
        "rule": grouping.rule,
        "dimensions": json.dumps(list(grouping.key_names)),
        "requirements": grouping.requirements.to_json(),
        "digest": grouping.digest,
        "time": current_time(),
    }
    return [
        {
            **shared,
            "group_key": key,
            "members": saved.get(key, ""),
            "n_members": grouping.members(key).num_rows,
        }
        for key in grouping.keys
    ]


def read_groupings(registry: Registry) -> pa.Table:
    """List the groups of all groupings that are not hidden; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.

    Returns
    -------
    groups : `pyarrow.Table`
        One row a group, with the columns of `GROUPINGS`.
    """
    found = _read_groups(registry)
    return pa.Table.from_pylist(to_listed_groups(registry, found.to_pylist()), schema=found.schema)


def _read_groups(registry: Registry) -> pa.Table:
    """Read the groups by the names that they are kept under."""
    schema = pa.schema([pa.field(c.name, _ARROW.get(c.type, pa.string())) for c in GROUPINGS.columns])
    tables = registry.tables()
    if GROUPINGS.name not in tables:
        return schema.empty_table()
    found = tables[GROUPINGS.name].read()
    for field in schema:
        if field.name not in found.column_names:  # as an earlier release declared it
            found = found.append_column(field, pa.nulls(found.num_rows, field.type))
    return found.select(schema.names).cast(schema)


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
        As it was saved.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such grouping; lists what there is.
    """
    name, _, number = label.partition("@")
    known = _read_groups(registry).to_pylist()
    aliases = read_aliases(registry, KIND)
    kept = aliases.first(name)
    rows = [row for row in known if row["grouping"] == kept and number in {"", str(row["version"])}]
    if not rows:
        there = sorted({f"{aliases.now(row['grouping'])}@{row['version']}" for row in known})
        raise UnknownNameError(f"There is no grouping {label!r}; there are {', '.join(there) or 'none yet'}.")
    version = max(row["version"] for row in rows)
    rows = [row for row in rows if row["version"] == version]
    first = rows[0]
    parent = SetStore(registry).load(first["parent"])
    saved = {row["group_key"]: row["members"] for row in rows if row["members"]}
    if first["dimensions"] is None:
        relation, dimensions = _read_sets(registry, saved), parent.dimensions
    else:
        dimensions = conform(registry.universe, json.loads(first["dimensions"]))
        schema = relation_schema(dimensions)
        members = registry.table(members_declaration(dimensions).name)
        found = members.read(where={"grouping": kept, "version": version}, columns=schema.names)
        if found.num_rows < sum(row["n_members"] or 0 for row in rows):
            raise MissingTableError(
                f"Members of {name}@{version} are not there any more: their table was dropped and made "
                "again, or changed by hand. Restore it from a backup, or group again."
            )
        relation = conform_relation(found, dimensions, first["rule"])
    requirements = Requirements.from_json(first["requirements"])
    now = aliases.now(kept)
    return Grouping(now, version, first["rule"], parent, dimensions, relation, requirements, saved)


def _read_sets(registry: Registry, saved: Mapping[str, str]) -> pa.Table:
    """Put a relation together of the sets that an earlier release kept alone."""
    store = SetStore(registry)
    groups = {key: store.load(label) for key, label in saved.items()}
    parts = [
        group.keys.append_column(GROUP_KEY, pa.array([key] * len(group), pa.string()))
        for key, group in groups.items()
    ]
    dimensions = next(iter(groups.values())).dimensions
    return conform_relation(pa.concat_tables(parts), dimensions, "an earlier release")


def check_grouping(
    registry: Registry, grouping: Grouping, requirements: Requirements | None = None
) -> GroupingCheck:
    """Check a grouping against its set and the repository; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    grouping : `Grouping`
        The grouping.
    requirements : `Requirements`, optional
        What to ask for beside what was asked when it was made.

    Returns
    -------
    check : `GroupingCheck`
        What holds; members that the repository no longer has are a fault.
    """
    check = grouping.check(requirements)
    members = grouping.relation.select(list(grouping.key_names))
    gone = find_unknown(registry.butler, members, grouping.dimensions)
    if not gone.any():
        return check
    unknown = pl.DataFrame(pl.from_arrow(members.filter(pa.array(gone)))).unique(maintain_order=True)
    fault = f"The repository has no {list_data_ids(unknown)}."
    return dataclasses.replace(check, faults=(*check.faults, fault))
