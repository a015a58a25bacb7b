"""What a graph is to be built from, and how."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping

from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph.closure import PartialPolicy

__all__ = ["BuildMode", "GraphRequest"]


class BuildMode(enum.Enum):
    """How candidate quanta are found."""

    PER_TASK = "per-task"
    """Each task joins its own inputs; constraints cut where they bind."""

    ALL_DIMENSIONS = "all-dimensions"
    """One join for all dimensions, as the stock builder makes it: every
    constraint cuts everything."""


@dataclasses.dataclass(frozen=True, slots=True)
class GraphRequest:
    """What a graph is to be built from.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline; resolved in place.
    inputs : `tuple` [ `str`, ... ]
        Input collections, searched in order.
    output : `str`
        Output CHAINED collection.
    output_run : `str`
        Output RUN collection; must not exist, unless ``clobber`` or
        ``skip_existing_in`` says what to do with what it holds.
    policy : `~workbench.graph.PartialPolicy`, optional
        What to do about missing inputs.
    growth_limit : `float`, optional
        Largest ratio of kept quanta to those kept without completing any.
    metadata : `~collections.abc.Mapping`, optional
        JSON-friendly values for the header of the graph.
    mode : `BuildMode`, optional
        How candidates are found.
    skip_existing_in : `tuple` [ `str`, ... ], optional
        Quanta whose metadata is in one of these collections are skipped.
    clobber : `bool`, optional
        Whether outputs may be in the output RUN already.
    retained_dataset_types : `tuple` [ `str`, ... ], optional
        Names or patterns of dataset types that are still there where their
        task ran; a skipped quantum runs again where another one needs what is
        not.  All are, if there are none here.
    prune_unanchored_quanta : `tuple` [ `str`, `str` ], optional
        Labels of a source task and of an anchor: quanta of the source that
        lead to no quantum of the anchor are removed.
    datastore_records : `bool`, optional
        Whether the graph carries the datastore's records of its inputs, which
        ``pipetask run-qbb`` needs.
    dataset_query_constraint : `tuple` [ `str`, ... ] or `None`, optional
        Overall inputs that restrict the join of the mode ``ALL_DIMENSIONS``;
        those that the pipeline does not defer, if `None`.
    """

    pipeline_graph: PipelineGraph
    inputs: tuple[str, ...]
    output: str
    output_run: str
    policy: PartialPolicy = PartialPolicy.COMPLETE
    growth_limit: float = 2.0
    metadata: Mapping[str, object] = dataclasses.field(default_factory=dict)
    mode: BuildMode = BuildMode.PER_TASK
    skip_existing_in: tuple[str, ...] = ()
    clobber: bool = False
    retained_dataset_types: tuple[str, ...] = ()
    prune_unanchored_quanta: tuple[str, str] | None = None
    datastore_records: bool = True
    dataset_query_constraint: tuple[str, ...] | None = None
