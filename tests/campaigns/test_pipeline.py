"""Naming tasks for constraints: labels, subsets and the grammar of ``pipetask --select-tasks``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.commits.named_options import check_option_names
from workbench.campaigns.definition.pipeline import read_pipeline, resolve_pipeline, select_labels
from workbench.demo import PIPELINE
from workbench.errors import CampaignError, UnknownNameError
from workbench.graph import BuildOptions
from workbench.registry import open_registry


@pytest.fixture
def butler(butler_repo: Path) -> Iterator[Butler]:
    with Butler.from_config(str(butler_repo), writeable=False) as butler:
        yield butler


@pytest.fixture(scope="module")
def graph() -> PipelineGraph:
    return Pipeline.from_uri(PIPELINE).to_graph()


@pytest.mark.parametrize(
    ("named", "labels"),
    [
        (["coadd"], {"coadd"}),
        (["visit-level"], {"calibrate", "summarizeVisit"}),
        (["visit-level", "warp"], {"calibrate", "summarizeVisit", "warp"}),
        (["coadd | warp"], {"coadd", "warp"}),
        (
            ["coaddition & ~(coadd | sharpCoadd | patchMetrics)"],
            {"selectVisits", "selectSharpVisits", "warp"},
        ),
        ([">= coadd"], {"coadd", "patchMetrics"}),
        (["< warp"], {"calibrate", "summarizeVisit"}),
        (["coaddition & <= T:warp"], {"warp"}),
    ],
)
def test_expressions(graph: PipelineGraph, named: list[str], labels: set[str]) -> None:
    assert select_labels(graph, named) == labels


def test_none_means_all(graph: PipelineGraph) -> None:
    assert select_labels(graph, []) == set(graph.tasks)


@pytest.mark.parametrize("expression", ["coad", "coadd &", "coaddition | nobody"])
def test_what_there_is_not(graph: PipelineGraph, expression: str) -> None:
    with pytest.raises(
        UnknownNameError, match=r"(?s)Its tasks are .*its subsets \['visit-level', 'coaddition'\]"
    ):
        select_labels(graph, [expression])


TASK = "workbench.demo.tasks.calibrate.CalibrateTask"
BROKEN = {
    "a task that cannot be imported": "class: nowhere.tasks.NoTask",
    "a class that is no task": "class: pathlib.Path",
    "a field that there is not": f"class: {TASK}\n    config: {{nosuch: 1}}",
    "configuration that raises": f"class: {TASK}\n    config: {{python: raise RuntimeError()}}",
}


@pytest.mark.parametrize("task", BROKEN.values(), ids=BROKEN)
def test_a_pipeline_that_breaks_is_a_sentence(task: str, tmp_path: Path, butler: Butler) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(f"description: broken\ntasks:\n  a:\n    {task}\n")
    pipeline, _ = read_pipeline(str(file))
    with pytest.raises(CampaignError, match="The pipeline does not hold together: ") as caught:
        resolve_pipeline(pipeline, butler)
    assert "\n" not in str(caught.value)


def test_two_tasks_that_make_one_type_are_a_sentence(tmp_path: Path, butler: Butler) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(f"description: twice\ntasks:\n  a: {TASK}\n  b: {TASK}\n")
    with pytest.raises(CampaignError, match="DuplicateOutputError"):
        resolve_pipeline(read_pipeline(str(file))[0], butler)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (f"{PIPELINE}#nosuch", r"has no 'nosuch'. Its subsets are \['coaddition'.*its tasks \['calibrate'"),
        (f"{PIPELINE}#calibrate,nosuch", "has no 'calibrate,nosuch'"),
        ("rsource://x/y.yaml", "cannot be looked for: NotImplementedError"),
        ("/nowhere/x.yaml", "There is no pipeline file"),
        ("", "There is no pipeline file"),
        ("#coadd", "There is no pipeline file"),
        ("resource://nowhere/x.yaml", "no pipeline file|cannot be looked for"),
        (__file__, "is no pipeline that can be read"),
        ("/etc/passwd", "is no pipeline that can be read"),
        (5, "is no path or URI of a pipeline"),
    ],
)
def test_a_mistyped_pipeline_is_a_sentence(uri: str, said: str) -> None:
    with pytest.raises(CampaignError, match=said):
        read_pipeline(uri)


@pytest.mark.parametrize("named", [[5], [["a"]], [None]])
def test_a_name_that_is_no_text_is_a_sentence(graph: PipelineGraph, named: list[Any]) -> None:
    with pytest.raises(UnknownNameError, match="are no names of tasks"):
        select_labels(graph, named)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"skip_existing_in": ["HSC/rawall"]}, "names 'HSC/rawall', and there is no such collection"),
        ({"retained_dataset_types": ["deep_coad"]}, "Did you mean one of 'deep_coadd'"),
        ({"dataset_query_constraint": ["nosuch"]}, "names 'nosuch'"),
        ({"prune_unanchored_quanta": ["warp", "coad"]}, "names 'coad', and there is no such task"),
    ],
)
def test_an_option_that_names_nothing_is_refused(
    butler_repo: Path, graph: PipelineGraph, options: dict[str, object], said: str
) -> None:
    with open_registry(str(butler_repo), read_only=True) as registry:
        own = BuildOptions.from_mapping({"skip_existing_in": ["u/ana/x", "u/ana/x/r7"]})
        check_option_names(registry, "u/ana/x", own, graph)  # they may still come
        with pytest.raises(UnknownNameError, match=said):
            check_option_names(registry, "u/ana/x", BuildOptions.from_mapping(options), graph)
