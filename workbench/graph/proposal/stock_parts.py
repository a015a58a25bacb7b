"""Candidates of one independent subgraph by the stock builder, among others that are joined in columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import astropy.table
import numpy as np
import polars as pl
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.errors import GroupingError
from workbench.graph._stock import make_proposer, number_skeletons
from workbench.graph.closure.request import GraphRequest
from workbench.graph.columns.graph_columns import Uuids
from workbench.graph.constraints.grouped import EXPOSURE, joined_tables
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import KeyFilter
from workbench.graph.joins.relation import Relation, member
from workbench.graph.proposal.subgraphs import Candidates

__all__ = ["StockPart", "group_tables", "propose_by_stock", "to_astropy"]


@dataclasses.dataclass(frozen=True, eq=False)
class StockPart:
    """What the stock builder proposes for one subgraph.

    Parameters
    ----------
    candidates : `~workbench.graph.proposal.subgraphs.Candidates`
        Quanta, datasets and edges.
    existing : `~collections.abc.Mapping`
        By the name of an overall input, the data IDs that exist, and the IDs
        of the datasets.
    """

    candidates: Candidates
    existing: Mapping[str, tuple[DataIds, Uuids]]


def propose_by_stock(
    butler: Butler,
    request: GraphRequest,
    subgraph: PipelineGraph,
    joins: Joins,
    filters: Sequence[KeyFilter],
) -> StockPart:
    """Let the stock builder propose quanta.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Client of the repository.
    request : `~workbench.graph.GraphRequest`
        What is asked for, of the mode ``all-dimensions``.
    subgraph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        An independent part of its pipeline.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the codes.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ]
        What data IDs must pass.

    Returns
    -------
    part : `StockPart`
        In the joiner's codes.
    """
    tables = [_table_of(joins, one) for one in filters] + group_tables(request, subgraph)
    proposal = make_proposer(
        request.pipeline_graph.copy(),
        butler,
        input_collections=request.inputs,
        output_run=request.output_run,
        data_id_tables=tables,
        dataset_query_constraint=request.dataset_query_constraint,
        skip_existing_in=request.skip_existing_in,
        clobber=request.clobber,
    )
    with butler.registry.caching_context():
        skeleton = proposal.process_subgraph(subgraph)
    numbered = number_skeletons(subgraph, {frozenset(subgraph.tasks): skeleton}, joins.codes)
    regular = {
        edge.parent_dataset_type_name
        for task in subgraph.tasks.values()
        for edge in (*task.inputs.values(), *task.iter_all_outputs())
    }
    existing = {}
    for name in regular - numbered.producers.keys():
        rows = np.flatnonzero(numbered.exists(name))
        keys = numbered.dataset_keys[name]
        raw = b"".join(numbered.refs[keys[row]].id.bytes for row in rows.tolist())
        uuids = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16)
        existing[name] = (numbered.dataset_ids[name].take(rows), uuids)
    candidates = Candidates(
        numbered.quantum_ids,
        {name: ids for name, ids in numbered.dataset_ids.items() if name in regular},
        {block: pairs for block, pairs in numbered.edges.items() if block[1] in regular},
        numbered.producers,
    )
    return StockPart(candidates, existing)


def _table_of(joins: Joins, one: KeyFilter) -> astropy.table.Table:
    """Return the data IDs that pass a filter; of one that keeps out, all others that there are."""
    codes, names = joins.codes, list(one.names)
    if one.inside:
        rows = Relation(codes, codes.unpack(names, one.keys), len(one.keys))
    else:
        group = joins.universe.conform(names)
        rows = joins.natural_join(group, []).distinct(names)
        rows = rows.take(~member(one.keys, rows.keys(names)))
    return to_astropy(pl.DataFrame([codes.decode(name, rows.columns[name]).alias(name) for name in names]))


def group_tables(request: GraphRequest, graph: PipelineGraph) -> list[astropy.table.Table]:
    """Return the data ID tables that groupings need of the stock builder.

    Parameters
    ----------
    request : `~workbench.graph.GraphRequest`
        Has the groupings.
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        What the stock builder is to build.

    Returns
    -------
    tables : `list` [ `astropy.table.Table` ]
        To be joined into its query.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the pipeline has exposures, which are in groups themselves.
    """
    found = joined_tables(request.groupings)
    names = graph.get_all_dimensions().names
    if found and EXPOSURE in names:
        raise GroupingError(
            "The stock builder, which this pipeline needs, joins its exposures with its groups, and each "
            "exposure has a group of its own. Begin the pipeline at visits, or choose another way for "
            "its groupings."
        )
    return [to_astropy(table) for table in found if set(table.columns) <= set(names)]


def to_astropy(table: pl.DataFrame) -> astropy.table.Table:
    """Return a data ID table as the stock builder takes it.

    Parameters
    ----------
    table : `polars.DataFrame`
        Required dimensions.

    Returns
    -------
    table : `astropy.table.Table`
        The same.
    """
    columns: Mapping[str, list[object]] = {name: table[name].to_list() for name in table.columns}
    return astropy.table.Table(columns)
