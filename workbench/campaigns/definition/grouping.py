"""The pipeline of a campaign and the groupings that are lowered into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.definition.applying import apply_groupings
from workbench.campaigns.definition.cloning import clone_tasks
from workbench.campaigns.definition.constraining import StatedConstraint, spread_constraints
from workbench.campaigns.definition.lowering import (
    LoweredGrouping,
    lower_to_dimension,
    lower_to_group,
    lower_to_names,
    read_lowering,
)
from workbench.campaigns.definition.pipeline import resolve_pipeline, select_labels
from workbench.errors import GroupingError
from workbench.graph import AppliedGrouping, BuildMode, Lowering, ResolvedConstraint
from workbench.groupings import Grouping, load_grouping
from workbench.registry import Registry

__all__ = ["CampaignGroupings"]


class CampaignGroupings:
    """A pipeline, and what works in it group by group.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    pipeline : `lsst.pipe.base.Pipeline`
        The pipeline as it was given.
    lowered : `~collections.abc.Sequence` [ `LoweredGrouping` ], optional
        What is lowered into it already.
    """

    def __init__(self, registry: Registry, pipeline: Pipeline, lowered: Sequence[LoweredGrouping] = ()):
        self._registry = registry
        # Never changed in place: copies of a campaign begin with the same.
        self._lowered = tuple(lowered)
        self.pipeline = pipeline
        self.graph: PipelineGraph = resolve_pipeline(pipeline, registry.butler)

    @property
    def lowered(self) -> tuple[LoweredGrouping, ...]:
        """The groupings so far (`tuple` [ `LoweredGrouping`, ... ])."""
        return self._lowered

    def add(
        self,
        by: Grouping | str,
        tasks: str | Sequence[str] | None,
        way: Lowering | str,
        dimension: str | None,
        constraints: Sequence[StatedConstraint],
    ) -> list[StatedConstraint]:
        """Lower a grouping.

        Parameters
        ----------
        by, tasks, way, dimension : as they are given
            As `Campaign.group` takes them.
        constraints : `~collections.abc.Sequence` [ `StatedConstraint` ]
            Those of the campaign so far.

        Returns
        -------
        constraints : `list` [ `StatedConstraint` ]
            The same, for the pipeline as it is now.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if the grouping cannot be lowered so; nothing is changed.
        """
        grouping = load_grouping(self._registry, by) if isinstance(by, str) else by
        chosen = read_lowering(way)
        named = (tasks,) if isinstance(tasks, str) else tuple(tasks or ())
        if not named and chosen is not Lowering.RUN:
            raise GroupingError(
                f"Which tasks are to work by {grouping.label}? Name them with tasks; the pipeline has "
                f"{list(self.graph.tasks)}."
            )
        if dimension is not None and chosen is not Lowering.EXTEND:
            raise GroupingError(f"dimension={dimension!r} is for way='extend', not for {chosen.value!r}.")
        labels = select_labels(self.graph, named)
        if again := sorted(
            label for one in self._lowered for label in labels.intersection(one.tasks) if one.named and named
        ):
            raise GroupingError(
                f"{', '.join(again)} works by group already, in this campaign; by two groupings at once it "
                "cannot. Give the pipeline a task for each."
            )
        butler = self._registry.butler
        match chosen:
            case Lowering.EXTEND:
                one = lower_to_dimension(butler, self.graph, grouping, named, labels, dimension)
            case Lowering.GROUP:
                one = lower_to_group(butler, self.graph, grouping, named, labels)
            case _:
                one = lower_to_names(grouping, chosen, named, labels)
        if chosen is Lowering.RUN and any(other.way is Lowering.RUN for other in self._lowered):
            raise GroupingError(
                "The campaign has a RUN for each group of another grouping already; split by one of them, or "
                "group by the other within it."
            )
        if chosen is Lowering.SUFFIX:
            clones = clone_tasks(self.pipeline, self.graph, labels, list(one.suffixes.values()))
            self.graph = resolve_pipeline(clones.pipeline, butler)
            self.pipeline = clones.pipeline
            constraints = spread_constraints(constraints, clones.tasks, clones.dataset_types)
            self._lowered = tuple(_spread(other, clones.tasks) for other in self._lowered)
        self._lowered = (*self._lowered, one)
        return list(constraints)

    def list_runs(self) -> Mapping[str, str]:
        """Return the groups that have a RUN of their own.

        Returns
        -------
        suffixes : `~collections.abc.Mapping` [ `str`, `str` ]
            Ending of the names of its collections, by key of the group.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if there is no such grouping.
        """
        for one in self._lowered:
            if one.way is Lowering.RUN and not one.group:
                return one.suffixes
        raise GroupingError("The campaign has no RUN a group: group it in the way 'run' first.")

    def of_group(self, key: str) -> CampaignGroupings:
        """Return the groupings of the campaign of one group.

        Parameters
        ----------
        key : `str`
            Key of a group that has a RUN of its own.

        Returns
        -------
        groupings : `CampaignGroupings`
            The others as they are.
        """
        chosen = [
            dataclasses.replace(one, group=key) if one.way is Lowering.RUN else one for one in self._lowered
        ]
        return CampaignGroupings(self._registry, self.pipeline, chosen)

    def apply(self, mode: BuildMode) -> tuple[tuple[AppliedGrouping, ...], tuple[ResolvedConstraint, ...]]:
        """Say what the groupings mean for a graph.

        Parameters
        ----------
        mode : `~workbench.graph.BuildMode`
            How it is built.

        Returns
        -------
        groupings : `tuple` [ `~workbench.graph.AppliedGrouping`, ... ]
            Tables to join, and members to compare with.
        constraints : `tuple` [ `~workbench.graph.ResolvedConstraint`, ... ]
            Which groups and members tasks may have.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if groups have a RUN each and the campaign was not split.
        """
        for one in self._lowered:
            if one.way is Lowering.RUN and not one.group:
                raise GroupingError(
                    f"Each group of {one.grouping.label} has a graph and a RUN of its own: preview and "
                    "commit the campaigns of campaign.split(), as 'workbench campaign commit' does."
                )
        groupings, constraints = apply_groupings(self.graph, self._lowered, mode)
        return tuple(groupings), tuple(constraints)


def _spread(one: LoweredGrouping, clones: Mapping[str, tuple[str, ...]]) -> LoweredGrouping:
    """Let a grouping be about the clones of its tasks."""
    return dataclasses.replace(
        one,
        tasks=tuple(sorted(new for label in one.tasks for new in clones.get(label, (label,)))),
        clones={
            key: frozenset(new for label in labels for new in clones.get(label, (label,)))
            for key, labels in one.clones.items()
        },
    )
