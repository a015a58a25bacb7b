"""Measured values as a source tells them, before they are held against a repository."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import astropy.table
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from astropy.time import Time

from workbench.errors import MetricsError
from workbench.metrics.units import parse_unit, read_unit, with_unit
from workbench.presentation import presented
from workbench.rendering import KIND
from workbench.sets.content.tables import AnyTable, to_arrow

__all__ = ["Measurements", "make_name", "to_measured_table"]

_LONGEST_NAME = 60
"""PostgreSQL cuts names at 63 bytes without a word."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN = 10


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """A table of measured values and where it comes from.

    Parameters
    ----------
    table : `pyarrow.Table`
        Columns as the source has them; units are metadata of the fields.
    source : `str`
        Where they come from; holds no password.
    notes : `tuple` [ `str`, ... ], optional
        What a reader of the result should know, such as what was left out.
    """

    table: pa.Table
    source: str
    notes: tuple[str, ...] = ()

    def arrange(
        self,
        dimensions: Collection[str],
        *,
        rename: Mapping[str, str],
        units: Mapping[str, str],
        columns: Iterable[str] | None,
    ) -> Measurements:
        """Give the columns the names and units that they will have.

        Parameters
        ----------
        dimensions : `~collections.abc.Collection` [ `str` ]
            Names of all dimensions; such columns say what a row is about.
        rename : `~collections.abc.Mapping` [ `str`, `str` ]
            New name by name in the source; ``psfSigma`` becomes
            ``psf_sigma`` by itself.
        units : `~collections.abc.Mapping` [ `str`, `str` ]
            Unit by new name, which overrules what the source says.
        columns : `~collections.abc.Iterable` [ `str` ] or `None`
            New names of the measured columns to keep; by default all.

        Returns
        -------
        measurements : `Measurements`
            Numbers, booleans, text; times as MJD TAI.

        Raises
        ------
        workbench.errors.MetricsError
            Raised if names do not exist, collide or cannot be made, a unit is
            unknown, or a column holds what no metric is.
        """
        there = self.table.column_names
        self._check_known(rename, there, "rename")
        names = [rename.get(name) or (name if name in dimensions else make_name(name)) for name in there]
        fields = [field.with_name(name) for field, name in zip(self.table.schema, names, strict=True)]
        kept = range(len(names))
        if columns is not None:
            wanted = set(columns)
            self._check_known(wanted, names, "columns")
            kept = [i for i in kept if names[i] in wanted or names[i] in dimensions]  # type: ignore[assignment]
        self._check_names([(there[i], names[i]) for i in kept])
        fields = [fields[i] for i in kept]
        arrays = [self.table.column(i) for i in kept]
        self._check_known(units, [field.name for field in fields], "units")
        faults = []
        for i, field in enumerate(fields):
            if field.name in dimensions:
                continue
            try:
                arrays[i], fields[i] = _make_plain(arrays[i], field)
            except TypeError as error:
                faults.append(f"{field.name!r} ({error})")
                continue
            if field.name in units:
                fields[i] = with_unit(fields[i], units[field.name])
            if (unit := read_unit(fields[i])) is not None:
                parse_unit(unit, field.name)
        if faults:
            raise MetricsError(
                f"{self.source} has columns that hold neither numbers, truth values nor text: "
                f"{_list(faults)}. Name the columns that you want with columns=(...) or --column."
            )
        table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
        return dataclasses.replace(self, table=table)

    def _check_known(self, asked: Iterable[str], there: Collection[str], option: str) -> None:
        if unknown := [name for name in asked if name not in there]:
            raise MetricsError(
                f"{self.source} has no column {_list(map(repr, unknown))}, named in {option}; "
                f"there are {_list(there) or 'none'}."
            )

    def _check_names(self, pairs: list[tuple[str, str]]) -> None:
        names = [name for _, name in pairs]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            sources = [repr(source) for source, name in pairs if name in repeated]
            raise MetricsError(
                f"{self.source}: the columns {_list(sources)} would have one name ({', '.join(repeated)}). "
                "Give them names with rename={...} or --map OLD=NEW."
            )
        bad = [
            repr(source[:_LONGEST_NAME])
            for source, name in pairs
            if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME
        ]
        if bad:
            raise MetricsError(
                f"{self.source}: the columns {_list(bad)} need names that match [a-z][a-z0-9_]* and have at "
                f"most {_LONGEST_NAME} characters. Give them with rename={{...}} or --map OLD=NEW."
            )


