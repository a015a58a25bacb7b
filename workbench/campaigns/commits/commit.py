"""Committing: the graph file, the collections and the record, or nothing.

One transaction cannot span the Butler's connection and ours, so a commit
keeps a journal (design: "Commit").  In this order it

1. writes its intent and reserves its names in our tables (``prepared``);
2. writes the graph file, flushes it, and renames it to its digest;
3. rechecks the fence and writes to the Butler, in one Butler transaction;
4. marks the intent ``committed`` in our tables.

Before the third step is done nothing counts, after it everything does:
whoever finds the intent ``prepared`` looks for the commit's marker in the
Butler, and goes forward or back.  Where the Butler cannot be written from
here, the third step becomes a script, and the fourth is the commit point.
"""

from __future__ import annotations

import dataclasses
import uuid

from lsst.daf.butler import Butler

from workbench.campaigns.commits import _attach
from workbench.campaigns.commits.draft import Draft
from workbench.campaigns.commits.marker import make_marker
from workbench.campaigns.commits.outputs import check_output, find_type
from workbench.campaigns.commits.owner import working_on
from workbench.campaigns.commits.pointer import compute_pointer
from workbench.campaigns.commits.record import Commit, load_commit, read_commits
from workbench.campaigns.commits.recovery import Outcome, mark_committed, recover, settle
from workbench.campaigns.commits.storage import GRAPHS, compute_digest, flush
from workbench.campaigns.definition.request import CommitRequest, Publication
from workbench.errors import (
    CampaignError,
    CollectionExistsError,
    CommitError,
    FenceChangedError,
    OperationCancelledError,
    OutputRunExistsError,
    ReadOnlyError,
    WorkbenchError,
)
from workbench.names import check_collection
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.registry.plan.plan import CheckInputs, Plan
from workbench.registry.plan.preconditions import digest_inputs
from workbench.registry.plan.script import Graph
from workbench.snapshot.reads import Fence

__all__ = [
    "Commit",
    "CommitRequest",
    "Publication",
    "commit",
    "load_commit",
    "read_commits",
    "recover",
]


def commit(registry: Registry, request: CommitRequest, progress: Progress = silent) -> Commit:
    """Commit everything that a request names, or nothing.  Writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.  Where its Butler cannot be written, the
        writes to the Butler come out as a script beside the graph file, which
        somebody with permission has to run.
    request : `CommitRequest`
        What to commit.
    progress : `~workbench.progress.Progress`, optional
        Told each step just before it is done.  It may cancel until the Butler
        has committed; cancelling later comes too late and has no effect.

    Returns
    -------
    commit : `Commit`
        The record.

    Raises
    ------
    workbench.errors.ReadOnlyError
        Raised if the registry was opened read-only.
    workbench.errors.CampaignError
        Raised if the request contradicts itself or the repository.
    workbench.errors.OutputRunExistsError
        Raised if the RUN exists or is reserved by another commit.
    workbench.errors.CollectionExistsError
        Raised if the TAGGED collection is.
    workbench.errors.FenceChangedError
        Raised if the repository has changed since the preview.
    workbench.errors.OperationCancelledError
        Raised if ``progress`` cancelled; nothing was left behind.
    workbench.errors.CommitError
        Raised if a step failed, from its cause; nothing was left behind.

    Notes
    -----
    The dataset type ``workbench_workflow`` stays registered after a commit
    that failed.
    """
    request.check()
    if registry.read_only:
        raise ReadOnlyError(
            f"A commit of {request.campaign!r} was asked, but {registry.uri} was opened read-only. "
            "Open it without read_only=True or --read-only."
        )
    # The Butler caches collections; another process may have made some since it was opened.
    registry.refresh()
    _check_names(registry, request)
    publication = request.publication
    pointer = compute_pointer(registry.butler, publication) if publication is not None else None
    draft = Draft(uuid.uuid4().hex, uuid.uuid4(), registry, request, pointer)
    progress("reserve the names")
    with working_on(draft.commit_id):
        created = registry.journal.prepare(
            draft.commit_id,
            kind=request.kind,
            campaign=request.campaign,
            run=request.run,
            author=request.author,
            fence=request.fence_digest,
            intent=draft.to_intent(),
            names=request.names,
        )
        _carry_out(draft, created, progress)
    registry.refresh()
    return load_commit(registry, draft.commit_id)


def _check_names(registry: Registry, request: CommitRequest) -> None:
    """Refuse early what the Butler would refuse at the end, or never."""
    publication = request.publication
    tagged = publication.tagged if publication is not None else None
    for name, what, error in (
        (request.run, "output RUN", OutputRunExistsError),
        (tagged, "TAGGED collection", CollectionExistsError),
    ):
        if name is None:
            continue
        if (kind := find_type(registry, name)) is not None:
            raise error(
                f"The {kind.name} collection {name!r} exists already; a commit never writes into a "
                "collection that it did not make. Choose another name."
            )
        check_collection(name, what)
    if publication is not None and publication.chain and find_type(registry, publication.chain) is None:
        check_collection(publication.chain, "chain")
    if request.output is not None:
        check_collection(request.output, "campaign")
        if fault := check_output(registry, request.output, request.reads.inputs):
            raise CampaignError(fault)


