"""The seam to the stock builder's plan of data IDs that no query gives: those with pixels of the sky.

Which data IDs are queried for, which are generated from regions or from other
pixels, and which are projected from which, is decided by the stock builder's
own tree of dimension groups; what it then does row by row is done in columns
by `workbench.graph.proposal.generate`.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence

import astropy.table
from lsst.daf.butler import DimensionGroup
from lsst.pipe.base import all_dimensions_quantum_graph_builder as stock
from lsst.pipe.base.all_dimensions_quantum_graph_builder import DatasetQueryConstraintVariant
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.utils.logging import LsstLogAdapter

from workbench.graph.joins.codes import StockOnlyError

__all__ = ["DataIdPlan", "Generation", "plan_data_ids", "query_constraint"]


@dataclasses.dataclass(frozen=True, slots=True)
class Generation:
    """How data IDs of some dimensions come from those of others.

    Parameters
    ----------
    target, source : `lsst.daf.butler.DimensionGroup`
        Dimensions of what is made, and of what it is made from.
    other : `lsst.daf.butler.DimensionGroup` or `None`
        Dimensions of what the source is joined to.
    element, pixel : `str`
        Where nothing is joined, the element of the source whose regions give
        the pixels, and the pixelization.
    """

    target: DimensionGroup
    source: DimensionGroup
    other: DimensionGroup | None
    element: str
    pixel: str


@dataclasses.dataclass(frozen=True, slots=True)
class DataIdPlan:
    """In which order the stock builder finds data IDs.

    Parameters
    ----------
    queried : `lsst.daf.butler.DimensionGroup`
        Dimensions of the one query.
    roots : `tuple` [ `lsst.daf.butler.DimensionGroup`, ... ]
        What is projected from its rows.
    children : `~collections.abc.Mapping`
        What is projected from the data IDs of each group.
    generations : `tuple` [ `Generation`, ... ]
        What is generated afterwards, in this order.
    """

    queried: DimensionGroup
    roots: tuple[DimensionGroup, ...]
    children: Mapping[DimensionGroup, tuple[DimensionGroup, ...]]
    generations: tuple[Generation, ...]


def query_constraint(names: Sequence[str] | None) -> DatasetQueryConstraintVariant:
    """Return the stock form of the option ``dataset_query_constraint``.

    Parameters
    ----------
    names : `~collections.abc.Sequence` [ `str` ] or `None`
        Overall inputs, or all that the pipeline does not defer.

    Returns
    -------
    variant : `lsst.pipe.base.all_dimensions_quantum_graph_builder.DatasetQueryConstraintVariant`
        For the stock builder.
    """
    if names is None:
        return DatasetQueryConstraintVariant.ALL
    return DatasetQueryConstraintVariant.LIST(list(names)) if names else DatasetQueryConstraintVariant.OFF


def plan_data_ids(
    subgraph: PipelineGraph, names: Sequence[str] | None, tables: Iterable[Sequence[str]]
) -> DataIdPlan:
    """Plan the data IDs of an independent subgraph.

    Parameters
    ----------
    subgraph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    names : `~collections.abc.Sequence` [ `str` ] or `None`
        The option ``dataset_query_constraint``.
    tables : `~collections.abc.Iterable` [ `~collections.abc.Sequence` [ `str` ] ]
        Dimensions of data ID tables.

    Returns
    -------
    plan : `DataIdPlan`
        As the stock builder would go about it.

    Raises
    ------
    workbench.graph.joins.codes.StockOnlyError
        Raised if the stock builder does it in a way that is not known here.
    lsst.pipe.base.quantum_graph_builder.QuantumGraphBuilderError
        Raised if it finds no way.
    """
    try:
        tree = stock._DimensionGroupTree(subgraph)
    except AttributeError as error:
        raise StockOnlyError(
            "pixels of the sky, which this release of pipe_base plans in another way"
        ) from error
    columns = [astropy.table.Table(names=list(table)) for table in tables]
    # What it would log of queries is not queried.
    quiet = logging.getLogger(f"{__name__}.stock")
    quiet.setLevel(logging.ERROR)
    tree.build(query_constraint(names), columns, log=LsstLogAdapter(quiet, {}))
    children: dict[DimensionGroup, tuple[DimensionGroup, ...]] = {}

    def add(group: DimensionGroup, branch: stock._DimensionGroupBranch) -> None:
        children[group] = tuple(branch.branches)
        for below, one in branch.branches.items():
            add(below, one)

    for group, branch in [*tree.queryable_branches.items(), *tree.branches_by_dimensions.items()]:
        add(group, branch)
    roots = tuple(tree.queryable_branches)
    return DataIdPlan(tree.queryable_dimensions, roots, children, tuple(map(_read, tree.generators)))


def _read(generator: stock.DataIdGenerator) -> Generation:
    target, source = generator.dimensions, generator.source
    match generator:
        case stock.JoinDataIdGenerator():
            return Generation(target, source, generator.other, "", "")
        case stock.DatabaseSourceDataIdGenerator():
            element = generator.source_element.name
            return Generation(target, source, None, element, generator.remainder_skypix.name)
        case (
            stock.CrossSystemDataIdGenerator()
            | stock.SkyPixScatterDataIdGenerator()
            | stock.SkyPixGatherDataIdGenerator()
        ):
            element = generator.source_skypix.name
            return Generation(target, source, None, element, generator.remainder_skypix.name)
    raise StockOnlyError(f"data IDs made by a {type(generator).__name__}")
