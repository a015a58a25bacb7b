"""Campaigns: what is constrained, previewed, published and committed.

A `Campaign` collects constraints and groupings, and previews; `commit` writes graph file,
TAGGED collection and record by a journal, all or nothing; `publish_set` puts
a saved set behind a chain.
"""

from __future__ import annotations

from workbench.campaigns.beginning import begin_campaign
from workbench.campaigns.campaign import Campaign
from workbench.campaigns.commits.checks import check_commit
from workbench.campaigns.commits.commit import (
    Commit,
    CommitRequest,
    Publication,
    commit,
    load_commit,
    read_commits,
    recover,
)
from workbench.campaigns.commits.forecast import CommitForecast, forecast_commit, list_written
from workbench.campaigns.commits.presence import (
    Presence,
    RunPresence,
    check_run_present,
    find_run_presence,
)
from workbench.campaigns.commits.publish import find_datasets_of, publish_set
from workbench.campaigns.commits.record import check_committed_graph
from workbench.campaigns.commits.withdrawing import withdraw
from workbench.campaigns.definition.file import CampaignFile, read_campaign_file
from workbench.campaigns.definition.lowering import LoweredGrouping
from workbench.campaigns.what_if import WhatIf

__all__ = [
    "Campaign",
    "CampaignFile",
    "Commit",
    "CommitForecast",
    "CommitRequest",
    "LoweredGrouping",
    "Presence",
    "Publication",
    "RunPresence",
    "WhatIf",
    "begin_campaign",
    "check_commit",
    "commit",
    "find_datasets_of",
    "find_run_presence",
    "forecast_commit",
    "list_written",
    "check_committed_graph",
    "check_run_present",
    "load_commit",
    "publish_set",
    "read_campaign_file",
    "read_commits",
    "recover",
    "withdraw",
]
