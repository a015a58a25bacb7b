"""The seam to the stock quantum graph builder, for pipelines that need it.

The stock `~lsst.pipe.base.all_dimensions_quantum_graph_builder` proposes every
quantum that the inputs allow, with no ``where`` of its own, so that nothing is
sliced; our constraints prune its skeleton; the stock base class then resolves
prerequisites, calls the tasks' hooks and makes the graph's components.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import astropy.table
import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, DataCoordinate, DatasetRef, DimensionGroup
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilder
from lsst.pipe.base.quantum_graph_skeleton import (
    DatasetKey,
    PrerequisiteDatasetKey,
    QuantumGraphSkeleton,
    QuantumKey,
)

from workbench.graph._generators import query_constraint
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.joins.codes import Codes
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.relation import Relation
from workbench.graph.tasks.shapes import DatasetTypeShape, read_task_shapes

__all__ = ["NumberedSkeletons", "StockBuilder", "make_proposer", "number_skeletons"]

_DatasetKey: TypeAlias = DatasetKey | PrerequisiteDatasetKey


class StockBuilder(QuantumGraphBuilder):
    """A builder whose quanta are proposed by the stock one and pruned by us.

    Use it in this order: `propose`, `prune`, `finish`.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved in place.
    butler : `lsst.daf.butler.Butler`
        Read-only client.
    input_collections : `~collections.abc.Sequence` [ `str` ]
        Searched in order for overall inputs.
    output_run : `str`
        Name of the output RUN collection.
    data_id_tables : `~collections.abc.Sequence` [ `astropy.table.Table` ], optional
        Joined into the query.
    dataset_query_constraint : `~collections.abc.Sequence` [ `str` ] or `None`, optional
        Overall inputs that restrict the query; those that the pipeline does
        not defer, if `None`.
    retained_dataset_types, prune_unanchored_quanta
        As in newer releases of the stock builder.
    **kwargs
        Passed on to the stock builder.
    """

    def __init__(
        self,
        pipeline_graph: PipelineGraph,
        butler: Butler,
        *,
        input_collections: Sequence[str],
        output_run: str,
        data_id_tables: Sequence[astropy.table.Table] = (),
        dataset_query_constraint: Sequence[str] | None = None,
        retained_dataset_types: Sequence[str] = (),
        prune_unanchored_quanta: tuple[str, str] | None = None,
        **kwargs: Any,
    ):
        # Only newer releases know these.
        if retained_dataset_types:
            kwargs["retained_dataset_types"] = list(retained_dataset_types)
        if prune_unanchored_quanta:
            kwargs["prune_unanchored_quanta"] = prune_unanchored_quanta
        common = {"input_collections": input_collections, "output_run": output_run, **kwargs}
        super().__init__(pipeline_graph, butler, **common)
        self._proposer = make_proposer(
            pipeline_graph,
            butler,
            dataset_query_constraint=dataset_query_constraint,
            data_id_tables=data_id_tables,
            **common,
        )
        # The proposer removes the finders of prerequisites that it has found.
        self.prerequisite_info = self._proposer.prerequisite_info
        self._skeletons: dict[frozenset[str], QuantumGraphSkeleton] = {}
        self._quantum_keys: list[QuantumKey] = []
        self._dataset_keys: list[_DatasetKey] = []

    def propose(self, on_subgraph: Callable[[float], None]) -> CandidateGraph:
        """Query for every quantum that the inputs allow.

        Parameters
        ----------
        on_subgraph : `~collections.abc.Callable`
            Called with the fraction of independent subgraphs done.

        Returns
        -------
        candidates : `CandidateGraph`
            AdjustedAll quanta, datasets and input edges.
        """
        pipeline_graph = self._pipeline_graph
        subgraphs = list(pipeline_graph.split_independent())
        with self.butler.registry.caching_context():
            for done, subgraph in enumerate(subgraphs):
                on_subgraph(done / len(subgraphs))
                self._skeletons[frozenset(subgraph.tasks)] = self._proposer.process_subgraph(subgraph)
        numbered = number_skeletons(pipeline_graph, self._skeletons)
        self._quantum_keys = [key for keys in numbered.quantum_keys.values() for key in keys]
        self._dataset_keys = [key for keys in numbered.dataset_keys.values() for key in keys]
        types = {}
        for name, node in pipeline_graph.dataset_types.items():
            producer = pipeline_graph.producer_of(name)
            types[name] = DatasetTypeShape(
                name, node.dimensions, producer.label if producer is not None else None
            )
        sources = {
            name: np.where(numbered.exists(name), np.arange(len(ids)), -1)
            for name, ids in numbered.dataset_ids.items()
            if types[name].producer is None
        }
        return CandidateGraph.assemble(
            read_task_shapes(pipeline_graph),
            types,
            numbered.quantum_ids,
            numbered.dataset_ids,
            producers=numbered.producers,
            sources=sources,
            edges=numbered.edges,
        )

    def prune(
        self,
        graph: CandidateGraph,
        kept: np.ndarray[tuple[int], np.dtype[np.bool_]],
        uncut: np.ndarray[tuple[int], np.dtype[np.bool_]],
        unmade: np.ndarray[tuple[int], np.dtype[np.bool_]],
    ) -> None:
        """Take quanta, input edges and outputs out of the proposal.

        Parameters
        ----------
        graph : `CandidateGraph`
            As returned by `propose`.
        kept : `numpy.ndarray` of `bool`, shape (n_quanta,)
            Quanta to keep.
        uncut : `numpy.ndarray` of `bool`, shape (n_edges,)
            Input edges to keep, where their quantum is kept.
        unmade : `numpy.ndarray` of `bool`, shape (n_datasets,)
            Outputs to leave out, where their quantum is kept.
        """
        home = {label: skeleton for labels, skeleton in self._skeletons.items() for label in labels}
        for edge in np.flatnonzero(~uncut & kept[graph.edge_quantum]):
            quantum_key = self._quantum_keys[graph.edge_quantum[edge]]
            home[quantum_key.task_label].remove_input_edges(
                quantum_key, [self._dataset_keys[graph.edge_dataset[edge]]]
            )
        makers = graph.producer
        for dataset in np.flatnonzero(unmade & (makers >= 0) & kept[makers]):
            label = self._quantum_keys[makers[dataset]].task_label
            home[label].remove_dataset_nodes([self._dataset_keys[dataset]])
        for node in np.flatnonzero(~kept):
            quantum_key = self._quantum_keys[node]
            home[quantum_key.task_label].remove_quantum_node(quantum_key, remove_outputs=True)

    def process_subgraph(self, subgraph: PipelineGraph) -> QuantumGraphSkeleton:
        """Hand the pruned skeleton over to the stock base class.

        Parameters
        ----------
        subgraph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
            One of the independent subgraphs.

        Returns
        -------
        skeleton : `lsst.pipe.base.quantum_graph_skeleton.QuantumGraphSkeleton`
            What `propose` found, less what `prune` took out.
        """
        return self._skeletons[frozenset(subgraph.tasks)]


def make_proposer(
    pipeline_graph: PipelineGraph,
    butler: Butler,
    *,
    dataset_query_constraint: Sequence[str] | None,
    **kwargs: Any,
) -> AllDimensionsQuantumGraphBuilder:
    """Make the stock builder that proposes quanta.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved in place.
    butler : `lsst.daf.butler.Butler`
        Read-only client.
    dataset_query_constraint : `~collections.abc.Sequence` [ `str` ] or `None`
        Overall inputs that restrict the query; those that the pipeline does
        not defer, if `None`.
    **kwargs
        Passed on to the stock builder.

    Returns
    -------
    proposal : `lsst.pipe.base.all_dimensions_quantum_graph_builder.AllDimensionsQuantumGraphBuilder`
        Ready to process subgraphs.
    """
    return AllDimensionsQuantumGraphBuilder(
        pipeline_graph,
        butler,
        dataset_query_constraint=query_constraint(dataset_query_constraint),
        **kwargs,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class NumberedSkeletons:
    """What is in skeletons, as rows of data IDs.

    Parameters
    ----------
    quantum_ids, dataset_ids : `~collections.abc.Mapping`
        Data IDs by task label and by dataset type name.
    quantum_keys, dataset_keys : `~collections.abc.Mapping`
        Names of the nodes, row by row.
    producers : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` ]
        By dataset type that a task makes, the row of its quantum.
    edges : `~collections.abc.Mapping`
        By task label and dataset type, rows of quanta and of datasets.
    refs : `~collections.abc.Mapping`
        What exists, by node.
    """

    quantum_ids: Mapping[str, DataIds]
    dataset_ids: Mapping[str, DataIds]
    quantum_keys: Mapping[str, list[QuantumKey]]
    dataset_keys: Mapping[str, list[_DatasetKey]]
    producers: Mapping[str, Rows]
    edges: Mapping[tuple[str, str], tuple[Rows, Rows]]
    refs: Mapping[_DatasetKey, DatasetRef]

    def exists(self, name: str) -> Mask:
        """Tell which datasets of a type exist.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        exists : `numpy.ndarray` of `bool`
            Row by row.
        """
        return np.array([key in self.refs for key in self.dataset_keys[name]], dtype=np.bool_)


def number_skeletons(
    pipeline_graph: PipelineGraph,
    skeletons: Mapping[frozenset[str], QuantumGraphSkeleton],
    codes: Codes | None = None,
) -> NumberedSkeletons:
    """Number what is in the skeletons of independent subgraphs.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        All of their tasks.
    skeletons : `~collections.abc.Mapping`
        By the labels of their tasks.
    codes : `~workbench.graph.joins.codes.Codes`, optional
        Numbers of all values; by default of those that occur.

    Returns
    -------
    numbered : `NumberedSkeletons`
        Sorted by data ID.
    """
    home = {label: skeleton for labels, skeleton in skeletons.items() for label in labels}
    datasets: dict[str, dict[_DatasetKey, DataCoordinate]] = {
        name: {} for name in pipeline_graph.dataset_types
    }
    quanta: dict[str, dict[QuantumKey, DataCoordinate]] = {}
    refs: dict[_DatasetKey, DatasetRef] = {}
    for label in pipeline_graph.tasks:
        skeleton = home[label]
        quanta[label] = {key: skeleton.get_data_id(key) for key in skeleton.get_quanta(label)}
        for quantum_key in quanta[label]:
            for key in (*skeleton.iter_outputs_of(quantum_key), *skeleton.iter_inputs_of(quantum_key)):
                if (ref := skeleton.get_dataset_ref(key)) is not None:
                    refs[key] = ref
                found = ref.dataId if ref is not None else skeleton.get_data_id(key)
                datasets[key.parent_dataset_type_name][key] = found
    if codes is None:
        codes = _make_codes(pipeline_graph, [*quanta.values(), *datasets.values()])
    quantum_ids: dict[str, DataIds] = {}
    dataset_ids: dict[str, DataIds] = {}
    quantum_keys: dict[str, list[QuantumKey]] = {}
    dataset_keys: dict[str, list[_DatasetKey]] = {}
    for label, by_key in quanta.items():
        dimensions = pipeline_graph.tasks[label].dimensions
        quantum_ids[label], quantum_keys[label] = _sort(codes, dimensions, by_key)
    for name, by_dataset in datasets.items():
        dimensions = pipeline_graph.dataset_types[name].dimensions
        dataset_ids[name], dataset_keys[name] = _sort(codes, dimensions, by_dataset)
    dataset_row = {key: row for keys in dataset_keys.values() for row, key in enumerate(keys)}
    producers = {
        name: np.full(len(ids), -1, dtype=np.int64)
        for name, ids in dataset_ids.items()
        if pipeline_graph.producer_of(name) is not None
    }
    edges: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for label, keys in quantum_keys.items():
        for edge in pipeline_graph.tasks[label].iter_all_inputs():
            edges[label, edge.parent_dataset_type_name] = []
        for row, quantum_key in enumerate(keys):
            for output in home[label].iter_outputs_of(quantum_key):
                producers[output.parent_dataset_type_name][dataset_row[output]] = row
            for read in home[label].iter_inputs_of(quantum_key):
                edges[label, read.parent_dataset_type_name].append((row, dataset_row[read]))
    pairs = {}
    for block, rows in edges.items():
        array = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
        pairs[block] = (array[:, 0], array[:, 1])
    return NumberedSkeletons(quantum_ids, dataset_ids, quantum_keys, dataset_keys, producers, pairs, refs)


_Key = TypeVar("_Key")


def _make_codes(pipeline_graph: PipelineGraph, rows: Iterable[Mapping[Any, DataCoordinate]]) -> Codes:
    universe = pipeline_graph.universe
    assert universe is not None, "the pipeline is resolved"
    values: dict[str, set[Any]] = {}
    for by_key in rows:
        for data_id in by_key.values():
            for name, value in data_id.mapping.items():
                values.setdefault(name, set()).add(value)
    for group in pipeline_graph.group_by_dimensions(prerequisites=True):
        for name in group.names:
            values.setdefault(name, set())
    arrays = {
        name: [
            pa.chunked_array(
                [
                    pa.array(
                        sorted(found - {None}),
                        pa.int64() if universe.dimensions[name].primary_key.pytype is int else pa.string(),
                    )
                ]
            )
        ]
        for name, found in values.items()
    }
    return Codes(universe, arrays)


def _sort(
    codes: Codes, group: DimensionGroup, rows: Mapping[_Key, DataCoordinate]
) -> tuple[DataIds, list[_Key]]:
    """Put data IDs into codes, sorted."""
    names = list(group.data_coordinate_keys)
    columns = {}
    for place, name in enumerate(names):
        values = [
            (data_id.full_values if data_id.hasFull() else data_id.required_values)[place : place + 1]
            for data_id in rows.values()
        ]
        columns[name] = codes.encode(name, pl.Series([value[0] if value else None for value in values]))
    relation = Relation(codes, columns, len(rows))
    keys = relation.keys(list(group.required))
    order = np.argsort(keys, kind="stable")
    known = list(rows)
    return DataIds(group, keys[order], relation.take(order)), [known[row] for row in order]
