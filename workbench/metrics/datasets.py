"""Measured values in datasets of a Butler, by data ID."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    DatasetRef,
    MissingCollectionError,
    MissingDatasetTypeError,
    StorageClass,
    StorageClassFactory,
)

from workbench.errors import MetricsError, UnknownNameError
from workbench.metrics.bundles import Value, flatten
from workbench.metrics.measurements import Measurements
from workbench.metrics.units import convert_values, read_unit, with_unit
from workbench.progress import Progress, silent
from workbench.sets import DataIdSet
from workbench.sets.files.set_file import make_column
from workbench.snapshot import find_stored

__all__ = ["read_metric_datasets"]

_BUNDLE = "MetricMeasurementBundle"
"""Storage class that is read as the JSON that it is stored as: its Python type is in a package
(``lsst.analysis.tools``) that need not be installed."""

_SHOWN = 5


def read_metric_datasets(
    butler: Butler,
    dataset_type: str,
    collections: Sequence[str],
    *,
    where: str = "",
    bind: Mapping[str, object] | None = None,
    data_ids: DataIdSet | None = None,
    progress: Progress = silent,
) -> Measurements:
    """Read the values of metric datasets; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read.
    dataset_type : `str`
        A type of tables (one row, or one a data ID of more dimensions, which
        are then columns), of metric bundles, or of mappings.
    collections : `~collections.abc.Sequence` [ `str` ]
        Searched in this order; the first dataset of a data ID counts.
    where : `str`, optional
        Condition in the Butler's own grammar.
    bind : `~collections.abc.Mapping`, optional
        Values of names in the condition.
    data_ids : `~workbench.sets.DataIdSet`, optional
        Only datasets of these; those without a dataset are counted.
    progress : `~workbench.progress.Progress`, optional
        Told the fraction of the datasets; may cancel.

    Returns
    -------
    measurements : `Measurements`
        One row a data ID: its required dimensions, the values, and ``run``
        and ``dataset_id`` of the dataset; the notes count what is missing.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if dataset type or collection do not exist.
    workbench.errors.MetricsError
        Raised if the condition is wrong, there is no dataset, or one holds no
        metrics.
    """
    try:
        storage_class = butler.get_dataset_type(dataset_type).storageClass
        refs = butler.query_datasets(
            dataset_type, collections, where=where, bind=bind, find_first=True, limit=None, explain=False
        )
    except (MissingCollectionError, MissingDatasetTypeError) as error:
        raise UnknownNameError(f"Metrics cannot be read: {error}") from error
    except ButlerUserError as error:
        raise MetricsError(f"The datasets {dataset_type!r} cannot be found: {error}") from error
    notes = []
    if data_ids is not None:
        refs, note = _select(refs, data_ids)
        notes += note
    source = f"{dataset_type} in {', '.join(collections)}"
    stored = find_stored(butler, refs)
    if lost := [ref for ref in refs if not stored[ref]]:
        shown = "; ".join(_name(ref) for ref in lost[:_SHOWN])
        notes.append(f"{len(lost)} of {len(refs)} datasets have no file, and so no values: {shown}")
    refs = sorted((ref for ref in refs if stored[ref]), key=lambda ref: ref.dataId)
    if not refs:
        raise MetricsError(
            f"There is no dataset {source} to read" + "".join(f"; {note}" for note in notes) + "."
        )
    is_table = _is_table(storage_class)
    tables, rows, n_left_out = [], [], 0
    for number, ref in enumerate(refs):
        progress("reading datasets", number / len(refs))
        if is_table:
            tables.append(_read_table(butler, ref))
        else:
            row, left_out = flatten(_read_content(butler, ref, storage_class), _name(ref))
            rows.append(row)
            n_left_out += left_out
    if n_left_out:
        notes.append(f"{n_left_out} values that are neither numbers, truth values nor text were left out")
    table = _concatenate(tables, source) if is_table else _make_table(refs, rows)
    return Measurements(table, source, tuple(notes))


def _select(refs: Sequence[DatasetRef], data_ids: DataIdSet) -> tuple[list[DatasetRef], list[str]]:
    names = data_ids.key_names
    if refs and not set(names) <= set(refs[0].datasetType.dimensions.names):
        raise MetricsError(
            f"The set {data_ids.label} has the dimensions {', '.join(names)}, and datasets "
            f"{refs[0].datasetType.name!r} have {', '.join(refs[0].datasetType.dimensions.required)}."
        )
    wanted = {tuple(data_id[name] for name in names) for data_id in data_ids.data_ids()}
    found = [(tuple(ref.dataId[name] for name in names), ref) for ref in refs]
    kept = [ref for key, ref in found if key in wanted]
    n_missing = len(wanted - {key for key, _ in found})
    note = f"{n_missing} of the {len(wanted)} data IDs of {data_ids.label} have no dataset"
    return kept, [note] if n_missing else []


def _is_table(storage_class: StorageClass) -> bool:
    if storage_class.name == _BUNDLE:
        return False
    try:
        # A plain mapping counts as convertible, since a mapping of arrays is.
        if issubclass(storage_class.pytype, Mapping | list) and storage_class.name != "ArrowNumpyDict":
            return False
        return StorageClassFactory().getStorageClass("ArrowTable").can_convert(storage_class)
    except ImportError as error:
        raise MetricsError(
            f"Datasets of storage class {storage_class.name!r} need a package that is not installed: {error}."
        ) from error


def _read_content(butler: Butler, ref: DatasetRef, storage_class: StorageClass) -> object:
    try:
        if storage_class.name == _BUNDLE:
            return json.loads(butler.getURI(ref).read())
        return butler.get(ref)
    except ImportError as error:
        raise MetricsError(f"{_name(ref)} needs a package that is not installed: {error}.") from error
    except ValueError as error:
        raise MetricsError(f"{_name(ref)} cannot be read: {error}") from error


def _read_table(butler: Butler, ref: DatasetRef) -> pa.Table:
    """Read a dataset's table, with its data ID and origin as columns."""
    try:
        table: pa.Table = butler.get(ref, storageClass="ArrowTable")
    except (ValueError, TypeError, pa.ArrowException) as error:
        raise MetricsError(f"{_name(ref)} cannot be read: {error}") from error
    table = table.replace_schema_metadata(None)
    for name, value in ref.dataId.required.items():
        if name not in table.column_names:
            table = table.append_column(name, pa.array([value] * table.num_rows))
        elif any(str(own) != str(value) for own in table[name].unique().to_pylist()):
            raise MetricsError(
                f"{_name(ref)} has a column {name!r} with other values than its data ID. Rename that column."
            )
    return _add_origin(table, [ref] * table.num_rows)


