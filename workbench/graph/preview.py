"""The preview: a quantum graph in memory, with an account of how it came about.

What a preview promises is what a commit writes: both come from the same
components.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphComponents

from workbench.errors import PartialInputsError, UnknownNameError
from workbench.graph.binding import UNCUT, Binding
from workbench.graph.candidates import CandidateGraph
from workbench.graph.closure import Closure, PartialPolicy, Stage
from workbench.graph.explain import Explanation, explain_data_id
from workbench.graph.schemas import CONFLICTS_SCHEMA, CONSTRAINTS_SCHEMA, COUNTS_SCHEMA, DATASETS_SCHEMA

__all__ = ["Preview"]


@dataclasses.dataclass(frozen=True, eq=False)
class Preview:
    """A quantum graph that is ready to be committed, and its explanation.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.CandidateGraph`
        What the inputs allow.
    binding : `~workbench.graph.binding.Binding`
        What the constraints cut.
    closure : `~workbench.graph.closure.Closure`
        What was kept.
    components : `lsst.pipe.base.quantum_graph.PredictedQuantumGraphComponents`
        The graph itself.
    policy : `~workbench.graph.closure.PartialPolicy`
        What was done about missing inputs.
    fence : `str`
        Digest of the inputs that this was made from; a commit rechecks it.
    fence_dataset_types : `tuple` [ `str`, ... ]
        Dataset types that the fence covers.
    describe_absent : `~collections.abc.Callable`
        Says why a data ID is no candidate at all.

    Notes
    -----
    Instances hold the graph in memory and no database connection of their
    own.  They are immutable and may be shared between threads.
    """

    graph: CandidateGraph
    binding: Binding
    closure: Closure
    components: PredictedQuantumGraphComponents
    policy: PartialPolicy
    fence: str
    fence_dataset_types: tuple[str, ...]
    describe_absent: Callable[[Mapping[str, object]], str]

    @property
    def output_run(self) -> str:
        """Name of the output RUN collection (`str`)."""
        return self.components.header.output_run or ""

    @property
    def inputs(self) -> Sequence[str]:
        """Input collections (`~collections.abc.Sequence` [ `str` ])."""
        return list(self.components.header.inputs)

    @property
    def n_quanta(self) -> int:
        """Number of quanta in the graph (`int`)."""
        return len(self.components.quantum_datasets)

    @property
    def n_quanta_by_task(self) -> dict[str, int]:
        """Number of quanta of each task, in the order of the pipeline (`dict`)."""
        found = collections.Counter(
            quantum.task_label for quantum in self.components.quantum_datasets.values()
        )
        return {label: found[label] for label in self.graph.tasks}

    @functools.cached_property
    def stage(self) -> npt.NDArray[np.int64]:
        """Where each candidate quantum ended, the builder's last checks included.

        (`numpy.ndarray` of `~workbench.graph.closure.Stage`, shape
        (n_quanta,).)
        """
        in_graph = np.zeros(self.graph.n_quanta, dtype=np.bool_)
        by_task: dict[str, list[tuple[object, ...]]] = collections.defaultdict(list)
        for quantum in self.components.quantum_datasets.values():
            by_task[quantum.task_label].append(tuple(quantum.data_coordinate))
        for label, rows in by_task.items():
            frame = self.graph.quanta[label]
            schema = {name: frame.schema[name] for name in frame.columns if name != "node"}
            present = pl.DataFrame(rows, schema=schema, orient="row")
            required = list(self.graph.tasks[label].dimensions.required)
            found = frame.join(present, on=required, how="semi") if required else frame
            in_graph[found["node"].to_numpy()] = True
        stage = self.closure.stage.copy()
        stage[(stage == Stage.KEPT) & ~in_graph] = Stage.HOOK
        return stage

    @functools.cached_property
    def counts(self) -> pa.Table:
        """Quanta of each task by the stage where they ended (`pyarrow.Table`)."""
        graph, stage = self.graph, self.stage
        kept = stage == Stage.KEPT
        cut_edge = (self.binding.edge_cut != UNCUT) & kept[graph.edge_quantum]
        rows = []
        for label in graph.tasks:
            nodes = graph.nodes_of(label)
            at = collections.Counter(stage[nodes].tolist())
            rows.append(
                {
                    "task": label,
                    "candidates": len(nodes),
                    "no_inputs": at[Stage.NO_INPUTS],
                    "excluded": at[Stage.CONSTRAINT],
                    "starved": at[Stage.STARVED],
                    "not_demanded": at[Stage.NOT_DEMANDED],
                    "partial_dropped": at[Stage.PARTIAL],
                    "hooks": at[Stage.HOOK],
                    "kept": at[Stage.KEPT],
                    "added": int((self.closure.added & kept)[nodes].sum()),
                    "partial": int((self.closure.partial & kept)[nodes].sum()),
                    "inputs_excluded": int(np.isin(graph.edge_quantum[cut_edge], nodes).sum()),
                }
            )
        return pa.Table.from_pylist(rows, schema=COUNTS_SCHEMA)

    @functools.cached_property
    def datasets(self) -> pa.Table:
        """Datasets of the graph by type (`pyarrow.Table`).

        Columns ``dataset_type``, ``kind`` ("input", "intermediate" or
        "output") and ``datasets``.
        """
        made: dict[str, set[uuid.UUID]] = collections.defaultdict(set)
        read: dict[str, set[uuid.UUID]] = collections.defaultdict(set)
        for quantum in self.components.quantum_datasets.values():
            for side, table in ((quantum.inputs, read), (quantum.outputs, made)):
                for datasets in side.values():
                    for dataset in datasets:
                        table[dataset.dataset_type_name].add(dataset.dataset_id)
        rows = []
        for name in sorted(made.keys() | read.keys()):
            kind = "input" if name not in made else "intermediate" if name in read else "output"
            rows.append({"dataset_type": name, "kind": kind, "datasets": len(made[name] | read[name])})
        return pa.Table.from_pylist(rows, schema=DATASETS_SCHEMA)

    @functools.cached_property
    def constraints(self) -> pa.Table:
        """What each constraint bound to and cut (`pyarrow.Table`)."""
        rows = [
            {
                "constraint": constraint.name,
                "mode": constraint.mode.value,
                "scope": constraint.scope.value,
                "tasks": ", ".join(label for label in self.graph.tasks if label in labels),
                "quanta_cut": int((self.binding.quantum_cut == position).sum()),
                "inputs_cut": int((self.binding.edge_cut == position).sum()),
            }
            for position, (constraint, labels) in enumerate(
                zip(self.binding.constraints, self.binding.bound_tasks, strict=True)
            )
        ]
        return pa.Table.from_pylist(rows, schema=CONSTRAINTS_SCHEMA)

    @functools.cached_property
    def conflicts(self) -> pa.Table:
        """Partial quanta in the graph, with what they miss and why (`pyarrow.Table`).

        Columns ``task``, ``data_id``, ``dataset_type``, ``missing`` (a count)
        and ``because``.
        """
        graph = self.graph
        edges = np.flatnonzero(self.closure.missing_edge & (self.stage == Stage.KEPT)[graph.edge_quantum])
        names = list(graph.dataset_types)
        found: dict[tuple[int, int], list[int]] = collections.defaultdict(list)
        for edge in edges.tolist():
            found[int(graph.edge_quantum[edge]), int(graph.edge_type[edge])].append(edge)
        rows = []
        for (quantum, type_index), missing in found.items():
            label = graph.labels[int(graph.quantum_task[quantum])]
            row = graph.quanta[label].filter(pl.col("node") == quantum).to_dicts()[0]
            because = sorted({self.blame(int(graph.producer[graph.edge_dataset[edge]])) for edge in missing})
            rows.append(
                {
                    "task": label,
                    "data_id": ", ".join(
                        f"{key}={row[key]}" for key in graph.tasks[label].dimensions.required
                    ),
                    "dataset_type": names[type_index],
                    "missing": len(missing),
                    "because": "; ".join(because),
                }
            )
        return pa.Table.from_pylist(rows, schema=CONFLICTS_SCHEMA)

    def blame(self, quantum: int) -> str:
        """Say in a few words why a candidate quantum ended where it did.

        Parameters
        ----------
        quantum : `int`
            Number of the quantum in ``graph``.

        Returns
        -------
        reason : `str`
            A phrase, for tables.
        """
        match Stage(int(self.stage[quantum])):
            case Stage.KEPT:
                return "partial inputs" if self.closure.partial[quantum] else "kept"
            case Stage.CONSTRAINT:
                return self.constraint_phrase(int(self.binding.quantum_cut[quantum]))
            case Stage.STARVED:
                return f"too few inputs left by {self._starved_by(quantum)}"
            case Stage.NO_INPUTS:
                return "its inputs are not in the input collections"
            case Stage.NOT_DEMANDED:
                return "no kept quantum needs it"
            case Stage.PARTIAL:
                return "an input is missing, and partial quanta are dropped"
            case Stage.HOOK:
                return "removed by the task's own hooks"

    def constraint_phrase(self, position: int) -> str:
        """Name a constraint in the words of a sentence.

        Parameters
        ----------
        position : `int`
            Its position in ``binding.constraints``.

        Returns
        -------
        phrase : `str`
            Such as "exclude bad@1".
        """
        constraint = self.binding.constraints[position]
        return f"{constraint.mode.value} {constraint.name}"

    def _starved_by(self, quantum: int) -> str:
        """Name the constraints that took a starved quantum's inputs."""
        graph = self.graph
        blamed: set[int] = set()
        queue, seen = [quantum], {quantum}
        while queue:
            edges = np.flatnonzero(graph.edge_quantum == queue.pop())
            blamed.update(self.binding.edge_cut[edges].tolist())
            for producer in graph.producer[graph.edge_dataset[edges]].tolist():
                if producer < 0 or producer in seen:
                    continue
                seen.add(producer)
                blamed.add(int(self.binding.quantum_cut[producer]))
                if self.closure.stage[producer] == Stage.STARVED:
                    queue.append(producer)
        blamed.discard(UNCUT)
        return ", ".join(self.constraint_phrase(position) for position in sorted(blamed)) or "the inputs"

    def quanta(self, task: str, *, stage: Stage | None = None) -> pa.Table:
        """Return the candidate quanta of a task and what became of them.

        Parameters
        ----------
        task : `str`
            Task label.
        stage : `~workbench.graph.closure.Stage`, optional
            Only those that ended at this stage.

        Returns
        -------
        table : `pyarrow.Table`
            Data ID columns, ``stage``, ``reason``, ``partial``, ``added``.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the pipeline has no such task.
        """
        if task not in self.graph.quanta:
            raise UnknownNameError(f"No task {task!r} in this graph; its tasks are {self.graph.labels}.")
        frame = self.graph.quanta[task]
        nodes = frame["node"].to_numpy()
        frame = frame.drop("node").with_columns(
            pl.Series("stage", [Stage(value).name.lower() for value in self.stage[nodes]], dtype=pl.String),
            pl.Series("reason", [self.blame(int(node)) for node in nodes], dtype=pl.String),
            pl.Series("partial", self.closure.partial[nodes], dtype=pl.Boolean),
            pl.Series("added", self.closure.added[nodes], dtype=pl.Boolean),
        )
        if stage is not None:
            frame = frame.filter(pl.col("stage") == stage.name.lower())
        return _plain(frame.to_arrow())

    def explain(self, **data_id: object) -> Explanation:
        """Explain what becomes of a data ID: why in, why out, what it feeds.

        Parameters
        ----------
        **data_id : `int` or `str`
            Dimension values, such as ``visit=96954``; governor dimensions may
            be left out where they are not ambiguous.

        Returns
        -------
        explanation : `~workbench.graph.explain.Explanation`
            Sentences, and a table with one row for each task that it touches.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for a key that is no dimension of the graph.
        """
        return explain_data_id(self, data_id)

    def require_whole(self) -> None:
        """Refuse a graph in which inputs are missing without leave.

        Raises
        ------
        workbench.errors.PartialInputsError
            Raised if quanta are partial and the policy does not allow it.
        """
        if self.policy is PartialPolicy.ALLOW or not self.conflicts.num_rows:
            return
        first = self.conflicts.slice(0, 5).to_pylist()
        lines = [
            "  {task} ({data_id}) misses {missing} {dataset_type}: {because}".format_map(row) for row in first
        ]
        raise PartialInputsError(
            f"{self.conflicts.num_rows} kept quanta would run with inputs missing, because explicit "
            "constraints upstream forbid to add them:\n"
            + "\n".join(lines)
            + "\nConstrain the consumers too (give the "
            "constraint to the whole graph), or choose partial='drop' or partial='allow'."
        )

    def assemble(self) -> PredictedQuantumGraph:
        """Return the graph as the stock class.

        Returns
        -------
        graph : `lsst.pipe.base.quantum_graph.PredictedQuantumGraph`
            Of the same components.
        """
        return self.components.assemble()

    def write(self, path: Path) -> None:
        """Write the graph to a file that the stock tools read.

        Parameters
        ----------
        path : `pathlib.Path`
            Ends in ``.qg``; replaced if it exists.
        """
        self.components.write(str(path))

    def __str__(self) -> str:
        total = f"{self.n_quanta} quanta in {sum(1 for n in self.n_quanta_by_task.values() if n)} tasks"
        return f"Preview of {self.output_run}: {total}, {self.conflicts.num_rows} partial"


def _plain(table: pa.Table) -> pa.Table:
    """Cast the large types that polars makes to the plain ones."""
    fields = [
        pa.field(field.name, pa.string() if pa.types.is_large_string(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
