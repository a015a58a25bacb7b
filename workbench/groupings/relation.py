"""The relation of a grouping: typed, sorted, and what can be said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import GroupingError, UnknownDataIdError
from workbench.groupings.rule import GROUP_KEY, ORDINAL, ROLE
from workbench.snapshot import data_id_schema, key_names

__all__ = [
    "check_members",
    "compute_digest",
    "conform_relation",
    "describe_roles",
    "list_data_ids",
    "relation_schema",
    "split_groups",
]

_SHOWN = 5
"""How many data IDs a sentence lists."""


def relation_schema(group: DimensionGroup) -> pa.Schema:
    """Return the columns of a relation.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the members.

    Returns
    -------
    schema : `pyarrow.Schema`
        ``group_key``, the required dimensions, ``role`` and ``ordinal``.
    """
    optional = [pa.field(ROLE, pa.string()), pa.field(ORDINAL, pa.int64())]
    return pa.schema(
        [pa.field(GROUP_KEY, pa.string(), False), *data_id_schema(group, implied=False), *optional]
    )


def conform_relation(made: pa.Table, group: DimensionGroup, rule: str) -> pa.Table:
    """Bring what a rule made into the form of a relation.

    Parameters
    ----------
    made : `pyarrow.Table`
        The keys and ``group_key``, perhaps ``role`` and ``ordinal``, and any
        other columns, which are left out.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the members.
    rule : `str`
        The rule, for messages.

    Returns
    -------
    relation : `pyarrow.Table`
        Rows of `relation_schema`, sorted by group, ordinal and key.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if columns are missing, values do not fit, or a row is in one
        group twice.
    """
    schema = relation_schema(group)
    missing = [name for name in schema.names if name not in (*made.column_names, ROLE, ORDINAL)]
    if missing:
        raise GroupingError(
            f"{rule} gives no column {', '.join(missing)}: the members of its groups are data IDs of "
            f"{', '.join(key_names(group))}."
        )
    for name in (ROLE, ORDINAL):
        if name not in made.column_names:
            made = made.append_column(name, pa.nulls(made.num_rows, schema.field(name).type))
    try:
        typed = made.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise GroupingError(f"{rule} gives values of the wrong type: {error}.") from error
    names = [GROUP_KEY, *key_names(group)]
    rows = pl.DataFrame(pl.from_arrow(typed))
    if rows.select(pl.any_horizontal(pl.col(names).is_null().any(), pl.col(GROUP_KEY) == "").any()).item():
        raise GroupingError(f"{rule} leaves a {' or '.join(names)} empty.")
    twice = rows.filter(rows.select(names).is_duplicated()).select(names)
    if len(twice):
        raise GroupingError(f"{rule} puts a data ID into one group twice: {list_data_ids(twice)}.")
    ordered = rows.sort(GROUP_KEY, ORDINAL, *key_names(group))
    return ordered.to_arrow().cast(schema)


def check_members(relation: pa.Table, known: pa.Table, what: str) -> None:
    """Refuse members that were not there to be grouped.

    Parameters
    ----------
    relation : `pyarrow.Table`
        Rows of `relation_schema`.
    known : `pyarrow.Table`
        Keys of all that may be a member.
    what : `str`
        Rule and set, for the message.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised if there are others; lists them.
    """
    names = [name for name in relation.column_names if name in known.column_names]
    rows = pl.DataFrame(pl.from_arrow(relation.select(names)))
    unknown = rows.join(pl.DataFrame(pl.from_arrow(known.select(names))), on=names, how="anti").unique(
        maintain_order=True
    )
    if len(unknown):
        raise UnknownDataIdError(
            f"{what} has no {list_data_ids(unknown)}, which cannot be a member of a group."
        )


def list_data_ids(rows: pl.DataFrame) -> str:
    """Write rows for a sentence.

    Parameters
    ----------
    rows : `polars.DataFrame`
        Keys.

    Returns
    -------
    text : `str`
        The first few, and how many there are more.
    """
    shown = [
        "(" + ", ".join(f"{name}={value}" for name, value in row.items()) + ")"
        for row in rows.head(_SHOWN).to_dicts()
    ]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return ", ".join(shown) + more


def split_groups(relation: pa.Table) -> Mapping[str, pa.Table]:
    """Cut a relation into its groups.

    Parameters
    ----------
    relation : `pyarrow.Table`
        Rows of `relation_schema`.

    Returns
    -------
    groups : `~collections.abc.Mapping` [ `str`, `pyarrow.Table` ]
        Rows of each group, sorted by key of the group.
    """
    groups: dict[str, pa.Table] = {}
    begin = 0
    for part in pl.DataFrame(pl.from_arrow(relation)).partition_by(GROUP_KEY, maintain_order=True):
        groups[str(part[GROUP_KEY][0])] = relation.slice(begin, len(part))
        begin += len(part)
    return groups


def compute_digest(relation: pa.Table) -> str:
    """Digest a relation.

    Parameters
    ----------
    relation : `pyarrow.Table`
        Rows of `relation_schema`.

    Returns
    -------
    digest : `str`
        SHA-256 over the names of the columns and the sorted rows as UTF-8
        JSON lines; equal on every machine.
    """
    lines = [json.dumps(row, ensure_ascii=False) for row in pl.DataFrame(pl.from_arrow(relation)).rows()]
    return hashlib.sha256("\n".join([json.dumps(relation.column_names), *sorted(lines)]).encode()).hexdigest()


def describe_roles(relation: pa.Table, roles: Sequence[str]) -> list[str]:
    """Say which groups do not have just one member of each role.

    Parameters
    ----------
    relation : `pyarrow.Table`
        Rows of `relation_schema`.
    roles : `~collections.abc.Sequence` [ `str` ]
        The roles.

    Returns
    -------
    faults : `list` [ `str` ]
        One sentence, or none.
    """
    rows = pl.DataFrame(pl.from_arrow(relation.select([GROUP_KEY, ROLE])))
    # Each of as many members as there are roles, all of them among these and all different.
    sound = (
        (pl.len() == len(roles))
        & (pl.col(ROLE).n_unique() == len(roles))
        & pl.col(ROLE).is_in(list(roles)).fill_null(value=False).all()
    )
    wrong = rows.group_by(GROUP_KEY).agg(sound.alias("sound"), pl.col(ROLE)).filter(~pl.col("sound"))
    if not len(wrong):
        return []
    shown = [
        f"{key} ({', '.join(sorted(role or 'no role' for role in found))})"
        for key, found in wrong.sort(GROUP_KEY).head(_SHOWN).select(GROUP_KEY, ROLE).rows()
    ]
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return [f"{len(wrong)} groups are not just one {' and one '.join(roles)}: {', '.join(shown)}{more}."]
