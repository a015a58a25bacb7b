"""The pipeline of a campaign: reading it and naming its tasks."""

from __future__ import annotations

import sys
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import InvalidExpressionError, PipelineGraph
from lsst.resources import ResourcePath

from workbench.errors import CampaignError, UnknownNameError

__all__ = ["GIVEN", "read_pipeline", "require_installed", "resolve_pipeline", "select_labels"]

GIVEN = "(given as an object)"
"""Name of a pipeline that comes from no file."""

_LONGEST = 300


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
        Raised if there is no such file, it is no pipeline, or it has not what
        follows the ``#``.
    """
    if isinstance(pipeline, Pipeline):
        # One of our own: whoever gave it may go on changing it.
        return Pipeline.fromString(str(pipeline)), GIVEN
    if not isinstance(pipeline, str):
        raise CampaignError(
            f"pipeline={pipeline!r:.200} is no path or URI of a pipeline file, and no Pipeline."
        )
    bare, _, wanted = pipeline.partition("#")
    try:
        exists = bool(bare) and ResourcePath(bare).exists()
        is_folder = exists and ResourcePath(bare).isdir()
    except Exception as error:
        raise CampaignError(f"The pipeline {bare!r:.200} cannot be looked for: {_say(error)}") from error
    if not exists:
        raise CampaignError(
            f"There is no pipeline file at {bare!r:.200} (from {Path.cwd()}). Give a path, a URI such as "
            "resource://workbench/demo/demo.yaml, or a Pipeline."
        )
    if is_folder:
        raise CampaignError(f"{bare!r:.200} is a directory. Give a pipeline file in it.")
    try:
        whole = Pipeline.from_uri(bare)
    except Exception as error:
        raise CampaignError(f"{bare!r:.200} is no pipeline that can be read: {_say(error)}") from error
    if not wanted:
        return whole, pipeline
    try:
        return Pipeline.from_uri(pipeline), pipeline
    except Exception as error:
        raise CampaignError(
            f"The pipeline {bare!r:.200} has no {wanted!r:.100}. Its subsets are {sorted(whole.subsets)}, "
            f"its tasks {sorted(whole.task_labels)}; several are joined by commas. ({_say(error)})"
        ) from error


def resolve_pipeline(pipeline: Pipeline, butler: Butler) -> PipelineGraph:
    """Import the tasks of a pipeline and connect them.

    Parameters
    ----------
    pipeline : `lsst.pipe.base.Pipeline`
        The pipeline; its Python and that of its tasks runs.
    butler : `lsst.daf.butler.Butler`
        Knows dataset types.

    Returns
    -------
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        With resolved dataset types.

    Raises
    ------
    workbench.errors.CampaignError
        Raised for whatever the pipeline raises: a task that cannot be
        imported, a configuration field that there is not, two tasks that make
        one dataset type.
    """
    try:
        return pipeline.to_graph(butler.registry)
    except Exception as error:
        hint = (
            " Is the package of the task installed here, or on the PYTHONPATH?"
            if isinstance(error, ImportError)
            else ""
        )
        raise CampaignError(f"The pipeline does not hold together: {_say(error)}{hint}") from error


def _say(error: BaseException) -> str:
    """Return an error of somebody else's code in a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())[:_LONGEST] or "no reason is given"
    notes = "".join(f" {note}" for note in getattr(error, "__notes__", ()))
    return f"{type(error).__name__}: {text}{notes[:_LONGEST]}"


def require_installed(uri: str) -> None:
    """Refuse a pipeline that does not come with a package of this process.

    A pipeline is a program: its configuration may hold Python, and its tasks
    name modules to import.

    Parameters
    ----------
    uri : `str`
        Where the pipeline is.

    Raises
    ------
    workbench.errors.CampaignError
        Raised unless it is a ``resource://`` of a package that is loaded
        already; to look for another one would import it.
    """
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme != "resource" or parts.netloc.partition(".")[0] not in sys.modules:
        raise CampaignError(
            f"The pipeline {uri!r} is not looked at: a pipeline is a program, and what is served read-only "
            "runs none but those of packages that the server has loaded, such as "
            "resource://workbench/demo/demo.yaml. Serve without --read-only, or preview it in a notebook."
        )


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
    if stray := [name for name in named if not isinstance(name, str)]:
        raise UnknownNameError(
            f"{stray} are no names of tasks. Give labels or subsets as text, one or a list of them; the "
            f"pipeline has the tasks {list(graph.tasks)}."
        )
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
