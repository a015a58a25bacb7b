"""How long one "why not?" of a large preview takes; run as a process, which prints its figures as JSON.

``python -m tests.benchmarks.wide_why_not ROOT SNAPSHOT``: ROOT is a repository
that knows the dataset types.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
from lsst.daf.butler import Butler

from tests.benchmarks.nine_tasks import INPUTS, OUTPUT, OUTPUT_RUN, make_pipeline
from workbench.graph import GraphRequest, GraphSource, Mode, ResolvedConstraint, Scope, build_preview
from workbench.snapshot import open_snapshot

EXCLUDED = 20
"""Every so manieth visit is excluded from the whole graph."""
ABSENT = 7
"""A visit that there is not."""


def ask(root: Path, saved: Path) -> dict[str, Any]:
    """Preview a snapshot without some of its visits, and ask about visits, detectors and everything."""
    pipeline = make_pipeline("plain")
    with Butler.from_config(str(root), writeable=False) as butler:
        pipeline.resolve(butler.registry)
        snapshot = open_snapshot(saved)
        records = pl.DataFrame(
            pl.from_arrow(snapshot.stored_records("visit").select(["instrument", "visit"]))
        )
        visits = records.filter(pl.col("instrument") == "SimCam")
        excluded = visits.gather_every(EXCLUDED)
        group = butler.dimensions.conform(["visit"])
        constraint = ResolvedConstraint(
            "bad", Mode.EXCLUDE, Scope.GRAPH, frozenset(pipeline.tasks), "", ((group, excluded),)
        )
        request = GraphRequest(pipeline, INPUTS, OUTPUT, OUTPUT_RUN, datastore_records=False)
        began = time.process_time()
        found = build_preview(GraphSource(butler, snapshot), request, [constraint])
        built = time.process_time() - began
        assert found.engine == "columnar", found.engine
        gone = excluded["visit"][len(excluded) // 2]
        kept = visits["visit"][EXCLUDED * (len(excluded) // 2) + 1]
        asked: dict[str, dict[str, int]] = {
            "an excluded visit": {"visit": gone},
            "a detector of it": {"visit": gone, "detector": 94},
            "a visit that is kept": {"visit": kept},
            "a visit that does not exist": {"visit": ABSENT},
            "all candidates": {},
        }
        seconds, answers = {}, {}
        for what, data_id in asked.items():
            began = time.process_time()
            waterfall = found.why_not(**data_id)
            seconds[what] = time.process_time() - began
            answers[what] = waterfall
        first = answers["an excluded visit"].first
        assert first is not None
        assert first["reason"] == "exclude bad", first
        assert answers["a visit that is kept"].waterfall.num_rows
        assert answers["a visit that does not exist"].absent
    return {
        "quanta": found.n_quanta,
        "candidates": found.graph.n_quanta,
        "built": built,
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(ask(Path(sys.argv[1]), Path(sys.argv[2]))))
