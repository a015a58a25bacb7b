"""The import of measured values: checked, converted, and written in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import pyarrow as pa

from workbench.errors import MetricsError
from workbench.metrics.measurements import Measurements
from workbench.metrics.settling import settle_types
from workbench.metrics.tables import METRICS, ORIGIN, extend, find_declaration, make_declaration
from workbench.metrics.units import convert_values, read_unit
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry import Column, Registry, TableDeclaration
from workbench.registry.tables.declaration import RECORDED, ROW_ID, ColumnType
from workbench.rendering import is_time
from workbench.sets.content.provenance import current_author
from workbench.sets.content.tables import from_any_table
from workbench.snapshot import conform, key_names

__all__ = ["ImportResult", "Rules", "import_measurements", "write_metrics"]

_OWN = {"author", RECORDED, ROW_ID}
_ORIGIN = tuple(column.name for column in ORIGIN if column.name != "author")


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """How an import reads its source.

    Parameters
    ----------
    table : `str`, optional
        Table to write; made if there is none.
    dimensions : `tuple` [ `str`, ... ], optional
        Dimensions of a row; by default those of the table, or those that the
        columns name.
    instrument, skymap : `str`, optional
        Value of the dimension, where the source has no such column.
    rename : `~collections.abc.Mapping` [ `str`, `str` ], optional
        Our name of a column by its name in the source.
    units : `~collections.abc.Mapping` [ `str`, `str` ], optional
        Unit by (our) name of the column; overrules the source.
    assume_units : `bool`, optional
        Whether a column of which nobody tells the unit is in the declared
        one; otherwise that is an error.
    columns : `tuple` [ `str`, ... ], optional
        Measured columns to take, by our names; by default all.
    unknown : `str`, optional
        ``error``, or ``drop`` to leave out data IDs that the repository lacks.
    source : `str`, optional
        Where the values come from; by default what the reader says.
    author : `str`, optional
        Who imports them; by default the login name.
    na : `tuple` [ `str`, ... ], optional
        Words in columns of numbers that stand for no value, such as ``--``.
    as_text : `tuple` [ `str`, ... ], optional
        Columns that are text though most of their cells look like numbers.
    """

    table: str = METRICS.name
    dimensions: tuple[str, ...] | None = None
    instrument: str | None = None
    skymap: str | None = None
    rename: Mapping[str, str] = dataclasses.field(default_factory=dict)
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)
    assume_units: bool = False
    columns: tuple[str, ...] | None = None
    unknown: Literal["error", "drop"] = "error"
    source: str | None = None
    author: str | None = None
    na: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did.

    Parameters
    ----------
    table : `str`
        Table that was written.
    n_read : `int`
        Rows of the source that name data IDs of the repository.
    n_written : `int`
        Rows that were new, or differ from the current ones.
    new_columns : `tuple` [ `str`, ... ]
        Columns that the import added to the table.
    notes : `tuple` [ `str`, ... ]
        What was left out.
    declared : `tuple` [ `str`, ... ]
        The new columns with their types, such as ``zp (float)``.
    """

    table: str
    n_read: int
    n_written: int
    new_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    @property
    def n_unchanged(self) -> int:
        """Rows that say what is known already (`int`)."""
        return self.n_read - self.n_written


