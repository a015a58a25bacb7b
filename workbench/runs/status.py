"""How far the execution of a graph is, by task, whoever executes it."""

from __future__ import annotations

import ast
import itertools
import json
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from lsst.daf.butler import DatasetRef, QuantumBackedButler
from lsst.daf.butler.logging import ButlerLogRecords
from lsst.pipe.base import QuantumAttemptStatus
from lsst.pipe.base.automatic_connection_constants import (
    LOG_OUTPUT_CONNECTION_NAME,
    METADATA_OUTPUT_CONNECTION_NAME,
)
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphComponents

from workbench.errors import RunError
from workbench.presentation import presented

from .hold import RunningNote, read_running

__all__ = ["FAILURE_SCHEMA", "STATES", "TASK_STATUS_SCHEMA", "RunStatus", "RunWatch", "summarize_ingested"]

STATES = ("successful", "failed", "blocked", "running", "waiting")
"""What may become of a quantum, in the order in which it is shown."""

TASK_STATUS_SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in [
            ("task", pa.string()),
            ("n_quanta", pa.int64()),
            *((state, pa.int64()) for state in STATES),
        ]
    ]
)
"""Quanta of each task by state; tasks in the order of the pipeline."""

FAILURE_SCHEMA = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("task", "data_id", "quantum_id", "log")]
)
"""Quanta that failed, each with the end of its log."""

_BEGUN = re.compile(r"Preparing execution of quantum for label=(\S+) dataId=(\{.*?\})\.")
_ENDED = re.compile(
    r"(?:Skipping already-successful quantum for label=(\S+) dataId=(\{.*?\})"
    r"|(?:Execution of|Nothing to do for) task '([^']+)' on quantum (\{.*?\}))"
)
"""How ``lsst.pipe.base.single_quantum_executor`` reports a quantum in the log."""

_VALUE = re.compile(r"(\w+): ('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^,}]+)")

_INGESTED_STATES = {
    QuantumAttemptStatus.SUCCESSFUL: "successful",
    QuantumAttemptStatus.ABORTED_SUCCESS: "successful",
    QuantumAttemptStatus.FAILED: "failed",
    QuantumAttemptStatus.ABORTED: "failed",
    QuantumAttemptStatus.BLOCKED: "blocked",
}

_N_AT_ONCE = 10_000


@presented
@dataclass(frozen=True, slots=True)
class RunStatus:
    """How far an execution is.

    Parameters
    ----------
    table : `pyarrow.Table`
        Of `TASK_STATUS_SCHEMA`.
    running : `bool`
        Whether a ``pipetask`` that `~workbench.runs.run_graph` started lives.
    note : `~workbench.runs.hold.RunningNote` or `None`
        What is known of it, or of the last one on this graph.
    ingested : `bool`
        Whether the counts are of the provenance that was brought back.
    """

    table: pa.Table
    running: bool
    note: RunningNote | None
    ingested: bool = False

    @property
    def n_quanta(self) -> int:
        """Quanta in the graph (`int`)."""
        return _total(self.table, "n_quanta")

    @property
    def counts(self) -> dict[str, int]:
        """Quanta by state (`dict` [ `str`, `int` ])."""
        return {state: _total(self.table, state) for state in STATES}

    def __str__(self) -> str:
        counts = [f"{n:,} {state}" for state, n in self.counts.items() if n]
        return f"{self.n_quanta:,} quanta: {', '.join(counts) or 'none'}"


@dataclass(frozen=True, slots=True)
class _Quantum:
    label: str
    values: tuple[object, ...]
    metadata: DatasetRef
    log: DatasetRef | None


