"""Withdrawing a commit whose script nobody has executed: its names are free again, its record stays."""

from __future__ import annotations

import getpass
import json

from lsst.daf.butler import Butler

from workbench.campaigns.commits.marker import has_marker
from workbench.errors import CampaignError, MissingTableError, ReadOnlyError
from workbench.names import require_reason
from workbench.registry import Column, Registry, TableDeclaration
from workbench.registry.plan.script import refuse_to_run
from workbench.registry.scratch import replacing

__all__ = ["WITHDRAWN", "read_withdrawn", "withdraw"]

WITHDRAWN = TableDeclaration(
    name="withdrawn",
    columns=(
        Column("commit_id", "str", doc="The commit", nullable=False),
        Column("reason", "str", doc="Why nobody is to execute its script", nullable=False),
        Column("author", "str", doc="Who says so", nullable=False),
    ),
    key=("commit_id",),
    current="latest",
    doc="Commits that were withdrawn before anybody executed their scripts",
    visible=False,
)


def read_withdrawn(registry: Registry) -> dict[str, str]:
    """Read which commits were withdrawn; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.

    Returns
    -------
    reasons : `dict` [ `str`, `str` ]
        Why, by identifier of the commit.
    """
    try:
        table = registry.tables().get(WITHDRAWN.name)
    except MissingTableError:
        return {}  # `workbench doctor` says so.
    if table is None:
        return {}
    return {
        row["commit_id"]: row["reason"] for row in table.read(columns=["commit_id", "reason"]).to_pylist()
    }


def withdraw(registry: Registry, commit_id: str, *, reason: str) -> None:
    """Withdraw a commit whose script was not executed.  Writes to our tables, and to the script.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    commit_id : `str`
        A committed commit.
    reason : `str`
        Why; kept with it.

    Raises
    ------
    workbench.errors.ReasonRequiredError
        Raised if the reason is empty.
    workbench.errors.ReadOnlyError
        Raised if the registry was opened read-only.
    workbench.errors.CampaignError
        Raised if it was carried out already, or withdrawn.

    Notes
    -----
    The script that lies here refuses from now on.  A copy that was sent away
    does not know of it: if somebody executes that, the RUN is the commit's
    after all, unless another commit has taken the name.
    """
    require_reason(reason, f"the commit {commit_id} is withdrawn")
    if registry.read_only:
        raise ReadOnlyError(
            f"The commit {commit_id} was to be withdrawn, but {registry.uri} was opened read-only. "
            "Open it without read_only=True or --read-only."
        )
    (row,) = registry.journal.read(commit_id=commit_id).to_pylist()
    intent = json.loads(row["intent"])
    names = list(intent["names"])
    if (why := read_withdrawn(registry).get(commit_id)) is not None:
        raise CampaignError(f"The commit {commit_id} was withdrawn already: {why}.")
    if intent["script"] is None:
        raise CampaignError(
            f"The commit {commit_id} was carried out when it was made; only one whose script nobody has "
            f"executed can be withdrawn. {_describe_removal(names)}"
        )
    registry.refresh()
    if there := _list_registered(registry.butler, names, commit_id):
        raise CampaignError(
            f"The script of commit {commit_id} was executed: {', '.join(there)} is in the repository. "
            f"{_describe_removal(names)}"
        )
    script = registry.storage_dir / intent["script"]
    if script.is_file():
        text = refuse_to_run(script.read_text(encoding="utf-8"), f"Withdrawn by its author: {reason}")
        with replacing(script) as stream:
            stream.write(text.encode())
    with registry.transaction():
        registry.declare(WITHDRAWN).append(
            [{"commit_id": commit_id, "reason": reason, "author": getpass.getuser()}]
        )
        registry.journal.release(commit_id)


def _list_registered(butler: Butler, names: list[str], commit_id: str) -> list[str]:
    return [name for name in names if has_marker(butler, name, commit_id)]


def _describe_removal(names: list[str]) -> str:
    return (
        f"What is in the repository is removed there, by `butler remove-runs` or `butler remove-collections` "
        f"({', '.join(names)}), and acknowledged here by 'workbench doctor --acknowledge'."
    )
