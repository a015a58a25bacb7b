"""A preview of a pipeline of many tasks, on the demonstration's raws."""

from __future__ import annotations

import polars as pl
from lsst.daf.butler import Butler

from tests.graph.mocked import DICT, insert, make_pipeline, makes, reads
from workbench.graph import GraphRequest, Mode, Preview, ResolvedConstraint, Scope, build_preview

WIDTH = 8


def make_wide_preview(butler: Butler, n_tasks: int = 120) -> Preview:
    """Preview ``n_tasks`` tasks, eight a layer, each of which reads what two of the layer above make.

    A repository is needed that can be written to; one visit is excluded for
    a third of the tasks.
    """
    dimensions = ("instrument", "visit", "detector")
    insert(butler, "wide/in", "wide_input", dimensions, storage=DICT)
    tasks = {}
    for number in range(n_tasks):
        layer, place = divmod(number, WIDTH)
        above = [
            f"wide_{layer - 1}_{(place + step) % WIDTH}" if layer else "wide_input"
            for step in ((0, 3) if layer else (0,))
        ]
        tasks[f"measureThing{layer}of{place}"] = (
            dimensions,
            [*(reads(name, *dimensions) for name in above), makes(f"wide_{layer}_{place}", *dimensions)],
        )
    pipeline = make_pipeline(tasks)
    keys = pl.DataFrame([("HSC", 96954)], schema=["instrument", "visit"], orient="row")
    group = butler.dimensions.conform(["visit"])
    bad = ResolvedConstraint(
        "a-bad-visit-that-has-a-long-name@3",
        Mode.EXCLUDE,
        Scope.TASKS,
        frozenset(list(tasks)[::3]),
        "",
        ((group, keys),),
    )
    request = GraphRequest(pipeline, ("wide/in",), "u/test/wide", "u/test/wide/r1", datastore_records=False)
    return build_preview(butler, request, [bad])
