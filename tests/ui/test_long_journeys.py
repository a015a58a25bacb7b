"""Thirty thousand visits in Chromium: what takes long shows progress, and is cancelled by its button."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.copied_records import copy_visits
from tests.ui.conftest import PACKAGE, serving
from tests.ui.test_explore import view
from tests.ui.test_journeys import go_to
from workbench.bench import open_bench

pytestmark = pytest.mark.browser

N_COPIES = 2500


@pytest.fixture(scope="module")
def crowded_repo(_demo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration repository with thirty thousand visits, all of them in a set."""
    root = Path(shutil.copytree(_demo_master, tmp_path_factory.mktemp("crowded") / "repo"))
    copy_visits(root, "HSC", N_COPIES)
    with open_bench(root) as bench:
        bench.save(bench.select("visit"), "all", reason="to be grouped")
    return root


@pytest.fixture(scope="module")
def crowded(crowded_repo: Path) -> Iterator[str]:
    """URL of the application on it."""
    with serving(crowded_repo) as (url, log):
        yield url
    assert str(PACKAGE) not in log.read_text(), log.read_text()


def cancel(page: Page, title: str) -> None:
    """Cancel long work of the page that is shown, once it is under way."""
    expect(page.get_by_text(re.compile(rf"^{title}: .*, \d+\.\d s$"))).to_be_visible()
    button = page.get_by_role("button", name="Cancel", exact=True).locator("visible=true")
    button.click()
    expect(page.get_by_text(f"{title} was cancelled; nothing was left behind.")).to_be_visible()
    expect(button).to_be_disabled()


def test_a_long_try_of_groups_and_a_long_explore_are_cancelled(
    open_page: Callable[..., Page], crowded: str, crowded_repo: Path
) -> None:
    page = open_page()
    page.goto(crowded)
    go_to(page, "Group")
    expect(page.get_by_label("Set to group")).to_have_value("all@1")
    page.get_by_role("button", name="Try", exact=True).click()
    cancel(page, "Grouping")
    expect(page.get_by_text("Try a rule on a saved set, or open a saved grouping.")).to_be_visible()
    expect(view(page, "Groups")).to_have_count(0)
    go_to(page, "Explore")
    cancel(page, "Reading of the visits")
    # It was not read, so that turning to the page reads it again.
    go_to(page, "Browse")
    expect(page.get_by_text("visit records.").first).to_be_visible()
    expect(page.get_by_label("show only visits")).to_be_hidden()
    go_to(page, "Explore")
    cancel(page, "Reading of the visits")
    with open_bench(crowded_repo, read_only=True) as bench:
        assert bench.groupings.list().num_rows == 0
