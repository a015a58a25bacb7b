"""The preview: a quantum graph in memory, with an account of how it came about.

What a preview promises is what a commit writes: both come from the same
columns.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from workbench.errors import GraphBuildError, PartialInputsError, UnknownNameError
from workbench.graph.account import count_datasets, count_quanta, describe_nothing
from workbench.graph.binding import Binding
from workbench.graph.blame import Blame
from workbench.graph.candidates import CandidateGraph
from workbench.graph.closure import Closure, PartialPolicy, Stage
from workbench.graph.columns import GraphColumns
from workbench.graph.components import components_from_columns
from workbench.graph.difference import GraphDifference
from workbench.graph.explain import Explanation, explain_data_id
from workbench.graph.members import account_groupings
from workbench.graph.outcome import Outcome
from workbench.graph.request import GraphRequest
from workbench.graph.schemas import CONSTRAINTS_SCHEMA, HOOKS_SCHEMA, to_plain_arrow
from workbench.graph.statistics import count_coverage, count_inputs, estimate_cost
from workbench.graph.writer import GraphSize, measure_graph, write_graph
from workbench.progress import Progress, silent

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
    outcome : `Outcome`
        What became of it.
    request : `~workbench.graph.GraphRequest`
        What was asked for.
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
    outcome: Outcome
    request: GraphRequest
    fence: str
    fence_dataset_types: tuple[str, ...]
    describe_absent: Callable[[Mapping[str, object]], str]

    @property
    def policy(self) -> PartialPolicy:
        """What was done about missing inputs (`~workbench.graph.PartialPolicy`)."""
        return self.request.policy

    @property
    def engine(self) -> str:
        """What built it: "columnar", or the stock builder and why (`str`)."""
        return self.outcome.engine

    @property
    def output_run(self) -> str:
        """Name of the output RUN collection (`str`)."""
        return self.request.output_run

    @property
    def inputs(self) -> Sequence[str]:
        """Input collections (`~collections.abc.Sequence` [ `str` ])."""
        return list(self.request.inputs)

    @functools.cached_property
    def columns(self) -> GraphColumns:
        """The graph itself (`~workbench.graph.columns.GraphColumns`)."""
        return self.outcome.make_content()

    @property
    def n_quanta(self) -> int:
        """Number of quanta in the graph (`int`)."""
        return int(self.outcome.finished.quantum.sum())

    @functools.cached_property
    def n_quanta_by_task(self) -> dict[str, int]:
        """Number of quanta of each task, in the order of the pipeline (`dict`)."""
        quantum = self.outcome.finished.quantum
        return {label: int(quantum[self.graph.span(label)].sum()) for label in self.graph.tasks}

    @functools.cached_property
    def stage(self) -> npt.NDArray[np.int8]:
        """Where each candidate quantum ended, the builder's last checks included.

        (`numpy.ndarray` of `~workbench.graph.closure.Stage`, shape
        (n_quanta,).)
        """
        finished = self.outcome.finished
        stage = self.closure.stage.copy()
        stage[(stage == Stage.KEPT) & ~finished.quantum] = Stage.HOOK
        stage[finished.skipped] = Stage.SKIPPED
        return stage

    @functools.cached_property
    def blame(self) -> Blame:
        """What took each candidate out (`~workbench.graph.blame.Blame`)."""
        return Blame(self.graph, self.binding, self.closure, self.stage)

    @functools.cached_property
    def counts(self) -> pa.Table:
        """Quanta of each task by the stage where they ended (`pyarrow.Table`)."""
        return count_quanta(self.graph, self.binding, self.closure, self.stage)

    @functools.cached_property
    def datasets(self) -> pa.Table:
        """Datasets of the graph by type (`pyarrow.Table`).

        Columns ``dataset_type``, ``kind`` ("input", "intermediate" or
        "output") and ``datasets``.
        """
        return count_datasets(self.graph, self.outcome.finished)

    @functools.cached_property
    def hooks(self) -> pa.Table:
        """Python that ran for each quantum: task, hook, calls and seconds (`pyarrow.Table`)."""
        rows = [
            {"task": cost.label, "hook": cost.hook, "calls": cost.calls, "seconds": cost.seconds}
            for cost in self.outcome.finished.costs
        ]
        return pa.Table.from_pylist(rows, schema=HOOKS_SCHEMA)

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
    def groupings(self) -> pa.Table:
        """How each grouping is part of the graph, and how much of it (`pyarrow.Table`).

        With `~workbench.graph.schemas.GROUPINGS_SCHEMA`.
        """
        return account_groupings(self.graph, self.outcome.finished, self.request.groupings)

    @functools.cached_property
    def conflicts(self) -> pa.Table:
        """Partial quanta in the graph, with what they miss and why (`pyarrow.Table`).

        Columns ``task``, ``data_id``, ``dataset_type``, ``missing`` (a count)
        and ``because``.
        """
        return self.blame.tabulate_conflicts()

    @functools.cached_property
    def inputs_per_quantum(self) -> pa.Table:
        """Inputs that quanta have, least, median and most, by task and type (`pyarrow.Table`)."""
        return count_inputs(self.columns)

    @functools.cached_property
    def coverage(self) -> pa.Table:
        """Visits that each patch and band gets, by task (`pyarrow.Table`).

        With `~workbench.graph.schemas.COVERAGE_SCHEMA`.
        """
        return count_coverage(self.columns)

    def estimate_cost(self, costs: Mapping[str, float]) -> pa.Table:
        """Estimate what running the graph costs.

        Parameters
        ----------
        costs : `~collections.abc.Mapping` [ `str`, `float` ]
            CPU seconds of one quantum, by task label.

        Returns
        -------
        estimate : `pyarrow.Table`
            As `~workbench.graph.statistics.estimate_cost` gives it.
        """
        return estimate_cost(self.n_quanta_by_task, costs)

    def compare(self, before: Preview | GraphColumns) -> GraphDifference:
        """Say what this graph has that another has not, and the reverse.

        Parameters
        ----------
        before : `Preview` or `~workbench.graph.columns.GraphColumns`
            The earlier preview, or a graph that was read from a file.

        Returns
        -------
        difference : `~workbench.graph.difference.GraphDifference`
            From ``before`` to this one.
        """
        return GraphDifference(before.columns if isinstance(before, Preview) else before, self.columns)

    def quanta(
        self, task: str, *, stage: Stage | None = None, offset: int = 0, limit: int | None = None
    ) -> pa.Table:
        """Return the candidate quanta of a task and what became of them.

        Parameters
        ----------
        task : `str`
            Task label.
        stage : `~workbench.graph.closure.Stage`, optional
            Only those that ended at this stage.
        offset, limit : `int`, optional
            A page of them; only its rows are made.

        Returns
        -------
        table : `pyarrow.Table`
            Data ID columns, ``stage``, ``reason``, ``partial``, ``added``.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the pipeline has no such task.
        """
        if task not in self.graph.tasks:
            raise UnknownNameError(f"No task {task!r} in this graph; its tasks are {self.graph.labels}.")
        ids, nodes = self.graph.quantum_ids[task], self.graph.nodes_of(task)
        chosen = np.arange(len(nodes)) if stage is None else np.flatnonzero(self.stage[nodes] == stage)
        chosen = chosen[offset : None if limit is None else offset + limit]
        ids, nodes = ids.take(chosen), nodes[chosen]
        frame = ids.frame.with_columns(
            pl.Series("stage", [Stage(value).name.lower() for value in self.stage[nodes]], dtype=pl.String),
            pl.Series("reason", [self.blame.of_quantum(int(node)) for node in nodes], dtype=pl.String),
            pl.Series("partial", self.closure.partial[nodes], dtype=pl.Boolean),
            pl.Series("added", self.closure.added[nodes], dtype=pl.Boolean),
        )
        return to_plain_arrow(frame)

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

    @property
    def waterfall(self) -> str:
        """Where the candidates of each task ended, in words; empty if there are quanta (`str`)."""
        return "" if self.n_quanta else describe_nothing(self.counts, self.constraints)

    def require_quanta(self) -> None:
        """Refuse a graph in which there is nothing to run.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised with `waterfall`.
        """
        if not self.n_quanta:
            raise GraphBuildError(self.waterfall)

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
        return components_from_columns(self.columns).assemble()

    def write(self, path: Path, *, progress: Progress = silent) -> None:
        """Write the graph to a file that the stock tools read.

        Parameters
        ----------
        path : `pathlib.Path`
            Ends in ``.qg``; replaced if it exists.
        progress : `~workbench.progress.Progress`, optional
            Told the fraction written; may cancel, which leaves no file.
        """
        write_graph(self.columns, path, progress=progress)

    def measure_size(self) -> GraphSize:
        """Find out how large the graph file will be.

        Returns
        -------
        size : `~workbench.graph.GraphSize`
            Measured, or estimated where there are many quanta.
        """
        return measure_graph(self.columns)

    def __str__(self) -> str:
        total = f"{self.n_quanta} quanta in {sum(1 for n in self.n_quanta_by_task.values() if n)} tasks"
        return f"Preview of {self.output_run}: {total}, {self.conflicts.num_rows} partial"
