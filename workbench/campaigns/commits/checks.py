"""What a commit would be refused for, looked at before it is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from workbench.campaigns.campaign import Campaign
from workbench.campaigns.commits.outputs import check_output, find_type
from workbench.campaigns.definition.conditions import list_changed_conditions
from workbench.campaigns.definition.statement import check_preview, count_unsaved, list_constraints
from workbench.errors import CampaignError, UnknownNameError
from workbench.graph import GraphSize, PartialPolicy, Preview
from workbench.registry import Registry
from workbench.sets import SetStore
from workbench.snapshot.reads import Fence

__all__ = ["CHECK_SCHEMA", "check_commit"]

CHECK_SCHEMA = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("check", "state", "found", "remedy")]
)
"""A check, ``passed`` or ``failed`` or a ``note``, what was found, and what to do."""

_SPARE = 2
"""Times the size of the graph file that has to be free: it is written beside what is there."""


class _Check(NamedTuple):
    check: str
    passed: bool
    found: str
    remedy: str = ""
    is_note: bool = False

    def to_row(self) -> dict[str, str]:
        state = "note" if self.is_note else "passed" if self.passed else "failed"
        return {
            "check": self.check,
            "state": state,
            "found": self.found,
            "remedy": "" if state == "passed" else self.remedy,
        }


def check_commit(registry: Registry, campaign: Campaign, preview: Preview, size: GraphSize) -> pa.Table:
    """Look at everything that a commit of a preview could be refused for; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    campaign : `Campaign`
        The campaign.
    preview : `~workbench.graph.Preview`
        Its graph.
    size : `~workbench.graph.GraphSize`
        Of the graph file.

    Returns
    -------
    checks : `pyarrow.Table`
        Of `CHECK_SCHEMA`.  The commit itself checks again: what has changed
        since then is refused there.
    """
    registry.refresh()
    checks = [
        *_check_access(registry),
        *_check_graph(campaign, preview),
        *_note_losses(preview),
        _note_versions(registry, preview),
        *_check_names(registry, campaign, preview),
        _check_fence(registry, preview),
        _check_space(registry.storage_dir, size),
        *_note_pending(registry),
    ]
    return pa.Table.from_pylist([check.to_row() for check in checks], schema=CHECK_SCHEMA)


def _check_access(registry: Registry) -> Iterator[_Check]:
    title = "The repository can be written"
    if registry.read_only:
        yield _Check(
            title,
            False,
            f"{registry.uri} was opened read-only.",
            "Open it without read_only=True or --read-only.",
        )
    elif registry.butler_writeable:
        yield _Check(title, True, "The Butler and our tables can be written from here.")
    else:
        yield _Check(
            title,
            True,
            "Our tables can; the writes to the Butler come out as a script.",
            "Have somebody run the script who may write to the Butler.",
            is_note=True,
        )


def _check_graph(campaign: Campaign, preview: Preview) -> Iterator[_Check]:
    try:
        check_preview(campaign, preview)
    except CampaignError as error:
        yield _Check("The preview is of this campaign", False, str(error), "Preview the campaign again.")
    else:
        yield _Check("The preview is of this campaign", True, f"It is of {campaign.name}.")
    statement = preview.request.metadata
    n_sets = sum(1 for item in list_constraints(statement) if item.get("key_digest"))
    n_unsaved = count_unsaved(statement)
    yield _Check(
        "Every set is saved",
        not n_unsaved,
        f"{n_unsaved} of {n_sets} sets of constraints were never saved."
        if n_unsaved
        else f"{n_sets} constraint{'' if n_sets == 1 else 's'} by saved sets.",
        "Save them and make the preview again: then the commit can be replayed.",
    )
    n_partial = preview.conflicts.num_rows
    yield _Check(
        "No inputs are missing",
        not n_partial or preview.policy is PartialPolicy.ALLOW,
        f"{n_partial:,} quanta would run with inputs missing." if n_partial else "Every quantum is whole.",
        "Choose what to do about missing inputs (complete, drop or allow), and preview again.",
    )
    yield _Check(
        "There is something to run",
        preview.n_quanta > 0,
        f"{preview.n_quanta:,} quanta.",
        "Ask the preview why the graph is empty.",
    )


def _note_losses(preview: Preview) -> Iterator[_Check]:
    """Say what a graph goes without; none of it is in the way of a commit."""
    title = "Every row that is named reaches a quantum"
    idle = [one.sentence for one in preview.row_accounts if one.sentence]
    rows = sum(len(one.keys) for one in preview.row_accounts)
    yield _Check(
        title,
        not idle,
        "; ".join(idle) + "." if idle else f"{rows:,} rows of sets, groupings and publications do.",
        "See the preview's accounts: correct the sets, or the input collections, if it is not meant so.",
        is_note=bool(idle),
    )
    lacking = [str(one) for one in preview.lacking]
    yield _Check(
        "Every task has its inputs",
        not lacking,
        "; ".join(lacking) + "." if lacking else "No overall input is lacking.",
        "Add a collection that holds them, if these tasks are wanted.",
        is_note=bool(lacking),
    )
    if preview.skipping.n_skipped:
        stale = preview.skipping.table.num_rows > 0
        yield _Check(
            "What is skipped is as this graph would make it",
            not stale,
            str(preview.skipping),
            "Leave those RUNs out of skip_existing_in, if it is to be made again.",
            is_note=stale,
        )


def _note_versions(registry: Registry, preview: Preview) -> _Check:
    """Say which sets have gone on since the version that the campaign names."""
    store = SetStore(registry)
    named = {str(item["set"]) for item in list_constraints(preview.request.metadata) if item.get("set")}
    later = []
    for label in sorted(named):
        name, _, version = label.rpartition("@")
        n_versions = len(store.digests(name)) if name else 0
        if version.isdecimal() and n_versions > int(version):
            later.append(f"{label}, of which {name}@{n_versions} is the latest")
    return _Check(
        "The sets are the latest versions",
        not later,
        f"Named are {'; '.join(later)}." if later else "No set that is named has a later one.",
        "Name the later versions, if they are meant, and make the preview again.",
        is_note=bool(later),
    )


def _check_names(registry: Registry, campaign: Campaign, preview: Preview) -> Iterator[_Check]:
    run = preview.output_run
    kind = find_type(registry, run)
    holder = registry.journal.reserved_names().get(run)
    found = (
        f"There is a {kind.name} collection {run} already."
        if kind is not None
        else f"{run} is reserved by commit {holder[:12]}."
        if holder is not None
        else f"{run} is free."
    )
    yield _Check(
        "The name of the RUN is free",
        kind is None and holder is None,
        found,
        "Make the preview again: it takes the next free name.",
    )
    fault = check_output(registry, campaign.name, campaign.inputs)
    is_new = find_type(registry, campaign.name) is None
    yield _Check(
        "The output collection is a chain or new",
        not fault,
        fault or f"{campaign.name} is {'new' if is_new else 'a chain of earlier commits'}.",
        "Give the campaign another name.",
    )


def _check_fence(registry: Registry, preview: Preview) -> _Check:
    try:
        changes = preview.fence.list_changes(Fence.read(registry.butler, preview.fence.reads))
        changes += list_changed_conditions(registry, preview)
    except UnknownNameError as error:
        changes = [str(error)]
    reads = preview.fence.reads
    return _Check(
        "The inputs are as the preview read them",
        not changes,
        f"Changed since: {'; '.join(changes)}."
        if changes
        else f"Nothing has changed in {', '.join((*reads.inputs, *reads.existing_in))}.",
        "Make the preview again and look at it.",
    )


def _check_space(storage_dir: Path, size: GraphSize) -> _Check:
    place = next(path for path in (storage_dir, *storage_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    return _Check(
        "There is room on the disk",
        free > _SPARE * size.n_bytes,
        f"{free / 1e9:,.1f} GB are free at {place}, the graph file takes "
        f"{'' if size.measured else 'about '}{size.n_bytes / 1e6:,.3f} MB.",
        "Make room there.",
    )


def _note_pending(registry: Registry) -> Iterator[_Check]:
    pending = registry.journal.pending().to_pylist()
    if not pending:
        yield _Check("No other commit is under way", True, "None is.")
        return
    names = ", ".join(f"{row['run'] or row['campaign']} by {row['author']}" for row in pending)
    yield _Check(
        "No other commit is under way",
        False,
        f"Under way or interrupted: {names}.",
        "They do not stand in the way. What was interrupted is settled by the next open of the repository, "
        "or by 'workbench doctor'.",
        is_note=True,
    )