def _carry_out(draft: Draft, created: float, progress: Progress) -> None:
    """Do all that follows the intent, and settle the commit if that fails."""
    maybe_published = False
    try:
        digest = _write_graph(draft, progress)
        plan = draft.to_plan(created, digest)
        if draft.as_script:
            _write_script(draft, plan, digest, progress)
        else:
            progress("open the repository to write")
            with draft.registry.writeable_butler() as butler:
                # From here on a failure cannot be told from a success by this process: the Butler may have
                # committed before it lost the connection. Settling looks for the marker instead.
                maybe_published = True
                plan.execute(
                    butler, guard=lambda inside: _check_fence(inside, draft.request), progress=progress
                )
        progress("mark committed")
        mark_committed(draft.registry, draft.commit_id, keep_names=draft.as_script, progress=progress)
    # BaseException: an interrupt from the keyboard leaves as much behind as an error does.
    except BaseException as error:
        outcome = _settle_after(error, draft, maybe_published=maybe_published)
        if outcome == "committed" and isinstance(error, OperationCancelledError):
            return
        if outcome == "committed" or isinstance(error, WorkbenchError) or not isinstance(error, Exception):
            raise
        raise CommitError(
            f"The commit of {draft.request.campaign!r} ({', '.join(draft.request.names)}) failed: {error}. "
            + "; ".join(error.__notes__)
        ) from error


def _settle_after(error: BaseException, draft: Draft, *, maybe_published: bool) -> Outcome | None:
    """Settle a commit that failed, and note on the error what became of it."""
    try:
        outcome = settle(draft.registry, draft.commit_id, maybe_published=maybe_published)
    except WorkbenchError as problem:
        error.add_note(
            f"Commit {draft.commit_id} stays prepared, because it could not be settled now ({problem}); "
            "the next open of the repository, or 'workbench doctor', settles it"
        )
        return None
    if outcome == "committed":
        error.add_note(f"Commit {draft.commit_id} was complete before that, and stays")
    else:
        error.add_note(f"Commit {draft.commit_id} was rolled back; nothing of it remains")
    return outcome


def _write_graph(draft: Draft, progress: Progress) -> str | None:
    """Write the graph file under its digest; return the digest."""
    if draft.request.write_graph is None:
        return None
    files = draft.files
    files.make_directory()
    temporary = files.temporary(".qg")
    progress("write the graph file")
    draft.request.write_graph(temporary)
    if not temporary.exists() or not temporary.stat().st_size:
        raise CommitError(
            f"The graph file of {draft.request.campaign!r} came out empty; make the preview again."
        )
    progress("flush the graph file")
    flush(temporary)
    digest = compute_digest(temporary)
    final = files.graph(digest)
    progress("record the graph file")
    # Before the file gets its name: killed in between, the next open knows which file to remove;
    # the other way round it would stay for ever.
    draft.registry.journal.record_graph(draft.commit_id, path=f"{GRAPHS}/{final.name}", digest=digest)
    progress("name the graph file")
    files.place(temporary, final)
    return digest


def _write_script(draft: Draft, plan: Plan, digest: str | None, progress: Progress) -> None:
    """Write the plan as a script, and check the fence as its last act."""
    files, request = draft.files, draft.request
    files.make_directory()
    temporary, final = files.temporary(".py"), files.script()
    progress("write the script")
    names = ", ".join(request.names)
    plan = dataclasses.replace(plan, steps=(*_make_checks(draft.registry.butler, request), *plan.steps))
    temporary.write_text(
        plan.to_script(
            repository=draft.registry.writeable_uri,
            purpose=f"Register {names} for {request.campaign}. {make_marker(draft.commit_id)}",
            file=final.name,
            graph=Graph(files.graph(digest).name, digest, _attach) if digest else None,
        )
    )
    temporary.chmod(0o755)
    progress("flush the script")
    flush(temporary)
    progress("name the script")
    files.place(temporary, final)
    # Last, since writing took its time; the script checks again when it is executed, which may
    # be days later.
    progress("check the fence")
    draft.registry.refresh()
    _check_fence(draft.registry.butler, request)


def _make_checks(butler: Butler, request: CommitRequest) -> list[CheckInputs]:
    """Put into steps what has to be as it is now when a script is executed."""
    if request.fence is None:
        return []
    reads = request.fence.reads
    places = [(reads.inputs, reads.input_types, reads.elements)]
    if reads.existing_in:
        places.append((reads.existing_in, reads.output_types, ()))
    return [CheckInputs(*place, digest_inputs(butler, *place)) for place in places]


def _check_fence(butler: Butler, request: CommitRequest) -> None:
    """Refuse if what the preview was made from has changed since."""
    if request.fence is None:
        return
    if changes := request.fence.list_changes(Fence.read(butler, request.reads)):
        raise FenceChangedError(
            f"The repository has changed since the preview of {request.campaign!r}: "
            f"{'; '.join(changes)} {'is' if len(changes) == 1 else 'are'} not what the graph was made from. "
            "Make the preview again and look at it."
        )
