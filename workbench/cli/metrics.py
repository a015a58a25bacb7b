"""Commands on metrics."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict

import click

from workbench.cli.output.printing import cut, print_facts, print_json, print_rows, print_table, to_rows
from workbench.cli.output.terminal import reporting
from workbench.cli.words.arguments import as_json, data_ids, limit, repository
from workbench.cli.words.data_ids import parse_data_ids
from workbench.cli.words.pairs import read_pairs
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.errors import MetricsError

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.metrics import ImportOptions, ImportResult

__all__ = ["metrics"]


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


Body = Callable[..., None]


def _import_options(body: Body) -> Body:
    """Give a command the options that all imports share, as one mapping."""
    declared = [
        click.option("--table", default="metrics", show_default=True, help="Table; made if there is none."),
        click.option(
            "--dimension",
            "dimensions",
            multiple=True,
            help="Dimension of a row; may be repeated. By default "
            "those of the table, or those that the columns name.",
        ),
        click.option("--instrument", metavar="NAME", help="Instrument, where there is no such column."),
        click.option("--skymap", metavar="NAME", help="Sky map, where there is no such column."),
        click.option(
            "--map",
            "rename",
            multiple=True,
            metavar="OLD=NEW",
            help="Name of a column here, such as "
            "visit_id=visit; may be repeated. psfSigma becomes psf_sigma by itself.",
        ),
        click.option(
            "--unit",
            "units",
            multiple=True,
            metavar="NAME=UNIT",
            help="Unit of a column, such as psf_fwhm=arcsec; may be repeated. Overrules the source.",
        ),
        click.option(
            "--assume-units", is_flag=True, help="Columns whose unit nobody tells are in the declared one."
        ),
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="NAME",
            help="Take this measured column only; may be repeated. By default all.",
        ),
        click.option(
            "--na",
            multiple=True,
            metavar="WORD",
            help="Word that stands for no value in columns of numbers, such as '--'; may be repeated.",
        ),
        click.option(
            "--as-text",
            multiple=True,
            metavar="NAME",
            help="Column that is text though most of its cells look like numbers; may be repeated.",
        ),
        click.option(
            "--drop-unknown", is_flag=True, help="Leave out rows that the repository does not have."
        ),
        click.option("--source", metavar="TEXT", help="Where the values come from; by default what is read."),
        click.option("--author", metavar="NAME", help="Who imports them; by default the login name."),
    ]
    names = [
        "table", "dimensions", "instrument", "skymap", "rename", "units", "assume_units", "columns",
        "na", "as_text", "drop_unknown", "source", "author",
    ]  # fmt: skip

    @functools.wraps(body)
    def with_options(*arguments: object, **given: object) -> None:
        options = {name: given.pop(name) for name in names}
        body(*arguments, options=options, **given)

    for option in reversed(declared):
        with_options = option(with_options)
    return with_options


METRICS_NOTES = """\b
Examples:
  workbench metrics import demo-repo quick.csv --unit psf_fwhm=arcsec
  workbench metrics import-sql demo-repo "SELECT * FROM visit1_quicklook" --url sqlite:///consdb.db \\
      --table visit1_quicklook --instrument HSC --map visit_id=visit
  workbench metrics import-datasets demo-repo patch_metrics u/ana/DM-1200 --table patch_metrics
"""


@click.group(cls=Group, epilog=METRICS_NOTES)
def metrics() -> None:
    """Import measured values, look at them and at what they were.

    Columns of metric tables can be used in conditions: metrics.psf_fwhm < 0.9.
    """


@metrics.command("import")
@repository
@click.argument("file")
@_import_options
@as_json
def import_file(repo: Repository, file: str, options: Options, as_json: bool) -> None:
    """Import FILE (.csv, .ecsv, .parquet).

    Duplicates, unknown data IDs and units that do not convert are errors. The same file again
    writes nothing; a later measurement supersedes the earlier one, which stays in the history.
    Writes to the workbench's tables.
    """
    with repo.writing() as bench, reporting() as progress:
        result = bench.metrics.import_file(file, progress=progress, **_read_options(options))
    _print_result(result, as_json=as_json)


@metrics.command("import-sql")
@repository
@click.argument("query")
@click.option(
    "--url",
    required=True,
    envvar="WORKBENCH_SQL_URL",
    help="SQLAlchemy URL of the other database; better in the environment, if it holds a password.",
)
@_import_options
@as_json
def import_sql(repo: Repository, query: str, url: str, options: Options, as_json: bool) -> None:
    """Import the rows of QUERY on another database.

    That database is only read.     Writes to the workbench's tables.
    """
    with repo.writing() as bench, reporting() as progress:
        result = bench.metrics.import_sql(url, query, progress=progress, **_read_options(options))
    _print_result(result, as_json=as_json)


@metrics.command("import-datasets")
@repository
@click.argument("dataset_type")
@click.argument("collections", nargs=-1, required=True)
@click.option("--where", default="", metavar="EXPRESSION", help="Condition in the Butler's own grammar.")
@click.option("--set", "set_label", metavar="SET", help="Only datasets of the data IDs of this saved set.")
@_import_options
@as_json
def import_datasets(
    repo: Repository,
    dataset_type: str,
    collections: tuple[str, ...],
    where: str,
    set_label: str | None,
    options: Options,
    as_json: bool,
) -> None:
    """Import the values of metric datasets.

    They are tables, metric bundles or mappings of storage classes such as ArrowAstropy,
    DataFrame, MetricMeasurementBundle, StructuredDataDict and TaskMetadata. The first
    dataset of each data ID in COLLECTIONS counts. Writes to the workbench's tables.
    """
    with repo.writing() as bench, reporting() as progress:
        result = bench.metrics.import_datasets(
            dataset_type,
            collections,
            where=where,
            data_ids=None if set_label is None else bench.load(set_label),
            progress=progress,
            **_read_options(options),
        )
    _print_result(result, as_json=as_json)


@metrics.command("list")
@repository
@as_json
def list_tables(repo: Repository, as_json: bool) -> None:
    """List the metric tables with their columns and units.

    Writes nothing.
    """
    with repo.reading() as bench:
        print_table(bench.metrics.tables(), as_json=as_json)


@metrics.command()
@repository
@click.argument("table", default="metrics")
@click.option("--all", "every", is_flag=True, help="All that was ever measured, not the latest alone.")
@click.option("--as-of", metavar="TIME", help="What was known then: MJD or ISO 8601, TAI.")
@limit(20)
@as_json
def show(repo: Repository, table: str, every: bool, as_of: str | None, limit: int, as_json: bool) -> None:
    """Show the rows of TABLE (metrics by default).

    Writes nothing.
    """
    moment = None if as_of is None else _read_time(as_of)
    with repo.reading() as bench:
        found = bench.metrics.read(table, current=not every, as_of=moment)
    _print_measured(found, limit=limit, as_json=as_json)


@metrics.command()
@repository
@data_ids
@click.option("--table", default="metrics", show_default=True, help="Name of the table.")
@as_json
def history(repo: Repository, data_ids: tuple[str, ...], table: str, as_json: bool) -> None:
    """Show all that was ever measured of DATA_ID.

    DATA_ID is one or more of dimension=value, or a saved set: instrument=HSC visit=96954, visit=1,2,
    late@1. Those of the same dimensions are alternatives, others are joined. Writes nothing.
    """
    with repo.reading() as bench:
        found = bench.metrics.history(parse_data_ids(bench, data_ids, allow_empty=True), table)
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
