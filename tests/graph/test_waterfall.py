"""The waterfall: stages in order, against the stages of the candidates one by one."""

from __future__ import annotations

import collections

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline

from tests.graph.test_build import BAD, constrain, make_request
from workbench.demo import PIPELINE
from workbench.errors import UnknownNameError
from workbench.graph import Mode, PartialPolicy, Preview, Stage, build_preview


@pytest.fixture(scope="module")
def preview(demo_butler: Butler) -> Preview:
    """Two sets, one for the coadds alone, and partial quanta dropped."""
    pipeline = Pipeline.from_uri(PIPELINE).to_graph(demo_butler.registry)
    constraints = [
        constrain(
            demo_butler,
            Mode.EXCLUDE,
            ("visit",),
            [("HSC", BAD)],
            tasks=("coadd",),
            pipeline=pipeline,
            name="bad",
        ),
        constrain(
            demo_butler,
            Mode.EXCLUDE,
            ("visit", "detector"),
            [("HSC", 42, 96954)],
            pipeline=pipeline,
            name="hot",
        ),
    ]
    return build_preview(demo_butler, make_request(pipeline, policy=PartialPolicy.DROP), constraints)


def test_the_steps_of_all_are_the_counts(preview: Preview) -> None:
    steps = preview.why_not().waterfall.to_pylist()
    for counts in preview.counts.to_pylist():
        mine = [row for row in steps if row["task"] == counts["task"]]
        assert mine[0]["stage"] == "candidates"
        assert mine[0]["left"] == counts["candidates"]
        assert mine[-1]["stage"] == "kept"
        assert mine[-1]["left"] == counts["kept"]
        removed = collections.Counter({row["stage"]: row["removed"] for row in mine if row["removed"]})
        named = {"no_inputs": "no_inputs", "constraint": "excluded", "starved": "starved", "hook": "hooks"}
        for stage, column in named.items():
            assert removed[stage] == counts[column]
        left = mine[0]["left"]
        for row in mine:
            left -= row["removed"]
            assert row["left"] == left
    (only,) = {row["task"] for row in preview.why_not(task="warp").waterfall.to_pylist()}
    assert only == "warp"


def a_patch(preview: Preview) -> int:
    return int(preview.quanta("coadd", limit=1).to_pylist()[0]["patch"])


@pytest.mark.parametrize("names", ["visit", "visit detector", "patch"])
def test_the_steps_of_a_data_id_are_its_explanation(preview: Preview, names: str) -> None:
    values = {"visit": 96954 if "detector" in names else BAD, "detector": 42, "patch": a_patch(preview)}
    data_id = {name: values[name] for name in names.split()}
    explained = preview.explain(**data_id).table.to_pylist()
    steps = preview.why_not(**data_id).waterfall.to_pylist()
    assert explained
    for row in explained:
        mine = [each for each in steps if (each["task"], each["seen_as"]) == (row["task"], row["seen_as"])]
        assert mine[0]["left"] == row["candidates"]
        assert mine[-1]["left"] == row["kept"]
        if row["dropped_at"]:
            most = max(mine, key=lambda each: each["removed"])
            assert most["stage"] == row["dropped_at"]


def test_what_a_set_took_is_given_back_by_one_row(preview: Preview) -> None:
    waterfall = preview.why_not(visit=BAD)
    assert waterfall.first is not None
    assert (waterfall.first["task"], waterfall.first["reason"]) == ("coadd", "exclude bad")
    (remedy,) = waterfall.remedies
    assert (remedy.kind, remedy.constraint, dict(remedy.data_id)) == ("toggle", 0, {"visit": BAD})
    assert "take it out of bad" in remedy.sentence
    assert "first falls at coadd" in str(waterfall)
    (detector,) = preview.why_not(visit=96954, detector=42).remedies
    assert detector.constraint == 1


def test_a_patch_is_given_back_by_no_row_of_a_visit_set(preview: Preview) -> None:
    assert {remedy.kind for remedy in preview.why_not(patch=a_patch(preview)).remedies} <= {"without"}


def test_what_is_no_candidate_says_so(preview: Preview) -> None:
    waterfall = preview.why_not(visit=1)
    assert waterfall.waterfall.num_rows == 0
    assert "no such data ID" in str(waterfall)
    with pytest.raises(UnknownNameError, match="nonsense"):
        preview.why_not(nonsense=1)
    with pytest.raises(UnknownNameError, match="No task 'coda'"):
        preview.why_not(task="coda")


def test_pages_of_a_stage_are_counted(preview: Preview) -> None:
    for stage in (None, Stage.KEPT, Stage.CONSTRAINT):
        number = preview.count("calibrate", stage=stage)
        rows = preview.quanta("calibrate", stage=stage).to_pylist()
        assert number == len(rows)
        paged = [
            row
            for offset in range(0, number + 5, 5)
            for row in preview.quanta("calibrate", stage=stage, offset=offset, limit=5).to_pylist()
        ]
        assert paged == rows
