"""Groupings of a campaign: how each is lowered into its graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import polars as pl
from lsst.daf.butler import Butler, DimensionUniverse
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.campaigns.definition.cloning import make_suffixes
from workbench.errors import GroupingError, UnknownNameError
from workbench.graph.constraints.grouped import EXPOSURE, Lowering
from workbench.groupings import Grouping, to_group_table, to_keyed_table
from workbench.presentation import presented
from workbench.registry.dimensions.dynamic import read_dynamic_dimensions
from workbench.registry.dimensions.group_records import GROUP_DIMENSION, read_group_names
from workbench.registry.dimensions.members import GROUP, read_members
from workbench.registry.dimensions.minting import mint_key

__all__ = [
    "LoweredGrouping",
    "find_untabled",
    "lower_to_dimension",
    "lower_to_group",
    "lower_to_names",
    "read_lowering",
]


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class LoweredGrouping:
    """A grouping as a campaign uses it.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        A saved grouping.
    way : `~workbench.graph.Lowering`
        How.
    named : `tuple` [ `str`, ... ]
        Tasks or subsets, as they were named; none is the whole graph.
    tasks : `tuple` [ `str`, ... ]
        Labels of the tasks that are by group.
    dimension : `str`, optional
        Dimension of the groups, for the ways ``extend`` and ``group``.
    members : `polars.DataFrame`, optional
        Data ID table of that dimension and its members.
    clones : `~collections.abc.Mapping` [ `str`, `frozenset` [ `str` ] ], optional
        Labels of the tasks of each group, for the way ``suffix``.
    suffixes : `~collections.abc.Mapping` [ `str`, `str` ], optional
        Endings by group, for the ways ``suffix`` and ``run``.
    group : `str`, optional
        The group that the campaign is about, for the way ``run``.
    """

    grouping: Grouping
    way: Lowering
    named: tuple[str, ...]
    tasks: tuple[str, ...]
    dimension: str = ""
    members: pl.DataFrame = dataclasses.field(default_factory=pl.DataFrame)
    clones: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    suffixes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    group: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the grouping as it is recorded with a commit.

        Returns
        -------
        record : `dict`
            JSON-friendly; only what is set.
        """
        record: dict[str, object] = {
            "by": self.grouping.label,
            "digest": self.grouping.digest,
            "way": self.way.value,
            "tasks": list(self.named),
            "labels": list(self.tasks),
            "dimension": self.dimension,
            "suffixes": dict(self.suffixes),
            "groups": len(self.grouping.keys),
            "group": self.group,
        }
        return {key: value for key, value in record.items() if value}

    def to_arguments(self) -> dict[str, object]:
        """Return the grouping as a campaign file states it.

        Returns
        -------
        arguments : `dict`
            JSON-friendly; only what is set.
        """
        arguments: dict[str, object] = {
            "by": self.grouping.label,
            "tasks": list(self.named),
            "way": self.way.value,
            "dimension": self.dimension if self.way is Lowering.EXTEND else "",
        }
        return {key: value for key, value in arguments.items() if value}


def read_lowering(way: Lowering | str) -> Lowering:
    """Read a way.

    Parameters
    ----------
    way : `~workbench.graph.Lowering` or `str`
        The way, or its name.

    Returns
    -------
    way : `~workbench.graph.Lowering`
        The way.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if there is none of this name; lists them.
    """
    try:
        return Lowering(way)
    except ValueError as error:
        raise GroupingError(
            f"way={way!r} is not known. A grouping is lowered by 'extend' (the tasks have a dynamic "
            "dimension of the repository), 'group' (they have the dimension 'group'), 'suffix' (a clone "
            "of the tasks a group) or 'run' (a graph and RUN a group)."
        ) from error


