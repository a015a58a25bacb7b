"""The pipeline of a campaign: reading it and naming its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import InvalidExpressionError, PipelineGraph
from lsst.resources import ResourcePath

from workbench.errors import CampaignError, UnknownNameError

__all__ = ["GIVEN", "read_pipeline", "select_labels"]

GIVEN = "(given as an object)"
"""Name of a pipeline that comes from no file."""


def read_pipeline(pipeline: str | Pipeline) -> tuple[Pipeline, str]:
    """Read a pipeline and name it.

    Parameters
    ----------
    pipeline : `str` or `lsst.pipe.base.Pipeline`
        Path or URI of a pipeline file (``#subset`` allowed), or the pipeline.

    Returns
    -------
    pipeline : `lsst.pipe.base.Pipeline`
        The pipeline.
    name : `str`
        Where it comes from.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if there is no such file.
    """
    if isinstance(pipeline, Pipeline):
        # One of our own: whoever gave it may go on changing it.
        return Pipeline.fromString(str(pipeline)), GIVEN
    uri = pipeline
    bare = uri.partition("#")[0]
    if not ResourcePath(bare).exists():
        raise CampaignError(
            f"There is no pipeline file at {bare!r} (from {Path.cwd()}). Give a path, a URI such as "
            "resource://workbench/demo/demo.yaml, or a Pipeline."
        )
    return Pipeline.from_uri(uri), uri


def select_labels(graph: PipelineGraph, named: Sequence[str]) -> frozenset[str]:
    """Resolve names of tasks as ``pipetask --select-tasks`` does.

    Parameters
    ----------
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline.
    named : `~collections.abc.Sequence` [ `str` ]
        Task labels, subset names or expressions; none means every task.

    Returns
    -------
    labels : `frozenset` [ `str` ]
        The tasks that any of them selects.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if an expression names no task or subset, with those that exist.
    """
    if not named:
        return frozenset(graph.tasks)
    labels: set[str] = set()
    for expression in named:
        # The grammar has no hyphens, but the subsets of real pipelines have.
        if expression in graph.task_subsets:
            labels |= set(graph.task_subsets[expression])
            continue
        try:
            labels |= graph.select_tasks(expression)
        except InvalidExpressionError as error:
            raise UnknownNameError(
                f"No task or subset {expression!r} in the pipeline: {error} Its tasks are "
                f"{list(graph.tasks)}, its subsets {list(graph.task_subsets)}."
            ) from error
    return frozenset(labels)
