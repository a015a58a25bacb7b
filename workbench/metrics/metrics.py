"""The metrics of a repository: import them, read them, look back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import pyarrow as pa
from astropy.time import Time

from workbench.arguments import checked
from workbench.metrics.datasets import read_metric_datasets
from workbench.metrics.files import read_metrics_file
from workbench.metrics.importing import ImportResult, Rules, import_measurements, write_metrics
from workbench.metrics.measurements import Measurements, to_measured_table
from workbench.metrics.reading import list_tables, read_history, read_metrics
from workbench.metrics.tables import METRICS
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.registry.database.foreign import name_database, read_sql
from workbench.sets import AskedDataIds, DataIdSet
from workbench.sets.content.tables import AnyTable

__all__ = ["ImportOptions", "Metrics"]

_QUERY_SHOWN = 200


class ImportOptions(TypedDict, total=False):
    """Keywords of every import; they are the parameters of `Rules`."""

    table: str
    dimensions: tuple[str, ...] | None
    instrument: str | None
    skymap: str | None
    rename: Mapping[str, str]
    units: Mapping[str, str]
    assume_units: bool
    columns: tuple[str, ...] | None
    unknown: str
    source: str | None
    author: str | None
    na: tuple[str, ...]
    as_text: tuple[str, ...]


@checked
@presented
class Metrics:
    """The metric tables of a repository.

    A later measurement of a data ID supersedes the earlier one, which stays
    in the history; the same one again writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def tables(self) -> pa.Table:
        """List the tables with their columns; writes nothing.

        Returns
        -------
        tables : `pyarrow.Table`
            One row a column: ``table``, ``dimensions``, ``column``, ``type``,
            ``unit``, ``values`` (current ones that are not NULL), ``rows``,
            ``doc``.
        """
        return list_tables(self._registry)

    def read(
        self,
        table: str = METRICS.name,
        *,
        current: bool = True,
        as_of: float | Time | None = None,
        where: Mapping[str, object] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Read metrics as they are, or as they were; writes nothing.

        Parameters
        ----------
        table : `str`, optional
            Name of the table.
        current : `bool`, optional
            Whether to read the latest row of each data ID only.
        as_of : `float` or `astropy.time.Time`, optional
            Read what had been recorded at this time (MJD TAI, in days).
        where : `~collections.abc.Mapping`, optional
            Value, or collection of values, that a column must have.
        columns : `~collections.abc.Sequence` [ `str` ], optional
            Columns to read; by default all.

        Returns
        -------
        metrics : `pyarrow.Table`
            One row a data ID or a measurement; units are field metadata.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if nothing was ever written to the table.
        """
        return read_metrics(self._registry, table, current=current, as_of=as_of, where=where, columns=columns)

    def history(self, data_ids: AskedDataIds, table: str = METRICS.name) -> pa.Table:
        """Read all that was ever measured of a data ID, or of several; writes nothing.

        Parameters
        ----------
        data_ids : `~workbench.sets.AskedDataIds`
            Values of some or all dimensions of the table, several of which
            are a union; a set or a table of data IDs.
        table : `str`, optional
            Name of the table.

        Returns
        -------
        measurements : `pyarrow.Table`
            As in `read`, oldest first.
        """
        return read_history(self._registry, data_ids, table)

    def write(self, table: pa.Table, *, source: str) -> int:
        """Write measured or modelled values of visits.

        Parameters
        ----------
        table : `pyarrow.Table`
            Columns of the table ``metrics``; new ones extend it.  Without a
            unit in their metadata they are in the declared one.
        source : `str`
            Where they come from, such as "modelled, seed=42".

        Returns
        -------
        n_rows : `int`
            How many rows were written to our tables; those that say nothing
            new are not.  `import_file` and its like read files, databases and
            datasets.
        """
        return write_metrics(self._registry, table, source=source)

    def import_file(
        self, path: str | Path, *, progress: Progress = silent, **options: Unpack[ImportOptions]
    ) -> ImportResult:
        """Import a CSV, ECSV or Parquet file; writes.

        Parameters
        ----------
        path : `str` or `pathlib.Path`
            The file.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.
        **options
            As the parameters of `~workbench.metrics.Rules`.

        Returns
        -------
        result : `ImportResult`
            Counts and notes.
        """
        progress("reading the file")
        return self._import(read_metrics_file(path), options, progress)

    def import_table(
        self, rows: AnyTable, *, progress: Progress = silent, **options: Unpack[ImportOptions]
    ) -> ImportResult:
        """Import a table of this session; writes.

        Parameters
        ----------
        rows : `pyarrow.Table`, `pandas.DataFrame` or `astropy.table.Table`
            Dimension columns and measured ones; units are those of the
            astropy columns, or field metadata ``unit``.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.
        **options
            As the parameters of `~workbench.metrics.Rules`; ``source`` is
            needed unless a column says it.

        Returns
        -------
        result : `ImportResult`
            Counts and notes.
        """
        told = Measurements(to_measured_table(rows, "The table"), "The table")
        return self._import(told, {"source": "", **options}, progress)

    def import_sql(
        self, url: str, query: str, *, progress: Progress = silent, **options: Unpack[ImportOptions]
    ) -> ImportResult:
        """Import the rows of a query on another database; writes here only.

        Parameters
        ----------
        url : `str`
            SQLAlchemy URL; a password in it is neither kept nor shown.
        query : `str`
            A statement that returns rows, such as ``SELECT visit_id,
            seeing_zenith_500nm_median FROM cdb_lsstcam.visit1_quicklook``.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.
        **options
            As the parameters of `~workbench.metrics.Rules`.

        Returns
        -------
        result : `ImportResult`
            Counts and notes.
        """
        shown = " ".join(query.split())
        source = f"{name_database(url)}: {shown[:_QUERY_SHOWN]}"
        return self._import(Measurements(read_sql(url, query, progress=progress), source), options, progress)

    def import_datasets(
        self,
        dataset_type: str,
        collections: Sequence[str],
        *,
        where: str = "",
        bind: Mapping[str, object] | None = None,
        data_ids: DataIdSet | None = None,
        progress: Progress = silent,
        **options: Unpack[ImportOptions],
    ) -> ImportResult:
        """Import the values of metric datasets of the repository; writes to our tables.

        Parameters
        ----------
        dataset_type : `str`
            A type of tables, metric bundles or mappings.
        collections : `~collections.abc.Sequence` [ `str` ]
            Searched in this order; the first dataset of a data ID counts.
        where : `str`, optional
            Condition in the Butler's own grammar.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the condition.
        data_ids : `~workbench.sets.DataIdSet`, optional
            Only datasets of these; those without one are counted.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.
        **options
            As the parameters of `~workbench.metrics.Rules`.

        Returns
        -------
        result : `ImportResult`
            Counts and notes.
        """
        self._registry.refresh()
        read = read_metric_datasets(
            self._registry.butler,
            dataset_type,
            collections,
            where=where,
            bind=bind,
            data_ids=data_ids,
            progress=progress,
        )
        return self._import(read, options, progress)

    def _import(self, read: Measurements, options: ImportOptions, progress: Progress) -> ImportResult:
        return import_measurements(self._registry, read, Rules(**options), progress=progress)  # type: ignore[arg-type]
