"""The stock builder as an engine: slower, for what only it can do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import astropy.table
import numpy as np
import polars as pl
from lsst.daf.butler import Butler
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphComponents

from workbench.graph._datastore import export_datastore_records, shows_datastore
from workbench.graph._stock import StockBuilder
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import Binding
from workbench.graph.closure.request import BuildMode, GraphRequest
from workbench.graph.columns.graph_columns import GraphColumns, Mask
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint
from workbench.graph.file.components import columns_from_components
from workbench.graph.finish.finished import Finished
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.relation import member
from workbench.graph.proposal.spreads import iter_spreading
from workbench.graph.proposal.stock_parts import group_tables, to_astropy
from workbench.progress import Progress, silent

__all__ = ["StockEngine"]


class StockEngine:
    """Proposes and finishes through the stock builder.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Client of the repository.
    request : `~workbench.graph.GraphRequest`
        What to build.
    reason : `str`
        Why the columnar builder does not do.
    constraints : `~collections.abc.Sequence` [ `~workbench.graph.ResolvedConstraint` ]
        Used here in the mode ``all-dimensions``.
    progress : `~workbench.progress.Progress`, optional
        Told the stage; may cancel.
    """

    def __init__(
        self,
        butler: Butler,
        request: GraphRequest,
        reason: str,
        constraints: Sequence[ResolvedConstraint],
        progress: Progress = silent,
    ):
        self._engine = f"stock builder (slower), for {reason}"
        self._pipeline = request.pipeline_graph
        self._unfollowed: tuple[str, ...] = ()
        tables = []
        if request.mode is BuildMode.ALL_DIMENSIONS:
            dimensions = request.pipeline_graph.get_all_dimensions()
            forms = [(one, one.restricting_form(dimensions)) for one in constraints]
            tables = [_make_table(butler, one.mode, *form) for one, form in forms if form is not None]
        tables += group_tables(request, request.pipeline_graph)
        self._builder = StockBuilder(
            request.pipeline_graph,
            butler,
            input_collections=request.inputs,
            output_run=request.output_run,
            data_id_tables=tables,
            dataset_query_constraint=request.dataset_query_constraint,
            skip_existing_in=request.skip_existing_in,
            clobber=request.clobber,
            retained_dataset_types=request.retained_dataset_types,
            prune_unanchored_quanta=request.prune_unanchored_quanta,
        )
        self.graph: CandidateGraph = self._builder.propose(
            lambda fraction: progress("finding candidate quanta", fraction)
        )

    def follow(self, binding: Binding) -> Binding:
        """Return what constraints cut by themselves: values upstream are found in columns alone.

        What may hold more for it is named in the graph that `finish` returns.

        Parameters
        ----------
        binding : `~workbench.graph.closure.binding.Binding`
            What they cut.

        Returns
        -------
        binding : `~workbench.graph.closure.binding.Binding`
            The same.
        """
        if binding.constraints:
            self._unfollowed = tuple(iter_spreading(self._pipeline))
        return binding

    def finish(
        self,
        request: GraphRequest,
        kept: Mask,
        uncut: Mask,
        progress: Progress = silent,
        *,
        unmade: Mask | None = None,
    ) -> Finished:
        """Finish the graph by the stock base class, which does so once.

        Parameters
        ----------
        request : `~workbench.graph.GraphRequest`
            The one that the candidates were found for.
        kept : `numpy.ndarray` of `bool`, shape (n_quanta,)
            Quanta to finish.
        uncut : `numpy.ndarray` of `bool`, shape (n_edges,)
            Input edges that no constraint cut.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.
        unmade : `numpy.ndarray` of `bool`, shape (n_datasets,), optional
            Datasets that kept quanta do not make.

        Returns
        -------
        finished : `~workbench.graph.finish.finished.Finished`
            The graph.
        """
        graph = self.graph
        progress("resolving quanta", 0.0)
        left = np.zeros(len(graph.producer), dtype=np.bool_) if unmade is None else unmade
        self._builder.prune(graph, kept, uncut, left)
        components = self._builder.finish(
            output=request.output,
            metadata=dict(request.metadata),
            attach_datastore_records=request.datastore_records and shows_datastore(self._builder.butler),
        )
        quantum = np.zeros(graph.n_quanta, dtype=np.bool_)
        rows: dict[str, list[list[object]]] = {label: [] for label in graph.tasks}
        for one in components.quantum_datasets.values():
            rows[one.task_label].append(list(one.data_coordinate))
        for label, ids in graph.quantum_ids.items():
            quantum[graph.span(label)] = _member(ids, rows[label])
        made = (graph.producer >= 0) & quantum[graph.producer] & ~left
        edge = uncut & quantum[graph.edge_quantum]
        return Finished(
            quantum,
            edge,
            made,
            np.zeros_like(quantum),
            {},
            (),
            np.zeros_like(made),
            graph,
            request,
            self._engine,
            _StockContent(components, self._builder.butler),
            unfollowed=self._unfollowed,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _StockContent:
    """What the stock builder made."""

    components: PredictedQuantumGraphComponents
    butler: Butler

    def make_columns(self, finished: Finished) -> GraphColumns:
        """Put the graph into columns."""
        columns = columns_from_components(self.components)
        if finished.request.datastore_records and not shows_datastore(self.butler):
            return export_datastore_records(self.butler, columns)
        return columns


def _member(ids: DataIds, rows: list[list[object]]) -> Mask:
    names = list(ids.group.data_coordinate_keys)
    if not names:
        return np.full(len(ids), bool(rows))
    frame = pl.DataFrame(rows, schema={name: ids.frame.schema[name] for name in names}, orient="row")
    required = list(ids.group.required)
    codes = ids.relation.codes
    columns = {name: codes.encode(name, frame[name]) for name in required}
    return member(np.unique(codes.pack(required, columns, frame.height)), ids.keys)


def _make_table(butler: Butler, mode: Mode, names: Sequence[str], keys: pl.DataFrame) -> astropy.table.Table:
    """Return the data IDs that a constraint lets in; of one that keeps out, all others that there are."""
    keys = keys.select(names)
    if mode is Mode.EXCLUDE:
        data_ids = butler.query_data_ids(names, explain=False, limit=None)
        rows = [[data_id[name] for name in names] for data_id in data_ids]
        keys = pl.DataFrame(rows, schema=keys.schema, orient="row").join(keys, on=names, how="anti")
    return to_astropy(keys)
