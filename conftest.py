"""Settings of the whole suite: how long property tests search, and what a broken interpreter cannot run."""

from __future__ import annotations

import sys

import pytest
from hypothesis import settings

BROKEN_ZIPFILE = {(3, 12, 1), (3, 13, 0)}
"""Releases of Python whose `zipfile` fails to read metadata and logs after `ingest-graph`."""

# A shared machine pauses any test now and then: a deadline for each example would fail at random.
settings.register_profile("suite", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=5000)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs `zipfile` where it is broken."""
    if sys.version_info[:3] in BROKEN_ZIPFILE:
        reason = f"zipfile of Python {'.'.join(map(str, sys.version_info[:3]))} cannot read what ran"
        for item in items:
            if item.get_closest_marker("as_run"):
                item.add_marker(pytest.mark.skip(reason=reason))
