"""The preview: a quantum graph in memory, with an account of how it came about.

What a preview promises is what a commit writes: both come from the same
columns.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionUniverse
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from workbench.arguments import check_page, checked
from workbench.errors import GraphBuildError, PartialInputsError, UnknownNameError
from workbench.graph.account.counts import describe_nothing
from workbench.graph.account.explain import Explanation, explain_data_ids
from workbench.graph.account.neighbourhood import Neighbourhood, find_neighbourhood
from workbench.graph.account.tables import PreviewTables
from workbench.graph.account.why_not import GraphWhyNot, explain_losses
from workbench.graph.closure.closure import PartialPolicy, Stage
from workbench.graph.closure.emptiness import find_emptying
from workbench.graph.columns.digest import compute_logical_digest
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.columns.schemas import to_plain_arrow
from workbench.graph.difference.graph_difference import GraphDifference
from workbench.graph.difference.statistics import estimate_cost
from workbench.graph.file.components import components_from_columns
from workbench.graph.file.packages import list_packages
from workbench.graph.file.writer import GraphSize, measure_graph, write_graph
from workbench.graph.proposal.overall import find_unable
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.sets import AskedDataIds, list_data_ids

__all__ = ["Preview"]


@checked
@presented
class Preview(PreviewTables):
    """A quantum graph that is ready to be committed, and its explanation.

    Its parts, which it is made of, and its tables are those of
    `~workbench.graph.account.tables.PreviewTables`.

    Notes
    -----
    Instances hold the graph in memory and no database connection of their
    own.  They are immutable and may be shared between threads.
    """

    def _shown_facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "output_run": self.output_run,
            "n_quanta": self.n_quanta,
            "partial": self.conflicts.num_rows,
        }
        # The second line says what emptied it.
        return facts | ({} if self.n_quanta else {"why": self.emptiness.splitlines()[1].strip()})

    def _shown_rows(self) -> pa.Table:
        return self.counts.select(["task", "candidates", "kept", "partial"])

    def estimate_cost(self, costs: Mapping[str, float]) -> pa.Table:
        """Estimate what running the graph costs.

        Parameters
        ----------
        costs : `~collections.abc.Mapping` [ `str`, `float` ]
            CPU seconds of one quantum, by task label.

        Returns
        -------
        estimate : `pyarrow.Table`
            As `~workbench.graph.difference.statistics.estimate_cost` gives it.
        """
        return estimate_cost(self.n_quanta_by_task, costs)

    def compare(self, before: Preview | GraphColumns) -> GraphDifference:
        """Say what this graph has that another has not, and the reverse.

        Parameters
        ----------
        before : `Preview` or `~workbench.graph.columns.graph_columns.GraphColumns`
            The earlier preview, or a graph that was read from a file.

        Returns
        -------
        difference : `~workbench.graph.difference.graph_difference.GraphDifference`
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
        stage : `~workbench.graph.closure.closure.Stage`, optional
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
        workbench.errors.BadArgumentError
            Raised for a page before the first row.
        """
        self._check_task(task)
        check_page(offset, limit)
        span = self.graph.span(task)
        end = span.stop - span.start if limit is None else min(offset + limit, span.stop - span.start)
        if stage is None:
            chosen = np.arange(offset, max(offset, end))
        else:
            chosen = np.flatnonzero(self.stage[span] == stage)[offset:end]
        ids, nodes = self.graph.quantum_ids[task].take(chosen), chosen + span.start
        frame = ids.frame.with_columns(
            pl.Series("stage", [Stage(value).name.lower() for value in self.stage[nodes]], dtype=pl.String),
            pl.Series("reason", [self.causes.of_quantum(int(node)) for node in nodes], dtype=pl.String),
            pl.Series("partial", self.closure.partial[nodes], dtype=pl.Boolean),
            pl.Series("added", self.closure.added[nodes], dtype=pl.Boolean),
        )
        return to_plain_arrow(frame)

    def count(self, task: str, *, stage: Stage | None = None) -> int:
        """Count the candidate quanta of a task: the rows that `quanta` has.

        Parameters
        ----------
        task : `str`
            Task label.
        stage : `~workbench.graph.closure.closure.Stage`, optional
            Only those that ended at this stage.

        Returns
        -------
        number : `int`
            How many.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the pipeline has no such task.
        """
        self._check_task(task)
        ends = self.stage[self.graph.span(task)]
        return len(ends) if stage is None else int((ends == stage).sum())

    def neighbourhood(
        self, task: str, data_id: Mapping[str, object], *, depth: int = 1, limit: int = 200
    ) -> Neighbourhood:
        """Show what is around a quantum: what it reads and makes, who makes that, and who uses it.

        Parameters
        ----------
        task : `str`
            Task label.
        data_id : `~collections.abc.Mapping`
            Values that tell one candidate quantum of the task; governor
            dimensions may be left out where they are not ambiguous.
        depth : `int`, optional
            How many quanta to follow to either side.
        limit : `int`, optional
            Most datasets of a type to list for a quantum, and most users of
            a type by one task; what is left out is counted.

        Returns
        -------
        neighbourhood : `~workbench.graph.account.neighbourhood.Neighbourhood`
            Quanta by layer, and their datasets with what became of each.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for an unknown task or dimension, or if the data ID tells
            not just one quantum.
        """
        return find_neighbourhood(self, task, data_id, depth, limit)

    def why_not(self, *data_ids: AskedDataIds, task: str | None = None, **named: object) -> GraphWhyNot:
        """Count what each stage removed, in order: constraints by name, completeness, hooks and so on.

        Parameters
        ----------
        *data_ids : `~workbench.sets.AskedDataIds`
            Mappings, sets, or tables of data IDs.
        task : `str`, optional
            Only the candidates of this task.
        **named : `int`, `str` or `~collections.abc.Iterable`
            Dimension values, such as ``visit=96954``; several of one
            dimension are a union.  Without any, all candidates are counted.

        Returns
        -------
        answer : `~workbench.graph.GraphWhyNot`
            In words; with the waterfall by task, the first that removed something, and for a data ID
            the edits that give it back.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for a task or a dimension that the graph does not have.
        """
        return explain_losses(self, list_data_ids(self._universe, data_ids, named), task)

    @property
    def _universe(self) -> DimensionUniverse:
        return self.columns.pipeline_graph.universe

    def _check_task(self, task: str) -> None:
        if task not in self.graph.tasks:
            raise UnknownNameError(f"No task {task!r} in this graph; its tasks are {self.graph.labels}.")

    def explain(self, *data_ids: AskedDataIds, **named: object) -> Explanation:
        """Explain what becomes of a data ID, or of several: why in, why out, what it feeds.

        Parameters
        ----------
        *data_ids : `~workbench.sets.AskedDataIds`
            Mappings, sets, or tables of data IDs.
        **named : `int`, `str` or `~collections.abc.Iterable`
            Dimension values, such as ``visit=96954``; several of one
            dimension are a union.  Governor dimensions may be left out where
            they are not ambiguous.

        Returns
        -------
        explanation : `~workbench.graph.account.explain.Explanation`
            Sentences, and a table with one row for each task that it touches.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for a key that is no dimension of the graph.
        """
        return explain_data_ids(self, list_data_ids(self._universe, data_ids, named))

    @functools.cached_property
    def waterfall(self) -> pa.Table:
        """Where all candidates ended, task by task and stage by stage (`pyarrow.Table`).

        With `~workbench.graph.account.why_not.WATERFALL_SCHEMA`; of some data IDs alone, see `why_not`.
        """
        return self.why_not().waterfall

    @functools.cached_property
    def emptiness(self) -> str:
        """What emptied the graph, and where the candidates of each task ended; empty if there are quanta.

        (`str`.)
        """
        if self.n_quanta:
            return ""
        constraints, unable = self.binding.constraints, find_unable(self.lacking)
        emptied = find_emptying(self.graph, self.bind, constraints, self.policy, unable)
        return describe_nothing(self.counts, self.constraints, emptied)

    @property
    def refusals(self) -> tuple[str, ...]:
        """What a commit of this graph would be refused for (`tuple` [ `str`, ... ]).

        Beside what belongs to the campaign and to the repository, which
        ``bench.campaigns.check`` looks at.
        """
        found = []
        for require in (self.require_quanta, self.require_whole):
            try:
                require()
            except GraphBuildError as error:
                found.append(str(error))
        return tuple(found)

    def require_quanta(self) -> None:
        """Refuse a graph in which there is nothing to run.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised with `emptiness`.
        """
        if not self.n_quanta:
            raise GraphBuildError(self.emptiness)

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
            "constraint to the whole graph), or choose partial='drop' or partial='allow' "
            "('partial: drop' in the campaign file)."
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
        write_graph(self._file_columns, path, progress=progress)

    def measure_size(self) -> GraphSize:
        """Find out how large the graph file will be.

        Returns
        -------
        size : `~workbench.graph.GraphSize`
            Measured, or estimated where there are many quanta.
        """
        return measure_graph(self._file_columns)

    @functools.cached_property
    def logical_digest(self) -> str:
        """Digest of what the graph says, equal for equal requests on an equal snapshot (`str`)."""
        return compute_logical_digest(self.columns)

    @functools.cached_property
    def _file_columns(self) -> GraphColumns:
        """The graph with what only files say: the packages that it was built with."""
        header = self.columns.header
        metadata = {**header.metadata, "packages": list_packages()}
        return dataclasses.replace(self.columns, header=header.model_copy(update={"metadata": metadata}))

    @property
    def notes(self) -> tuple[str, ...]:
        """What constraints had filled in, and what there is where one lets nothing through."""
        return tuple(dict.fromkeys(note for one in self.binding.constraints for note in one.notes))

    def __str__(self) -> str:
        total = f"{self.n_quanta} quanta in {sum(1 for n in self.n_quanta_by_task.values() if n)} tasks"
        lines = [f"Preview of {self.output_run}: {total}, {self.conflicts.num_rows} partial"]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"A commit would be refused: {one}" for one in self.refusals]
        return "\n".join([*lines, *self.warnings])
