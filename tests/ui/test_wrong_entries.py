"""What is typed wrong, in Chromium: said beside the field, without the answer before, and not logged."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.butler_server import ButlerServer
from tests.ui.conftest import serving
from tests.ui.test_journeys import enter, go_to, make_preview, state_of, table_rows

pytestmark = pytest.mark.browser

REASONS = {"96862": "worst seeing in tract 1", "96860": "clouds", "96908": "trailed"}


def leave_out(page: Page, visit: str, reason: str) -> None:
    page.get_by_label("Reason for the next edits").fill(reason)
    page.get_by_role("button", name=f"Exclude HSC {visit}").click()
    expect(page.get_by_text(f"by hand: {reason}")).to_be_visible()


def save(page: Page, name: str, reason: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Reason (kept with the version)").fill(reason)
    page.get_by_role("button", name="Save", exact=True).click()


def test_reasons_come_back_with_the_set(open_page: Callable[..., Page], demo_repo: Path) -> None:
    with serving(demo_repo) as (url, log):
        page = open_page()
        page.goto(url)
        go_to(page, "Choose")
        enter(page, "where: visits to take in", "skymap = 'cosmos_rings' AND tract = 1 AND band = 'r'")
        expect(page.get_by_text("What each part of the rule left")).to_have_count(1)
        for visit, reason in REASONS.items():
            leave_out(page, visit, reason)
        save(page, "tract1-r", "for the coadd")
        expect(page.get_by_text("Saved as tract1-r@1")).to_be_visible()
        page.reload()
        go_to(page, "Choose")
        page.get_by_label("or begin from a saved set").select_option("tract1-r@1")
        expect(page.get_by_text("Saved as tract1-r@1")).to_be_visible()
        for visit, reason in REASONS.items():
            state, why = state_of(page, visit)
            assert state == "out"
            assert reason in why
            assert getpass.getuser() in why, "who left it out"
        page.get_by_role("button", name="Include HSC 96908").click()
        expect(page.get_by_text("Not saved yet")).to_be_visible()
        save(page, "tract1-r", "it is not trailed")
        expect(page.get_by_text("Saved as tract1-r@2")).to_be_visible()
        go_to(page, "Versions")
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(page.get_by_text("From tract1-r@1 to tract1-r@2")).to_be_visible()
        (changed,) = [
            row
            for row in table_rows(page, "What changed between the two versions")
            if row["visit"] == "96908"
        ]
        assert "trailed" in " ".join(changed.values())
        assert "Traceback" not in log.read_text()


def test_what_is_typed_wrong_is_said_and_not_logged(open_page: Callable[..., Page], demo_repo: Path) -> None:
    with serving(demo_repo) as (url, log):
        page = open_page()
        page.goto(url)
        go_to(page, "Choose")
        enter(page, "where: visits to take in", "band = 'r'")
        expect(page.get_by_role("columnheader", name="part of the rule")).to_be_visible()
        enter(page, "where: visits to take in", "bnad = 'r'")
        expect(page.get_by_text("The set is still the one before")).to_be_visible()
        expect(page.get_by_role("columnheader", name="part of the rule")).to_be_hidden()
        enter(page, "where: visits to take in", "")
        expect(page.get_by_text("The set is still the one before")).to_be_hidden()
        save(page, "every", "to be grouped")
        expect(page.get_by_text("Saved as every@1")).to_be_visible()

        go_to(page, "Group")
        page.get_by_role("button", name="Try", exact=True).click()
        expect(page.get_by_text("All that is asked of the groups holds")).to_be_visible()
        enter(page, "Seed", "9" * 23)
        expect(page.get_by_text("Seed takes a whole number")).to_be_visible()
        expect(page.get_by_text("All that is asked of the groups holds")).to_be_hidden()
        expect(page.get_by_role("button", name="Save groups")).to_be_disabled()
        page.get_by_role("button", name="Show the groups before").click()
        expect(page.get_by_text("All that is asked of the groups holds")).to_be_visible()

        go_to(page, "Preview")
        make_preview(page)
        go_to(page, "Why not?")
        enter(page, "Data ID, such as", "visit=23682")
        expect(page.get_by_text("visit=23682 is kept by every task that has it")).to_be_visible()
        for wrong in ("visit=abc", "visit=96860 detector=42", "96860"):
            enter(page, "Data ID, such as", wrong)
            expect(page.get_by_role("alert").filter(visible=True)).to_contain_text(wrong.split("=")[-1])
            expect(page.get_by_text("visit=23682 is kept")).to_be_hidden()
            expect(page.get_by_text("Stage by stage")).to_be_hidden()
        for wrong in ("resource://workbench/demo/demo.yaml#nosuch", "/etc/passwd"):
            enter(page, "Pipeline (path or URI", wrong)
            expect(page.get_by_text("Out of date: ")).to_be_visible()
            page.get_by_role("button", name="Preview", exact=True).click()
            expect(page.get_by_text("the last one failed")).to_be_visible()
            expect(page.get_by_text("Out of date: ")).to_be_hidden()
            expect(page.get_by_role("tab", name="Why not?")).to_be_hidden()
        assert "Traceback" not in log.read_text()


def test_what_a_butler_server_cannot_do_is_said_where_the_button_is(
    open_page: Callable[..., Page], demo_repo: Path, butler_server: ButlerServer
) -> None:
    """Set, preview and commit by clicks through the middleware's own server; what is next is said there."""
    with serving(demo_repo, uri=butler_server.serve(demo_repo)) as (url, log):
        page = open_page()
        page.goto(url)
        expect(page.get_by_text("our tables in a sidecar")).to_be_visible()
        go_to(page, "Choose")
        expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()
        with butler_server.failing("503"):
            enter(page, "where: visits to take in", "band = 'r' AND visit < 60000")
            expect(page.get_by_text("503 Service Unavailable")).to_have_count(1)
            go_to(page, "Preview")
            page.get_by_role("button", name="Preview", exact=True).click()
            expect(page.get_by_text("the last one failed")).to_be_visible()
            said = page.get_by_text("still the one before: 12 visits").filter(visible=True)
            expect(said).to_have_count(1)
            go_to(page, "Choose")
        enter(page, "where: visits to take in", "band = 'r' AND visit < 60000")
        expect(page.get_by_text("2 of 12 visits are in the set")).to_be_visible()
        save(page, "far", "seen through the server")
        expect(page.get_by_text("Saved as far@1")).to_be_visible()
        go_to(page, "Preview")
        make_preview(page)
        go_to(page, "Commit")
        expect(page.get_by_text("the writes to the Butler come out as a script").first).to_be_visible()
        expect(page.get_by_text("Ready: every check has passed")).to_be_visible()
        run = page.get_by_label("Type the name of the RUN")
        run.fill(run.get_attribute("placeholder") or "")
        page.get_by_role("button", name="Commit", exact=True).click()
        expect(page.get_by_text("cannot be seen through the Butler server")).to_be_visible()
        expect(page.get_by_text("Have somebody who may write the repository run")).to_be_visible()
        expect(page.get_by_role("button", name="Copy: register, where the files are")).to_be_visible()
        for name in ("Run", "Cancel the run", "Write the BPS file"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
        expect(page.get_by_text("seen through a Butler server: put what it is called")).to_be_visible()
        page.get_by_role("button", name="Ingest what ran").click()
        expect(page.get_by_text("cannot be brought back from here")).to_be_visible()
        assert "Traceback" not in log.read_text()
