"""What a campaign says, as a preview keeps it and a commit records it.

A preview holds the statement that it was made from.  A record is made of
that alone: whatever the campaign says by then, what is recorded is what was
previewed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from workbench.campaigns.definition.grouping import CampaignGroupings
from workbench.campaigns.definition.lowering import LoweredGrouping
from workbench.errors import CampaignError
from workbench.graph import BuildOptions, Constraint, PartialPolicy, Preview, list_packages

__all__ = [
    "Statable",
    "check_preview",
    "count_unsaved",
    "list_constraints",
    "make_record",
    "require_saved",
    "state_campaign",
]


class Statable(Protocol):
    """What a campaign says; `~workbench.campaigns.Campaign` says it."""

    name: str
    pipeline_name: str
    pipeline_digest: str
    inputs: tuple[str, ...]
    lowering: CampaignGroupings
    partial: PartialPolicy
    growth_limit: float
    options: BuildOptions

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints (`tuple` [ `~workbench.graph.Constraint`, ... ])."""

    @property
    def groupings(self) -> tuple[LoweredGrouping, ...]:
        """The groupings (`tuple` [ `~workbench.campaigns.LoweredGrouping`, ... ])."""


def state_campaign(campaign: Statable) -> dict[str, object]:
    """Say all that a campaign says now.

    Parameters
    ----------
    campaign : `~workbench.campaigns.Campaign`
        The campaign.

    Returns
    -------
    statement : `dict`
        JSON-friendly, and nothing in it changes with the campaign.
    """
    return {
        "campaign": campaign.name,
        "pipeline": {
            "name": campaign.pipeline_name,
            "text": str(campaign.lowering.pipeline),
            "given": campaign.pipeline_digest,
        },
        "inputs": list(campaign.inputs),
        "constraints": [item.to_json() for item in campaign.constraints],
        "groups": [item.to_json() for item in campaign.groupings],
        "partial": campaign.partial.value,
        "growth_limit": campaign.growth_limit,
        "options": campaign.options.to_json(),
    }


def list_constraints(statement: Mapping[str, object]) -> Sequence[Mapping[str, Any]]:
    """Return the constraints of a statement.

    Parameters
    ----------
    statement : `~collections.abc.Mapping`
        As `state_campaign` makes it; of another maker it may have none.

    Returns
    -------
    constraints : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        As `~workbench.graph.Constraint.to_json` gives them.
    """
    return cast("Sequence[Mapping[str, Any]]", statement.get("constraints", ()))


def count_unsaved(statement: Mapping[str, object]) -> int:
    """Count the constraints by sets that were never saved.

    Parameters
    ----------
    statement : `~collections.abc.Mapping`
        As `state_campaign` makes it.

    Returns
    -------
    number : `int`
        How many.
    """
    return sum(1 for item in list_constraints(statement) if item.get("key_digest") and not item.get("set"))


def require_saved(statement: Mapping[str, object]) -> None:
    """Refuse sets that were never saved.

    Parameters
    ----------
    statement : `~collections.abc.Mapping`
        As `state_campaign` makes it.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if there are any.
    """
    if n_unsaved := count_unsaved(statement):
        raise CampaignError(
            f"{n_unsaved} constraint(s) use sets that were never saved, so that the campaign "
            "could not be replayed. Save them with bench.save(set, name, reason=...), or 'workbench select "
            "--save', and constrain by the result."
        )


def check_preview(campaign: Statable, preview: Preview) -> None:
    """Refuse a preview that was made by another campaign.

    Parameters
    ----------
    campaign : `~workbench.campaigns.Campaign`
        The campaign that is to commit it.
    preview : `~workbench.graph.Preview`
        A preview.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the preview is of another output collection or pipeline.
        The constraints may be others: what is recorded are those of the
        preview.
    """
    statement = preview.request.metadata
    name = statement.get("campaign")
    if name is None:
        raise CampaignError(
            f"The preview of {preview.output_run!r} was made by no campaign, so that there is nothing to "
            f"record of it. Preview with {campaign.name!r}.preview() and commit that."
        )
    if name != campaign.name:
        raise CampaignError(
            f"The preview is of the campaign {name!r} (RUN {preview.output_run!r}), and the commit was asked "
            f"of {campaign.name!r}. Commit it with its own campaign, or preview this one."
        )
    pipeline = cast("Mapping[str, str]", statement["pipeline"])
    if pipeline["given"] != campaign.pipeline_digest:
        raise CampaignError(
            f"The preview of {name!r} is of the pipeline {pipeline['name']}, and this campaign of the same "
            f"name has another: {campaign.pipeline_name}. Preview this campaign and commit that."
        )


def make_record(preview: Preview, author: str) -> dict[str, object]:
    """Return what a commit records of the campaign that a preview was made by.

    Parameters
    ----------
    preview : `~workbench.graph.Preview`
        The graph.
    author : `str`
        Who commits it.

    Returns
    -------
    record : `dict`
        JSON-friendly.
    """
    statement: dict[str, object] = json.loads(json.dumps(dict(preview.request.metadata)))
    return {
        **statement,
        "author": author,
        "output_run": preview.output_run,
        "fence": preview.fence.digest,
        "logical_digest": preview.logical_digest,
        "quanta": preview.n_quanta_by_task,
        "packages": list_packages(),
    }
