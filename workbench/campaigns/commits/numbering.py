"""Commits of one campaign at the same time: each takes the next free number."""

from __future__ import annotations

from collections.abc import Callable

from workbench.campaigns.commits.commit import commit
from workbench.campaigns.commits.naming import find_free_run
from workbench.campaigns.commits.record import Commit
from workbench.campaigns.definition.request import CommitRequest
from workbench.errors import OutputRunExistsError
from workbench.graph import Preview, rename_output_run
from workbench.progress import Progress
from workbench.registry import Registry

__all__ = ["commit_numbered"]


def commit_numbered(
    registry: Registry,
    preview: Preview,
    make_request: Callable[[Preview], CommitRequest],
    *,
    is_free: bool,
    progress: Progress,
) -> Commit:
    """Commit a preview, in another RUN if somebody took the name of its own since.  Writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    preview : `~workbench.graph.Preview`
        What to commit.
    make_request : `~collections.abc.Callable`
        Says what is to be written of a preview; the RUN has the next number
        of the campaign that it names.
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
    while True:
        run = preview.output_run
        request = make_request(preview)
        try:
            return commit(registry, request, progress)
        except OutputRunExistsError:
            # Nothing but the number was chosen, and not by a person.
            if not is_free or not run.removeprefix(f"{request.campaign}/r").isdecimal():
                raise
            registry.refresh()
            preview = rename_output_run(preview, find_free_run(registry, request.campaign))
            progress(f"{run} was taken meanwhile, so it is {preview.output_run}")