def _add_origin(table: pa.Table, refs: Sequence[DatasetRef]) -> pa.Table:
    for name, values in (("run", [ref.run for ref in refs]), ("dataset_id", [str(ref.id) for ref in refs])):
        if name in table.column_names:
            raise MetricsError(
                f"Datasets {refs[0].datasetType.name!r} have a column {name!r}, which is ours."
            )
        table = table.append_column(name, pa.array(values, pa.string()))
    return table


def _concatenate(tables: Sequence[pa.Table], source: str) -> pa.Table:
    """Put tables together in the units of the first that has each column."""
    units: dict[str, str] = {}
    alike = []
    for table in tables:
        schema = table.schema
        for position, field in enumerate(schema):
            unit = read_unit(field)
            if unit is None:
                continue
            wanted = units.setdefault(field.name, unit)
            if unit != wanted:
                values = convert_values(table.column(position), unit, wanted, field.name)
                table = table.set_column(position, pa.field(field.name, values.type), values)  # noqa: PLW2901
        alike.append(table.replace_schema_metadata(None).cast(_without_metadata(table.schema)))
    try:
        whole = pa.concat_tables(alike, promote_options="permissive")
    except pa.ArrowException as error:
        raise MetricsError(f"The tables {source} have columns of different types: {error}") from error
    fields = [with_unit(field, units.get(field.name)) for field in whole.schema]
    return whole.cast(pa.schema(fields))


def _without_metadata(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.remove_metadata() for field in schema])


def _make_table(refs: Sequence[DatasetRef], rows: Sequence[Mapping[str, Value]]) -> pa.Table:
    """Make a table of one row a dataset."""
    columns: list[Any] = []
    fields: list[pa.Field[Any]] = []
    required = list(refs[0].dataId.required)
    for name in required:
        columns.append(pa.array([ref.dataId[name] for ref in refs]))
        fields.append(pa.field(name, columns[-1].type))
    for name in dict.fromkeys(name for row in rows for name in row):
        if name in required:
            _check_repeated(refs, rows, name)
            continue
        units = dict.fromkeys(row[name][1] for row in rows if name in row and row[name][1] is not None)
        column = pa.chunked_array([make_column([row[name][0] if name in row else None for row in rows])])
        if column.null_count == len(column):
            column = pa.chunked_array([pa.nulls(len(column))])
        wanted = next(iter(units), None)
        if len(units) > 1 and wanted is not None:
            column = _unify(rows, name, wanted)
        columns.append(column)
        fields.append(with_unit(pa.field(name, column.type), wanted))
    return _add_origin(pa.Table.from_arrays(columns, schema=pa.schema(fields)), refs)


def _check_repeated(refs: Sequence[DatasetRef], rows: Sequence[Mapping[str, Value]], name: str) -> None:
    for ref, row in zip(refs, rows, strict=True):
        if name in row and str(row[name][0]) != str(ref.dataId[name]):
            raise MetricsError(f"{_name(ref)} says {name} = {row[name][0]!r}, and its data ID another value.")


def _unify(rows: Sequence[Mapping[str, Value]], name: str, wanted: str) -> pa.ChunkedArray[Any]:
    """Convert the values of a column whose unit differs between datasets."""
    values = []
    for row in rows:
        value, unit = row.get(name, (None, None))
        if not (value is None or isinstance(value, int | float)):
            raise MetricsError(
                f"The values {name!r} have a unit in some datasets, and are no numbers in others."
            )
        one = pa.chunked_array([pa.array([value], pa.float64())])
        values += convert_values(one, wanted if unit is None else unit, wanted, name).to_pylist()
    return pa.chunked_array([pa.array(values, pa.float64())])


def _name(ref: DatasetRef) -> str:
    data_id = ", ".join(f"{name}={value}" for name, value in ref.dataId.required.items())
    return f"{ref.datasetType.name} {data_id} in {ref.run}"
