"""What every part of the bench stands on: the registry and what it caches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsst.daf.butler import Butler

from workbench.annotations import Annotations, make_annotations_declaration
from workbench.bench.dimensions import Dimensions
from workbench.bench.groupings import Groupings
from workbench.campaigns import Commit, check_committed_graph, check_run_present, load_commit
from workbench.errors import CampaignError
from workbench.metrics import METRICS, Metrics
from workbench.provenance import Provenance
from workbench.registry import Registry
from workbench.sets import SetStore

__all__ = ["Base", "dimension_names"]


class Base:
    """One open repository.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; closed with the bench.
    """

    def __init__(self, registry: Registry):
        self.registry = registry
        # A fresh repository has neither table, and an expression may name both.
        registry.expect(METRICS, make_annotations_declaration(registry.universe))
        self.annotations = Annotations(registry)
        self.metrics = Metrics(registry)
        self.dimensions = Dimensions(registry)
        self.provenance = Provenance(registry)
        self.sets = SetStore(registry)
        self.groupings = Groupings(registry)

    @property
    def uri(self) -> str:
        """Root of the repository (`str`)."""
        return self.registry.uri

    @property
    def butler(self) -> Butler:
        """The read-only Butler (`lsst.daf.butler.Butler`)."""
        return self.registry.butler

    def _commit(self, commit: Commit | str) -> Commit:
        return commit if isinstance(commit, Commit) else load_commit(self.registry, commit)

    def _graph(self, commit: Commit | str) -> Path:
        """Return the graph file of a commit, as it was committed."""
        check_committed_graph(found := self._commit(commit))
        return self._graph_path(found)

    def _runnable(self, commit: Commit | str) -> Path:
        """Return the graph file of a commit whose RUN is still its own."""
        check_run_present(self.registry, found := self._commit(commit))
        return self._graph(found)

    def _graph_path(self, found: Commit) -> Path:
        if found.graph_path is None:
            raise CampaignError(f"{found} published a set and has no graph.")
        return found.graph_path


def dimension_names(dimensions: str | Sequence[str]) -> list[str]:
    """Accept one dimension name where several are meant.

    Parameters
    ----------
    dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
        One name or several.

    Returns
    -------
    names : `list` [ `str` ]
        Always a list.
    """
    return [dimensions] if isinstance(dimensions, str) else list(dimensions)