def lower_to_dimension(
    butler: Butler,
    graph: PipelineGraph,
    grouping: Grouping,
    named: Sequence[str],
    tasks: Collection[str],
    dimension: str | None,
) -> LoweredGrouping:
    """Lower a grouping to a dynamic dimension, whose records must be there.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository; nothing is written.
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline, resolved.
    grouping : `~workbench.groupings.Grouping`
        A saved grouping.
    named : `~collections.abc.Sequence` [ `str` ]
        Tasks, as they were named.
    tasks : `~collections.abc.Collection` [ `str` ]
        Their labels.
    dimension : `str` or `None`
        Which dynamic dimension, where the tasks have several.

    Returns
    -------
    lowered : `LoweredGrouping`
        With the data ID table of its records.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the tasks do not have the dimension, or the repository does
        not have exactly this version's members.
    workbench.errors.UnknownNameError
        Raised if ``dimension`` is no dynamic one.
    """
    there = read_dynamic_dimensions(butler.dimensions)
    if dimension is not None and dimension not in there:
        raise UnknownNameError(
            f"{dimension!r} is no dynamic dimension of the repository; there are "
            f"{', '.join(sorted(there)) or 'none yet'}."
        )
    nodes = [graph.tasks[label] for label in tasks]
    shared = sorted(name for name in there if all(name in node.dimensions for node in nodes))
    if dimension is None and len(shared) == 1:
        dimension = shared[0]
    if dimension not in shared:
        raise GroupingError(
            f"To group {_list_tasks(nodes)} by {grouping.label} in the way 'extend', they need "
            + (f"the dimension {dimension!r}" if dimension else "one dynamic dimension")
            + f"; they share {', '.join(shared) or 'none'} of those that the repository has "
            f"({', '.join(sorted(there)) or 'none'}). "
            + (
                "Say which by 'dimension'."
                if len(shared) > 1
                else "Tasks as they are lower in the way 'suffix' or 'run'."
            )
        )
    assert dimension is not None, "it is one of those that are shared"
    declared = there[dimension]
    own = set(grouping.key_names)
    relation = next(
        (
            name
            for name in declared.relations
            if set(butler.dimensions[declared.membership(name)].required.names) - {dimension} == own
        ),
        None,
    )
    if relation is None:
        raise GroupingError(
            f"{grouping.label} relates groups to ({', '.join(grouping.key_names)}), and the dimension "
            f"{dimension!r} is related to {', '.join(declared.relations) or 'nothing'}."
        )
    found = read_members(butler, dimension, grouping.label, relation)
    names = [GROUP, *grouping.key_names]
    asked = set(pl.DataFrame(pl.from_arrow(to_group_table(grouping))).select(names).rows())
    if set(pl.DataFrame(pl.from_arrow(found)).select(names).rows()) != asked:
        raise GroupingError(
            f"The dimension {dimension!r} has {'other members' if found.num_rows else 'no records'} of "
            f"{grouping.label}. Insert them with bench.dimensions.insert({dimension!r}, {grouping.label!r}), "
            f"or 'workbench groups lower REPO {grouping.label} {dimension}'."
        )
    keys = {str(row[GROUP]): row[dimension] for row in found.to_pylist()}
    members = _to_frame(butler.dimensions, to_keyed_table(grouping, dimension, keys))
    return LoweredGrouping(grouping, Lowering.EXTEND, tuple(named), tuple(sorted(tasks)), dimension, members)


