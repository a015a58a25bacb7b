"""Rows compared with the repository: existence and implied values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import astropy.table
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, DimensionGroup, DimensionUniverse

from workbench.errors import BadDataIdTableError, UnknownDataIdError
from workbench.snapshot import conform, data_id_schema, key_names, read_all_keys

__all__ = ["check_pixels", "check_rows", "find_unknown"]

_SHOWN = 10
"""How many bad rows an error lists."""

_UPLOADED = 500
"""Keys up to which the Butler is asked for these alone; more are looked up among all keys, faster."""


def check_rows(
    butler: Butler,
    rows: pa.Table,
    group: DimensionGroup,
    implied: pa.Table,
    unknown: Literal["error", "drop"],
    places: Sequence[int] | None,
    source: str,
) -> tuple[npt.NDArray[np.bool_], str]:
    """Compare rows with the repository.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Repository; nothing is written.
    rows : `pyarrow.Table`
        Typed key columns, in the order of the source.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the rows.
    implied : `pyarrow.Table`
        Columns of implied dimensions, to be compared.
    unknown : `str`
        ``error`` or ``drop``.
    places : `~collections.abc.Sequence` [ `int` ] or `None`
        Line number of each row.
    source : `str`
        What is read, for messages.

    Returns
    -------
    kept : `numpy.ndarray` of bool
        Rows that exist.
    note : `str`
        What is dropped, in words; empty if nothing is.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised if rows do not exist and ``unknown`` is ``error``.
    workbench.errors.BadDataIdTableError
        Raised if implied values contradict the repository.
    """
    if unknown not in ("error", "drop"):
        raise ValueError(f"unknown is 'error' or 'drop', not {unknown!r}.")
    missing = find_unknown(butler, rows, group)
    note = ""
    if missing.any():
        listed = _list_rows(np.flatnonzero(missing), rows, group, places)
        if unknown == "error":
            raise UnknownDataIdError(
                f"{source} has {missing.sum()} data ID(s) that the repository does not have:\n{listed}\n"
                f"{_name_governors(butler, rows.filter(pa.array(missing)), group)}"
                "Correct them, or leave them out with unknown='drop' or --drop-unknown."
            )
        shown = ", ".join(
            " ".join(f"{n}={v}" for n, v in row.items()) for row in _key_dicts(rows, group, missing)
        )
        note = f"{missing.sum()} unknown data ID(s) dropped: {shown}"
    if implied.num_columns:
        _check_implied(butler, rows, group, implied, missing, places, source)
    return ~missing, note


def check_pixels(rows: pa.Table, group: DimensionGroup, places: Sequence[int] | None, source: str) -> None:
    """Compare pixels of the sky with their pixelization, which takes no repository.

    Parameters
    ----------
    rows : `pyarrow.Table`
        Typed key columns, in the order of the source.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the rows.
    places : `~collections.abc.Sequence` [ `int` ] or `None`
        Line number of each row.
    source : `str`
        What is read, for messages.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised if there are no such pixels; the message lists the rows.
    """
    for name in group.skypix:
        low, high = _pixel_range(group.universe, name)
        pixels = rows[name].to_numpy()
        outside = np.flatnonzero((pixels < low) | (pixels >= high))
        if len(outside):
            raise UnknownDataIdError(
                f"{source} has {len(outside)} row(s) whose {name!r} is no pixel:\n"
                f"{_list_rows(outside, rows, group, places)}\n"
                f"The pixels of {name} are {low} to {high - 1}."
            )


def find_unknown(butler: Butler, rows: pa.Table, group: DimensionGroup) -> npt.NDArray[np.bool_]:
    """Return which rows name something that the repository lacks.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Repository; nothing is written.
    rows : `pyarrow.Table`
        Typed key columns.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the rows.

    Returns
    -------
    mask : `numpy.ndarray` of bool
        True where a dimension of the row has no record.

    Notes
    -----
    A query for data IDs does not answer this: it takes uploaded values of
    dimensions without implied ones, such as detector, as they are.  So every
    dimension's records are asked for.
    """
    mask = np.zeros(rows.num_rows, bool)
    if not rows.num_rows:
        return mask
    for name in key_names(group):
        if name in butler.dimensions.skypix_dimensions.names:
            low, high = _pixel_range(butler.dimensions, name)
            pixels = rows[name].to_numpy()
            mask |= (pixels < low) | (pixels >= high)
            continue
        own = conform(butler.dimensions, [name])
        wanted = pl.DataFrame(pl.from_arrow(rows.select(list(key_names(own)))))
        known = _read_known(butler, wanted.unique(), own)
        missing = wanted.with_row_index("row").join(known, on=list(key_names(own)), how="anti")
        mask[missing["row"].to_numpy()] = True
    if {"exposure", "visit"} <= set(key_names(group)):
        pairs = conform(butler.dimensions, ["exposure", "visit"])
        names = list(key_names(pairs))
        wanted = pl.DataFrame(pl.from_arrow(rows.select(names)))
        with butler.query() as query:
            data_ids = query.join_data_coordinate_table(_upload(wanted.unique())).data_ids(pairs)
            known = _to_frame(pairs, [data_id.required_values for data_id in data_ids])
        mask[wanted.with_row_index("row").join(known, on=names, how="anti")["row"].to_numpy()] = True
    return mask


def _pixel_range(universe: DimensionUniverse, name: str) -> tuple[int, int]:
    pixels = universe.skypix_dimensions[name].pixelization.universe()
    bounds = [bound for pair in pixels for bound in pair]
    return min(bounds), max(bounds)


def _read_known(butler: Butler, wanted: pl.DataFrame, group: DimensionGroup) -> pl.DataFrame:
    """Return those of some keys of one dimension that have a record."""
    name = group.universe.sorted(group.required)[-1].name
    if len(wanted) > _UPLOADED and (keys := read_all_keys(butler, name)) is not None:
        return pl.DataFrame(pl.from_arrow(keys))
    with butler.query() as query:
        records = query.join_data_coordinate_table(_upload(wanted)).dimension_records(name)
        return _to_frame(group, [record.dataId.required_values for record in records])


def _upload(keys: pl.DataFrame) -> astropy.table.Table:
    return astropy.table.Table({name: keys[name].to_list() for name in keys.columns})


def _to_frame(group: DimensionGroup, rows: list[tuple[object, ...]]) -> pl.DataFrame:
    schema = data_id_schema(group, implied=False)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pl.DataFrame(pl.from_arrow(pa.table(arrays, schema=schema)))


def _check_implied(
    butler: Butler,
    rows: pa.Table,
    group: DimensionGroup,
    implied: pa.Table,
    missing: npt.NDArray[np.bool_],
    places: Sequence[int] | None,
    source: str,
) -> None:
    names = list(key_names(group))
    given = pl.DataFrame(pl.from_arrow(rows.select(names))).with_row_index("row").filter(~missing)
    if not len(given):
        return
    with butler.query() as query:
        data_ids = query.join_data_coordinate_table(_upload(given.select(names).unique())).data_ids(group)
        found = [data_id.full_values for data_id in data_ids]
    schema = data_id_schema(group)
    columns = list(zip(*found, strict=True)) if found else [()] * len(schema)
    truth = pl.DataFrame({f.name: list(c) for f, c in zip(schema, columns, strict=True)})
    joined = given.join(truth, on=names, how="left", maintain_order="left")
    lines = []
    for name in implied.schema.names:
        said = [implied[name][int(i)].as_py() for i in joined["row"]]
        for row, ours, theirs in zip(joined["row"], said, joined[name], strict=True):
            if ours is not None and str(ours) != str(theirs):
                place = f"row {row + 1}" if places is None else f"line {places[row]}"
                lines.append(f"  {place}: {name} = {ours!r}, but the repository says {theirs!r}")
    if lines:
        more = [f"  ... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        raise BadDataIdTableError(
            f"{source} contradicts the repository in {len(lines)} place(s):\n"
            + "\n".join(lines[:_SHOWN] + more)
            + "\nImplied dimensions follow from the keys: correct or remove those columns."
        )


def _name_governors(butler: Butler, rows: pa.Table, group: DimensionGroup) -> str:
    """Say which instruments or sky maps there are, where one is mistyped."""
    text = ""
    for name in group.governors:
        known = {str(record.dataId[name]) for record in butler.query_dimension_records(name, explain=False)}
        if set(rows[name].to_pylist()) - known:
            text += f"The repository's {name}s are: {', '.join(sorted(known)) or '(none)'}.\n"
    return text


def _key_dicts(rows: pa.Table, group: DimensionGroup, mask: npt.NDArray[np.bool_]) -> list[dict[str, object]]:
    return rows.select(list(key_names(group))).filter(pa.array(mask)).to_pylist()


def _list_rows(
    indices: npt.NDArray[np.intp], rows: pa.Table, group: DimensionGroup, places: Sequence[int] | None
) -> str:
    lines = []
    for i in indices[:_SHOWN]:
        place = f"row {i + 1}" if places is None else f"line {places[int(i)]}"
        values = ", ".join(f"{name}={rows[name][int(i)].as_py()!r}" for name in key_names(group))
        lines.append(f"  {place}: {values}")
    if len(indices) > _SHOWN:
        lines.append(f"  ... and {len(indices) - _SHOWN} more")
    return "\n".join(lines)