@presented
class RunWatch:
    """Looks how far the execution of a graph is; writes nothing.

    A quantum that succeeded has left its metadata in the datastore, one that
    failed its log alone.  So it does not matter who executes the graph: this
    process, another one, or BPS into the same RUN.  Which quanta are running
    is known where the log of a local execution can be read.

    Parameters
    ----------
    repo : `str`
        Root or label of the Butler repository.
    graph : `str` or `pathlib.Path`
        The ``.qg`` file; read at the first look.

    Notes
    -----
    An instance holds no connection, and may be used from any thread, one at
    a time.  What has succeeded is not looked at again.
    """

    def __init__(self, repo: str, graph: str | Path):
        self._repo = repo
        self._graph = Path(graph)
        self._quanta: dict[uuid.UUID, _Quantum] = {}
        self._pipeline: PipelineGraph | None = None
        self._successors: dict[uuid.UUID, list[uuid.UUID]] = {}
        self._ids: dict[tuple[str, tuple[object, ...]], uuid.UUID] = {}
        self._done: set[uuid.UUID] = set()
        self._failed: list[uuid.UUID] = []
        self._log = _LogReader()

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._repo, "graph": str(self._graph)}

    def read(self) -> RunStatus:
        """Look now.

        Returns
        -------
        status : `RunStatus`
            Quanta by task and state.

        Raises
        ------
        workbench.errors.RunError
            Raised if there is no graph file.
        """
        pipeline = self._open()
        running, note = read_running(self._graph)
        with self._butler(pipeline) as butler:
            undone = [quantum for quantum in self._quanta if quantum not in self._done]
            # Metadata are stored before the log: looked for in the other order, what ends meanwhile
            # has not failed.
            logs = ((q, self._quanta[q].log) for q in undone)
            tried = _find_stored(butler, ((q, ref) for q, ref in logs if ref is not None))
            self._done |= _find_stored(butler, ((q, self._quanta[q].metadata) for q in undone))
            tried -= self._done
        state: dict[uuid.UUID, str] = dict.fromkeys(self._done, "successful")
        if running and note is not None:
            begun, ended = self._log.read(note.log_path, self._find)
            # What failed in an execution before waits to be tried again.
            tried &= ended
            state |= dict.fromkeys(begun - ended - self._done, "running")
        state |= dict.fromkeys(tried, "failed")
        self._failed = sorted(tried)
        state |= dict.fromkeys(self._iter_blocked(tried, state), "blocked")
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for quantum, found in self._quanta.items():
            counts[found.label][state.get(quantum, "waiting")] += 1
        return RunStatus(_make_table([*pipeline.tasks], counts), running, note)

    def read_failures(self, *, limit: int = 20, n_lines: int = 20) -> pa.Table:
        """Read the logs of quanta that had failed at the last look.

        Parameters
        ----------
        limit : `int`, optional
            Most quanta to read.
        n_lines : `int`, optional
            Most lines of each log, from its end.

        Returns
        -------
        failures : `pyarrow.Table`
            Of `FAILURE_SCHEMA`; ``data_id`` is JSON.
        """
        pipeline = self._open()
        chosen = [(q, self._quanta[q]) for q in self._failed[:limit]]
        logs = [found.log for _, found in chosen if found.log is not None]
        rows = []
        with self._butler(pipeline, [ref.id for ref in logs]) as butler:
            for quantum, found in chosen:
                assert found.log is not None, "only a log tells of a failure"
                data_id = dict(found.log.dataId.required)
                rows.append(
                    {
                        "task": found.label,
                        "data_id": json.dumps(data_id),
                        "quantum_id": str(quantum),
                        "log": _end_of_log(butler.get(found.log), n_lines),
                    }
                )
        return pa.Table.from_pylist(rows, schema=FAILURE_SCHEMA)

    def read_log(self, *, n_bytes: int = 8192) -> str:
        """Read the end of the log of the execution that is under way, or of the last one.

        Parameters
        ----------
        n_bytes : `int`, optional
            How much, at most.

        Returns
        -------
        text : `str`
            Whole lines; empty if there is no log here.
        """
        _, note = read_running(self._graph)
        if note is None or not note.log_path.is_file():
            return ""
        with note.log_path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(size - n_bytes, 0))
            text = stream.read().decode(errors="replace")
        return text if size <= n_bytes else text.partition("\n")[2]

    def _open(self) -> PipelineGraph:
        if self._pipeline is not None:
            return self._pipeline
        if not self._graph.is_file():
            raise RunError(f"There is no graph file {self._graph}, so its execution cannot be looked at.")
        with PredictedQuantumGraph.open(str(self._graph)) as reader:
            reader.read_thin_graph()
            reader.read_dimension_data()
            reader.read_quantum_datasets()
            components = reader.components
        self._take(components)
        self._pipeline = components.pipeline_graph
        return self._pipeline

    def _take(self, components: PredictedQuantumGraphComponents) -> None:
        for quantum, found in components.quantum_datasets.items():
            (metadata,) = found.outputs[METADATA_OUTPUT_CONNECTION_NAME]
            logs = found.outputs.get(LOG_OUTPUT_CONNECTION_NAME, ())
            dimensions = components.pipeline_graph.tasks[found.task_label].dimensions
            values = tuple(found.data_coordinate[: len(dimensions.required)])
            self._ids[found.task_label, values] = quantum
            self._quanta[quantum] = _Quantum(
                found.task_label,
                values,
                components.make_dataset_ref(metadata),
                next(map(components.make_dataset_ref, logs), None),
            )
        for before, after in components.thin_graph.edges:
            self._successors.setdefault(before, []).append(after)

    def _butler(self, pipeline: PipelineGraph, inputs: Iterable[uuid.UUID] = ()) -> QuantumBackedButler:
        return QuantumBackedButler.from_predicted(
            self._repo,
            predicted_inputs=inputs,
            predicted_outputs=(),
            dimensions=pipeline.universe,
            datastore_records={},
            dataset_types={node.name: node.dataset_type for node in pipeline.dataset_types.values()},
        )

    def _find(self, label: str, text: str) -> uuid.UUID | None:
        """Find the quantum that a line of a log is about."""
        assert self._pipeline is not None, "the graph was read"
        if label not in self._pipeline.tasks:
            return None
        names = self._pipeline.tasks[label].dimensions.required
        values = {name: ast.literal_eval(value) for name, value in _VALUE.findall(text)}
        return self._ids.get((label, tuple(values.get(name) for name in names)))

    def _iter_blocked(
        self, failed: Iterable[uuid.UUID], state: Mapping[uuid.UUID, str]
    ) -> Iterable[uuid.UUID]:
        """Yield what cannot run, because something upstream failed."""
        seen: set[uuid.UUID] = set()
        todo = list(failed)
        while todo:
            for after in self._successors.get(todo.pop(), ()):
                if after not in seen and after not in state:
                    seen.add(after)
                    todo.append(after)
                    yield after


