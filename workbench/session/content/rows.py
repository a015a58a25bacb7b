"""The visits that views show: keys, numbers, names and outlines, in columns."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.bench import Bench
from workbench.progress import Progress, silent
from workbench.session.content.outlines import Outlines
from workbench.session.curation.keys import VisitKey

__all__ = ["RowColumn", "VisitRows"]

_NIGHT = "night"
_MJD_EPOCH = np.datetime64("1858-11-17")
_NAMES = ("instrument", "band", "physical_filter", "target_name", "observation_reason", "science_program")
_LABELS = {"visit.exposure_time": ("exposure time", "s"), "visit.seq_num": ("sequence number", "")}
_FIELD_UNITS = {"azimuth": "deg", "zenith_angle": "deg"}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class RowColumn:
    """One column of the rows.

    Attributes
    ----------
    name : `str`
        As a ``where`` writes it, such as ``metrics.psf_fwhm``.
    label, unit : `str`
        For people.
    values : `numpy.ndarray`
        Numbers (float64, NaN where there is none), or codes (int32, -1).
    categories : `~collections.abc.Sequence` [ `str` ], optional
        What the codes stand for.
    integer : `bool`, optional
        Whether all numbers are whole.
    """

    name: str
    label: str
    unit: str
    values: npt.NDArray[Any]
    categories: Sequence[str] | None = None
    integer: bool = False

    @property
    def has_values(self) -> bool:
        """Whether any row has a value (`bool`)."""
        return not self.values.size or bool(
            (self.values >= 0).any() if self.categories is not None else np.isfinite(self.values).any()
        )

    def note(self) -> dict[str, object]:
        """Return what the browser is told besides the values.

        Returns
        -------
        note : `dict`
            As ``hub.js`` keeps it.
        """
        note: dict[str, object] = {"label": self.label, "unit": self.unit, "integer": self.integer}
        if self.categories is not None:
            note["categories"] = list(self.categories)
        return note


@dataclasses.dataclass(frozen=True, eq=False)
class VisitRows:
    """Visits in the order of their keys, with what is measured of them.

    Attributes
    ----------
    keys : `~collections.abc.Sequence` [ `tuple` ]
        Instrument and visit.
    columns : `~collections.abc.Mapping` [ `str`, `RowColumn` ]
        By name.
    regions : `~collections.abc.Sequence` [ `bytes` or `None` ]
        Encoded outlines.
    where : `str`
        What limits them; empty for all visits.
    """

    keys: Sequence[VisitKey] = ()
    columns: Mapping[str, RowColumn] = dataclasses.field(default_factory=dict)
    regions: Sequence[bytes | None] = ()
    where: str = ""

    @classmethod
    def read(cls, bench: Bench, where: str = "", *, progress: Progress = silent) -> VisitRows:
        """Read visits and what is measured of them; writes nothing.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.
        where : `str`, optional
            Expression that limits them.
        progress : `~workbench.progress.Progress`, optional
            Called with what is read; it cancels by raising.

        Returns
        -------
        rows : `VisitRows`
            As they are now.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        """
        progress("reading visits")
        rows = cls.from_records(bench.dimensions.records("visit", where), where)
        keys = pl.DataFrame(rows.keys, schema={"instrument": pl.String, "visit": pl.Int64}, orient="row")
        columns = dict(rows.columns)
        for table, names in _visit_tables(bench).items():
            progress(f"reading {table}")
            measured = bench.metrics.read(table, columns=["instrument", "visit", *names])
            columns |= _join_measured(keys, table, names, measured)
        return dataclasses.replace(rows, columns=_with_values(columns))

    @classmethod
    def from_records(cls, records: pa.Table, where: str = "") -> VisitRows:
        """Take visits as their records have them, without what is measured of them.

        Parameters
        ----------
        records : `pyarrow.Table`
            Of the dimension element ``visit``.
        where : `str`, optional
            Expression that limits them.

        Returns
        -------
        rows : `VisitRows`
            In the same order.
        """
        frame = pl.DataFrame(pl.from_arrow(records.drop_columns(["region"])))
        keys = list(zip(frame["instrument"].to_list(), frame["visit"].to_list(), strict=True))
        columns = dict(_iter_record_columns(frame, records.schema))
        return cls(keys, _with_values(columns), records["region"].to_pylist(), where)

    def __len__(self) -> int:
        return len(self.keys)

    @functools.cached_property
    def digest(self) -> str:
        """Hash of the keys: row numbers mean something beside it alone (`str`)."""
        content = "\n".join(f"{instrument} {visit}" for instrument, visit in self.keys)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @functools.cached_property
    def places(self) -> Mapping[VisitKey, int]:
        """Row of each key (`~collections.abc.Mapping`)."""
        return {key: row for row, key in enumerate(self.keys)}

    @functools.cached_property
    def outlines(self) -> Outlines:
        """Outlines of the visits (`~workbench.session.content.outlines.Outlines`)."""
        return Outlines.decode(self.regions)

    @property
    def metric_names(self) -> list[str]:
        """Columns that were measured (`list` [ `str` ])."""
        known = ("visit.", "night", "visit")
        return [
            name
            for name, column in self.columns.items()
            if column.categories is None and not name.startswith(known)
        ]

    def mask(self, keys: Iterable[VisitKey]) -> npt.NDArray[np.bool_]:
        """Say which rows have one of some keys.

        Parameters
        ----------
        keys : `~collections.abc.Iterable`
            Instrument and visit; those that are not here are left out.

        Returns
        -------
        mask : `numpy.ndarray` of bool
            One value a row.
        """
        mask = np.zeros(len(self), np.bool_)
        mask[[self.places[key] for key in keys if key in self.places]] = True
        return mask

    def narrow(self, keys: Iterable[VisitKey]) -> VisitRows:
        """Keep some visits alone.

        Parameters
        ----------
        keys : `~collections.abc.Iterable`
            Instrument and visit; those that are not here are left out.

        Returns
        -------
        rows : `VisitRows`
            In the same order; without columns that have no value there.
        """
        rows = np.flatnonzero(self.mask(keys))
        columns = {
            name: dataclasses.replace(column, values=column.values[rows])
            for name, column in self.columns.items()
        }
        return VisitRows(
            [self.keys[row] for row in rows.tolist()],
            _with_values(columns),
            [self.regions[row] for row in rows.tolist()],
        )

    def chosen(self, mask: npt.NDArray[np.bool_]) -> tuple[VisitKey, ...]:
        """Return the keys of some rows.

        Parameters
        ----------
        mask : `numpy.ndarray` of bool
            One value a row.

        Returns
        -------
        keys : `tuple`
            In the order of the rows.
        """
        return tuple(self.keys[row] for row in np.flatnonzero(mask).tolist())


def _with_values(columns: Mapping[str, RowColumn]) -> dict[str, RowColumn]:
    return {name: column for name, column in columns.items() if column.has_values}


def _iter_record_columns(frame: pl.DataFrame, schema: pa.Schema) -> Iterable[tuple[str, RowColumn]]:
    visits = frame["visit"].to_numpy().astype(np.float64)
    yield "visit", RowColumn("visit", "", "", visits, integer=True)
    nights = frame["day_obs"].cast(pl.String).str.to_date("%Y%m%d", strict=False).to_numpy()
    days = (nights.astype("datetime64[D]") - _MJD_EPOCH).astype(np.float64)
    days[np.isnat(nights)] = np.nan
    yield _NIGHT, RowColumn(_NIGHT, "night", "", days, integer=True)
    for field in schema:
        name = field.name
        if name in _NAMES:
            categories = sorted(frame[name].drop_nulls().unique().to_list())
            codes = {value: code for code, value in enumerate(categories)}
            values = np.array([codes.get(value, -1) for value in frame[name].to_list()], np.int32)
            yield name, RowColumn(name, name.replace("_", " "), "", values, categories)
        elif pa.types.is_floating(field.type) and not name.startswith("timespan_"):
            label, unit = _LABELS.get(f"visit.{name}", (name.replace("_", " "), _FIELD_UNITS.get(name, "")))
            yield f"visit.{name}", RowColumn(f"visit.{name}", label, unit, _floats(frame[name]))
        elif name == "seq_num":
            label, unit = _LABELS["visit.seq_num"]
            yield (
                "visit.seq_num",
                RowColumn("visit.seq_num", label, unit, _floats(frame[name]), integer=True),
            )


def _floats(column: pl.Series) -> npt.NDArray[np.float64]:
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _visit_tables(bench: Bench) -> dict[str, list[str]]:
    """Return the numeric columns of the metric tables that are about visits."""
    found: dict[str, list[str]] = {}
    for item in bench.metrics.tables().to_pylist():
        about = set(item["dimensions"])
        if about == {"instrument", "visit"} and item["type"] in {"float", "int"} and item["values"]:
            found.setdefault(item["table"], []).append(item["column"])
    return found


def _join_measured(
    frame: pl.DataFrame, table: str, names: Sequence[str], measured: pa.Table
) -> dict[str, RowColumn]:
    keys = ["instrument", "visit"]
    rows = pl.DataFrame(pl.from_arrow(measured.select([*keys, *names])))
    # Measured columns may have the name of one of the record's.
    joined = frame.select(keys).join(rows, on=keys, how="left", maintain_order="left")
    columns = {}
    for name in names:
        unit = (measured.schema.field(name).metadata or {}).get(b"unit", b"").decode()
        integer = joined[name].dtype.is_integer()
        label = name.replace("_", " ") if table == "metrics" else f"{table} {name.replace('_', ' ')}"
        full = f"{table}.{name}"
        columns[full] = RowColumn(full, label, unit, _floats(joined[name]), integer=integer)
    return columns
