"""The seam to the stock quantum graph builder.

The stock `~lsst.pipe.base.all_dimensions_quantum_graph_builder` proposes every
quantum that the inputs allow, with no ``where`` of its own, so that nothing is
sliced; our constraints prune its skeleton; the stock base class then resolves
prerequisites, calls the tasks' hooks and makes the graph's components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from lsst.daf.butler import Butler, DataCoordinate, DimensionGroup
from lsst.pipe.base.all_dimensions_quantum_graph_builder import (
    AllDimensionsQuantumGraphBuilder,
    DatasetQueryConstraintVariant,
)
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilder
from lsst.pipe.base.quantum_graph_skeleton import (
    DatasetKey,
    PrerequisiteDatasetKey,
    QuantumGraphSkeleton,
    QuantumKey,
)

from workbench.graph.candidates import CandidateGraph, DatasetTypeShape, read_task_shapes

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
    """

    def __init__(
        self,
        pipeline_graph: PipelineGraph,
        butler: Butler,
        *,
        input_collections: Sequence[str],
        output_run: str,
    ):
        super().__init__(pipeline_graph, butler, input_collections=input_collections, output_run=output_run)
        self._proposer = AllDimensionsQuantumGraphBuilder(
            pipeline_graph,
            butler,
            input_collections=input_collections,
            output_run=output_run,
            dataset_query_constraint=DatasetQueryConstraintVariant.ALL,
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
    ) -> None:
        """Take quanta and input edges out of the proposal.

        Parameters
        ----------
        graph : `CandidateGraph`
            As returned by `propose`.
        kept : `numpy.ndarray` of `bool`, shape (n_quanta,)
            Quanta to keep.
        uncut : `numpy.ndarray` of `bool`, shape (n_edges,)
            Input edges to keep, where their quantum is kept.
        """
        home = {label: skeleton for labels, skeleton in self._skeletons.items() for label in labels}
        for edge in np.flatnonzero(~uncut & kept[graph.edge_quantum]):
            quantum_key = self._quantum_keys[graph.edge_quantum[edge]]
            home[quantum_key.task_label].remove_input_edges(
                quantum_key, [self._dataset_keys[graph.edge_dataset[edge]]]
            )
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
        tasks = read_task_shapes(pipeline_graph)
        quantum_number: dict[QuantumKey, int] = {}
        quantum_task: list[int] = []
        rows: dict[str, _Rows] = {label: _Rows(shape.dimensions) for label, shape in tasks.items()}
        home = {label: skeleton for labels, skeleton in self._skeletons.items() for label in labels}
        for index, label in enumerate(tasks):
            skeleton = home[label]
            for key in sorted(skeleton.get_quanta(label), key=lambda key: key.data_id_values):
                quantum_number[key] = len(self._quantum_keys)
                rows[label].append(len(self._quantum_keys), skeleton.get_data_id(key))
                self._quantum_keys.append(key)
                quantum_task.append(index)
        dataset_types: dict[str, DatasetTypeShape] = {}
        for name, node in pipeline_graph.dataset_types.items():
            producer = pipeline_graph.producer_of(name)
            dataset_types[name] = DatasetTypeShape(
                name, node.dimensions, producer.label if producer is not None else None
            )
        type_index = {name: index for index, name in enumerate(dataset_types)}
        dataset_rows = {name: _Rows(shape.dimensions) for name, shape in dataset_types.items()}
        dataset_number: dict[DatasetKey | PrerequisiteDatasetKey, int] = {}
        producer_of: list[int] = []
        exists: list[bool] = []

        def number_of(key: DatasetKey | PrerequisiteDatasetKey, skeleton: QuantumGraphSkeleton) -> int:
            if (number := dataset_number.get(key)) is None:
                number = dataset_number[key] = len(self._dataset_keys)
                ref = skeleton.get_dataset_ref(key)
                data_id = ref.dataId if ref is not None else skeleton.get_data_id(key)
                dataset_rows[key.parent_dataset_type_name].append(number, data_id)
                self._dataset_keys.append(key)
                producer_of.append(-1)
                exists.append(ref is not None)
            return number

        edges: list[tuple[int, int, int]] = []
        for quantum_key, quantum in quantum_number.items():
            skeleton = home[quantum_key.task_label]
            for output in skeleton.iter_outputs_of(quantum_key):
                producer_of[number_of(output, skeleton)] = quantum
            edges.extend(
                (number_of(read, skeleton), quantum, type_index[read.parent_dataset_type_name])
                for read in skeleton.iter_inputs_of(quantum_key)
            )
        edge_array = np.array(edges, dtype=np.int64).reshape(-1, 3)
        return CandidateGraph(
            tasks=tasks,
            dataset_types=dataset_types,
            quantum_task=np.array(quantum_task, dtype=np.int64),
            quanta={label: table.to_frame() for label, table in rows.items()},
            datasets={name: table.to_frame() for name, table in dataset_rows.items()},
            producer=np.array(producer_of, dtype=np.int64),
            exists=np.array(exists, dtype=np.bool_),
            edge_dataset=edge_array[:, 0],
            edge_quantum=edge_array[:, 1],
            edge_type=edge_array[:, 2],
        )


class _Rows:
    """Data IDs of one dimension group, gathered row by row."""

    def __init__(self, dimensions: DimensionGroup):
        self._names = tuple(dimensions.data_coordinate_keys)
        self._schema: Mapping[str, type[pl.DataType]] = {
            "node": pl.Int64,
            **{
                name: pl.Int64
                if dimensions.universe.dimensions[name].primary_key.pytype is int
                else pl.String
                for name in self._names
            },
        }
        self._rows: list[tuple[object, ...]] = []

    def append(self, node: int, data_id: DataCoordinate) -> None:
        values = data_id.full_values if data_id.hasFull() else data_id.required_values
        self._rows.append((node, *values, *[None] * (len(self._names) - len(values))))

    def to_frame(self) -> pl.DataFrame:
        return pl.DataFrame(self._rows, schema=dict(self._schema), orient="row")
