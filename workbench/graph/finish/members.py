"""Members of groups in a finished graph: counted, and compared with the groupings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.columns.schemas import GROUPINGS_SCHEMA
from workbench.graph.constraints.grouped import AppliedGrouping, TaskMembers
from workbench.graph.finish.finished import Finished
from workbench.graph.joins.relation import Relation, unique_keys

__all__ = ["account_groupings", "check_groupings", "decode_rows"]

_GROUP = "group key"
"""Column of the group's key; no dimension has such a name."""

_SHOWN = 3
"""How many data IDs or groups a sentence lists."""


def account_groupings(
    graph: CandidateGraph, finished: Finished, groupings: Sequence[AppliedGrouping]
) -> pa.Table:
    """Count the groups and members that a finished graph has of each grouping.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    finished : `~workbench.graph.finish.finish.Finished`
        What is left of them.
    groupings : `~collections.abc.Sequence` [ `~workbench.graph.AppliedGrouping` ]
        What is part of the graph.

    Returns
    -------
    account : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.GROUPINGS_SCHEMA`.
    """
    rows = []
    for one in groupings:
        used = _find_members(graph, finished, one)
        rows.append(
            {
                "grouping": one.label,
                "way": one.way.value,
                "dimension": one.dimension,
                "tasks": ", ".join(one.tasks),
                "groups": one.n_groups,
                "groups_in_graph": used[_GROUP].n_unique(),
                "members": sum(share.members.height for share in one.shares),
                "members_in_graph": used.height,
            }
        )
    return pa.Table.from_pylist(rows, schema=GROUPINGS_SCHEMA)


def check_groupings(graph: CandidateGraph, finished: Finished, groupings: Sequence[AppliedGrouping]) -> None:
    """Compare the members of each group in a finished graph with its grouping.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    finished : `~workbench.graph.finish.finish.Finished`
        What is left of them.
    groupings : `~collections.abc.Sequence` [ `~workbench.graph.AppliedGrouping` ]
        What is part of the graph.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if a group has members that the grouping does not give it, as
        all have where the data ID table is forgotten; or fewer than the
        grouping asks for.
    """
    for one in groupings:
        for share in one.shares:
            names = share.members.columns
            strays = _find_used(graph, finished, share).join(share.members, on=names, how="anti").sort(names)
            if strays.height:
                shown = "; ".join(", ".join(map(str, row)) for row in strays.head(_SHOWN).rows())
                raise GroupingError(
                    f"{strays.height} data IDs ({', '.join(names)}) are in the graph's groups, but not in "
                    f"those of {one.label}: {shown}{' ...' if strays.height > _SHOWN else ''}. Its members "
                    f"were not applied ({one.way.value}); such a graph is not built."
                )
        sizes = _find_members(graph, finished, one).group_by(_GROUP).len().sort(_GROUP)
        small = sizes.filter(pl.col("len") < one.minimum)
        if small.height:
            shown = ", ".join(f"{group} ({size})" for group, size in small.head(_SHOWN).rows())
            raise GroupingError(
                f"{one.label} asks for {one.minimum} members in each group, and {small.height} groups would "
                f"have fewer in the graph: {shown}{' ...' if small.height > _SHOWN else ''}. A constraint, "
                "or an input that is not there, took the others: leave these groups out too, or group what "
                "is left."
            )


def _find_members(graph: CandidateGraph, finished: Finished, one: AppliedGrouping) -> pl.DataFrame:
    """Return the members of all groups in the graph, none twice, with the key of their group."""
    parts = []
    for share in one.shares:
        key = pl.col(one.dimension).cast(pl.String) if one.dimension else pl.lit(share.group)
        parts.append(_find_used(graph, finished, share).with_columns(key.alias(_GROUP)))
    return pl.concat(parts)


def _find_used(graph: CandidateGraph, finished: Finished, share: TaskMembers) -> pl.DataFrame:
    """Return the data IDs of a share's dimensions that its tasks have or read, none twice."""
    names = share.members.columns
    parts = [share.members.clear()]
    for label in sorted(share.labels & graph.tasks.keys()):
        quanta = graph.quantum_ids[label].relation
        if quanta.names.issuperset(names):
            parts.append(decode_rows(quanta.take(finished.quantum[graph.span(label)]), names))
            continue
        for dataset_type in sorted(graph.tasks[label].inputs):
            if (label, dataset_type) not in graph.blocks:
                continue
            if (quanta.names | graph.dataset_ids[dataset_type].relation.names).issuperset(names):
                read = finished.edge[graph.blocks[label, dataset_type]]
                parts.append(decode_rows(graph.edge_relation(dataset_type, label, names).take(read), names))
    return pl.concat(parts).unique()


def decode_rows(relation: Relation, names: Sequence[str]) -> pl.DataFrame:
    """Return the values of some dimensions, none twice.

    Parameters
    ----------
    relation : `~workbench.graph.joins.relation.Relation`
        Rows of codes.
    names : `~collections.abc.Sequence` [ `str` ]
        Dimensions.

    Returns
    -------
    rows : `polars.DataFrame`
        Sorted; rows that lack a value are left out.
    """
    codes = relation.codes
    if relation.n_rows:
        known = np.logical_and.reduce([relation.columns[name] >= 0 for name in names])
        relation = relation.take(known)
    keys = unique_keys(relation.keys(names)) if relation.n_rows else np.empty(0, dtype=np.int64)
    columns = codes.unpack(names, keys)
    return pl.DataFrame([codes.decode(name, columns[name]).alias(name) for name in names])