def make_name(text: str) -> str:
    """Make the name of a column of what a source calls it.

    Parameters
    ----------
    text : `str`
        Such as ``psfSigma`` or ``PSF-sigma``.

    Returns
    -------
    name : `str`
        Lower case with underscores, such as ``psf_sigma``; not always a name
        that a column may have.
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text.strip())
    return re.sub(r"_+", "_", re.sub(r"[\s.\-]", "_", parted)).lower()


def to_measured_table(table: AnyTable, source: str) -> pa.Table:
    """Return a table of any library as an Arrow table that keeps units.

    Parameters
    ----------
    table : `pyarrow.Table`, `pandas.DataFrame` or `astropy.table.Table`
        The table.
    source : `str`
        What it is, for messages.

    Returns
    -------
    table : `pyarrow.Table`
        Masked values are null, astropy's times MJD TAI.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if a column is none of a plain table.
    """
    try:
        if not isinstance(table, astropy.table.Table):
            if isinstance(table, pd.DataFrame):
                return pa.Table.from_pandas(table, preserve_index=None).replace_schema_metadata(None)
            return to_arrow(table)
        columns: list[Any] = []
        fields: list[pa.Field[Any]] = []
        for name in table.colnames:
            column = table[name]
            if isinstance(column, Time):
                values = np.ma.filled(np.ma.asarray(column.tai.mjd, dtype=np.float64), np.nan)
                columns.append(pa.array(values, pa.float64()))
                fields.append(pa.field(name, pa.float64(), metadata={KIND: b"time"}))
                continue
            plain = astropy.table.Table({name: column})
            if getattr(plain[name], "ndim", 1) != 1 or not isinstance(plain[name], astropy.table.Column):
                raise MetricsError(f"{source}: column {name!r} is not one number or text for each row.")
            array = to_arrow(plain)[name]
            unit = getattr(column, "unit", None)
            columns.append(array)
            fields.append(with_unit(pa.field(name, array.type), None if unit is None else str(unit)))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, MetricsError):
            raise
        raise MetricsError(f"{source} cannot be taken for a table of numbers and text: {error}") from error


def _make_plain(
    column: pa.ChunkedArray[Any], field: pa.Field[Any]
) -> tuple[pa.ChunkedArray[Any], pa.Field[Any]]:
    """Cast a column to int64, float64, bool or string; raise `TypeError` if it is none of these."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    target: pa.DataType
    if pa.types.is_integer(kind):
        target = pa.int64()
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        target = pa.float64()
    elif pa.types.is_boolean(kind):
        target = pa.bool_()
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        target = pa.string()
    elif pa.types.is_null(kind):
        target = kind
    elif pa.types.is_timestamp(kind):
        if kind.tz is None:
            raise TypeError("times of which nobody says whether they are UTC or TAI; give MJD TAI instead")
        return _make_times(column), field.with_type(pa.float64()).with_metadata({KIND: b"time"})
    else:
        raise TypeError(str(kind))
    try:
        column = column.cast(target)
    except pa.ArrowException as error:
        raise TypeError(f"{kind} out of range") from error
    if pa.types.is_string(target) and pc.any(pc.match_substring(column, "\0")).as_py():
        raise TypeError("text with NUL characters, which a database cannot hold")
    return column, field.with_type(target)


def _make_times(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    moments = column.cast(pa.timestamp("us", "UTC"))
    mask = moments.is_null().to_numpy()
    micros = moments.fill_null(pa.scalar(0, moments.type)).cast(pa.int64()).to_numpy()
    mjd = Time(
        micros // 86_400_000_000 + 40587.0, micros % 86_400_000_000 / 8.64e10, format="mjd", scale="utc"
    )
    return pa.chunked_array([pa.array(np.asarray(mjd.tai.mjd, dtype=np.float64), pa.float64(), mask=mask)])


def _list(words: Iterable[str]) -> str:
    listed = list(words)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