def lower_to_group(
    butler: Butler, graph: PipelineGraph, grouping: Grouping, named: Sequence[str], tasks: Collection[str]
) -> LoweredGrouping:
    """Lower a grouping to the Butler's own dimension ``group``, whose records must be there.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository; nothing is written.
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline, resolved.
    grouping : `~workbench.groupings.Grouping`
        A saved grouping.
    named : `~collections.abc.Sequence` [ `str` ]
        Tasks, as they were named.
    tasks : `~collections.abc.Collection` [ `str` ]
        Their labels.

    Returns
    -------
    lowered : `LoweredGrouping`
        With the data ID table that makes it true.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the tasks do not have the dimension or read exposures, or if
        the repository lacks records.
    """
    own = set(grouping.key_names)
    for label in tasks:
        node = graph.tasks[label]
        joins = _joins_of(graph, node)
        if any(EXPOSURE in names for names in joins):
            raise GroupingError(
                f"{_list_tasks([node])} joins exposures, and each exposure has a group of its own, which no "
                "table can change. Group what is downstream of visits, or choose another way."
            )
        if GROUP_DIMENSION not in node.dimensions:
            raise GroupingError(
                f"To group {_list_tasks([node])} by {grouping.label} in the way 'group', it needs the "
                "dimension 'group'. Tasks as they are lower in the way 'suffix' or 'run'."
            )
        if not any(own <= names for names in joins):
            raise GroupingError(
                f"{grouping.label} has members of ({', '.join(grouping.key_names)}), and neither "
                f"{_list_tasks([node])} nor any one of its inputs has these dimensions beside 'group'."
            )
    members = _to_frame(butler.dimensions, to_keyed_table(grouping))
    if "instrument" not in members.columns:
        raise GroupingError(
            f"The members of {grouping.label} have no instrument, which a 'group' belongs to."
        )
    if set(members.select("instrument", GROUP_DIMENSION).rows()) - read_group_names(butler):
        raise GroupingError(
            f"The dimension 'group' does not have the groups of {grouping.label}, such as "
            f"{mint_key(grouping.label, grouping.keys[0])!r}. Insert them with "
            f"bench.dimensions.insert('group', {grouping.label!r}), or 'workbench groups lower REPO "
            f"{grouping.label} group'."
        )
    return LoweredGrouping(
        grouping, Lowering.GROUP, tuple(named), tuple(sorted(tasks)), GROUP_DIMENSION, members
    )


def lower_to_names(
    grouping: Grouping, way: Lowering, named: Sequence[str], tasks: Collection[str]
) -> LoweredGrouping:
    """Lower a grouping to names: of clones and their datasets, or of runs.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        A saved grouping.
    way : `~workbench.graph.Lowering`
        ``SUFFIX`` or ``RUN``.
    named : `~collections.abc.Sequence` [ `str` ]
        Tasks, as they were named.
    tasks : `~collections.abc.Collection` [ `str` ]
        Their labels.

    Returns
    -------
    lowered : `LoweredGrouping`
        With an ending for each group.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the grouping was never saved.
    """
    to_group_table(grouping)
    suffixes = make_suffixes(grouping.keys)
    clones = {key: frozenset(f"{label}_{suffix}" for label in tasks) for key, suffix in suffixes.items()}
    return LoweredGrouping(
        grouping,
        way,
        tuple(named),
        tuple(sorted(tasks)),
        clones=clones if way is Lowering.SUFFIX else {},
        suffixes=suffixes,
    )


def find_untabled(graph: PipelineGraph, covered: Collection[str]) -> list[str]:
    """Find tasks that would get every visit in every ``group``, since no table relates them.

    Parameters
    ----------
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline, resolved.
    covered : `~collections.abc.Collection` [ `str` ]
        Labels of tasks for which there is a table.

    Returns
    -------
    labels : `list` [ `str` ]
        Labels of the others that join groups and visits, and not exposures.
    """
    return [
        label
        for label, node in graph.tasks.items()
        if label not in covered
        and any(
            {GROUP_DIMENSION, "visit"} <= names and EXPOSURE not in names for names in _joins_of(graph, node)
        )
    ]


def _joins_of(graph: PipelineGraph, node: TaskNode) -> list[frozenset[str]]:
    """Return the dimensions of a task together with those of each regular input."""
    own = frozenset(node.dimensions.names)
    read = [edge.parent_dataset_type_name for edge in node.inputs.values()]
    return [own, *(own | frozenset(graph.dataset_types[name].dimensions.names) for name in read)]


def _list_tasks(nodes: Sequence[TaskNode]) -> str:
    return ", ".join(f"{node.label} ({', '.join(node.dimensions.required)})" for node in nodes)


def _to_frame(universe: DimensionUniverse, table: object) -> pl.DataFrame:
    frame = pl.DataFrame(pl.from_arrow(table))  # type: ignore[arg-type]
    return frame.select(list(universe.conform(frame.columns).required)).unique(maintain_order=True)