class _LogReader:
    """Follows the log of an execution for the quanta that it names."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._offset = 0
        self._begun: set[uuid.UUID] = set()
        self._ended: set[uuid.UUID] = set()

    def read(
        self, path: Path, find: Callable[[str, str], uuid.UUID | None]
    ) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
        """Read on; return the quanta that have begun and that have ended."""
        if path != self._path:
            self._path, self._offset = path, 0
            self._begun, self._ended = set(), set()
        if path.is_file():
            with path.open("rb") as stream:
                stream.seek(self._offset)
                block = stream.read()
            whole = block.rfind(b"\n") + 1
            self._offset += whole
            for line in block[:whole].decode(errors="replace").splitlines():
                for pattern, quanta in ((_BEGUN, self._begun), (_ENDED, self._ended)):
                    if (match := pattern.search(line)) is not None:
                        label, data_id = filter(None, match.groups())
                        if (quantum := find(label, data_id)) is not None:
                            quanta.add(quantum)
        return self._begun, self._ended


def summarize_ingested(counts: pa.Table, tasks: Sequence[str]) -> RunStatus:
    """Make a status of the provenance that was brought back.

    Parameters
    ----------
    counts : `pyarrow.Table`
        Of `~workbench.provenance.schemas.STATUS_SCHEMA`, of one commit.
    tasks : `~collections.abc.Sequence` [ `str` ]
        Labels in the order of the pipeline.

    Returns
    -------
    status : `RunStatus`
        As the execution ended.
    """
    names = {status.name.lower(): state for status, state in _INGESTED_STATES.items()}
    by_task: dict[str, Counter[str]] = defaultdict(Counter)
    for row in counts.to_pylist():
        by_task[row["task"]][names.get(row["status"], "waiting")] += row["n_quanta"]
    return RunStatus(_make_table(tasks, by_task), running=False, note=None, ingested=True)


def _make_table(tasks: Sequence[str], counts: Mapping[str, Counter[str]]) -> pa.Table:
    rows = [
        {"task": task, "n_quanta": counts[task].total(), **{state: counts[task][state] for state in STATES}}
        for task in tasks
        if task in counts
    ]
    return pa.Table.from_pylist(rows, schema=TASK_STATUS_SCHEMA)


def _total(table: pa.Table, name: str) -> int:
    return sum(int(n) for n in table[name].to_numpy())


def _find_stored(butler: QuantumBackedButler, refs: Iterable[tuple[uuid.UUID, DatasetRef]]) -> set[uuid.UUID]:
    """Find the quanta whose dataset exists."""
    found: set[uuid.UUID] = set()
    rest = iter(refs)
    while some := list(itertools.islice(rest, _N_AT_ONCE)):
        stored = butler.stored_many([ref for _, ref in some])
        found |= {quantum for quantum, ref in some if stored[ref]}
    return found


def _end_of_log(records: ButlerLogRecords, n_lines: int) -> str:
    lines: list[str] = []
    for record in records:
        lines += f"{record.levelname} {record.name}: {record.message}".splitlines()
        lines += (record.exc_info or "").splitlines()
    return "\n".join(lines[-n_lines:])
