"""The source of previews: what one pipeline and its inputs allow, found once for many of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph.account.absence import PublishedRows
from workbench.graph.closure.request import BuildMode, GraphRequest
from workbench.graph.constraints.grouped import Lowering
from workbench.graph.engines.columnar import ColumnarEngine, list_reads, read_graph_snapshot
from workbench.graph.finish.engine import Origin, butler_of
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import KeyFilter
from workbench.presentation import presented
from workbench.progress import Progress
from workbench.snapshot import Snapshot
from workbench.snapshot.reads import Fence

__all__ = ["Basis", "GraphSource"]


@presented
class GraphSource:
    """What previews of one pipeline and its inputs have in common.

    A campaign keeps one, so that a changed constraint does not read the
    repository again, nor find the candidates anew.

    Parameters
    ----------
    origin : `lsst.daf.butler.Butler` or `~workbench.registry.Registry`
        The repository; a registry also keeps computed overlaps.
    snapshot : `~workbench.snapshot.Snapshot`, optional
        Build from this one instead of what the repository holds now.
    publications : `~workbench.graph.account.absence.PublishedRows`, optional
        Knows which sets are published, and what they leave out.
    """

    def __init__(
        self, origin: Origin, snapshot: Snapshot | None = None, publications: PublishedRows | None = None
    ):
        self.origin = origin
        self.publications = publications
        self._given = snapshot
        self._known: tuple[Basis, ColumnarEngine, Fence] | None = None

    @property
    def butler(self) -> Butler:
        """Client of the repository (`lsst.daf.butler.Butler`)."""
        return butler_of(self.origin)

    def find_candidates(
        self,
        request: GraphRequest,
        basis: Basis,
        make_filters: Callable[[Joins], Sequence[KeyFilter]],
        progress: Progress,
    ) -> tuple[ColumnarEngine, Fence]:
        """Find the candidates for a request, the last ones where nothing has changed.

        Parameters
        ----------
        request : `~workbench.graph.GraphRequest`
            What to build.
        basis : `Basis`
            All that the candidates depend on, beside what is read.
        make_filters : `~collections.abc.Callable`
            Gives the restrictions of the mode ``all-dimensions``.
        progress : `~workbench.progress.Progress`
            Told the stage; may cancel.

        Returns
        -------
        engine : `~workbench.graph.engines.columnar.ColumnarEngine`
            Ready to finish.
        fence : `~workbench.snapshot.reads.Fence`
            The state of the repository that the candidates were found in.

        Raises
        ------
        workbench.graph.joins.operands.StockOnlyError
            Raised for what only the stock builder does.
        """
        reads = list_reads(request)
        if self._known is not None and self._known[0] == basis and self._known[2].reads == reads:
            _, engine, fence = self._known
            if self._given is not None or Fence.read(self.butler, reads).parts == fence.parts:
                return engine, fence
        snapshot = self._given or read_graph_snapshot(self.origin, request, progress=progress)
        # Of the snapshot, not of what is there a moment later.
        fence = Fence.of_snapshot(self.butler, snapshot, reads)
        engine = ColumnarEngine(request, snapshot, self.origin, make_filters=make_filters, progress=progress)
        if request.mode is BuildMode.PER_TASK:
            self._known = (basis, engine, fence)
        return engine, fence


@dataclasses.dataclass(frozen=True)
class Basis:
    """All that candidates of the mode ``per-task`` depend on, beside what is read of the repository.

    Two previews of one basis, which read the same and find it in the same
    state, share them.

    Parameters
    ----------
    pipeline : `_Same`
        The pipeline as the caller holds it.
    mode : `~workbench.graph.BuildMode`
        How they are found.
    prune : `tuple` [ `str`, `str` ] or `None`
        What of the options decides who builds.
    groupings : `tuple` [ `str`, ... ]
        Groupings that are joined.
    """

    pipeline: _Same
    mode: BuildMode
    prune: tuple[str, str] | None
    groupings: tuple[str, ...]

    @classmethod
    def of(cls, request: GraphRequest, pipeline_graph: PipelineGraph) -> Basis:
        """Take what matters from a request.

        Parameters
        ----------
        request : `~workbench.graph.GraphRequest`
            What to build.
        pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
            The pipeline as the caller holds it.

        Returns
        -------
        basis : `Basis`
            Equal for requests that share their candidates.
        """
        return cls(
            _Same(pipeline_graph),
            request.mode,
            request.prune_unanchored_quanta,
            tuple(one.label for one in request.groupings if one.way is Lowering.GROUP),
        )


class _Same:
    """Equal for the same object alone, which it keeps, so that no other takes its address."""

    def __init__(self, what: object):
        self._what = what

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._what is other._what

    def __hash__(self) -> int:
        return id(self._what)
