"""The demonstration: real HSC COSMOS visits, a simulated survey, and small real tasks.

The pointings, times, filters and detector outlines of twelve visits are
facts of public observations.  What the weather was, and what the pixels
show, comes from the seeded model in `workbench.demo.model`, and whatever
is derived from it says so.

`create_repository` makes the Butler repository, `PIPELINE` names the
pipeline that processes it, `GROUPS_PIPELINE` one whose tasks work group by
group, `modelled_metrics` gives the quick-look numbers
that a selection starts from, and `BAD_LIST` is the exclusion list that
was made by hand.
"""

from __future__ import annotations

from pathlib import Path

from workbench.demo.metrics import modelled_metrics
from workbench.demo.model import DEFAULT_SEED
from workbench.demo.repository import create_repository, fill_repository

__all__ = [
    "BAD_LIST",
    "DEFAULT_SEED",
    "GROUPS_PIPELINE",
    "PIPELINE",
    "create_repository",
    "fill_repository",
    "modelled_metrics",
]

PIPELINE = "resource://workbench/demo/demo.yaml"
"""URI of the demonstration pipeline."""

GROUPS_PIPELINE = "resource://workbench/demo/groups.yaml"
"""URI of a pipeline with tasks that work group by group."""

BAD_LIST = Path(__file__).parent / "bad.ecsv"
"""File with the exposures that nobody should use, and why."""
