"""Questions about what ran."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionUniverse

from workbench.annotations import Annotations
from workbench.arguments import checked
from workbench.errors import UnknownNameError
from workbench.names import read_uuid
from workbench.presentation import presented
from workbench.provenance.committed import CommittedGraphs
from workbench.provenance.lineage import UNREACHED, Lineage
from workbench.provenance.notes import find_dataset, inherit_notes
from workbench.provenance.schemas import IMPACT_SCHEMA, NODE_SCHEMA, STATUS_SCHEMA
from workbench.provenance.tables import PROV_DATASET, PROV_INPUT, PROV_QUANTUM, make_schema
from workbench.registry import Registry, TableDeclaration
from workbench.sets import AskedDataIds, check_existence, list_data_ids
from workbench.snapshot import dimension_field, find_existence

__all__ = ["Provenance"]


@checked
@presented
class Provenance:
    """Reads the provenance that ingests brought back; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.  Before the first ingest all answers are empty.
    """

    def __init__(self, registry: Registry):
        self._registry = registry
        self._committed = CommittedGraphs(registry)

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def quanta(
        self,
        commit: str | None = None,
        *,
        task: str | None = None,
        status: str | Sequence[str] | None = None,
    ) -> pa.Table:
        """Read quanta.

        Parameters
        ----------
        commit, task : `str`, optional
            Only those of this commit or task label.
        status : `str` or `~collections.abc.Sequence` [ `str` ], optional
            Only those of this status, or of one of several.

        Returns
        -------
        quanta : `pyarrow.Table`
            Rows of ``prov_quantum``: task, data ID, status, exception, host,
            times (MJD TAI), CPU time (s), memory (byte).
        """
        return self._read(PROV_QUANTUM, commit_id=commit, task=task, status=status)

    def datasets(
        self,
        commit: str | None = None,
        *,
        dataset_type: str | None = None,
        run: str | None = None,
        produced: bool | None = None,
    ) -> pa.Table:
        """Read datasets that quanta consumed or were to produce.

        Parameters
        ----------
        commit, dataset_type, run : `str`, optional
            Only those of this commit, dataset type or RUN collection.
        produced : `bool`, optional
            Only those that were, or were not, produced.

        Returns
        -------
        datasets : `pyarrow.Table`
            Rows of ``prov_dataset``.
        """
        return self._read(
            PROV_DATASET, commit_id=commit, dataset_type=dataset_type, run=run, produced=produced
        )

    def inputs(self, quantum_id: uuid.UUID | str) -> pa.Table:
        """Read the inputs that were predicted for a quantum.

        Parameters
        ----------
        quantum_id : `uuid.UUID` or `str`
            The quantum.

        Returns
        -------
        inputs : `pyarrow.Table`
            Rows of ``prov_input``: which were available, and which used.
        """
        return self._read(PROV_INPUT, quantum_id=read_uuid(quantum_id, "quantum"))

    def status_counts(self, commit: str | None = None) -> pa.Table:
        """Count quanta by task and status.

        Parameters
        ----------
        commit : `str`, optional
            Only those of this commit.

        Returns
        -------
        counts : `pyarrow.Table`
            Columns ``commit_id``, ``task``, ``status``, ``n_quanta``; tasks
            in the order in which they first ran.
        """
        quanta = _to_polars(self.quanta(commit))
        counts = (
            quanta.group_by("commit_id", "task", "status", maintain_order=True)
            .agg(pl.len().alias("n_quanta"), pl.col("started").min())
            .sort(pl.col("started").min().over("commit_id", "task"), "task", "status", nulls_last=True)
        )
        return _to_arrow(counts, STATUS_SCHEMA)

    def upstream(self, dataset_id: uuid.UUID | str) -> pa.Table:
        """Find all that a dataset was made of.

        Parameters
        ----------
        dataset_id : `uuid.UUID` or `str`
            The dataset.

        Returns
        -------
        nodes : `pyarrow.Table`
            Quanta and datasets, nearest first: ``kind`` ("quantum" or
            "dataset"), ``id``, ``name`` (task or dataset type), ``data_id``,
            ``commit_id``, ``run``, ``status``, ``distance`` (quanta between).

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if no graph that was brought back has the dataset.
        """
        return self._traverse(str(dataset_id), upstream=True)

    def downstream(self, dataset_id: uuid.UUID | str) -> pa.Table:
        """Find all that was made with a dataset.

        Parameters
        ----------
        dataset_id : `uuid.UUID` or `str`
            The dataset.

        Returns
        -------
        nodes : `pyarrow.Table`
            As in `upstream`.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if no graph that was brought back has the dataset.
        """
        return self._traverse(str(dataset_id), upstream=False)

    def impact(
        self,
        data_ids: AskedDataIds,
        dataset_type: str | None = None,
        *,
        dependent: bool = False,
    ) -> pa.Table:
        """Find the outputs that contain a data ID, such as a visit, or one of several.

        Parameters
        ----------
        data_ids : `~workbench.sets.AskedDataIds`
            Values by dimension, such as ``{"instrument": "HSC", "visit": 96954}``,
            where several values are a union; a set or a table of data IDs; or
            a list of these.
        dataset_type : `str`, optional
            Only outputs of this type; by default all but logs and metadata.
        dependent : `bool`, optional
            Also find outputs that do not contain the data ID but depend on
            it, such as the list of visits that a selection chose from, and
            what was made by that list.

        Returns
        -------
        outputs : `pyarrow.Table`
            Nearest first: ``commit``, ``dataset_type``, ``dataset_id``,
            ``data_id`` (JSON), ``distance`` (quanta between the data ID's own
            data and the output), ``run``, ``produced`` (whether the run made
            it), ``exists`` (what the Butler has of it now: "stored",
            "registered" without its file, or "gone"), and a column for each
            dimension that an output has.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if a name is no dimension, or the dataset type is unknown.
        workbench.errors.UnknownDataIdError
            Raised if the repository does not have one of the data IDs.

        Notes
        -----
        See `~workbench.provenance.lineage.Lineage.measure_containment` for
        the meaning of "contain".  An input that a task left out at run time
        is contained only if the task did not say so in its metadata
        (``workbench.runs.UNUSED_INPUTS``).
        """
        asked = list_data_ids(self._registry.universe, [data_ids], allow_empty=True)
        _, datasets, lineage = self._read_lineage()
        distance = lineage.measure_containment(asked)
        check_existence(self._registry.butler, self._registry.uri, lineage.find_absent(asked))
        if dependent:
            distance = lineage.measure_downstream(distance == 0)
        outputs = datasets.filter(pl.col("producer").is_not_null())
        if dataset_type is None:
            # Logs, metadata and the like have connections that begin so.
            outputs = outputs.filter(~pl.col("connection").str.starts_with("_"))
        else:
            _check_dataset_type(dataset_type, outputs)
            outputs = outputs.filter(pl.col("dataset_type") == dataset_type)
        found = (
            outputs.join(_at_distance(lineage, distance), left_on="dataset_id", right_on="id")
            .rename({"commit_id": "commit"})
            .sort("distance", "dataset_type", "data_id")
        )
        existence = find_existence(self._registry.butler, map(uuid.UUID, found["dataset_id"]))
        found = found.with_columns(pl.Series("exists", list(existence.values()), dtype=pl.String))
        return _flatten_data_ids(_to_arrow(found, IMPACT_SCHEMA), self._registry.universe)

    def notes(
        self,
        dataset_id: uuid.UUID | str | None = None,
        *,
        dataset_type: str | None = None,
        data_id: AskedDataIds | None = None,
        run: str | None = None,
    ) -> pa.Table:
        """Find the notes that concern a dataset through what it is made of.

        Parameters
        ----------
        dataset_id : `uuid.UUID` or `str`, optional
            The dataset; otherwise it is named by type and data ID.
        dataset_type : `str`, optional
            Its type.
        data_id : `~collections.abc.Mapping`, optional
            Its required dimensions.
        run : `str`, optional
            Its RUN collection; by default the newest that has it.

        Returns
        -------
        notes : `pyarrow.Table`
            Current notes on the dataset, on what is upstream of it, on their
            RUN collections, and on data IDs that it contains: columns of the
            table ``annotations`` and ``distance`` (quanta between), nearest
            first.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if no graph has the dataset.

        Notes
        -----
        What ran counts where it was brought back; until then, what the
        committed graph will read if nothing fails.
        """
        _, datasets, lineage = self._read_lineage(committed=True)
        if dataset_id is None:
            asked = [{}] if data_id is None else list_data_ids(self._registry.universe, [data_id])
            wanted = [find_dataset(datasets, dataset_type, one, run) for one in asked]
        else:
            wanted = [str(dataset_id)]
            self._check_dataset(wanted[0], datasets)
        notes = Annotations(self._registry).find()
        dimensions = tuple(
            name for name in notes.column_names if name in self._registry.universe.dimensions.names
        )
        return inherit_notes(notes, dimensions, lineage, datasets, wanted)

    def _check_dataset(self, dataset_id: str, datasets: pl.DataFrame) -> None:
        if dataset_id not in datasets["dataset_id"]:
            raise UnknownNameError(
                f"No graph that was brought back or committed has the dataset {dataset_id}; "
                f"those that were read have {len(datasets)} datasets. Ingest the commit that made it."
            )

    def _traverse(self, dataset_id: str, *, upstream: bool) -> pa.Table:
        quanta, datasets, lineage = self._read_lineage()
        self._check_dataset(dataset_id, datasets)
        start = lineage.find(dataset_id)
        distance = lineage.measure_upstream(start) if upstream else lineage.measure_downstream(start)
        rows = pl.concat(
            [
                quanta.select(
                    pl.lit("quantum").alias("kind"),
                    pl.col("quantum_id").alias("id"),
                    pl.col("task").alias("name"),
                    *("data_id", "commit_id"),
                    pl.lit(None, pl.String).alias("run"),
                    "status",
                ),
                datasets.select(
                    pl.lit("dataset").alias("kind"),
                    pl.col("dataset_id").alias("id"),
                    pl.col("dataset_type").alias("name"),
                    *("data_id", "commit_id", "run"),
                    pl.when("produced").then(pl.lit("produced")).otherwise(pl.lit("missing")).alias("status"),
                ),
            ]
        ).filter(pl.col("id") != dataset_id)
        found = rows.join(_at_distance(lineage, distance), on="id").sort(
            "distance", "kind", "name", "data_id"
        )
        return _to_arrow(found, NODE_SCHEMA)

    def _read_lineage(self, *, committed: bool = False) -> tuple[pl.DataFrame, pl.DataFrame, Lineage]:
        """Read what ran and, if asked, what committed graphs will run."""
        quanta, datasets, inputs = (
            _to_polars(self._read(declaration)) for declaration in (PROV_QUANTUM, PROV_DATASET, PROV_INPUT)
        )
        if committed:
            waiting = self._committed.read(frozenset(quanta["commit_id"].unique()))
            quanta, datasets, inputs = (
                pl.concat([ran.select(more.columns), more])
                for ran, more in zip((quanta, datasets, inputs), waiting, strict=True)
            )
        # A dataset that one commit made and others read belongs to its maker.
        datasets = datasets.sort(pl.col("producer").is_null(), maintain_order=True).unique(
            "dataset_id", keep="first", maintain_order=True
        )
        return quanta, datasets, Lineage.from_frames(quanta, datasets, inputs)

    def _read(self, declaration: TableDeclaration, **where: object) -> pa.Table:
        table = self._registry.tables().get(declaration.name)
        schema = make_schema(declaration)
        if table is None:
            return schema.empty_table()
        given = {column: value for column, value in where.items() if value is not None}
        return table.read(where=given, columns=schema.names).cast(schema)


def _check_dataset_type(dataset_type: str, outputs: pl.DataFrame) -> None:
    known = sorted(outputs["dataset_type"].unique())
    if dataset_type not in known:
        raise UnknownNameError(
            f"No graph that was brought back makes the dataset type {dataset_type!r}; "
            f"they make {', '.join(known) or 'none'}."
        )


def _at_distance(lineage: Lineage, distance: npt.NDArray[np.int64]) -> pl.DataFrame:
    reached = distance != UNREACHED
    return lineage.nodes.select("id", pl.Series("distance", distance)).filter(pl.Series(reached))


def _to_polars(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _to_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    return frame.select(schema.names).to_arrow().cast(schema)


def _flatten_data_ids(table: pa.Table, universe: DimensionUniverse) -> pa.Table:
    """Add a column for each dimension that a JSON object of the column ``data_id`` has."""
    data_ids = [json.loads(str(text)) for text in table["data_id"].to_pylist()]
    present = {name for data_id in data_ids for name in data_id}
    for name in universe.sorted(present):
        field = dimension_field(universe, name.name, nullable=True)
        values = pa.array([data_id.get(name.name) for data_id in data_ids], field.type)
        table = table.append_column(field, values)
    return table
