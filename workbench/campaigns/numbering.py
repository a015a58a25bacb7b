"""Commits of one campaign at the same time: each takes the next free number."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from workbench.campaigns.commit import commit
from workbench.campaigns.naming import find_free_run
from workbench.campaigns.record import Commit
from workbench.campaigns.request import CommitRequest, Publication
from workbench.errors import OutputRunExistsError
from workbench.graph import Preview, rename_output_run
from workbench.progress import Progress
from workbench.registry import Registry

if TYPE_CHECKING:
    from workbench.campaigns.campaign import Campaign

__all__ = ["commit_numbered"]


def commit_numbered(
    registry: Registry,
    campaign: Campaign,
    preview: Preview,
    publication: Publication | None,
    is_free: bool,
    progress: Progress,
) -> Commit:
    """Commit a preview, in another RUN if somebody took the name of its own since.  Writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    campaign : `~workbench.campaigns.Campaign`
        The campaign, whose next number the RUN has.
    preview : `~workbench.graph.Preview`
        What to commit.
    publication : `~workbench.campaigns.Publication` or `None`
        What to publish in the same step.
    is_free : `bool`
        Whether another RUN will do: not where somebody named it, and not for
        a preview that was committed, since to commit it twice is no race, but
        a mistake.
    progress : `~workbench.progress.Progress`
        Told the steps; may cancel before the commit point.

    Returns
    -------
    commit : `~workbench.campaigns.Commit`
        The record.

    Raises
    ------
    workbench.errors.OutputRunExistsError
        Raised if the RUN exists and was named, or the preview was committed.
    """
    name = campaign.name
    while True:
        run = preview.output_run
        request = CommitRequest(
            campaign=name,
            kind="graph",
            run=run,
            fence=preview.fence,
            write_graph=functools.partial(preview.write, progress=progress),
            workflow_record=campaign.to_record(preview),
            publication=publication,
            author=campaign.author,
            output=name,
        )
        try:
            return commit(registry, request, progress)
        except OutputRunExistsError:
            # Nothing but the number was chosen, and not by a person.
            if not is_free or not run.removeprefix(f"{name}/r").isdecimal():
                raise
            registry.refresh()
            preview = rename_output_run(preview, find_free_run(registry, name))
            progress(f"{run} was taken meanwhile, so it is {preview.output_run}")
