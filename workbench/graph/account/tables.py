"""What a preview is made of, and the tables in which it accounts for every quantum."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.graph.account.absence import Absence
from workbench.graph.account.absent import count_absent
from workbench.graph.account.causes import Causes
from workbench.graph.account.counts import count_datasets, count_quanta
from workbench.graph.account.row_account import RowAccount, tabulate_accounts
from workbench.graph.account.row_tally import account_rows, as_constraints
from workbench.graph.account.skipping import Skipping
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import Binding
from workbench.graph.closure.closure import Closure, PartialPolicy, Stage
from workbench.graph.closure.request import GraphRequest
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.columns.schemas import CONSTRAINTS_SCHEMA, HOOKS_SCHEMA
from workbench.graph.constraints.constraint import ResolvedConstraint
from workbench.graph.difference.statistics import count_coverage, count_inputs
from workbench.graph.finish.finished import Finished
from workbench.graph.finish.members import account_groupings
from workbench.graph.proposal.overall import LackingInput
from workbench.snapshot.reads import Fence

__all__ = ["PreviewTables"]


@dataclasses.dataclass(frozen=True, eq=False)
class PreviewTables:
    """The parts of a preview, and tables of them.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        What the inputs allow.
    binding : `~workbench.graph.closure.binding.Binding`
        What the constraints cut.
    closure : `~workbench.graph.closure.closure.Closure`
        What was kept.
    finished : `~workbench.graph.finish.finished.Finished`
        What became of it: the graph for one request.
    fence : `~workbench.snapshot.reads.Fence`
        The state of all that this was made from; a commit rechecks it.
    skipping : `~workbench.graph.account.skipping.Skipping`
        What ran before, and whether it was made from the same inputs.
    absence : `~workbench.graph.account.absence.Absence`
        Says why data IDs are no candidates at all.
    bind : `~collections.abc.Callable`
        Cuts the candidates by other constraints, to try what these would do.
    lacking : `tuple` [ `~workbench.graph.proposal.overall.LackingInput`, ... ], optional
        Overall inputs that are nowhere, without which some tasks cannot run.
    published : `tuple` [ `~workbench.graph.ResolvedConstraint`, ... ], optional
        Sets whose publications are among the inputs; they bind nothing.
    """

    graph: CandidateGraph
    binding: Binding
    closure: Closure
    finished: Finished
    fence: Fence
    skipping: Skipping
    absence: Absence
    bind: Callable[[Sequence[ResolvedConstraint]], Binding]
    lacking: tuple[LackingInput, ...] = ()
    published: tuple[ResolvedConstraint, ...] = ()

    @property
    def request(self) -> GraphRequest:
        """What was asked for (`~workbench.graph.GraphRequest`)."""
        return self.finished.request

    @property
    def policy(self) -> PartialPolicy:
        """What was done about missing inputs (`~workbench.graph.PartialPolicy`)."""
        return self.request.policy

    @property
    def engine(self) -> str:
        """What built it: "columnar", or the stock builder and why (`str`)."""
        return self.finished.engine

    @property
    def output_run(self) -> str:
        """Name of the output RUN collection (`str`)."""
        return self.request.output_run

    @property
    def inputs(self) -> Sequence[str]:
        """Input collections (`~collections.abc.Sequence` [ `str` ])."""
        return list(self.request.inputs)

    @property
    def columns(self) -> GraphColumns:
        """The graph itself (`~workbench.graph.columns.graph_columns.GraphColumns`)."""
        return self.finished.columns

    @property
    def n_quanta(self) -> int:
        """Number of quanta in the graph (`int`)."""
        return int(self.finished.quantum.sum())

    @functools.cached_property
    def n_quanta_by_task(self) -> dict[str, int]:
        """Number of quanta of each task, in the order of the pipeline (`dict`)."""
        quantum = self.finished.quantum
        return {label: int(quantum[self.graph.span(label)].sum()) for label in self.graph.tasks}

    @functools.cached_property
    def stage(self) -> npt.NDArray[np.int8]:
        """Where each candidate quantum ended, the builder's last checks included.

        (`numpy.ndarray` of `~workbench.graph.closure.closure.Stage`, shape
        (n_quanta,).)
        """
        finished = self.finished
        stage = self.closure.stage.copy()
        stage[(stage == Stage.KEPT) & ~finished.quantum] = Stage.HOOK
        stage[finished.skipped] = Stage.SKIPPED
        return stage

    @functools.cached_property
    def causes(self) -> Causes:
        """What took each candidate out (`~workbench.graph.account.causes.Causes`)."""
        return Causes(self.graph, self.binding, self.closure, self.stage)

    @functools.cached_property
    def counts(self) -> pa.Table:
        """Quanta of each task by the stage where they ended (`pyarrow.Table`)."""
        return count_quanta(self.graph, self.causes, self.closure, self.stage)

    @functools.cached_property
    def datasets(self) -> pa.Table:
        """Datasets of the graph by type (`pyarrow.Table`).

        Columns ``dataset_type``, ``kind`` ("input", "intermediate" or
        "output") and ``datasets``.
        """
        return count_datasets(self.graph, self.finished)

    @functools.cached_property
    def hooks(self) -> pa.Table:
        """Python that ran for quanta, or the stock builder: task, hook, calls, seconds (`pyarrow.Table`)."""
        rows = [
            {"task": cost.label, "hook": cost.hook, "calls": cost.calls, "seconds": cost.seconds}
            for cost in self.finished.costs
        ]
        return pa.Table.from_pylist(rows, schema=HOOKS_SCHEMA)

    @functools.cached_property
    def constraints(self) -> pa.Table:
        """What each constraint bound to and cut, and what fell for it (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.CONSTRAINTS_SCHEMA`.
        """
        starved = self.causes.starved[1].sum(axis=0)
        rows = [
            {
                "constraint": constraint.name,
                "mode": constraint.mode.value,
                "scope": constraint.scope.value,
                "tasks": ", ".join(label for label in self.graph.tasks if label in labels),
                "quanta_cut": int((self.binding.quantum_cut == position).sum()),
                "inputs_cut": int((self.binding.edge_cut == position).sum()),
                "quanta_starved": int(starved[position]),
            }
            for position, (constraint, labels) in enumerate(
                zip(self.binding.constraints, self.binding.bound_tasks, strict=True)
            )
        ]
        return pa.Table.from_pylist(rows, schema=CONSTRAINTS_SCHEMA)

    @functools.cached_property
    def bound_by(self) -> dict[str, list[str]]:
        """Constraints and groupings that bind each task, by name (`dict` [ `str`, `list` [ `str` ] ]).

        Constraints as `~workbench.graph.account.causes.Causes.name_constraint` names
        them, then groupings as "by folds@3"; in the order of the pipeline.
        """
        names: dict[str, dict[str, None]] = {label: {} for label in self.graph.tasks}
        for position, labels in enumerate(self.binding.bound_tasks):
            if not self.binding.constraints[position].of_grouping:
                for label in labels:
                    names[label][self.causes.name_constraint(position)] = None
        for one in self.request.groupings:
            for share in one.shares:
                for label in share.labels & names.keys():
                    names[label][f"by {one.label}"] = None
        return {label: list(found) for label, found in names.items()}

    @functools.cached_property
    def groupings(self) -> pa.Table:
        """How each grouping is part of the graph, and how much of it (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.GROUPINGS_SCHEMA`.
        """
        return account_groupings(self.graph, self.finished, self.request.groupings)

    @functools.cached_property
    def row_accounts(self) -> tuple[RowAccount, ...]:
        """What became of each row of the sets, groupings and publications that are named.

        (`tuple` [ `~workbench.graph.account.row_account.RowAccount`, ... ].)
        """
        tasks = frozenset(self.graph.tasks)
        named = [
            (constraint, labels, constraint.mode.value)
            for constraint, labels in zip(self.binding.constraints, self.binding.bound_tasks, strict=True)
            if constraint.is_set and not constraint.of_grouping
        ]
        groups = as_constraints(self.request.pipeline_graph.universe, self.request.groupings)
        named += [(one, one.tasks & tasks, "grouping") for one in groups]
        named += [(one, tasks, "publication") for one in self.published]
        return tuple(
            account_rows(self.causes, one, labels, kind, self.absence.describe_rows, self.request.mode)
            for one, labels, kind in named
        )

    @functools.cached_property
    def accounts(self) -> pa.Table:
        """Rows of the sets, groupings and publications that are named, by what became of them.

        (`pyarrow.Table` with `~workbench.graph.columns.schemas.ACCOUNTS_SCHEMA`.)
        """
        return tabulate_accounts(self.row_accounts)

    @functools.cached_property
    def absent(self) -> pa.Table:
        """Inputs that quanta or whole tasks do without, because they are nowhere (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.ABSENT_SCHEMA`.
        """
        finished = self.finished
        return count_absent(self.graph, finished.edge, finished.quantum, self.closure.stage, self.lacking)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the graph goes without, or has too much: tasks that cannot run, rows that reach nothing.

        (`tuple` [ `str`, ... ], a sentence each; none of it is in the way of
        a commit.)
        """
        found = [str(one) for one in self.lacking]
        found += [one.sentence for one in self.row_accounts if one.sentence]
        if labels := ", ".join(self.finished.unfollowed):
            found.append(
                f"{labels} may process or make more than the constraints leave upstream: the {self.engine} "
                "found the candidates, and does not follow there what was upstream only for values that a "
                "constraint took away. Look at the counts, and constrain these tasks themselves."
            )
        return tuple(found)

    @functools.cached_property
    def conflicts(self) -> pa.Table:
        """Partial quanta in the graph, with what they miss and why (`pyarrow.Table`).

        Columns ``task``, ``data_id``, ``dataset_type``, ``missing`` (a count)
        and ``because``.
        """
        return self.causes.tabulate_conflicts()

    @functools.cached_property
    def inputs_per_quantum(self) -> pa.Table:
        """Inputs that quanta have, least, median and most, by task and type (`pyarrow.Table`)."""
        return count_inputs(self.columns)

    @functools.cached_property
    def coverage(self) -> pa.Table:
        """Visits that each patch and band gets, by task (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.COVERAGE_SCHEMA`.
        """
        return count_coverage(self.columns)
