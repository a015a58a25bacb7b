"""One preview of the nine tasks from a saved snapshot; run as a process, which prints its figures as JSON.

``python -m tests.benchmarks.wide_preview ROOT SNAPSHOT``: ROOT is a repository
that knows the dataset types.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from lsst.daf.butler import Butler

from tests.benchmarks.nine_tasks import INPUTS, OUTPUT, OUTPUT_RUN, make_pipeline
from workbench.graph import GraphRequest, GraphSource, build_preview
from workbench.snapshot import open_snapshot


def preview(root: Path, saved: Path) -> dict[str, float]:
    """Open a snapshot and preview all of it."""
    pipeline = make_pipeline("plain")
    with Butler.from_config(str(root), writeable=False) as butler:
        pipeline.resolve(butler.registry)
        processor, clock = time.process_time(), time.perf_counter()
        snapshot = open_snapshot(saved)
        load = time.process_time() - processor
        request = GraphRequest(pipeline, INPUTS, OUTPUT, OUTPUT_RUN, datastore_records=False)
        found = build_preview(GraphSource(butler, snapshot), request, ())
        seconds, elapsed = time.process_time() - processor, time.perf_counter() - clock
    assert found.engine == "columnar", found.engine
    return {
        "visits": snapshot.stored_records("visit").num_rows,
        "raws": len(snapshot.datasets("raw")),
        "quanta": found.n_quanta,
        "edges": found.graph.n_edges,
        "load": load,
        "seconds": seconds,
        "elapsed": elapsed,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(preview(Path(sys.argv[1]), Path(sys.argv[2]))))
