"""Execution of a committed graph by unmodified ``pipetask`` commands."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lsst.daf.butler import Butler
from lsst.pipe.base.quantum_reports import ExecutionStatus, QuantumReport, Report

from workbench.errors import RunError
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.runs.command import find_executable, run_command
from workbench.runs.foreign import check_run
from workbench.runs.hold import RunHold, end_group, read_running
from workbench.runs.predicted import PredictedRun, check_graph_file

__all__ = ["RunResult", "run_graph", "stop_graph"]

_EXECUTED = re.compile(
    r"Executed (\d+) quanta successfully, (\d+) failed and (\d+) remain out of total (\d+) quanta"
)
"""How ``lsst.pipe.base.mp_graph_executor`` reports progress, both with and without ``-j``."""

_STOP_PATIENCE = 60.0
"""Seconds that a stop waits for a command to begin, or for the hold to end."""

_STOP_INTERVAL = 0.05
"""Seconds between two looks at the hold that a stop waits for."""


@presented
@dataclass(frozen=True, slots=True)
class RunResult:
    """What one execution of a graph did.

    Parameters
    ----------
    ok : `bool`
        Whether all quanta of the graph are done.
    n_quanta : `int`
        Quanta in the graph.
    counts : `~collections.abc.Mapping` [ `str`, `int` ]
        Quanta by what became of them in this execution: ``successful``
        (those done by an earlier execution included), ``failed``, ``blocked``
        (not run because an upstream quantum failed), ``unfinished`` (not
        reported: the command itself broke).  Zero counts are left out.
    wall_time : `float`
        Seconds that the commands took, their start-up included.
    log_path : `pathlib.Path`
        File with their output.
    failures : `tuple` [ `str`, ... ]
        One sentence a failed quantum: task, data ID and exception.
    """

    ok: bool
    n_quanta: int
    counts: Mapping[str, int]
    wall_time: float
    log_path: Path
    failures: tuple[str, ...] = ()


def run_graph(
    repo: str,
    graph: str | Path,
    *,
    jobs: int = 1,
    progress: Progress = silent,
    log_dir: str | Path | None = None,
    check: bool = True,
) -> RunResult:
    """Execute a predicted quantum graph file.

    This runs ``pipetask pre-exec-init-qbb`` and ``pipetask run-qbb``, and
    writes the outputs as files into the repository's datastore; its database
    learns of them when the run is ingested.  Quanta that an earlier execution
    finished are skipped, so a failed or cancelled run is resumed by calling
    this again.

    Parameters
    ----------
    repo : `str`
        Root or label of the Butler repository.
    graph : `str` or `pathlib.Path`
        The ``.qg`` file.
    jobs : `int`, optional
        Number of processes.  Each quantum then starts a process, which pays
        only where quanta take many seconds.
    progress : `~workbench.progress.Progress`, optional
        Told the number of quanta done; by raising it cancels, and the process
        group is ended.
    log_dir : `str` or `pathlib.Path`, optional
        Directory of the log and of the commands' own summary; by default
        beside the graph.
    check : `bool`, optional
        Whether quanta that fail are an error.

    Returns
    -------
    result : `RunResult`
        Counts by status, wall time and the log.

    Raises
    ------
    workbench.errors.RunError
        Raised if ``check`` and a quantum failed, naming it and ending with
        the last lines of the log; always if the graph file does not exist, is
        being executed already, or a command breaks before any quantum runs.
    workbench.errors.ForeignOutputsError
        Raised if another graph was executed in the RUN; nothing was done.
    workbench.errors.OperationCancelledError
        Raised by ``progress``, and passed on.
    """
    graph = Path(graph)
    check_graph_file(graph)
    log_dir = graph.parent if log_dir is None else Path(log_dir)
    log_dir.mkdir(parents=True, exist_ok=True)
    stem = f"{graph.stem}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    log_path = log_dir / f"{stem}.run.log"
    summary_path = log_dir / f"{stem}.summary.json"
    pipetask = find_executable("pipetask")
    begin = time.monotonic()
    with RunHold(graph) as hold:
        _check_outputs(repo, graph, progress)
        progress("writing init outputs", 0.0)
        return_code, last_lines = run_command(
            [pipetask, "pre-exec-init-qbb", repo, str(graph)],
            log_path,
            watch=lambda _: progress("writing init outputs", 0.0),
            hold=hold,
        )
        if return_code:
            raise RunError(
                _describe_breakage("pipetask pre-exec-init-qbb", return_code, last_lines, log_path)
            )
        return_code, last_lines = run_command(
            [
                pipetask,
                "run-qbb",
                repo,
                str(graph),
                *("--processes", str(jobs)),
                *("--summary", str(summary_path)),
            ],
            log_path,
            watch=_Watch(progress),
            hold=hold,
        )
    if not summary_path.is_file():
        raise RunError(_describe_breakage("pipetask run-qbb", return_code, last_lines, log_path))
    report = Report.model_validate_json(summary_path.read_bytes())
    result = _summarize(report, time.monotonic() - begin, log_path)
    if check and not result.ok:
        raise RunError(_describe_failure(result, last_lines))
    progress("executed", 1.0)
    return result


def _check_outputs(repo: str, graph: Path, progress: Progress) -> None:
    """Refuse to write into a RUN in which another graph was executed."""
    predicted = PredictedRun.read(graph)
    try:
        butler = Butler.from_config(repo, writeable=False)
    except FileNotFoundError:
        return  # the command says best why this is no repository
    with butler:
        check_run(butler, repo, predicted, progress)


def stop_graph(graph: str | Path) -> bool:
    """End the execution of a graph, whoever started it on this machine.

    Parameters
    ----------
    graph : `str` or `pathlib.Path`
        The ``.qg`` file.

    Returns
    -------
    stopped : `bool`
        Whether there was an execution.

    Raises
    ------
    workbench.errors.RunError
        Raised if it runs on another machine, belongs to another user, or
        does not end.

    Notes
    -----
    Ends the process group of the command, and that of each command which
    follows it, until nothing holds the graph: one execution is two commands,
    and a signal to the first may come when it has just ended.  What quanta
    have finished stays, and `run_graph` continues from it.
    """
    begin = time.monotonic()
    ended: set[int] = set()
    while True:
        running, note = read_running(Path(graph))
        if not running:
            return bool(ended)
        if note is not None and not note.is_here:
            raise RunError(
                f"The execution of {graph} runs on {note.host} (process {note.group}), and cannot be stopped "
                "from here. Stop it there."
            )
        if note is not None and note.group not in ended:
            _end_command(graph, note.group)
            ended.add(note.group)
            begin = time.monotonic()
        elif time.monotonic() - begin > _STOP_PATIENCE:
            raise RunError(
                f"The execution of {graph} is still held, but none of its commands has begun in "
                f"{_STOP_PATIENCE:.0f} s: it is being prepared, or does not end. Nothing more was done; try "
                "again, or stop it where it was started."
            )
        else:
            time.sleep(_STOP_INTERVAL)


def _end_command(graph: str | Path, group: int) -> None:
    try:
        end_group(group)
    except PermissionError as error:
        raise RunError(f"The execution of {graph} (process {group}) belongs to another user.") from error


class _Watch:
    """Turns the log lines of ``run-qbb`` into progress."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self._stage = "starting execution"
        self._fraction: float | None = 0.0

    def __call__(self, line: str | None) -> None:
        if line is not None and (match := _EXECUTED.search(line)) is not None:
            n_done, n_failed, _, n_total = map(int, match.groups())
            self._stage = f"executed {n_done} of {n_total} quanta"
            if n_failed:
                self._stage += f", {n_failed} failed or blocked"
            self._fraction = (n_done + n_failed) / n_total
        self._progress(self._stage, self._fraction)


