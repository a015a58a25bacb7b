"""The columnar builder: a snapshot and a pipeline in, candidates and their content out."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence

from lsst.daf.butler import Butler, DimensionGroup
from lsst.pipe.base import automatic_connection_constants as automatic
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph._datastore import export_datastore_records
from workbench.graph.candidates import CandidateGraph
from workbench.graph.columns import GraphColumns, Mask
from workbench.graph.content import make_columns, make_header
from workbench.graph.finish import Finished, finish_graph
from workbench.graph.grouped import joined_tables
from workbench.graph.hooks import HookCaller
from workbench.graph.identities import Identities
from workbench.graph.init_quanta import make_init_quanta
from workbench.graph.joins import Joiner, joined_elements
from workbench.graph.operands import KeyFilter, StockOnlyError
from workbench.graph.overrides import overridden_hooks
from workbench.graph.propose import Proposer
from workbench.graph.refs import RefMaker
from workbench.graph.request import BuildMode, GraphRequest
from workbench.graph.uuids import UuidMint
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.snapshot import Snapshot, take_snapshot

__all__ = ["ColumnarBuilder", "read_graph_snapshot"]


def read_graph_snapshot(
    origin: Butler | Registry, request: GraphRequest, *, progress: Progress = silent
) -> Snapshot:
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
        All overall inputs, existing outputs where they matter, and the
        records of all dimensions.
    """
    graph = request.pipeline_graph
    made = request.skip_existing_in or request.clobber
    types = [
        node.dataset_type
        for name, node in graph.dataset_types.items()
        if made or graph.producer_of(name) is None or not node.dimensions
    ]
    elements = joined_elements(_all_dimensions(graph))
    packages: list[str] = [automatic.PACKAGES_INIT_OUTPUT_NAME]
    return take_snapshot(
        origin,
        request.inputs,
        [*types, *packages],
        elements,
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


class ColumnarBuilder:
    """Builds a graph in columns.

    Parameters
    ----------
    request : `~workbench.graph.GraphRequest`
        What to build; its pipeline is resolved.
    snapshot : `~workbench.snapshot.Snapshot`
        What it is built from.
    butler : `lsst.daf.butler.Butler` or `None`
        For prerequisites that are looked up quantum by quantum, and for
        datastore records.
    make_filters : `~collections.abc.Callable`, optional
        Gives the restrictions of all joins, in the mode ``all-dimensions``.
    progress : `~workbench.progress.Progress`, optional
        Told the stage; may cancel.

    Raises
    ------
    workbench.graph.operands.StockOnlyError
        Raised for what only the stock builder does.
    """

    engine = "columnar"

    def __init__(
        self,
        request: GraphRequest,
        snapshot: Snapshot,
        butler: Butler | None,
        *,
        make_filters: Callable[[Joiner], Sequence[KeyFilter]] = lambda _: (),
        progress: Progress = silent,
    ):
        self._request = request
        self._pipeline = request.pipeline_graph
        self._butler = butler
        self.snapshot = snapshot
        self._check()
        overall = [name for name, _ in self._pipeline.iter_overall_inputs()]
        self._joiner = Joiner(
            snapshot,
            _all_dimensions(self._pipeline),
            overall,
            _elements_with_pixels(self._pipeline),
            joined_tables(request.groupings),
        )
        self._proposer = Proposer(
            self._pipeline,
            self._joiner,
            make_filters(self._joiner),
            lambda fraction: progress("finding candidate quanta", fraction),
        )
        if request.mode is BuildMode.ALL_DIMENSIONS:
            graph = self._proposer.propose_all_dimensions(request.dataset_query_constraint)
        else:
            graph = self._proposer.propose_per_task()
        self.graph: CandidateGraph = graph
        self._finished: Finished | None = None
        self._begin()

    def _check(self) -> None:
        for name, node in self._pipeline.iter_overall_inputs():
            if node is not None and node.is_calibration and not node.is_prerequisite:
                raise StockOnlyError(f"the calibration {name} as a regular input")
        if self._request.prune_unanchored_quanta is not None:
            for label, task in self._pipeline.tasks.items():
                if overridden_hooks(task).adjust_all_quanta:
                    raise StockOnlyError(f"adjust_all_quanta of {label} with prune_unanchored_quanta")

    def _begin(self) -> None:
        self._mint = UuidMint()
        self._identities = Identities(
            self.graph, self._proposer.table_of, self._request.output_run, self._mint
        )
        types = {name: node.dataset_type for name, node in self._pipeline.dataset_types.items()}
        self._hooks = HookCaller(
            self.graph,
            self._pipeline,
            RefMaker(self.graph, self._joiner, self._identities, types),
            self._proposer.searches,
            self._butler,
            self._request.inputs,
        )
        self._hooks.check()

    def renew(self, request: GraphRequest, butler: Butler | None) -> None:
        """Use the same candidates for another request.

        Parameters
        ----------
        request : `~workbench.graph.GraphRequest`
            Of the same pipeline, inputs and mode.
        butler : `lsst.daf.butler.Butler` or `None`
            Client of the repository.
        """
        self._request = request
        self._butler = butler
        self._begin()

    def finish(self, kept: Mask, uncut: Mask, progress: Progress = silent) -> Finished:
        """Take out what ran already, what lacks inputs, and what hooks refuse.

        Parameters
        ----------
        kept : `numpy.ndarray` of `bool`, shape (n_quanta,)
            Quanta to finish.
        uncut : `numpy.ndarray` of `bool`, shape (n_edges,)
            Input edges that no constraint cut.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.

        Returns
        -------
        finished : `~workbench.graph.finish.Finished`
            Masks over the candidates.
        """
        request = self._request
        return finish_graph(
            self.graph,
            self._pipeline,
            self._joiner,
            kept,
            uncut,
            hooks=self._hooks,
            identities=self._identities,
            output_run=request.output_run,
            skip_existing_in=request.skip_existing_in,
            clobber=request.clobber,
            retained_dataset_types=_retained(request.retained_dataset_types),
            prune_unanchored_quanta=request.prune_unanchored_quanta,
            on_task=lambda fraction: progress("resolving quanta", fraction),
        )

    def content(self, finished: Finished) -> GraphColumns:
        """Put a finished graph into columns.

        Parameters
        ----------
        finished : `~workbench.graph.finish.Finished`
            As `finish` gave it.

        Returns
        -------
        columns : `~workbench.graph.columns.GraphColumns`
            With new IDs for quanta and new datasets.
        """
        request = self._request
        labels = [label for label in self.graph.tasks if finished.quantum[self.graph.span(label)].any()]
        skipped = [
            label
            for label in self.graph.tasks
            if label not in labels and finished.skipped[self.graph.span(label)].any()
        ]
        init_quanta = make_init_quanta(
            self._pipeline,
            labels,
            skipped,
            self.snapshot,
            request.output_run,
            request.skip_existing_in,
            self._mint,
        )
        header = make_header(request.inputs, request.output, request.output_run, request.metadata)
        columns = make_columns(
            finished.graph,
            finished,
            self._pipeline,
            self._joiner,
            self._identities,
            self._mint,
            header,
            init_quanta,
        )
        if request.datastore_records and self._butler is not None:
            return export_datastore_records(self._butler, columns)
        return columns


def _retained(patterns: Sequence[str]) -> Callable[[str], bool] | None:
    """Return what tells retained dataset types, or `None` where all are."""
    if not patterns or "*" in patterns:
        return None
    return lambda name: any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
