"""Reading the pipeline of a campaign."""

from __future__ import annotations

from pathlib import Path

from lsst.pipe.base import Pipeline
from lsst.resources import ResourcePath

from workbench.errors import CampaignError

__all__ = ["read_pipeline"]


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
        return pipeline, "(given as an object)"
    uri = pipeline
    bare = uri.partition("#")[0]
    if not ResourcePath(bare).exists():
        raise CampaignError(
            f"There is no pipeline file at {bare!r} (from {Path.cwd()}). Give a path, a URI such as "
            "resource://workbench/demo/demo.yaml, or a Pipeline."
        )
    return Pipeline.from_uri(uri), uri
