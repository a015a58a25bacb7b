"""Execution of committed graphs, and the ingest of what ran.

Graphs are executed and ingested by the middleware's own commands as
subprocesses, unmodified, so that what runs here is what runs anywhere.  Their
output goes to a log file, line by line; a cancelled or failed command takes
its whole process group with it.  Provenance is then read once from the stock
provenance graph into extension tables, which `workbench.provenance` queries.
"""

from .execution import RunResult, run_graph
from .graph_file import UNUSED_INPUTS, ProvenanceFrames, read_provenance_graph
from .ingestion import IngestResult, ingest_graph, read_provenance

__all__ = [
    "UNUSED_INPUTS",
    "IngestResult",
    "ProvenanceFrames",
    "RunResult",
    "ingest_graph",
    "read_provenance",
    "read_provenance_graph",
    "run_graph",
]
