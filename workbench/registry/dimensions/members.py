"""Groups and their members as records of a dynamic dimension.

Dimension records are permanent and shared by everybody who uses the
repository, so a key belongs to one version of one grouping, and is never
given to another: string keys say which (``folds@3-fold0``), integer keys are
the next that nobody has.  Which grouping and group a key stands for is
metadata of its record, so that ``pair.grouping = 'pairs@3'`` constrains a
query or a graph to one version, whatever the keys are.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable

import pyarrow as pa
from lsst.daf.butler import Butler, DimensionRecord

from workbench.errors import DimensionError, FenceChangedError, UnknownNameError
from workbench.progress import Progress, silent
from workbench.registry.dimensions.dynamic import GROUPING, LABEL, DynamicDimension, read_dynamic_dimensions
from workbench.registry.dimensions.minting import mint_key
from workbench.registry.plan.plan import InsertRecords, Plan
from workbench.registry.registry import Registry

__all__ = ["GROUP", "MembersPlan", "insert_members", "plan_members", "read_members"]

GROUP = "group"
"""Column with the key of the group within its grouping."""

_ATTEMPTS = 5
"""How often to count on if somebody else took the next integers at the same time."""


@dataclasses.dataclass(frozen=True, slots=True)
class MembersPlan:
    """What is to be inserted, and which keys groups will have.

    Parameters
    ----------
    plan : `~workbench.registry.plan.plan.Plan`
        The writes to the Butler.
    keys : `pyarrow.Table`
        Column ``group``, the column named as the dimension, and those of its
        parent; one row a group.
    """

    plan: Plan
    keys: pa.Table


def plan_members(butler: Butler, dimension: str, grouping: str, members: pa.Table) -> MembersPlan:
    """Plan to insert the groups of a grouping; never writes.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository.
    dimension : `str`
        A dynamic dimension of it.
    grouping : `str`
        Name and version, such as ``folds@3``.
    members : `pyarrow.Table`
        Column ``group``, the group's key in the grouping, and either the
        required dimensions of a relation (such as ``instrument`` and
        ``visit``), one row a member, or only those of the dimension's parent.

    Returns
    -------
    plan : `MembersPlan`
        What there is already in equal form is no obstacle.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if the dimension is no dynamic one.
    workbench.errors.BadNameError
        Raised if grouping or group cannot be in a key.
    workbench.errors.DimensionError
        Raised if columns or members do not fit, or this version of the
        grouping has other members already; lists them.
    """
    declared = _find(butler, dimension)
    relation, columns = _find_relation(butler, declared, members)
    rows = sorted(set(zip(*(members[name].to_pylist() for name in (GROUP, *columns)), strict=True)))
    if not rows:
        raise DimensionError(f"{grouping} has no members to insert into {dimension!r}.")
    if any(value is None for row in rows for value in row):
        raise DimensionError(f"Members of {grouping} lack a value of {', '.join((GROUP, *columns))}.")
    if relation is not None:
        _check_exist(butler, relation, columns, rows, grouping)
    parents = _parent_columns(butler, declared)
    places = [1 + columns.index(name) for name in parents]
    groups = _find_groups(declared, rows, places)
    keys = _mint_keys(butler, declared, grouping, groups)
    records = InsertRecords(
        dimension,
        (*parents, declared.key_column, GROUPING, LABEL),
        tuple((*parent, keys[group], grouping, group) for group, parent in groups.items()),
    )
    steps: list[InsertRecords] = [records]
    if relation is not None:
        element = declared.membership(relation)
        own = [name for name in columns if name != dimension]
        linked = tuple(
            (keys[str(group)], *(values[columns.index(name)] for name in own)) for group, *values in rows
        )
        _check_same(butler, declared, element, grouping, (dimension, *own), linked)
        steps.append(InsertRecords(element, (dimension, *own), linked))
    table = pa.table(
        {
            GROUP: pa.array(list(groups), pa.string()),
            dimension: pa.array(
                [keys[group] for group in groups], pa.int64() if declared.key == "int" else pa.string()
            ),
            **{name: [parent[place] for parent in groups.values()] for place, name in enumerate(parents)},
        }
    )
    return MembersPlan(Plan(preparation=(), steps=tuple(steps)), table)


def insert_members(
    registry: Registry, dimension: str, grouping: str, members: pa.Table, *, progress: Progress = silent
) -> pa.Table:
    """Insert the groups of a grouping as records of a dynamic dimension.  Writes to the Butler.

    All or nothing is inserted, for good; doing it again adds nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    dimension : `str`
        A dynamic dimension of it.
    grouping : `str`
        Name and version, such as ``folds@3``.
    members : `pyarrow.Table`
        As `plan_members` takes them.
    progress : `~workbench.progress.Progress`, optional
        Told each step; may cancel.

    Returns
    -------
    keys : `pyarrow.Table`
        Column ``group``, the column named as the dimension, and those of its
        parent; one row a group.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if the members do not fit; see `plan_members`.
    workbench.errors.FenceChangedError
        Raised if others keep taking the same keys.
    workbench.errors.ReadOnlyError
        Raised if the Butler cannot be written.
    """
    with registry.writeable_butler() as butler:
        for attempt in range(_ATTEMPTS):
            plan = plan_members(butler, dimension, grouping, members)
            try:
                plan.plan.execute(butler, progress=progress)
            except FenceChangedError:
                # Somebody else inserted at the same time, and has the integers that were free.
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                break
    registry.refresh()
    return plan.keys


def read_members(butler: Butler, dimension: str, grouping: str, relation: str | None = None) -> pa.Table:
    """Read the groups of a grouping from the Butler; never writes.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository.
    dimension : `str`
        A dynamic dimension of it.
    grouping : `str`
        Name and version, such as ``folds@3``.
    relation : `str`, optional
        Also read the members in this relation.

    Returns
    -------
    members : `pyarrow.Table`
        Column ``group``, the column named as the dimension, and those of its
        parent; with a relation, its required dimensions, one row a member.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if the dimension or the relation is none.
    """
    declared = _find(butler, dimension)
    labels = {
        record.dataId[dimension]: str(record.get(LABEL))
        for record in _read_groups(butler, declared)
        if record.get(GROUPING) == grouping
    }
    if relation is not None and relation not in declared.relations:
        raise UnknownNameError(
            f"{dimension!r} has no relation to {relation!r}; it has: {', '.join(declared.relations)}."
        )
    element = dimension if relation is None else declared.membership(relation)
    names = list(butler.dimensions[element].required.names)
    rows = _read_rows(butler, declared, element, grouping)
    keys = [row[names.index(dimension)] for row in rows]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    table = pa.table({GROUP: pa.array([labels[key] for key in keys], pa.string()), **columns})
    return table.sort_by([(name, "ascending") for name in table.column_names])


def _find(butler: Butler, dimension: str) -> DynamicDimension:
    there = read_dynamic_dimensions(butler.dimensions)
    if dimension not in there:
        known = (
            f"there are {', '.join(sorted(there))}"
            if there
            else "none was added yet: bench.dimensions.extend, or 'workbench dimensions extend', adds one"
        )
        raise UnknownNameError(f"{dimension!r} is no dynamic dimension of the repository; {known}.")
    return there[dimension]


def _parent_columns(butler: Butler, declared: DynamicDimension) -> tuple[str, ...]:
    return tuple(name for name in butler.dimensions[declared.name].required.names if name != declared.name)


def _find_relation(
    butler: Butler, declared: DynamicDimension, members: pa.Table
) -> tuple[str | None, tuple[str, ...]]:
    """Find the relation that the columns of a table are about, and the columns themselves."""
    known: dict[str | None, tuple[str, ...]] = {None: _parent_columns(butler, declared)}
    for relation in declared.relations:
        names = butler.dimensions[declared.membership(relation)].required.names
        known[relation] = tuple(name for name in names if name != declared.name)
    asked = set(members.column_names) - {GROUP}
    for found, columns in reversed(known.items()):
        if asked == set(columns) and GROUP in members.column_names:
            return found, columns
    forms = "; or ".join(", ".join((GROUP, *columns)) for columns in known.values())
    raise DimensionError(
        f"Members of {declared.name!r} have the columns {', '.join(members.column_names)}; give {forms}."
    )


def _check_exist(
    butler: Butler, relation: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]], grouping: str
) -> None:
    names = [name for name in columns if name in butler.dimensions[relation].required.names]
    there = {
        tuple(data_id[name] for name in names)
        for data_id in butler.query_data_ids([relation], explain=False, limit=None)
    }
    places = [1 + columns.index(name) for name in names]
    missing = sorted({tuple(row[place] for place in places) for row in rows} - there, key=str)
    if missing:
        shown = "; ".join(", ".join(map(str, one)) for one in missing[:5])
        raise DimensionError(
            f"{len(missing)} members of {grouping} are no {relation} of the repository ({', '.join(names)}): "
            f"{shown}{' ...' if len(missing) > 5 else ''}."
        )


def _find_groups(
    declared: DynamicDimension, rows: Iterable[tuple[int | str, ...]], places: list[int]
) -> dict[str, tuple[int | str, ...]]:
    """Find the parent of each group."""
    parents: defaultdict[str, set[tuple[int | str, ...]]] = defaultdict(set)
    for row in rows:
        parents[str(row[0])].add(tuple(row[place] for place in places))
    if several := sorted(group for group, found in parents.items() if len(found) > 1):
        raise DimensionError(
            f"{', '.join(several)}: these groups have members of more than one {declared.parent}, which a "
            f"{declared.name} belongs to; make groups within it, or a dimension without a parent."
        )
    return {group: next(iter(found)) for group, found in parents.items()}


def _mint_keys(
    butler: Butler,
    declared: DynamicDimension,
    grouping: str,
    groups: Iterable[str],
) -> dict[str, int | str]:
    names = {group: mint_key(grouping, group) for group in groups}
    if declared.key == "string":
        return dict(names)
    records = _read_groups(butler, declared)
    known = {
        str(record.get(LABEL)): int(record.dataId[declared.name])
        for record in records
        if record.get(GROUPING) == grouping
    }
    following = itertools.count(1 + max((int(one.dataId[declared.name]) for one in records), default=0))
    return {group: known[group] if group in known else next(following) for group in names}


def _check_same(
    butler: Butler,
    declared: DynamicDimension,
    element: str,
    grouping: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[int | str, ...]],
) -> None:
    """Check that groups that are there have the members that are asked for."""
    names = list(butler.dimensions[element].required.names)
    order = [names.index(name) for name in columns]
    there, asked = defaultdict(set), defaultdict(set)
    for row in _read_rows(butler, declared, element, grouping):
        there[row[order[0]]].add(tuple(row[place] for place in order))
    for row in rows:
        asked[row[0]].add(row)
    if changed := sorted(str(key) for key in asked if key in there and there[key] != asked[key]):
        raise DimensionError(
            f"{grouping} has other members in {declared.name} {', '.join(changed)} already, and records of "
            "dimensions are permanent; save the grouping as its next version."
        )


def _read_groups(butler: Butler, declared: DynamicDimension) -> list[DimensionRecord]:
    return butler.query_dimension_records(declared.name, explain=False, limit=None)


def _read_rows(
    butler: Butler, declared: DynamicDimension, element: str, grouping: str
) -> list[tuple[int | str, ...]]:
    """Read the required dimensions of an element's records that belong to a version of a grouping."""
    records = butler.query_dimension_records(
        element,
        where=f"{declared.name}.{GROUPING} = :wanted",
        bind={"wanted": grouping},
        explain=False,
        limit=None,
    )
    return [record.dataId.required_values for record in records]
