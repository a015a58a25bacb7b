"""The columns that a rule reads, beside the keys of a set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import polars as pl
import pyarrow as pa

from workbench.errors import ExpressionError
from workbench.groupings.rule import GroupingRule
from workbench.progress import Progress, silent
from workbench.query import columns_for
from workbench.registry import Registry
from workbench.sets import DataIdSet
from workbench.snapshot import RepositoryRelations, read_data_ids, read_dimension_records

__all__ = ["read_columns", "read_rule_frame"]


def read_rule_frame(
    registry: Registry, rows: DataIdSet, rule: GroupingRule, progress: Progress = silent
) -> pa.Table:
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
    progress : `~workbench.progress.Progress`, optional
        Called before each column.

    Returns
    -------
    frame : `pyarrow.Table`
        The keys in order, and the columns; null where nothing is known.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a column does not exist, or has several values for a row.
    """
    return read_columns(registry, rows, rule.columns, rule.describe(), progress)


def read_columns(
    registry: Registry, rows: DataIdSet, columns: Sequence[str], what: str, progress: Progress = silent
) -> pa.Table:
    """Read columns beside the keys of a set.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    rows : `~workbench.sets.DataIdSet`
        The set.
    columns : `~collections.abc.Sequence` [ `str` ]
        As `read_rule_frame` reads them.
    what : `str`
        Who reads them, for messages.
    progress : `~workbench.progress.Progress`, optional
        Called before each column.

    Returns
    -------
    frame : `pyarrow.Table`
        The keys in order, and the columns; null where nothing is known.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a column does not exist, or has several values for a row.
    """
    sources = _Sources(registry, rows)
    frame = pl.DataFrame(pl.from_arrow(rows.keys))
    types = {field.name: field.type for field in rows.keys.schema}
    for number, column in enumerate(columns):
        if column in types:
            continue
        progress(f"reading {column}", number / len(columns))
        found = sources.find(column)
        if found is None:
            there = ", ".join(columns_for(registry, rows.key_names))
            raise ExpressionError(f"{what} needs the column {column!r}; there are {there}.", column)
        types[column] = found[0].schema.field(found[2]).type
        values, on = sources.fit(*found, column)
        if not set(on) <= set(rows.dimensions.names):
            raise ExpressionError(
                f"{what} reads {column!r}, which has a value for each {', '.join(on)}, and the "
                f"set has {', '.join(rows.key_names)}: there are several values for one data ID."
            )
        if values.select(on).is_duplicated().any():
            raise ExpressionError(
                f"{what} needs just one value of {column} a data ID, and there are several values for some."
            )
        frame = sources.add_implied(frame, on).join(values, on=on, how="left", maintain_order="left")
    names = list(dict.fromkeys([*rows.key_names, *columns]))
    schema = pa.schema([pa.field(name, types[name]) for name in names])
    return frame.select(names).to_arrow().cast(schema)


class _Sources:
    """The tables in which columns are looked up, each read once."""

    def __init__(self, registry: Registry, rows: DataIdSet):
        self._registry = registry
        self._rows = rows
        self._records: dict[str, pa.Table] = {}

    def find(self, column: str) -> tuple[pa.Table, list[str], str] | None:
        """Return a table with the column, the columns to join on, and its name there."""
        registry, universe = self._registry, self._registry.universe
        source, dot, plain = column.partition(".")
        if not dot and column in self._rows.dimensions.implied:
            return self._data_ids, list(self._rows.key_names), column
        if dot and source in universe.elements.names and source not in universe.skypix_dimensions.names:
            if source not in self._records:
                self._records[source] = read_dimension_records(registry.butler, source)
            if plain in self._records[source].schema.names:
                return self._records[source], list(universe[source].required.names), plain
        if dot and source in registry.tables():
            table = registry.table(source)
            if plain in table.schema.names:
                on = list(table.declaration.dimensions)
                return table.read(columns=list(dict.fromkeys([*on, plain]))), on, plain
        return None

    def fit(self, table: pa.Table, on: list[str], plain: str, column: str) -> tuple[pl.DataFrame, list[str]]:
        """Take the column, and turn values of exposures into those of visits, or the other way round."""
        values = pl.DataFrame(pl.from_arrow(table)).select(*on, pl.col(plain).alias(column))
        names = self._rows.dimensions.names
        own, other = ("visit", "exposure") if "visit" in names else ("exposure", "visit")
        if own not in names or other not in on or other in names:
            return values, on
        followed = values.join(self._visit_definition, on=["instrument", other]).drop(other).unique()
        return followed, [own if name == other else name for name in on]

    def add_implied(self, frame: pl.DataFrame, on: list[str]) -> pl.DataFrame:
        """Add implied dimensions that the next join needs."""
        wanted = [name for name in on if name not in frame.columns]
        if not wanted:
            return frame
        keys = list(self._rows.key_names)
        data_ids = pl.DataFrame(pl.from_arrow(self._data_ids.select(keys + wanted)))
        return frame.join(data_ids, on=keys, how="left", maintain_order="left")

    @cached_property
    def _data_ids(self) -> pa.Table:
        return read_data_ids(self._registry.butler, self._rows.key_names)

    @cached_property
    def _visit_definition(self) -> pl.DataFrame:
        own = "visit" if "visit" in self._rows.dimensions.names else "exposure"
        keys = self._rows.keys.select(["instrument", own])
        pairs = RepositoryRelations(self._registry.uri).exposures_with_visits(keys, own)
        return pl.DataFrame(pl.from_arrow(pairs))
