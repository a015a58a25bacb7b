"""One join of all dimensions for each independent subgraph of a pipeline, as the stock builder makes it.

Subgraphs have nothing in common but overall inputs.  Each subgraph's join
finds other data IDs of those, wherever another input is incomplete: `unite`
gives a dataset type one table for all subgraphs, and renumbers the edges.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from lsst.daf.butler import DimensionGroup
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph._generators import plan_data_ids
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import JoinOperand, KeyFilter
from workbench.graph.joins.relation import Relation, find_rows, unique_keys
from workbench.graph.proposal.generate import GeneratedDataIds, generate_data_ids
from workbench.graph.proposal.pairs import Pairs, single_producers

__all__ = ["Candidates", "filters_of", "join_subgraph", "unite"]


@dataclasses.dataclass(frozen=True, eq=False)
class Candidates:
    """Quanta, datasets and edges of some tasks, by row.

    Parameters
    ----------
    quanta : `~collections.abc.Mapping` [ `str`, `~workbench.graph.joins.data_ids.DataIds` ]
        By task label.
    datasets : `~collections.abc.Mapping` [ `str`, `~workbench.graph.joins.data_ids.DataIds` ]
        By dataset type name, prerequisites left out.
    edges : `~collections.abc.Mapping`
        By task label and dataset type, rows of quanta and of datasets, sorted
        by quantum, then dataset.
    producers : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` ]
        By dataset type, the row of the producing task's quantum.
    """

    quanta: Mapping[str, DataIds]
    datasets: Mapping[str, DataIds]
    edges: Mapping[tuple[str, str], tuple[Rows, Rows]]
    producers: Mapping[str, Rows]


def filters_of(pipeline_graph: PipelineGraph, joins: Joins) -> list[KeyFilter]:
    """Return what a pipeline's own data ID lets in.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the codes.

    Returns
    -------
    filters : `list` [ `~workbench.graph.joins.operands.KeyFilter` ]
        One a dimension; mostly the instrument, or none.
    """
    filters = []
    for name, value in pipeline_graph.data_id.mapping.items():
        if name in joins.codes:
            code = joins.codes.encode(name, pl.Series([value]))
            filters.append(KeyFilter((name,), code[code >= 0].astype(np.int64)))
    return filters


def join_subgraph(
    subgraph: PipelineGraph,
    joins: Joins,
    names: Iterable[str],
    operands: Sequence[JoinOperand],
    filters: Sequence[KeyFilter],
    constraints: Sequence[str] | None = None,
) -> Candidates:
    """Join all dimensions and overall inputs of a subgraph at once.

    Parameters
    ----------
    subgraph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Independent of the rest of the pipeline.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Joins dimensions.
    names : `~collections.abc.Iterable` [ `str` ]
        Dataset types of regular inputs and outputs.
    operands : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.JoinOperand` ]
        Overall inputs that restrict the join.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ]
        What the rows must pass.
    constraints : `~collections.abc.Sequence` [ `str` ], optional
        What ``operands`` were chosen by: the option
        ``dataset_query_constraint``.

    Returns
    -------
    candidates : `Candidates`
        Projections of the join.
    """
    groups = list(subgraph.group_by_dimensions())
    universe = joins.universe
    restricted = [universe.conform(one.names) for one in filters]
    everything = DimensionGroup.union(*groups, *restricted, universe=universe)
    every_filter = [*filters, *filters_of(subgraph, joins)]
    shelf: _Shelf | GeneratedDataIds
    if set(everything.skypix) - {universe.commonSkyPix.name}:
        tables = [one.names for one in filters if one.inside and universe.conform(one.names).skypix]
        plan = plan_data_ids(subgraph, constraints, tables)
        shelf = generate_data_ids(joins, plan, operands, every_filter)
    else:
        shelf = _Shelf(joins, joins.natural_join(everything, operands, every_filter))
    for group in sorted(groups, key=len, reverse=True):
        shelf.project(group)
    known = Pairs(joins, ())

    def pair(left: DataIds, right: DataIds) -> tuple[Rows, Rows]:
        """Pair projections by the rows of the join, without another one."""
        if known.knows(left, right):
            return known.of(left, right)
        return known.keep(left, right, shelf.project(left.group.union(right.group)).relation)

    quanta = {label: shelf.project(task.dimensions) for label, task in subgraph.tasks.items()}
    datasets = {name: shelf.project(subgraph.dataset_types[name].dimensions) for name in names}
    edges: dict[tuple[str, str], tuple[Rows, Rows]] = {}
    producers: dict[str, Rows] = {}
    for label, task in subgraph.tasks.items():
        for read in task.iter_all_inputs():
            if not read.is_prerequisite:
                name = read.parent_dataset_type_name
                edges[label, name] = pair(quanta[label], datasets[name])
        for write in task.iter_all_outputs():
            name = write.parent_dataset_type_name
            makers, made = pair(quanta[label], datasets[name])
            producers[name] = single_producers(label, name, makers, made, len(datasets[name]))
    return Candidates(quanta, datasets, edges, producers)


def unite(parts: Sequence[Candidates], joins: Joins) -> Candidates:
    """Put the candidates of independent subgraphs together.

    Parameters
    ----------
    parts : `~collections.abc.Sequence` [ `Candidates` ]
        Each of other tasks; overall inputs may be in several.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the records.

    Returns
    -------
    candidates : `Candidates`
        Each dataset type has the data IDs of all parts, and the edges of
        every part number them.
    """
    if len(parts) == 1:
        return parts[0]
    shared: dict[str, list[DataIds]] = {}
    for part in parts:
        for name, ids in part.datasets.items():
            shared.setdefault(name, []).append(ids)
    made: dict[tuple[int, ...], DataIds] = {}
    datasets = {}
    for name, found in shared.items():
        # Types of the same dimensions in the same subgraphs have one table.
        key = tuple(map(id, found))
        if key not in made:
            made[key] = _unite_data_ids(found, joins)
        datasets[name] = made[key]
    edges = {}
    for part in parts:
        for (label, name), pairs in part.edges.items():
            edges[label, name] = _renumber(pairs, part.datasets[name], datasets[name])
    return Candidates(
        {label: ids for part in parts for label, ids in part.quanta.items()},
        datasets,
        edges,
        {name: rows for part in parts for name, rows in part.producers.items()},
    )


def _unite_data_ids(found: Sequence[DataIds], joins: Joins) -> DataIds:
    most = max(found, key=len)
    keys = unique_keys(np.concatenate([ids.keys for ids in found]))
    if len(keys) == len(most):
        return most
    return joins.expand(most.group, keys)


def _renumber(pairs: tuple[Rows, Rows], before: DataIds, after: DataIds) -> tuple[Rows, Rows]:
    """Name rows of some data IDs by those of more; they rise together, so that the order stays."""
    if before is after:
        return pairs
    quantum_rows, dataset_rows = pairs
    return quantum_rows, find_rows(after.keys, before.keys)[dataset_rows]


class _Shelf:
    """Projections of one join, each made from the smallest that has its dimensions."""

    def __init__(self, joins: Joins, joined: Relation):
        self._joins = joins
        self._joined = joined
        self._made: dict[DimensionGroup, DataIds] = {}

    def project(self, group: DimensionGroup) -> DataIds:
        if group not in self._made:
            wider = [made for other, made in self._made.items() if group < other]
            source = min((made.relation for made in wider), key=len, default=self._joined)
            if group:
                made = self._joins.distinct(source, group)
            else:
                keys = unique_keys(np.zeros(min(1, self._joined.n_rows), dtype=np.int64))
                made = DataIds(group, keys, Relation(self._joins.codes, {}, len(keys)))
            self._made[group] = made
        return self._made[group]