def import_measurements(
    registry: Registry, measurements: Measurements, rules: Rules, *, progress: Progress = silent
) -> ImportResult:
    """Write measured values, all or none of them; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    measurements : `Measurements`
        What was read.
    rules : `Rules`
        How it is to be read.
    progress : `~workbench.progress.Progress`, optional
        Told the stage; may cancel, which leaves everything as it was.

    Returns
    -------
    result : `ImportResult`
        Counts and notes.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if columns, units or the source do not fit.
    workbench.errors.BadDataIdTableError
        Raised for duplicates and missing keys, which it lists.
    workbench.errors.UnknownDataIdError
        Raised for data IDs that do not exist, which it lists.
    workbench.errors.DeclarationError
        Raised if values do not fit the types of the table.
    workbench.errors.ReadOnlyError
        Raised if the registry was opened read-only.

    Notes
    -----
    A row whose measured values, source and dataset are those of the current
    row is not written again.  A column that the source does not have keeps
    its current value; one that is there and empty becomes NULL.  NaN and
    masked values are NULL; infinities stay, and compare as such.
    """
    source = (measurements.source if rules.source is None else rules.source).strip()
    settled = settle_types(measurements.table, measurements.source, na=rules.na, as_text=rules.as_text)
    measurements = dataclasses.replace(measurements, table=settled)
    universe = registry.universe
    stored = find_declaration(registry, rules.table)
    arranged = measurements.arrange(
        universe.dimensions.names, rename=rules.rename, units=rules.units, columns=rules.columns
    )
    dimensions = rules.dimensions or (stored.dimensions if stored is not None else None)
    if taken := sorted(_OWN & set(arranged.table.column_names)):
        raise MetricsError(
            f"{measurements.source} has columns that the workbench writes itself: {', '.join(taken)}. "
            "Leave them out with columns=(...) or --column, or rename them."
        )
    if dimensions is not None:
        own = conform(universe, dimensions)
        stray = [name for name in arranged.table.column_names if name in universe.dimensions.names]
        if stray := [name for name in stray if name not in own.names]:
            raise MetricsError(
                f"The table {rules.table!r} is about {', '.join(own.required)}, and {measurements.source} "
                f"has rows by {', '.join(stray)} as well. Import them into another table, or rename these "
                "columns."
            )
    measured = [name for name in arranged.table.column_names if name not in universe.dimensions.names]
    progress("checking data IDs")
    keyed, group, dropped = from_any_table(
        universe,
        arranged.table,
        dimensions,
        butler=registry.butler,
        governors={"instrument": rules.instrument, "skymap": rules.skymap},
        free_columns=measured,
        unknown=rules.unknown,
        source=measurements.source,
    )
    keys = key_names(group)
    if not keys:
        raise MetricsError(f"{measurements.source} names no data IDs, so its values are about nothing.")
    if stored is not None and set(keys) != set(stored.dimensions):
        raise MetricsError(
            f"The table {rules.table!r} is about {', '.join(stored.dimensions)}, and the rows of "
            f"{measurements.source} are about {', '.join(keys)}. Import them into another table."
        )
    base = stored or make_declaration(universe, rules.table, keys, source or measurements.source)
    rows, declaration, empty = _fit(keyed, keys, arranged.table.schema, base, rules, measurements.source)
    rows = _add_source(rows, source)
    author = current_author() if rules.author is None else rules.author
    if not author.strip():
        raise MetricsError("An import needs an author: give author= or --author.")
    for name, value in {"author": author, **dict.fromkeys(_ORIGIN)}.items():
        # A row that comes from no dataset does not keep the dataset of the row before.
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    with registry.transaction():
        n_written = registry.declare(declaration).upsert(rows, beside=["author"], progress=progress)
    known = set(base.column_names)
    notes = [*measurements.notes, *([dropped] if dropped else [])]
    if empty:
        notes.append(f"without any value, and so left out: {', '.join(empty)}")
    return ImportResult(
        table=rules.table,
        n_read=rows.num_rows,
        n_written=n_written,
        new_columns=tuple(name for name in declaration.column_names if name not in known),
        declared=tuple(f"{one.name} ({one.type})" for one in declaration.columns if one.name not in known),
        notes=tuple(notes),
    )


