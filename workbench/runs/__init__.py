"""Execution of committed graphs, and the ingest of what ran.

Graphs are executed and ingested by the middleware's own commands as
subprocesses, unmodified, so that what runs here is what runs anywhere.  Their
output goes to a log file, line by line; a cancelled or failed command takes
its whole process group with it.  A graph is executed once at a time, and its
status is read from what the quanta leave, whoever executes them.  Provenance is then read once from the stock
provenance graph into extension tables, which `workbench.provenance` queries.
"""

from workbench.runs.elsewhere import (
    check_files_here,
    check_files_seen,
    describe_next_step,
    ingest_elsewhere,
    run_commands,
)
from workbench.runs.execution import RunResult, run_graph, stop_graph
from workbench.runs.foreign import check_registered
from workbench.runs.graph_file import UNUSED_INPUTS, ProvenanceFrames, read_provenance_graph
from workbench.runs.hold import RunningNote
from workbench.runs.ingestion import IngestResult, ingest_graph, read_provenance
from workbench.runs.predicted import PredictedRun
from workbench.runs.status import STATES, RunStatus, RunWatch, summarize_ingested

__all__ = [
    "IngestResult",
    "PredictedRun",
    "ProvenanceFrames",
    "RunResult",
    "RunStatus",
    "RunWatch",
    "RunningNote",
    "STATES",
    "UNUSED_INPUTS",
    "check_files_here",
    "check_files_seen",
    "check_registered",
    "describe_next_step",
    "ingest_elsewhere",
    "ingest_graph",
    "read_provenance",
    "read_provenance_graph",
    "run_commands",
    "run_graph",
    "stop_graph",
    "summarize_ingested",
]
