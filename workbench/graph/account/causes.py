"""Causes: in a few words, why a candidate quantum or an input of one is not in the graph."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT, Binding
from workbench.graph.closure.closure import Closure, Stage
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.columns.schemas import CONFLICTS_SCHEMA
from workbench.presentation import presented

__all__ = ["Causes"]


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class Causes:
    """Who or what took candidates out of a graph.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    binding : `~workbench.graph.closure.binding.Binding`
        What the constraints cut.
    closure : `~workbench.graph.closure.closure.Closure`
        What was kept.
    stage : `numpy.ndarray` of `~workbench.graph.closure.closure.Stage`, shape (n_quanta,)
        Where each ended, the last checks included.
    """

    graph: CandidateGraph
    binding: Binding
    closure: Closure
    stage: npt.NDArray[np.int8]

    def of_quantum(self, quantum: int) -> str:
        """Say why a candidate quantum ended where it did.

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
                return self.name_constraint(int(self.binding.quantum_cut[quantum]))
            case Stage.STARVED:
                return self.name_constraints(self.starved_by(quantum))
            case Stage.NO_INPUTS:
                return "its inputs are not in the input collections"
            case Stage.NOT_DEMANDED:
                return "no kept quantum needs it"
            case Stage.PARTIAL:
                return "an input is missing, and partial quanta are dropped"
            case Stage.SKIPPED:
                return "it ran already, and is skipped"
            case Stage.HOOK:
                return "removed by the task's own hooks"

    def of_edge(self, edge: int) -> tuple[str, str]:
        """Say what became of a candidate input of a quantum.

        Parameters
        ----------
        edge : `int`
            Number of the input edge in ``graph``.

        Returns
        -------
        stage, reason : `str`
            Name of the stage at which it fell, "kept" if it did not, and a
            phrase.
        """
        graph = self.graph
        if (position := int(self.binding.edge_cut[edge])) != UNCUT:
            return "constraint", self.name_constraint(position)
        producer = int(graph.producer[graph.edge_dataset[edge]])
        for quantum in (producer, int(graph.edge_quantum[edge])):
            if quantum >= 0 and self.stage[quantum] != Stage.KEPT:
                return Stage(int(self.stage[quantum])).name.lower(), self.of_quantum(quantum)
        return "kept", ""

    def name_constraints(self, positions: Sequence[int]) -> str:
        """Name what starved a quantum, in the words of a sentence.

        Parameters
        ----------
        positions : `~collections.abc.Sequence` [ `int` ]
            Positions in ``binding.constraints``.

        Returns
        -------
        phrase : `str`
            Such as "too few inputs left by exclude bad@1, include best@2".
        """
        names = ", ".join(self.name_constraint(position) for position in positions)
        return f"too few inputs left by {names}"

    def name_constraint(self, position: int) -> str:
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

    def edges_into(self, quantum: int) -> Rows:
        """Return the candidate inputs of a quantum.

        Parameters
        ----------
        quantum : `int`
            Number of the quantum in ``graph``.

        Returns
        -------
        edges : `numpy.ndarray`
            Edge numbers, ascending.
        """
        task = self.graph.task_of(quantum)
        # Sorted by quantum within a block: of 10^8 edges none but those sought are looked at.
        found = [
            block.start + np.arange(*np.searchsorted(self.graph.edge_quantum[block], [quantum, quantum + 1]))
            for (label, _), block in self.graph.blocks.items()
            if label == task
        ]
        edges: Rows = np.concatenate([np.empty(0, dtype=np.int64), *found])
        return edges

    def tabulate_conflicts(self) -> pa.Table:
        """List the partial quanta of the graph, with what they miss and why.

        Returns
        -------
        conflicts : `pyarrow.Table`
            With `~workbench.graph.columns.schemas.CONFLICTS_SCHEMA`.
        """
        graph = self.graph
        edges = np.flatnonzero(self.closure.missing_edge & (self.stage == Stage.KEPT)[graph.edge_quantum])
        found: dict[tuple[int, str], list[int]] = collections.defaultdict(list)
        for edge in edges.tolist():
            name = graph.type_of(int(graph.edge_dataset[edge]))
            found[int(graph.edge_quantum[edge]), name].append(edge)
        rows = []
        for (quantum, name), missing in found.items():
            label = graph.task_of(quantum)
            row = graph.data_id(quantum)
            because = sorted(
                {self.of_quantum(int(graph.producer[graph.edge_dataset[edge]])) for edge in missing}
            )
            rows.append(
                {
                    "task": label,
                    "data_id": ", ".join(
                        f"{key}={row[key]}" for key in graph.tasks[label].dimensions.required
                    ),
                    "dataset_type": name,
                    "missing": len(missing),
                    "because": "; ".join(because),
                }
            )
        return pa.Table.from_pylist(rows, schema=CONFLICTS_SCHEMA)

    def starved_by(self, quantum: int) -> list[int]:
        """Tell which constraints took so many inputs of a quantum that it fell.

        Parameters
        ----------
        quantum : `int`
            Number of a quantum that starved.

        Returns
        -------
        positions : `list` [ `int` ]
            Positions in ``binding.constraints``, ascending.
        """
        numbers, causes = self.starved
        return np.flatnonzero(causes[np.searchsorted(numbers, quantum)]).tolist()

    @functools.cached_property
    def starved(self) -> tuple[Rows, Mask]:
        """Quanta that starved, and the constraints that are the cause.

        (`numpy.ndarray`, ascending, and `numpy.ndarray` of `bool`, shape
        (n_starved, n_constraints).)  Only inputs of which too few are left
        count: of two constraints, one may have taken nothing that mattered.
        """
        graph, binding, stage = self.graph, self.binding, self.closure.stage
        numbers = np.flatnonzero(stage == Stage.STARVED)
        causes = np.zeros((len(numbers), len(binding.constraints)), dtype=np.bool_)
        if not len(numbers):
            return numbers, causes
        taken = (stage == Stage.CONSTRAINT) | (stage == Stage.STARVED)
        lives = ~taken & (stage != Stage.NO_INPUTS)
        for label, task in graph.tasks.items():
            span = graph.span(label)
            for name, minimum in task.minimum.items():
                block = graph.blocks.get((label, name), slice(0, 0))
                mine = block.start + np.flatnonzero(stage[graph.edge_quantum[block]] == Stage.STARVED)
                makers = graph.edge_producer[mine]
                there = graph.exists[graph.edge_dataset[mine]] | ((makers >= 0) & lives[makers])
                left = (binding.edge_cut[mine] == UNCUT) & there
                readers = graph.edge_quantum[mine]
                number = np.bincount(readers[left] - span.start, minlength=span.stop - span.start)
                short = number[readers - span.start] < minimum
                self._note_causes(causes, numbers, mine[short])
        return numbers, causes

    def _note_causes(self, causes: Mask, numbers: Rows, edges: Rows) -> None:
        """Name what took these inputs for the fall of the quanta that read them."""
        graph, binding = self.graph, self.binding
        readers = np.searchsorted(numbers, graph.edge_quantum[edges])
        makers = graph.edge_producer[edges]
        cut = np.where(
            binding.edge_cut[edges] != UNCUT,
            binding.edge_cut[edges],
            np.where(
                (makers >= 0) & (self.closure.stage[makers] == Stage.CONSTRAINT),
                binding.quantum_cut[makers],
                UNCUT,
            ),
        )
        direct = cut != UNCUT
        causes[readers[direct], cut[direct]] = True
        # Producers come before their consumers: what starved them is known.
        indirect = ~direct & (makers >= 0) & (self.closure.stage[makers] == Stage.STARVED)
        places = np.searchsorted(numbers, makers[indirect])
        np.logical_or.at(causes, readers[indirect], causes[places])

    def took(self, edges: Rows) -> Mask:
        """Tell which inputs explicit constraints took, however indirectly.

        Parameters
        ----------
        edges : `numpy.ndarray`
            Numbers of input edges in ``graph``.

        Returns
        -------
        excluded : `numpy.ndarray` of `bool`
            One an edge.
        """
        makers = self.graph.edge_producer[edges]
        fell = self.closure.stage[makers]
        taken = (makers >= 0) & ((fell == Stage.CONSTRAINT) | (fell == Stage.STARVED))
        excluded: Mask = (self.binding.edge_cut[edges] != UNCUT) | taken
        return excluded
