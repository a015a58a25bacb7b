"""What the tests of the snapshot read from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler


@pytest.fixture
def butler(butler_repo: Path) -> Iterator[Butler]:
    """A Butler of the twelve visits."""
    with Butler.from_config(str(butler_repo)) as opened:
        yield opened
