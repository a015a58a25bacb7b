"""What the groupings of a campaign mean for one graph: constraints, tables and what to check."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import polars as pl
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.definition.lowering import LoweredGrouping, find_untabled
from workbench.errors import GroupingError
from workbench.graph import (
    AppliedGrouping,
    BuildMode,
    Constraint,
    Lowering,
    Mode,
    ResolvedConstraint,
    Scope,
    TaskMembers,
    resolve_set,
)
from workbench.graph.constraints.grouped import EXPOSURE
from workbench.registry.dimensions.group_records import GROUP_DIMENSION

__all__ = ["apply_groupings"]


def apply_groupings(
    graph: PipelineGraph, lowered: Sequence[LoweredGrouping], mode: BuildMode
) -> tuple[list[AppliedGrouping], list[ResolvedConstraint]]:
    """Say what the groupings of a campaign mean for its graph.

    Parameters
    ----------
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline, resolved.
    lowered : `~collections.abc.Sequence` [ `LoweredGrouping` ]
        The groupings.
    mode : `~workbench.graph.BuildMode`
        How the graph is built.

    Returns
    -------
    groupings : `list` [ `~workbench.graph.AppliedGrouping` ]
        Tables to join, and members to compare with.
    constraints : `list` [ `~workbench.graph.ResolvedConstraint` ]
        The groups of these versions, and the members of clones and runs.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if a task has a dimension of groups and no grouping, or
        several; or if the graph has exposures that no table can regroup.
    """
    owners = {
        dimension: _find_owners(graph, dimension, [one for one in lowered if one.dimension == dimension])
        for dimension in sorted({one.dimension for one in lowered} - {""})
    }
    _check_tables(graph, owners.get(GROUP_DIMENSION, {}), mode)
    groupings, constraints = [], []
    for one in lowered:
        if one.dimension:
            labels = frozenset(label for label, owner in owners[one.dimension].items() if owner is one)
            shares: tuple[TaskMembers, ...] = (TaskMembers(labels, one.members),)
            constraints += _constrain_keys(graph, one, labels, lowered, mode)
        else:
            shares, found = _share_members(graph, one, mode)
            constraints += found
        groupings.append(
            AppliedGrouping(
                one.grouping.label,
                one.way,
                one.tasks,
                len(one.grouping.keys),
                shares,
                one.dimension,
                one.grouping.requirements.minimum,
            )
        )
    return groupings, constraints


def _find_owners(
    graph: PipelineGraph, dimension: str, lowered: Sequence[LoweredGrouping]
) -> dict[str, LoweredGrouping]:
    """Find the grouping of each task that has a dimension of groups: its own, or that of its inputs."""
    owners: dict[str, LoweredGrouping] = {}
    for label, node in graph.tasks.items():  # in the order of the pipeline
        if dimension not in node.dimensions.required:
            continue
        found = [one for one in lowered if label in one.tasks]
        if not found:
            read = {edge.parent_dataset_type_name for edge in node.inputs.values()}
            makers = [graph.producer_of(name) for name in sorted(read)]
            found = list(
                dict.fromkeys(owners[made.label] for made in makers if made and made.label in owners)
            )
        if len(found) > 1:
            raise GroupingError(
                f"{label!r} would mix groups of {' and '.join(one.grouping.label for one in found)} in the "
                f"dimension {dimension!r}, whose keys belong to one version each. Name one of them for it."
            )
        if found:
            owners[label] = found[0]
        elif dimension != GROUP_DIMENSION:
            # One version is an implicit constraint of the whole graph; of several, none is.
            if len(lowered) > 1:
                raise GroupingError(
                    f"{label!r} has the dimension {dimension!r}, and none of "
                    f"{', '.join(one.grouping.label for one in lowered)} is named for it: "
                    f"name {label!r} among its tasks."
                )
            owners[label] = lowered[0]
    return owners


def _check_tables(graph: PipelineGraph, owners: Iterable[str], mode: BuildMode) -> None:
    covered = set(owners)
    if untabled := find_untabled(graph, covered):
        raise GroupingError(
            f"{', '.join(untabled)} would get every visit in every group: nothing in the repository relates "
            "visits to 'group'. Say which are meant: group the "
            f"tasks {untabled[0]!r} in the way 'group'."
        )
    everything = {name for task in graph.tasks.values() for name in task.dimensions.names}
    everything |= {name for node in graph.dataset_types.values() for name in node.dimensions.names}
    if covered and mode is BuildMode.ALL_DIMENSIONS and EXPOSURE in everything:
        raise GroupingError(
            f"The mode {mode.value!r} joins the exposures of this pipeline with its groups, and each "
            f"exposure has a group of its own. Use the mode {BuildMode.PER_TASK.value!r}, in which "
            f"{', '.join(sorted(covered))} joins none; or begin the pipeline at visits."
        )


def _constrain_keys(
    graph: PipelineGraph,
    one: LoweredGrouping,
    labels: frozenset[str],
    lowered: Sequence[LoweredGrouping],
    mode: BuildMode,
) -> list[ResolvedConstraint]:
    """Keep the groups of one version: of tasks that have them, and of existing datasets that others read."""
    universe = graph.universe
    assert universe is not None, "the pipeline is resolved"
    group = universe.conform([one.dimension])
    keys = one.members.select(list(group.required)).unique(maintain_order=True)
    scope = Scope.TASKS if mode is BuildMode.PER_TASK else Scope.GRAPH
    made = ResolvedConstraint(
        f"{one.grouping.label} in {one.dimension}",
        Mode.INCLUDE,
        scope,
        labels,
        "",
        ((group, keys),),
        of_grouping=True,
    )
    found = [made]
    alone = sum(other.dimension == one.dimension for other in lowered) == 1
    if alone and mode is BuildMode.PER_TASK and one.dimension != GROUP_DIMENSION:
        for name, node in graph.dataset_types.items():
            readers = {task.label for task in graph.consumers_of(name)} - labels
            if one.dimension in node.dimensions and graph.producer_of(name) is None and readers:
                found.append(
                    dataclasses.replace(made, scope=Scope.DATASET_TYPE, tasks=frozenset(), dataset_type=name)
                )
    return found


def _share_members(
    graph: PipelineGraph, one: LoweredGrouping, mode: BuildMode
) -> tuple[tuple[TaskMembers, ...], list[ResolvedConstraint]]:
    """Give each clone, or each run, the members of its group."""
    shares, constraints = [], []
    whole = one.way is Lowering.RUN and (not one.named or mode is BuildMode.ALL_DIMENSIONS)
    for key in [one.group] if one.way is Lowering.RUN else one.grouping.keys:
        labels = one.clones[key] if one.way is Lowering.SUFFIX else frozenset(one.tasks)
        rows = one.grouping[key]
        name = f"{one.grouping.label}/{key}"
        stated = Constraint(name, Mode.INCLUDE, Scope.GRAPH if whole else Scope.TASKS, tuple(sorted(labels)))
        resolved = resolve_set(stated, rows, frozenset(graph.tasks) if whole else labels)
        constraints.append(dataclasses.replace(resolved, of_grouping=not whole))
        shares.append(TaskMembers(labels, pl.DataFrame(pl.from_arrow(rows.keys)), key))
    return tuple(shares), constraints
