"""From a preview to what ran, in Chromium: once by mouse, once by keyboard alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import serving
from tests.ui.keyboard import tab_to
from tests.ui.reading import expect_equal
from tests.ui.test_accessibility import find_violations
from tests.ui.test_journeys import enter, go_to, make_preview, table_rows
from workbench.bench import open_bench
from workbench.runs import STATES

pytestmark = pytest.mark.browser

PIPELINE_PART = "#visit-level"


@pytest.fixture(scope="module")
def running_repo(_demo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a repository in which these tests commit and run."""
    return Path(shutil.copytree(_demo_master, tmp_path_factory.mktemp("running") / "repo"))


@pytest.fixture(scope="module")
def running(running_repo: Path) -> Iterator[str]:
    """URL of the application on it."""
    with serving(running_repo) as (url, log):
        yield url
    assert "Traceback" not in log.read_text(), log.read_text()


def prepare(page: Page, campaign: str, visits: str) -> None:
    """State a campaign of the visit level."""
    go_to(page, "Preview")
    pipeline = page.get_by_label("Pipeline (path").input_value().partition("#")[0]
    enter(page, "Pipeline (path", pipeline + PIPELINE_PART)
    enter(page, "Name (output collection)", campaign)
    page.get_by_role("button", name="Remove").click()
    page.get_by_label("Set", exact=True).select_option("an expression")
    page.get_by_label("Expression", exact=True).fill(f"instrument = 'HSC' AND visit IN ({visits})")
    page.get_by_role("button", name="Add", exact=True).click()
    make_preview(page)


def status_rows(page: Page) -> list[list[str]]:
    return page.get_by_role("region", name="Status by task").evaluate(
        """(region) => [...region.querySelectorAll("tbody tr")]
          .map((row) => [...row.cells].slice(0, -1).map((cell) => cell.innerText))"""
    )


def by_api(repo: Path, run: str) -> list[list[str]]:
    with open_bench(repo, read_only=True) as bench:
        rows = bench.status(run).to_pylist()
    names = ("n_quanta", *STATES)
    total = ["all tasks", *(f"{sum(row[name] for row in rows):,}" for name in names)]
    return [[row["task"], *(f"{row[name]:,}" for name in names)] for row in rows] + [total]


@pytest.mark.as_run
def test_a_commit_is_confirmed_run_left_alone_and_ingested_by_mouse(
    open_page: Callable[..., Page], running: str, running_repo: Path
) -> None:
    page = open_page()
    page.goto(running)
    prepare(page, "u/test/mouse", "96980")
    go_to(page, "Commit")
    expect(page.get_by_text("Ready: every check has passed")).to_be_visible()
    with open_bench(running_repo, read_only=True) as bench:
        assert "u/test/mouse/r1" not in bench.campaigns.list()["run"].to_pylist()
    expect_equal(lambda: table_rows(page, "Files that will be written")[0]["size"], "measured")
    measured = table_rows(page, "Files that will be written")[0]["bytes"]
    page.get_by_label("Type the name of the RUN").fill("u/test/mouse/r1")
    page.get_by_role("button", name="Commit", exact=True).click()
    expect(page.get_by_text("Not run yet: 7 quanta: 7 waiting")).to_be_visible()
    expect_equal(lambda: table_rows(page, "Files of the commit")[0]["bytes"], measured)

    page.get_by_role("button", name="Write the BPS file").click()
    expect(page.get_by_text("bps submit ")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: run the quanta").click()
    expect(page.get_by_text("Copied").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("pipetask run-qbb ")

    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Running: 7 quanta")).to_be_visible()
    # The rest of the application goes on, and the run does not mind that its page is left.
    go_to(page, "Choose")
    page.get_by_role("button", name="Exclude HSC 96954").click()
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    page.close()

    page = open_page()
    page.goto(running)
    go_to(page, "Commit")
    expect(page.get_by_text("Done: 7 quanta: 7 successful")).to_be_visible()
    expect_equal(lambda: status_rows(page), by_api(running_repo, "u/test/mouse/r1"))
    assert not find_violations(page)
    page.get_by_role("button", name="Dark theme").click()
    assert not find_violations(page, "color-contrast")
    page.get_by_role("button", name="Show the log").click()
    expect(page.get_by_role("region", name="End of the log")).to_contain_text(
        "Executed 7 quanta successfully"
    )
    page.get_by_role("button", name="Ingest what ran").click()
    expect(page.get_by_text("Ingested: 7 successful; ")).to_be_visible()
    expect_equal(lambda: status_rows(page), by_api(running_repo, "u/test/mouse/r1"))
    expect(page.get_by_role("button", name="Run again")).to_be_disabled()


def test_a_commit_is_confirmed_run_cancelled_and_run_again_by_keyboard_alone(
    open_page: Callable[..., Page], running: str, running_repo: Path
) -> None:
    page = open_page()
    page.goto(running)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    tab_to(page, "1\nBrowse")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Preview")).to_be_focused()
    tab_to(page, "Name (output collection)")
    page.keyboard.press("Control+a")
    page.keyboard.type("u/test/keys")
    tab_to(page, "Pipeline (path")
    page.keyboard.press("End")
    page.keyboard.type(f"{PIPELINE_PART}\n")
    tab_to(page, "Remove")
    page.keyboard.press("Enter")
    tab_to(page, "Set")
    page.keyboard.press("End")
    tab_to(page, "Expression")
    page.keyboard.type("instrument = 'HSC' AND visit IN (95104, 96980)")
    tab_to(page, "Add")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove")).to_have_count(1)
    tab_to(page, "Preview")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Up to date: ")).to_be_visible()
    tab_to(page, "5\nPreview", key="Shift+Tab")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Commit")).to_be_focused()
    expect(page.get_by_text("Ready: every check has passed")).to_be_visible()
    tab_to(page, "Type the name of the RUN")
    page.keyboard.type("u/test/keys/r1\n")
    expect(page.get_by_text("Not run yet: 14 quanta: 14 waiting")).to_be_visible()

    tab_to(page, "Processes")
    tab_to(page, "Run")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Running: 14 quanta")).to_be_visible()
    tab_to(page, "Cancel the run")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The run was stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel the run")).to_be_disabled()
    run = page.get_by_role("button", name="Run", exact=True).or_(page.get_by_role("button", name="Run again"))
    expect(run).to_be_enabled()
    tab_to(page, "Run", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done: 14 quanta: 14 successful")).to_be_visible()
    expect_equal(lambda: status_rows(page), by_api(running_repo, "u/test/keys/r1"))
