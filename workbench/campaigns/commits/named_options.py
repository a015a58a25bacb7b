"""Names in the options of a campaign, each of which has to be of something."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.commits.presence import read_info
from workbench.errors import UnknownNameError
from workbench.graph import BuildOptions
from workbench.registry import Registry

__all__ = ["check_option_names"]

_SHOWN = 8


def check_option_names(registry: Registry, name: str, options: BuildOptions, graph: PipelineGraph) -> None:
    """Refuse options that name what there is not; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        The campaign, whose own outputs may still be to come.
    options : `~workbench.graph.BuildOptions`
        As they were given.
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a task, a dataset type or a collection that does not exist;
        says which are nearest.
    """
    tasks, types = [*graph.tasks], [*graph.dataset_types]
    _check("prune_unanchored_quanta", options.prune_unanchored_quanta or (), tasks, "task of the pipeline")
    for option in ("retained_dataset_types", "dataset_query_constraint"):
        _check(option, getattr(options, option) or (), types, "dataset type of the pipeline")
    own = f"{name}/"
    for collection in options.skip_existing_in:
        if collection == name or collection.startswith(own) or read_info(registry.butler, collection):
            continue
        _check("skip_existing_in", [collection], registry.butler.collections.query("*"), "collection")


def _check(option: str, names: Collection[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3) or sorted(known)[:_SHOWN]
            raise UnknownNameError(
                f"The option {option} names {name!r}, and there is no such {what}. Did you mean one of "
                f"{', '.join(map(repr, near))}? There are {len(known):,}."
            )
