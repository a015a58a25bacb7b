"""Which pipelines are looked at where no Python of others may run."""

from __future__ import annotations

import sys

import pytest

from workbench.campaigns.definition.pipeline import require_installed
from workbench.errors import CampaignError


@pytest.mark.parametrize(
    "uri",
    ["/tmp/mine.yaml", "mine.yaml#coadd", "file:///tmp/mine.yaml", "https://host/x.yaml", "",
     "resource://antigravity/x.yaml", "resource://this.x/x.yaml", "RESOURCE:///x.yaml"],
)  # fmt: skip
def test_what_is_not_loaded_is_not_looked_at(uri: str) -> None:
    with pytest.raises(CampaignError, match="read-only"):
        require_installed(uri)
    assert "antigravity" not in sys.modules


def test_pipelines_of_loaded_packages_are() -> None:
    require_installed("resource://workbench/demo/demo.yaml#coadd")
