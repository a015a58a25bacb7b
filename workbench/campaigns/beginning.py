"""Beginning a campaign from what a campaign file says."""

from __future__ import annotations

from workbench.campaigns.campaign import Campaign
from workbench.campaigns.definition.file import CampaignFile
from workbench.errors import UnknownNameError
from workbench.registry import Registry

__all__ = ["begin_campaign"]


def begin_campaign(registry: Registry, file: CampaignFile) -> Campaign:
    """Begin the campaign that a campaign file describes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    file : `~workbench.campaigns.CampaignFile`
        What the file says.

    Returns
    -------
    campaign : `~workbench.campaigns.Campaign`
        With the file's constraints and groupings.

    Raises
    ------
    workbench.errors.CampaignError
        Raised for what the campaign refuses; subclasses say why.
    """
    campaign = Campaign(
        registry,
        file.campaign,
        file.pipeline,
        file.inputs,
        output_run=file.output_run,
        partial=file.partial,
        growth_limit=file.growth_limit,
        options=file.options,
    )
    of_clones = []
    for constraint in file.constraints:
        try:
            campaign.constrain(**constraint)  # type: ignore[arg-type]
        except UnknownNameError:
            if not file.groups:
                raise
            of_clones.append(constraint)
    for grouping in file.groups:
        campaign.group(**grouping)  # type: ignore[arg-type]
    for constraint in of_clones:
        campaign.constrain(**constraint)  # type: ignore[arg-type]
    return campaign
