"""Naming tasks for constraints: labels, subsets and the grammar of ``pipetask --select-tasks``."""

from __future__ import annotations

import pytest
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.pipeline import select_labels
from workbench.demo import PIPELINE
from workbench.errors import UnknownNameError


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
