"""Sets of data IDs in files: which format, which checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from lsst.daf.butler import Butler, DimensionUniverse

from workbench.errors import (
    BadDataIdTableError,
    MissingFileError,
    StorageError,
    UnknownNameError,
    WorkbenchError,
)
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.origin import Origin
from workbench.sets.content.provenance import SetProvenance
from workbench.sets.content.set_content import Role, SetContent
from workbench.sets.files.delimited import read_csv, write_csv
from workbench.sets.files.ecsv import read_ecsv, write_data_id_table, write_ecsv
from workbench.sets.files.excluded_visits import write_excluded_visits
from workbench.sets.files.json_file import read_json, write_json
from workbench.sets.files.parquet import read_parquet, write_parquet
from workbench.sets.files.set_file import SetFile
from workbench.snapshot import AnyRelations, Relations

__all__ = ["FileStyle", "read_set_file", "write_set_file"]

FileStyle = Literal["set", "excluded_visits", "data_id_table"]

_READERS: Mapping[str, Callable[[Path], SetFile]] = {
    ".csv": read_csv,
    ".ecsv": read_ecsv,
    ".json": read_json,
    ".parquet": read_parquet,
}
_WRITERS: Mapping[tuple[str, str], Callable[[SetContent, Path], None]] = {
    (".csv", "set"): write_csv,
    (".ecsv", "set"): write_ecsv,
    (".ecsv", "data_id_table"): write_data_id_table,
    (".ecsv", "excluded_visits"): write_excluded_visits,
    (".json", "set"): write_json,
    (".parquet", "set"): write_parquet,
}


def read_set_file(
    path: str | Path,
    source: Butler | DimensionUniverse,
    *,
    role: Role | None = None,
    dimensions: Iterable[str] | None = None,
    instrument: str | None = None,
    skymap: str | None = None,
    free_columns: Iterable[str] = (),
    unknown: Literal["error", "drop"] = "error",
    relations: AnyRelations | None = None,
    author: str | None = None,
) -> DataIdSet:
    """Read a set from a file.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        A file ending in .csv, .ecsv, .json or .parquet.
    source : `lsst.daf.butler.Butler` or `lsst.daf.butler.DimensionUniverse`
        Repository that the rows must exist in; with a universe only, rows
        are not checked.  Nothing is written.
    role : `str`, optional
        ``include`` or ``exclude``; by default what the file says, or
        include.
    dimensions : `~collections.abc.Iterable` [ `str` ], optional
        Dimensions of the set; by default what the file says, or those that
        its columns name.
    instrument, skymap : `str`, optional
        Value of the dimension where the file has no such column.
    free_columns : `~collections.abc.Iterable` [ `str` ], optional
        Columns to keep beside the keys and the ``reason`` (or ``comment``).
    unknown : `str`, optional
        ``error`` raises on data IDs that the repository does not have,
        ``drop`` leaves them out and notes them in the provenance.
    relations : `workbench.snapshot.AnyRelations`, optional
        What the set converts along; by default read where ``source`` is a
        Butler and the set has visits or exposures.
    author : `str`, optional
        Who reads it, where the file does not name its author.

    Returns
    -------
    data_id_set : `DataIdSet`
        The set; one without rows is a value like any other.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if the file cannot be read, has duplicates (listed with their
        lines), stray columns, missing values, or contradicts the repository.
    workbench.errors.UnknownDataIdError
        Raised if data IDs do not exist in the repository; lists them.
    workbench.errors.MissingFileError, workbench.errors.StorageError
        Raised if there is no such file, or it may not be read.
    """
    where = Path(path)
    if where.suffix.lower() not in _READERS:
        raise BadDataIdTableError(
            f"{where} is in no format that holds a set: a file ends in {', '.join(sorted(_READERS))}, and is "
            "not compressed."
        )
    try:
        content = _READERS[where.suffix.lower()](where)
    except FileNotFoundError as error:
        raise MissingFileError(f"There is no file {where}: nothing was read. Is the path right?") from error
    except OSError as error:
        raise StorageError(f"{where} cannot be read: {error.strerror or error}.") from error
    butler = None if isinstance(source, DimensionUniverse) else source
    universe = source if isinstance(source, DimensionUniverse) else source.dimensions
    provenance = content.provenance or SetProvenance.now(author=author, source=where.name)
    try:
        found = DataIdSet.from_table(
            universe,
            content.table,
            content.dimensions if dimensions is None else dimensions,
            role or _as_role(content.role),
            butler=butler,
            instrument=instrument,
            skymap=skymap,
            free_columns=dict.fromkeys([*content.free_columns, *free_columns]),
            unknown=unknown,
            relations=relations,
            provenance=provenance,
            places=content.places,
            source=str(where),
        )
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error
    try:
        found = replace(found, origin=_read_origin(content, universe, relations, str(where)))
    except WorkbenchError as error:
        raise BadDataIdTableError(f"What {where} says of how its rows were made: {error}") from error
    if relations is None and butler is not None and {"visit", "exposure"} & set(found.key_names):
        instruments = sorted({str(name) for name in found.table["instrument"].to_pylist()})
        return found.with_relations(Relations.read(butler, instruments))
    return found


def _read_origin(
    content: SetFile, universe: DimensionUniverse, relations: AnyRelations | None, source: str
) -> Origin | None:
    """Read the steps that a file tells; their rows are a record, and need not be in the repository."""
    parts: dict[str, DataIdSet] = {}

    def find(label: str) -> DataIdSet | str:
        return parts.get(label, label)

    def read(told: SetFile) -> Origin | None:
        return None if told.steps is None else Origin.from_json(told.steps, find)

    # Inner ones are first: none can be a part of itself.
    for label, part in content.parts.items():
        rows = DataIdSet.from_table(
            universe,
            part.table,
            part.dimensions,
            _as_role(part.role),
            free_columns=part.free_columns,
            relations=relations,
            provenance=part.provenance or SetProvenance(),
            source=f"{source}, part {label}",
        )
        parts[label] = replace(rows, origin=read(part))
    return read(content)


def write_set_file(rows: SetContent, path: str | Path, *, style: FileStyle = "set") -> None:
    """Write a set to a file; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `str` or `pathlib.Path`
        A file ending in .csv, .ecsv, .json or .parquet; it is replaced as a
        whole.
    style : `str`, optional
        ``set`` writes all that the set holds (CSV has no place for role and
        provenance).  For ECSV also ``excluded_visits``, the observatory's
        list of bad exposures (of one that is there, only lines that differ
        are changed), and ``data_id_table``, the keys alone as
        ``pipetask --data-id-table`` takes them.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if the format does not exist or cannot hold this set.
    """
    where = Path(path)
    writer = _WRITERS.get((where.suffix.lower(), style))
    if writer is None:
        there_are = ", ".join(f"{suffix} ({form})" for suffix, form in sorted(_WRITERS))
        raise BadDataIdTableError(
            f"{where} cannot be written in the form {style!r} (style=, or --form). There are: {there_are}."
        )
    writer(rows, where)


def _as_role(text: str | None) -> Role:
    return "exclude" if text == "exclude" else "include"
