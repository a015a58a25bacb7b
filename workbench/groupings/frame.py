"""The columns that a rule reads, beside the keys of a set."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from workbench.errors import ExpressionError
from workbench.groupings.rule import GroupingRule
from workbench.query import columns_for
from workbench.registry import Registry
from workbench.sets import DataIdSet
from workbench.snapshot import RepositoryRelations, read_data_ids, read_dimension_records

__all__ = ["read_rule_frame"]


def read_rule_frame(registry: Registry, rows: DataIdSet, rule: GroupingRule) -> pa.Table:
    """Read what a rule needs to know about the rows of a set.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    rows : `~workbench.sets.DataIdSet`
        The set.
    rule : `GroupingRule`
        Names the columns: implied dimensions, fields of dimension records
        (``visit.exposure_time``), columns of extension tables
        (``metrics.psf_fwhm``).  What is known of exposures is known of visits
        that are made of them, and the other way round, by
        ``visit_definition``.

    Returns
    -------
    frame : `pyarrow.Table`
        The keys in order, and the columns; null where nothing is known.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a column does not exist, or has several values for a row.
    """
    keys = list(rows.key_names)
    known = set(rows.dimensions.names)
    frame = pl.DataFrame(pl.from_arrow(rows.keys))
    types = {field.name: field.type for field in rows.keys.schema}
    for column in rule.columns:
        if column in types:
            continue
        table, on, plain = _find(registry, rows, rule, column)
        values = pl.DataFrame(pl.from_arrow(table)).select(*on, pl.col(plain).alias(column))
        if not set(on) <= known:
            values, on = _follow_visits(registry, rows, values, on)
        if not set(on) <= known:
            raise ExpressionError(
                f"{rule.describe()} reads {column!r}, which has a value for each {', '.join(on)}, and the "
                f"set has {', '.join(keys)}: there are several values for one data ID."
            )
        types[column] = table.schema.field(plain).type
        if values.select(on).is_duplicated().any():
            raise ExpressionError(
                f"{rule.describe()} needs just one value of {column} a data ID, and there are several values "
                "for some."
            )
        frame = _add_implied(registry, rows, frame, on).join(values, on=on, how="left", maintain_order="left")
    names = list(dict.fromkeys([*keys, *rule.columns]))
    schema = pa.schema([pa.field(name, types[name]) for name in names])
    return frame.select(names).to_arrow().cast(schema)


def _find(
    registry: Registry, rows: DataIdSet, rule: GroupingRule, column: str
) -> tuple[pa.Table, list[str], str]:
    """Return a table with the column, the columns to join on, and its name there."""
    universe = registry.universe
    source, dot, plain = column.partition(".")
    keys = list(rows.key_names)
    if not dot and column in rows.dimensions.implied:
        return read_data_ids(registry.butler, keys), keys, column
    if dot and source in universe.elements.names and source not in universe.skypix_dimensions.names:
        records = read_dimension_records(registry.butler, source)
        if plain in records.schema.names:
            return records, list(universe[source].required.names), plain
    if dot and source in registry.tables():
        table = registry.table(source)
        if plain in table.schema.names:
            on = list(table.declaration.dimensions)
            return table.read(columns=list(dict.fromkeys([*on, plain]))), on, plain
    there = ", ".join(columns_for(registry, rows.key_names))
    raise ExpressionError(f"{rule.describe()} needs the column {column!r}; there are {there}.", column)


def _follow_visits(
    registry: Registry, rows: DataIdSet, values: pl.DataFrame, on: list[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Turn values of exposures into values of the set's visits, or the other way round."""
    own, other = ("visit", "exposure") if "visit" in rows.dimensions.names else ("exposure", "visit")
    if own not in rows.key_names or other not in on or other in rows.dimensions.names:
        return values, on
    keys = rows.keys.select(["instrument", own])
    pairs = pl.DataFrame(pl.from_arrow(RepositoryRelations(registry.uri).exposures_with_visits(keys, own)))
    found = values.join(pairs, on=["instrument", other]).drop(other).unique()
    return found, [own if name == other else name for name in on]


def _add_implied(registry: Registry, rows: DataIdSet, frame: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Add implied dimensions that the next join needs."""
    wanted = [name for name in on if name not in frame.columns]
    if not wanted:
        return frame
    keys = list(rows.key_names)
    data_ids = pl.DataFrame(pl.from_arrow(read_data_ids(registry.butler, keys)))
    return frame.join(data_ids.select(keys + wanted), on=keys, how="left", maintain_order="left")