def _summarize(report: Report, wall_time: float, log_path: Path) -> RunResult:
    """Count the quanta of the commands' own report."""
    n_quanta = sum(task.numQuanta for task in report.qgraphSummary.qgraphTaskSummaries.values())
    names = {
        ExecutionStatus.SUCCESS: "successful",
        ExecutionStatus.FAILURE: "failed",
        ExecutionStatus.TIMEOUT: "failed",
        ExecutionStatus.SKIPPED: "blocked",
    }
    counts = Counter(names[quantum.status] for quantum in report.quantaReports)
    if (n_unfinished := n_quanta - counts.total()) > 0:
        counts["unfinished"] = n_unfinished
    return RunResult(
        # Not the exit status: native libraries may abort a process at its exit, when all is done.
        ok=counts["successful"] == n_quanta,
        n_quanta=n_quanta,
        counts={status: n for status, n in sorted(counts.items()) if n},
        wall_time=wall_time,
        log_path=log_path,
        failures=tuple(_describe_quantum(q) for q in report.quantaReports if names[q.status] == "failed"),
    )


def _describe_quantum(quantum: QuantumReport) -> str:
    data_id = ", ".join(f"{name}={value}" for name, value in quantum.dataId.items())
    reason = "no exception recorded"
    if quantum.exceptionInfo is not None:
        first_line = quantum.exceptionInfo.message.partition("\n")[0]
        reason = f"{quantum.exceptionInfo.className}: {first_line}"
    elif quantum.exitCode is not None:
        reason = f"exit code {quantum.exitCode}"
    return f"{quantum.taskLabel} ({data_id}): {reason}"


def _describe_failure(result: RunResult, last_lines: list[str]) -> str:
    counts = ", ".join(f"{n} {status}" for status, n in result.counts.items())
    shown = "\n".join(f"  {failure}" for failure in result.failures[:5])
    if (n_more := len(result.failures) - 5) > 0:
        shown += f"\n  and {n_more} more"
    return (
        f"Of {result.n_quanta} quanta: {counts}.\n{shown}\n"
        "Correct the cause and run again (finished quanta are kept), or ingest what ran.\n"
        f"Log: {result.log_path}, which ends\n" + "\n".join(last_lines)
    )


def _describe_breakage(command: str, return_code: int, last_lines: list[str], log_path: Path) -> str:
    return (
        f"{command!r} ended with status {return_code} before any quantum was reported. "
        f"Log: {log_path}, which ends\n" + "\n".join(last_lines)
    )
