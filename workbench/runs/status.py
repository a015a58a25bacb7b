"""How far the execution of a graph is, by task, whoever executes it."""

from __future__ import annotations

import ast
import json
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from lsst.daf.butler.logging import ButlerLogRecords
from lsst.pipe.base import QuantumAttemptStatus

from workbench.campaigns import RunPresence
from workbench.presentation import presented
from workbench.runs.foreign import check_files
from workbench.runs.hold import RunningNote, read_running
from workbench.runs.predicted import PredictedRun, find_stored

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

_N_CHECKED = 200
"""Quanta whose UUIDs one look checks, about: what is read here, an ingest reads in full."""


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
    presence : `~workbench.campaigns.RunPresence` or `None`
        What became of the RUN since; `None` where it was not asked.
    """

    table: pa.Table
    running: bool
    note: RunningNote | None
    ingested: bool = False
    presence: RunPresence | None = None

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
        self._predicted: PredictedRun | None = None
        self._successors: dict[uuid.UUID, list[uuid.UUID]] = {}
        self._ids: dict[tuple[str, tuple[object, ...]], uuid.UUID] = {}
        self._done: set[uuid.UUID] = set()
        self._checked: set[uuid.UUID] = set()
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
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN.
        """
        predicted = self._open()
        quanta = predicted.quanta
        running, note = read_running(self._graph)
        with predicted.make_butler(self._repo) as butler:
            undone = [quantum for quantum in quanta if quantum not in self._done]
            # Metadata are stored before the log: looked for in the other order, what ends meanwhile
            # has not failed.
            tried = find_stored(butler, ((q, quanta[q].log) for q in undone))
            newly_done = find_stored(butler, ((q, quanta[q].metadata) for q in undone))
            tried -= newly_done
        self._check(newly_done, tried)
        self._done |= newly_done
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
        for quantum, found in quanta.items():
            counts[found.label][state.get(quantum, "waiting")] += 1
        return RunStatus(_make_table([*predicted.pipeline.tasks], counts), running, note)

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
        predicted = self._open()
        chosen = [(q, predicted.quanta[q]) for q in self._failed[:limit]]
        logs = [found.log for _, found in chosen if found.log is not None]
        rows = []
        with predicted.make_butler(self._repo, [ref.id for ref in logs]) as butler:
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

    def _open(self) -> PredictedRun:
        if self._predicted is None:
            self._predicted = PredictedRun.read(self._graph)
            self._ids = {(one.label, one.values): key for key, one in self._predicted.quanta.items()}
            for before, after in self._predicted.edges:
                self._successors.setdefault(before, []).append(after)
        return self._predicted

    def _check(self, done: set[uuid.UUID], tried: set[uuid.UUID]) -> None:
        """Refuse what another graph has left; of much that is new, look at some all over."""
        new = done, tried - self._checked
        some_done, some_tried = (sorted(quanta)[:: 1 + len(quanta) // _N_CHECKED] for quanta in new)
        check_files(self._repo, self._open(), some_done, some_tried)
        self._checked |= tried

    def _find(self, label: str, text: str) -> uuid.UUID | None:
        """Find the quantum that a line of a log is about."""
        tasks = self._open().pipeline.tasks
        if label not in tasks:
            return None
        names = tasks[label].dimensions.required
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


def _end_of_log(records: ButlerLogRecords, n_lines: int) -> str:
    lines: list[str] = []
    for record in records:
        lines += f"{record.levelname} {record.name}: {record.message}".splitlines()
        lines += (record.exc_info or "").splitlines()
    return "\n".join(lines[-n_lines:])
