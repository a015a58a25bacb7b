"""Metrics: import them, print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from workbench.cli.data_ids import parse_data_ids
from workbench.cli.pairs import read_pairs
from workbench.cli.place import Place
from workbench.cli.printing import cut, print_facts, print_json, print_rows, print_table, to_rows
from workbench.cli.terminal import reporting
from workbench.errors import MetricsError

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.metrics import ImportOptions, ImportResult

__all__ = [
    "Options",
    "import_datasets",
    "import_file",
    "import_sql",
    "print_history",
    "print_metrics",
    "print_tables",
]


class Options(TypedDict):
    """What a command line says of an import."""

    table: str
    dimensions: tuple[str, ...]
    instrument: str | None
    skymap: str | None
    rename: tuple[str, ...]
    units: tuple[str, ...]
    assume_units: bool
    na: tuple[str, ...]
    as_text: tuple[str, ...]
    columns: tuple[str, ...]
    drop_unknown: bool
    source: str | None
    author: str | None


def import_file(place: Place, path: str, options: Options, *, as_json: bool = False) -> None:
    """Import a file.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    path : `str`
        CSV, ECSV or Parquet file.
    options : `Options`
        How to read it.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench, reporting() as progress:
        result = bench.metrics.import_file(path, progress=progress, **_read_options(options))
    _print_result(result, as_json=as_json)


def import_sql(place: Place, url: str, query: str, options: Options, *, as_json: bool = False) -> None:
    """Import the rows of a query on another database.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    url : `str`
        SQLAlchemy URL.
    query : `str`
        SQL.
    options : `Options`
        How to read it.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench, reporting() as progress:
        result = bench.metrics.import_sql(url, query, progress=progress, **_read_options(options))
    _print_result(result, as_json=as_json)


def import_datasets(
    place: Place,
    dataset_type: str,
    collections: Sequence[str],
    options: Options,
    *,
    where: str = "",
    set_label: str | None = None,
    as_json: bool = False,
) -> None:
    """Import the values of datasets.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    dataset_type : `str`
        Their type.
    collections : `~collections.abc.Sequence` [ `str` ]
        Searched in this order.
    options : `Options`
        How to read them.
    where : `str`, optional
        Condition in the Butler's own grammar.
    set_label : `str`, optional
        Only datasets of the data IDs of this saved set.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench, reporting() as progress:
        result = bench.metrics.import_datasets(
            dataset_type,
            collections,
            where=where,
            data_ids=None if set_label is None else bench.load(set_label),
            progress=progress,
            **_read_options(options),
        )
    _print_result(result, as_json=as_json)


def print_tables(place: Place, *, as_json: bool = False) -> None:
    """Print the metric tables with their columns.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        print_table(bench.metrics.tables(), as_json=as_json)


def print_metrics(
    place: Place,
    table: str,
    *,
    every: bool = False,
    as_of: str | None = None,
    limit: int = 20,
    as_json: bool = False,
) -> None:
    """Print the rows of a metric table.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    table : `str`
        Name of the table.
    every : `bool`, optional
        Print all that was ever measured.
    as_of : `str`, optional
        Print what was known at this time (MJD or ISO 8601, TAI).
    limit : `int`, optional
        At most so many aligned rows.
    as_json : `bool`, optional
        Print JSON, all rows.
    """
    moment = None if as_of is None else _read_time(as_of)
    with place.look() as bench:
        found = bench.metrics.read(table, current=not every, as_of=moment)
    _print_measured(found, limit=limit, as_json=as_json)


def print_history(place: Place, words: tuple[str, ...], *, table: str, as_json: bool = False) -> None:
    """Print all that was ever measured of a data ID, or of several.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    words : `tuple` [ `str`, ... ]
        As `~workbench.cli.data_ids.parse_data_ids` reads them.
    table : `str`
        Name of the table.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        found = bench.metrics.history(parse_data_ids(bench, words, allow_empty=True), table)
    _print_measured(found, limit=None, as_json=as_json)


def _read_options(options: Options) -> ImportOptions:
    return {
        "table": options["table"],
        "dimensions": options["dimensions"] or None,
        "instrument": options["instrument"],
        "skymap": options["skymap"],
        "rename": read_pairs(options["rename"], "--map visit_id=visit", last=True),
        "units": read_pairs(options["units"], "--unit psf_fwhm=arcsec", may_be_empty=True),
        "assume_units": options["assume_units"],
        "na": options["na"],
        "as_text": options["as_text"],
        "columns": options["columns"] or None,
        "unknown": "drop" if options["drop_unknown"] else "error",
        "source": options["source"],
        "author": options["author"],
    }


def _read_time(text: str) -> float:
    from astropy.time import Time

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Time(text, scale="tai").mjd)
    except ValueError as error:
        raise MetricsError(
            f"{text!r} is no time; write an MJD (60000.5) or ISO 8601 (2026-05-02T12:00:00), both TAI."
        ) from error


def _print_result(result: ImportResult, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "table": result.table,
                "rows": result.n_read,
                "written": result.n_written,
                "unchanged": result.n_unchanged,
                "new_columns": list(result.new_columns),
                "notes": list(result.notes),
            }
        )
        return
    print_facts(
        {
            "table": result.table,
            "rows": result.n_read,
            "written": result.n_written,
            "unchanged": result.n_unchanged,
            "new columns": ", ".join(result.declared) or None,
        }
    )
    for note in result.notes:
        print_facts({"note": note})


def _print_measured(found: pa.Table, *, limit: int | None, as_json: bool) -> None:
    if as_json:
        print_json(to_rows(found))
        return
    shown = found if limit is None else found.slice(0, limit)
    rows = [[cut(value, 60) for value in row.values()] for row in shown.to_pylist()]
    print_rows(shown.column_names, rows, schema=shown.schema)
    if shown.num_rows < found.num_rows:
        print(f"... and {found.num_rows - shown.num_rows} more rows")
