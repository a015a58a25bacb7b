"""What previews ask of an engine: candidates that many requests share, and a finished graph for each."""

from __future__ import annotations

from typing import Protocol

from lsst.daf.butler import Butler

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.request import GraphRequest
from workbench.graph.columns.graph_columns import Mask
from workbench.graph.finish.finished import Finished
from workbench.progress import Progress
from workbench.registry import Registry

__all__ = ["Engine", "Origin", "butler_of"]

Origin = Butler | Registry
"""A repository: its client, or the registry, which also keeps computed overlaps."""


def butler_of(origin: Origin) -> Butler:
    """Return the client of a repository as it is now: a registry may open another.

    Parameters
    ----------
    origin : `lsst.daf.butler.Butler` or `~workbench.registry.Registry`
        The repository.

    Returns
    -------
    butler : `lsst.daf.butler.Butler`
        Its client.
    """
    return origin.butler if isinstance(origin, Registry) else origin


class Engine(Protocol):
    """Has found candidates, and finishes them for one request after the other."""

    @property
    def graph(self) -> CandidateGraph:
        """The candidates (`~workbench.graph.candidates.candidate_graph.CandidateGraph`)."""
        ...

    def finish(
        self,
        request: GraphRequest,
        kept: Mask,
        uncut: Mask,
        progress: Progress,
        *,
        unmade: Mask | None = None,
    ) -> Finished:
        """Take out what ran already, what lacks inputs, and what hooks refuse.

        Parameters
        ----------
        request : `~workbench.graph.GraphRequest`
            What is asked for, of the candidates that the engine has.
        kept : `numpy.ndarray` of `bool`, shape (n_quanta,)
            Quanta to finish.
        uncut : `numpy.ndarray` of `bool`, shape (n_edges,)
            Input edges that no constraint cut.
        progress : `~workbench.progress.Progress`
            Told the stage; may cancel.
        unmade : `numpy.ndarray` of `bool`, shape (n_datasets,), optional
            Outputs that are left out.

        Returns
        -------
        finished : `~workbench.graph.finish.finished.Finished`
            The graph.
        """
        ...