def _fit(
    keyed: pa.Table,
    keys: tuple[str, ...],
    schema: pa.Schema,
    base: TableDeclaration,
    rules: Rules,
    source: str,
) -> tuple[pa.Table, TableDeclaration, list[str]]:
    """Bring measured columns into the units of the table, and extend it by new ones."""
    declared = {column.name: column for column in base.columns}
    wanted: list[Column] = list(ORIGIN)
    columns: dict[str, Any] = {name: keyed[name] for name in keys}
    empty, untold = [], []
    for name in (name for name in keyed.column_names if name not in keys and name in schema.names):
        field = schema.field(name)
        values, unit = keyed[name], read_unit(field)
        if pa.types.is_null(field.type):
            if name not in declared:
                empty.append(name)
                continue
            values = pa.chunked_array([pa.nulls(len(values))])
        is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        if name in declared:
            if is_number and unit is None and declared[name].unit and not rules.assume_units:
                untold.append(f"{name!r} (declared in {declared[name].unit})")
            elif is_number and unit is not None and declared[name].type in ("int", "float"):
                values = convert_values(values, unit, declared[name].unit, name)
        else:
            wanted.append(_make_column(name, field, values.type, unit))
        columns[name] = values
    if untold:
        raise MetricsError(
            f"{source} does not say the unit of {', '.join(untold)}. Say it with units={{...}} or --unit "
            "NAME=UNIT, or say that these are the declared ones with assume_units=True or --assume-units."
        )
    rows = pa.table(columns)
    for column in wanted:
        position = rows.schema.get_field_index(column.name)
        if column.type == "float" and position >= 0:
            rows = rows.set_column(position, column.name, rows[column.name].cast(pa.float64()))
    return rows, extend(base, wanted), empty


def _make_column(name: str, field: pa.Field[Any], kind: pa.DataType, unit: str | None) -> Column:
    """Declare a new column; whole numbers that have a unit are measured, and become floats."""
    doc = (field.metadata or {}).get(b"doc", (field.metadata or {}).get(b"description", b""))
    told: ColumnType
    if pa.types.is_boolean(kind):
        told = "bool"
    elif pa.types.is_string(kind):
        told = "str"
    elif is_time(field):
        told = "time"
    elif pa.types.is_integer(kind) and unit is None:
        told = "int"
    else:
        told = "float"
    has_unit = told in ("int", "float")
    return Column(name, told, (unit or "") if has_unit else "", doc.decode(errors="replace")[:1000])


def _add_source(rows: pa.Table, source: str) -> pa.Table:
    """Complete the column ``source``."""
    said: list[object] = rows["source"].to_pylist() if "source" in rows.column_names else []
    if any(not (own is None or isinstance(own, str)) for own in said):
        raise MetricsError("A column 'source' says in words where each row comes from; rename this one.")
    sources = pa.array([own or source or None for own in said or [None] * rows.num_rows], pa.string())
    if sources.null_count:
        raise MetricsError(
            f"{sources.null_count} of {rows.num_rows} metrics do not say where they come from. Give "
            "source='...', such as 'modelled, seed=42' or the name of the pipeline that measured them."
        )
    if "source" in rows.column_names:
        rows = rows.drop_columns("source")
    return rows.append_column("source", sources)


def write_metrics(registry: Registry, table: pa.Table, *, source: str = "", name: str = METRICS.name) -> int:
    """Write metrics; a data ID that has some gets these instead.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Written.
    table : `pyarrow.Table`
        One row a data ID: its dimensions, such as ``instrument`` and
        ``visit``, and measured columns.  Columns without a unit in their
        metadata are in the declared one.
    source : `str`, optional
        Where the values come from; needed unless every row of a column
        ``source`` says so itself.
    name : `str`, optional
        Name of the table.

    Returns
    -------
    n_rows : `int`
        Rows written; those that say nothing new are not.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if a column does not fit, or there is no source.
    workbench.errors.UnknownDataIdError
        Raised if data IDs do not exist.
    workbench.errors.ReadOnlyError
        Raised if the registry was opened read-only.
    """
    rules = Rules(table=name, source=source, assume_units=True)
    return import_measurements(registry, Measurements(table, "The table"), rules).n_written
