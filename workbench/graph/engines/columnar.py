"""The columnar builder: a snapshot and a pipeline in, candidates and their content out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from lsst.daf.butler import DatasetType, DimensionGroup
from lsst.pipe.base import automatic_connection_constants as automatic
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph._datastore import export_datastore_records
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.identities import Identities
from workbench.graph.closure.binding import Binding
from workbench.graph.closure.request import BuildMode, GraphRequest
from workbench.graph.columns.graph_columns import GraphColumns, Mask
from workbench.graph.columns.uuids import UuidMint
from workbench.graph.constraints.grouped import joined_tables
from workbench.graph.finish.content import make_columns, make_header
from workbench.graph.finish.engine import Origin, butler_of
from workbench.graph.finish.finish import finish_graph
from workbench.graph.finish.finished import Finished
from workbench.graph.finish.hooks import HookCalls
from workbench.graph.finish.init_quanta import make_init_quanta
from workbench.graph.finish.refs import ButlerRefs
from workbench.graph.joins.natural_join import Joins, joined_elements
from workbench.graph.joins.operands import KeyFilter, StockOnlyError
from workbench.graph.proposal.propose import Proposal
from workbench.graph.proposal.stock_parts import propose_by_stock
from workbench.graph.tasks.overrides import overridden_hooks
from workbench.progress import Progress, silent
from workbench.snapshot import Snapshot, take_snapshot
from workbench.snapshot.reads import Reads
from workbench.snapshot.take import list_elements

__all__ = ["ColumnarEngine", "list_reads", "read_graph_snapshot"]


def list_reads(request: GraphRequest) -> Reads:
    """Say what of the repository a graph is built from.

    Parameters
    ----------
    request : `~workbench.graph.GraphRequest`
        What to build; its pipeline is resolved.

    Returns
    -------
    reads : `~workbench.snapshot.reads.Reads`
        All overall inputs, existing outputs where they matter, and the
        records of all dimensions.
    """
    graph = request.pipeline_graph
    overall = {name for name in graph.dataset_types if graph.producer_of(name) is None}
    reads_outputs = bool(request.skip_existing_in or request.clobber)
    made = [name for name in graph.dataset_types if name not in overall]
    return Reads(
        inputs=request.inputs,
        input_types=tuple(sorted(overall)),
        existing_in=(*request.skip_existing_in, request.output_run) if reads_outputs else (),
        output_types=(*sorted(made), automatic.PACKAGES_INIT_OUTPUT_NAME) if reads_outputs else (),
        elements=list_elements(graph.universe, joined_elements(_all_dimensions(graph))),
    )


def read_graph_snapshot(origin: Origin, request: GraphRequest, *, progress: Progress = silent) -> Snapshot:
    """Take the snapshot that a graph is built from.

    Parameters
    ----------
    origin : `lsst.daf.butler.Butler` or `~workbench.registry.Registry`
        The repository.
    request : `~workbench.graph.GraphRequest`
        What to build; its pipeline is resolved.
    progress : `~workbench.progress.Progress`, optional
        Called with what is being read.

    Returns
    -------
    snapshot : `~workbench.snapshot.Snapshot`
        Of what `list_reads` names.
    """
    graph, reads = request.pipeline_graph, list_reads(request)
    types: dict[str, DatasetType | str] = {
        name: node.dataset_type
        for name, node in graph.dataset_types.items()
        if name in reads.input_types or name in reads.output_types or not node.dimensions
    }
    types[automatic.PACKAGES_INIT_OUTPUT_NAME] = automatic.PACKAGES_INIT_OUTPUT_NAME
    return take_snapshot(
        origin,
        request.inputs,
        types.values(),
        # Pixelizations too, of which there are no records, but regions that touch them.
        joined_elements(_all_dimensions(graph)),
        skip_existing_in=(*request.skip_existing_in, request.output_run),
        progress=progress,
    )


def _all_dimensions(graph: PipelineGraph) -> DimensionGroup:
    groups = [node.dimensions for node in graph.dataset_types.values()]
    groups += [task.dimensions for task in graph.tasks.values()]
    return DimensionGroup.union(*groups, universe=graph.universe)


def _elements_with_pixels(graph: PipelineGraph) -> list[str]:
    """Return the elements that quanta or their datasets are to join to the common pixels."""
    joined = graph.get_all_dimensions(prerequisites=False)
    common = joined.universe.commonSkyPix.name
    if common not in joined.skypix or len(joined.spatial) < 2:
        return []
    elements = [joined.universe[name] for name in joined.elements if name not in joined.skypix]
    return [element.name for element in elements if element.spatial is not None]


class ColumnarEngine:
    """Finds candidates in columns, and finishes them for one request after the other.

    Nothing in it changes once it is made: what is made for a request is in
    the graph that `finish` returns.

    Parameters
    ----------
    request : `~workbench.graph.GraphRequest`
        What to find candidates for; its pipeline is resolved.
    snapshot : `~workbench.snapshot.Snapshot`
        What they are found in.
    origin : `lsst.daf.butler.Butler` or `~workbench.registry.Registry`
        For prerequisites that are looked up quantum by quantum, and for
        datastore records.
    make_filters : `~collections.abc.Callable`, optional
        Gives the restrictions of all joins, in the mode ``all-dimensions``.
    progress : `~workbench.progress.Progress`, optional
        Told the stage; may cancel.

    Raises
    ------
    workbench.graph.joins.operands.StockOnlyError
        Raised for what only the stock builder does.
    """

    def __init__(
        self,
        request: GraphRequest,
        snapshot: Snapshot,
        origin: Origin,
        *,
        make_filters: Callable[[Joins], Sequence[KeyFilter]] = lambda _: (),
        progress: Progress = silent,
    ):
        self._pipeline = request.pipeline_graph
        self._origin = origin
        self.snapshot = snapshot
        _check(request)
        overall = [name for name, _ in self._pipeline.iter_overall_inputs()]
        self._joins = Joins(
            snapshot,
            _all_dimensions(self._pipeline),
            overall,
            _elements_with_pixels(self._pipeline),
            joined_tables(request.groupings),
            as_stock=request.mode is BuildMode.ALL_DIMENSIONS,
        )
        filters = make_filters(self._joins)
        self._proposer = Proposal(
            self._pipeline,
            self._joins,
            filters,
            lambda fraction: progress("finding candidate quanta", fraction),
            lambda part: propose_by_stock(butler_of(origin), request, part, self._joins, filters),
        )
        if request.mode is BuildMode.ALL_DIMENSIONS:
            graph = self._proposer.propose_all_dimensions(request.dataset_query_constraint)
        else:
            graph = self._proposer.propose_per_task()
        self.graph: CandidateGraph = graph

    def follow(self, binding: Binding) -> Binding:
        """Cut what was there only for values that constraints took away upstream.

        Parameters
        ----------
        binding : `~workbench.graph.closure.binding.Binding`
            What constraints cut of the candidates by themselves.

        Returns
        -------
        binding : `~workbench.graph.closure.binding.Binding`
            See `~workbench.graph.proposal.spreads.Spreads.follow`.
        """
        return self._proposer.follow(self.graph, binding)

    def finish(
        self,
        request: GraphRequest,
        kept: Mask,
        uncut: Mask,
        progress: Progress = silent,
        *,
        unmade: Mask | None = None,
    ) -> Finished:
        """Take out what ran already, what lacks inputs, and what hooks refuse.

        Parameters
        ----------
        request : `~workbench.graph.GraphRequest`
            What is asked for; of the pipeline, inputs and mode for which the
            candidates were found.
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
            The graph, with IDs of its own.
        """
        mint = UuidMint()
        identities = Identities(self.graph, self._proposer.table_of, request.output_run, mint)
        types = {name: node.dataset_type for name, node in self._pipeline.dataset_types.items()}
        hooks = HookCalls(
            self.graph,
            self._pipeline,
            ButlerRefs(self.graph, self._joins, identities, types),
            self._proposer.searches,
            butler_of(self._origin),
            request.inputs,
        )
        hooks.costs.extend(self._proposer.stock_costs)
        return finish_graph(
            self.graph,
            self._pipeline,
            self._joins,
            kept,
            uncut,
            unmade=unmade,
            request=request,
            hooks=hooks,
            identities=identities,
            engine=self._describe(),
            content=_ColumnarContent(
                self._pipeline, self._joins, self.snapshot, self._origin, identities, mint
            ),
            on_task=lambda fraction: progress("resolving quanta", fraction),
        )

    def _describe(self) -> str:
        """Say who found the candidates."""
        by_reason: dict[str, list[str]] = {}
        for cost in self._proposer.stock_costs:
            by_reason.setdefault(cost.hook.partition(": ")[2], []).append(cost.label)
        parts = [f"stock builder (slower) for {', '.join(them)}: {why}" for why, them in by_reason.items()]
        return "; ".join(["columnar", *parts])


def _check(request: GraphRequest) -> None:
    if request.prune_unanchored_quanta is not None:
        for label, task in request.pipeline_graph.tasks.items():
            if overridden_hooks(task).adjust_all_quanta:
                raise StockOnlyError(f"adjust_all_quanta of {label} with prune_unanchored_quanta")


@dataclasses.dataclass(frozen=True, eq=False)
class _ColumnarContent:
    """What the columns of one finished graph are made of; the identities and the mint are its own."""

    pipeline_graph: PipelineGraph
    joins: Joins
    snapshot: Snapshot
    origin: Origin
    identities: Identities
    mint: UuidMint

    def make_columns(self, finished: Finished) -> GraphColumns:
        """Put the graph into columns."""
        request, graph = finished.request, finished.graph
        labels = [label for label in graph.tasks if finished.quantum[graph.span(label)].any()]
        skipped = [
            label
            for label in graph.tasks
            if label not in labels and finished.skipped[graph.span(label)].any()
        ]
        init_quanta = make_init_quanta(
            self.pipeline_graph,
            labels,
            skipped,
            self.snapshot,
            request.output_run,
            request.skip_existing_in,
            self.mint,
        )
        columns = make_columns(
            graph,
            finished,
            self.pipeline_graph,
            self.joins,
            self.identities,
            self.mint,
            make_header(request.inputs, request.output, request.output_run, request.metadata),
            init_quanta,
        )
        if request.datastore_records:
            return export_datastore_records(butler_of(self.origin), columns)
        return columns
