"""Campaigns: what is constrained, previewed, published and committed."""

from __future__ import annotations

from workbench.campaigns.commit import (
    Commit,
    CommitRequest,
    Publication,
    commit,
    load_commit,
    read_commits,
    recover,
)

__all__ = [
    "Commit",
    "CommitRequest",
    "Publication",
    "commit",
    "load_commit",
    "read_commits",
    "recover",
]
