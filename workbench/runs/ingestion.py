"""What ran, brought back: into the Butler by its own commands, into our tables by reading."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import MissingCollectionError, MissingDatasetTypeError
from lsst.pipe.base.automatic_connection_constants import PROVENANCE_DATASET_TYPE_NAME
from lsst.resources import ResourcePath

from workbench.errors import ReadOnlyError, RunError
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.provenance.tables import PROV_DATASET, PROV_INPUT, PROV_QUANTUM
from workbench.registry import Registry, TableDeclaration
from workbench.runs.command import find_executable, run_command
from workbench.runs.foreign import check_registered, check_run
from workbench.runs.graph_file import ProvenanceFrames, read_provenance_graph
from workbench.runs.hold import HoldFor, RunHold
from workbench.runs.predicted import PredictedRun, check_graph_file, read_output_run

__all__ = ["IngestResult", "ingest_graph", "read_provenance"]


@presented
@dataclass(frozen=True, slots=True)
class IngestResult:
    """What an ingest brought back.

    Parameters
    ----------
    run : `str`
        Output RUN collection.
    counts : `~collections.abc.Mapping` [ `str`, `int` ]
        Quanta by status.
    n_datasets : `int`
        Outputs that exist, logs and metadata included.
    n_new_rows : `int`
        Rows that were new to the provenance tables.
    """

    run: str
    counts: Mapping[str, int]
    n_datasets: int
    n_new_rows: int


def ingest_graph(
    registry: Registry,
    graph: str | Path,
    *,
    commit_id: str,
    progress: Progress = silent,
    log_dir: str | Path | None = None,
) -> IngestResult:
    """Bring what ran into the Butler, and its provenance into our tables.

    Writes: ``butler aggregate-graph`` registers outputs in the Butler and
    gathers provenance, ``butler ingest-graph`` puts the provenance graph into
    the RUN in place of single metadata, log and config files; then the graph
    is read into the tables ``prov_quantum``, ``prov_dataset`` and
    ``prov_input``.  The RUN is finished by this: failed quanta cannot be run
    again in it.  An interrupted ingest is resumed by calling this again; a
    second ingest adds nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository in which the graph ran.
    graph : `str` or `pathlib.Path`
        The predicted graph file that was executed.
    commit_id : `str`
        The commit that made the graph.
    progress : `~workbench.progress.Progress`, optional
        Told the stages; by raising it cancels between writes of ours, and
        ends a running command.
    log_dir : `str` or `pathlib.Path`, optional
        Directory of the commands' log; by default beside the graph.

    Returns
    -------
    result : `IngestResult`
        Counts.

    Raises
    ------
    workbench.errors.RunError
        Raised if the graph does not exist, if none of its quanta was ever
        attempted, if it is being executed or ingested here, or if a command
        fails.
    workbench.errors.ForeignOutputsError
        Raised if another graph was executed in the RUN; nothing was done.
    workbench.errors.ReadOnlyError
        Raised if the Butler cannot be written from here; the message has the
        commands for somebody who can.
    """
    graph = Path(graph)
    check_graph_file(graph)
    run = read_output_run(graph)
    registry.refresh()
    ingested = _find_ingested(registry, run)
    if ingested is not None and (known := _read_known(registry, commit_id, run)) is not None:
        return known
    _check_writeable(registry, graph, run)
    log_path = (graph.parent if log_dir is None else Path(log_dir)) / f"{graph.stem}.ingest.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    # Its commands hold it too: they go on where this process is killed.
    with RunHold(graph, HoldFor.INGEST) as hold:
        butler = _ButlerCommands(registry.uri, log_path, progress, hold)
        # Another process may have done it while this one waited.
        registry.refresh()
        ingested = _find_ingested(registry, run)
        if ingested is None:
            _check_executed(registry, graph, progress)
            # Also where an earlier ingest got as far as this: failed quanta may have been run again since.
            provenance_path = graph.with_name(f"{graph.stem}.prov.qg")
            butler.aggregate(graph, provenance_path)
            progress("reading provenance")
            frames = read_provenance_graph(provenance_path)
            arguments = [str(provenance_path)]
        else:
            # Somebody else may have brought back a copy of the graph.
            check_registered(registry.butler, PredictedRun.read(graph))
            progress("reading provenance")
            frames = read_provenance_graph(ingested)
            arguments = ["--output-run", run]
        butler.run("ingest-graph", registry.uri, *arguments, stage="ingesting provenance")
    registry.refresh()
    progress("writing provenance tables")
    return _write_frames(registry, commit_id, frames)


def read_provenance(registry: Registry, path: str | Path | ResourcePath, *, commit_id: str) -> IngestResult:
    """Read a provenance graph file that somebody else made into our tables.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Written.
    path : `str`, `pathlib.Path` or `lsst.resources.ResourcePath`
        A file that ``butler aggregate-graph`` wrote.
    commit_id : `str`
        The commit that made the graph.

    Returns
    -------
    result : `IngestResult`
        Counts; reading a file again adds no row.
    """
    return _write_frames(registry, commit_id, read_provenance_graph(path))


def _find_ingested(registry: Registry, run: str) -> ResourcePath | None:
    """Find the provenance graph that an earlier ingest put into the RUN."""
    try:
        ref = registry.butler.find_dataset(PROVENANCE_DATASET_TYPE_NAME, collections=[run])
    except (MissingDatasetTypeError, MissingCollectionError):
        return None
    return None if ref is None else registry.butler.getURI(ref)


def _check_writeable(registry: Registry, graph: Path, run: str) -> None:
    if registry.butler_writeable and not registry.read_only:
        return
    raise ReadOnlyError(
        f"The repository {registry.uri} cannot be written from here, so {run} cannot be ingested. "
        "Have somebody who may write it run\n"
        f"  butler aggregate-graph {graph} {registry.uri} --complete --register-dataset-types "
        "--update-output-chain -o prov.qg\n"
        "and read prov.qg with workbench.runs.read_provenance before it is ingested."
    )


def _check_executed(registry: Registry, graph: Path, progress: Progress) -> None:
    """Refuse a graph that never ran: the aggregator would register logs that there are not.

    One that ran as a copy with other UUIDs is refused too, before anything is
    written: the aggregator stops at the first UUID that it does not know.
    """
    predicted = PredictedRun.read(graph)
    if not check_run(registry.butler, registry.uri, predicted, progress):
        raise RunError(
            f"None of the {len(predicted.quanta)} quanta of {graph} was executed in {registry.uri}. "
            "Run the graph first, then ingest it."
        )


@dataclass(frozen=True, slots=True)
class _ButlerCommands:
    """The commands that bring a run back, one after the other."""

    uri: str
    log_path: Path
    progress: Progress
    hold: RunHold

    def aggregate(self, graph: Path, provenance_path: Path) -> None:
        """Register outputs and gather provenance."""
        provenance_path.unlink(missing_ok=True)
        self.run(
            *("aggregate-graph", str(graph), self.uri),
            *("--complete", "--register-dataset-types", "--update-output-chain"),
            *("--output", str(provenance_path)),
            stage="aggregating outputs",
        )

    def run(self, *arguments: str, stage: str) -> None:
        """Run one of them to its end."""
        self.progress(stage)
        return_code, last_lines = run_command(
            [find_executable("butler"), *arguments],
            self.log_path,
            watch=lambda _: self.progress(stage),
            hold=self.hold,
        )
        if return_code:
            raise RunError(
                f"'butler {arguments[0]}' ended with status {return_code}; calling ingest again resumes. "
                f"Log: {self.log_path}, which ends\n" + "\n".join(last_lines)
            )


def _read_known(registry: Registry, commit_id: str, run: str) -> IngestResult | None:
    """Count what an earlier ingest wrote into our tables."""
    tables = registry.tables()
    if PROV_QUANTUM.name not in tables:
        return None
    quanta = tables[PROV_QUANTUM.name].read(where={"commit_id": commit_id}, columns=["status"])
    if not quanta.num_rows:
        return None
    n_datasets = tables[PROV_DATASET.name].count(where={"commit_id": commit_id, "run": run, "produced": True})
    return IngestResult(run, _count(quanta), n_datasets, 0)


def _write_frames(registry: Registry, commit_id: str, frames: ProvenanceFrames) -> IngestResult:
    n_new_rows = 0
    with registry.transaction():
        for declaration, frame in (
            (PROV_QUANTUM, frames.quanta),
            (PROV_DATASET, frames.datasets),
            (PROV_INPUT, frames.inputs),
        ):
            n_new_rows += _append_new(registry, declaration, commit_id, frame)
    outputs = frames.datasets.filter(pc.field("produced") & (pc.field("run") == pc.scalar(frames.run)))
    return IngestResult(frames.run, _count(frames.quanta), outputs.num_rows, n_new_rows)


def _count(quanta: pa.Table) -> dict[str, int]:
    return dict(Counter(map(str, quanta["status"].to_pylist())))


def _append_new(registry: Registry, declaration: TableDeclaration, commit_id: str, frame: pa.Table) -> int:
    """Append the rows that are not among the current ones."""
    table = registry.declare(declaration)
    known = table.read(where={"commit_id": commit_id}, columns=frame.column_names)
    if known.num_rows:
        seen = {json.dumps(row) for row in zip(*known.to_pydict().values(), strict=True)}
        rows = zip(*frame.to_pydict().values(), strict=True)
        frame = frame.filter(pa.array([json.dumps(row) not in seen for row in rows]))
    commit = pa.array([commit_id] * frame.num_rows, pa.string())
    return table.append(frame.append_column("commit_id", commit))
