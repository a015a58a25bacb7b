"""The seam to the stock quantum graph builder, for pipelines that need it.

The stock `~lsst.pipe.base.all_dimensions_quantum_graph_builder` proposes every
quantum that the inputs allow, with no ``where`` of its own, so that nothing is
sliced; our constraints prune its skeleton; the stock base class then resolves
prerequisites, calls the tasks' hooks and makes the graph's components.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import astropy.table
import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, DataCoordinate, DimensionGroup
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
from workbench.graph.candidates import CandidateGraph
from workbench.graph.codes import Codes
from workbench.graph.data_ids import DataIds
from workbench.graph.relation import Relation
from workbench.graph.shapes import DatasetTypeShape, read_task_shapes

__all__ = ["StockBuilder"]


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
        self._proposer = AllDimensionsQuantumGraphBuilder(
            pipeline_graph,
            butler,
            dataset_query_constraint=query_constraint(dataset_query_constraint),
            data_id_tables=data_id_tables,
            **common,
        )
        # The proposer removes the finders of prerequisites that it has found.
        self.prerequisite_info = self._proposer.prerequisite_info
        self._skeletons: dict[frozenset[str], QuantumGraphSkeleton] = {}
        self._quantum_keys: list[QuantumKey] = []
        self._dataset_keys: list[DatasetKey | PrerequisiteDatasetKey] = []

    def propose(self, on_subgraph: Callable[[float], None]) -> CandidateGraph:
        """Query for every quantum that the inputs allow.

        Parameters
        ----------
        on_subgraph : `~collections.abc.Callable`
            Called with the fraction of independent subgraphs done.

        Returns
        -------
        candidates : `CandidateGraph`
            Numbered quanta, datasets and input edges.
        """
        pipeline_graph = self._pipeline_graph
        subgraphs = list(pipeline_graph.split_independent())
        with self.butler.registry.caching_context():
            for done, subgraph in enumerate(subgraphs):
                on_subgraph(done / len(subgraphs))
                self._skeletons[frozenset(subgraph.tasks)] = self._proposer.process_subgraph(subgraph)
        return self._number(pipeline_graph)

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

    def _number(self, pipeline_graph: PipelineGraph) -> CandidateGraph:
        home = {label: skeleton for labels, skeleton in self._skeletons.items() for label in labels}
        types: dict[str, DatasetTypeShape] = {}
        for name, node in pipeline_graph.dataset_types.items():
            producer = pipeline_graph.producer_of(name)
            types[name] = DatasetTypeShape(
                name, node.dimensions, producer.label if producer is not None else None
            )
        datasets: dict[str, dict[DatasetKey | PrerequisiteDatasetKey, DataCoordinate]] = {
            name: {} for name in types
        }
        quanta: dict[str, dict[QuantumKey, DataCoordinate]] = {}
        exists: set[DatasetKey | PrerequisiteDatasetKey] = set()
        for label in pipeline_graph.tasks:
            skeleton = home[label]
            quanta[label] = {key: skeleton.get_data_id(key) for key in skeleton.get_quanta(label)}
            for quantum_key in quanta[label]:
                for key in (*skeleton.iter_outputs_of(quantum_key), *skeleton.iter_inputs_of(quantum_key)):
                    if (ref := skeleton.get_dataset_ref(key)) is not None:
                        exists.add(key)
                    found = ref.dataId if ref is not None else skeleton.get_data_id(key)
                    datasets[key.parent_dataset_type_name][key] = found
        codes = _make_codes(pipeline_graph, [*quanta.values(), *datasets.values()])
        quantum_ids: dict[str, DataIds] = {}
        dataset_ids: dict[str, DataIds] = {}
        quantum_row: dict[QuantumKey, int] = {}
        dataset_row: dict[DatasetKey | PrerequisiteDatasetKey, int] = {}
        for label, by_key in quanta.items():
            quantum_ids[label], ordered = _sort(codes, pipeline_graph.tasks[label].dimensions, by_key)
            quantum_row.update({key: row for row, key in enumerate(ordered)})
            self._quantum_keys += ordered
        for name, refs in datasets.items():
            dataset_ids[name], known = _sort(codes, types[name].dimensions, refs)
            dataset_row.update({key: row for row, key in enumerate(known)})
            self._dataset_keys += known
        producers = {
            name: np.full(len(ids), -1, dtype=np.int64)
            for name, ids in dataset_ids.items()
            if types[name].producer is not None
        }
        edges: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for label, by_key in quanta.items():
            for quantum_key in by_key:
                row = quantum_row[quantum_key]
                for output in home[label].iter_outputs_of(quantum_key):
                    producers[output.parent_dataset_type_name][dataset_row[output]] = row
                for read in home[label].iter_inputs_of(quantum_key):
                    block = edges.setdefault((label, read.parent_dataset_type_name), [])
                    block.append((row, dataset_row[read]))
        sources = {
            name: np.full(len(ids), -1, dtype=np.int64)
            for name, ids in dataset_ids.items()
            if types[name].producer is None
        }
        for key in exists:
            if key.parent_dataset_type_name in sources:
                sources[key.parent_dataset_type_name][dataset_row[key]] = dataset_row[key]
        pairs = {}
        for block_name, rows in edges.items():
            array = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
            pairs[block_name] = (array[:, 0], array[:, 1])
        return CandidateGraph.assemble(
            read_task_shapes(pipeline_graph),
            types,
            quantum_ids,
            dataset_ids,
            producers=producers,
            sources=sources,
            edges=pairs,
        )


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
