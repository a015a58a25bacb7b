"""How groupings are laid out in extension tables."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.groupings.relation import relation_schema
from workbench.groupings.rule import GROUP_KEY
from workbench.registry import Column, TableDeclaration
from workbench.snapshot import key_names

__all__ = ["GROUPINGS", "MEMBERS_PREFIX", "members_declaration", "to_stored_members"]

MEMBERS_PREFIX = "grouped_"
"""What the names of tables of members begin with."""

GROUPINGS = TableDeclaration(
    name="groupings",
    columns=(
        Column("grouping", "str", doc="name", nullable=False),
        Column("version", "int", doc="version, counted from 1", nullable=False),
        Column("group_key", "str", doc="key of the group", nullable=False),
        Column(
            "members", "str", doc="saved set of the group, name@version; empty without one", nullable=False
        ),
        Column("parent", "str", doc="set that was grouped", nullable=False),
        Column("rule", "str", doc="the rule, as a Python call", nullable=False),
        Column("n_members", "int", doc="number of data IDs"),
        Column("dimensions", "json", doc="required dimensions of the members in universe order"),
        Column("requirements", "json", doc="what was asked of the groups"),
        Column("digest", "str", doc="SHA-256 of the whole relation"),
        Column("author", "str", doc="who made it"),
        Column("time", "time", doc="when it was made (MJD TAI)"),
        Column("reason", "str", doc="why it was made"),
    ),
    doc="Groups of groupings; their members are in the tables grouped_....",
    version=3,
    visible=False,
)


def members_declaration(group: DimensionGroup) -> TableDeclaration:
    """Return the declaration of the table for members of a dimension group.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the members.

    Returns
    -------
    declaration : `workbench.registry.TableDeclaration`
        A table with real dimension columns, so that groups join in SQL and in
        conditions: ``grouped_visit.in_group = 'fold@2/fold0'``.
    """
    names = key_names(group)
    # Without what others require: instrument goes without saying beside visit.
    required = {needed for name in names for needed in group.universe[name].required.names if needed != name}
    text = "_".join(name for name in names if name not in required)
    return TableDeclaration(
        name=f"{MEMBERS_PREFIX}{text}",
        columns=(
            Column("in_group", "str", doc="grouping@version/key of the group", nullable=False),
            Column("grouping", "str", doc="name of the grouping", nullable=False),
            Column("version", "int", doc="version of the grouping", nullable=False),
            Column("group_key", "str", doc="key of the group", nullable=False),
            Column("role", "str", doc="what the data ID is in the group, such as intra"),
            Column("ordinal", "int", doc="place in the group, from 0"),
        ),
        dimensions=names,
        key=("in_group", *names),
        doc=f"Members of groups over {', '.join(names)}.",
    )


def to_stored_members(relation: pa.Table, group: DimensionGroup, name: str, version: int) -> pa.Table:
    """Lay out a relation for its table.

    Parameters
    ----------
    relation : `pyarrow.Table`
        The relation.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of its members.
    name : `str`
        Name of the grouping.
    version : `int`
        Its version.

    Returns
    -------
    rows : `pyarrow.Table`
        Columns of `members_declaration`.
    """
    rows = pl.DataFrame(pl.from_arrow(relation)).with_columns(
        grouping=pl.lit(name),
        version=pl.lit(version, pl.Int64),
        in_group=pl.lit(f"{name}@{version}/") + pl.col(GROUP_KEY),
    )
    fields = [
        pa.field("grouping", pa.string()),
        pa.field("version", pa.int64()),
        pa.field("in_group", pa.string()),
    ]
    schema = pa.schema([*relation_schema(group), *fields])
    return rows.select(schema.names).to_arrow().cast(schema)
