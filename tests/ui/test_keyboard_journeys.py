"""Journeys by keyboard alone in Chromium: keys are pressed, and nothing is clicked, filled or focused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.keyboard import press_on, tab_to
from tests.ui.reading import expect_equal
from tests.ui.test_journeys import table_rows
from workbench.bench import open_bench
from workbench.demo import BAD_LIST
from workbench.sets import read_set_file

pytestmark = pytest.mark.browser

STOPS = """() => {
  const found = [];
  let before = document.activeElement;
  while (before?.shadowRoot?.activeElement) before = before.shadowRoot.activeElement;
  const look = (root) => {
    for (const at of root.querySelectorAll("*")) {
      if (at.shadowRoot) look(at.shadowRoot);
      const isStop = at.matches("a[href], button, input, select, textarea, summary, [tabindex]");
      if (!isStop || at.tabIndex < 0 || at.disabled || !at.checkVisibility()) continue;
      at.focus({ preventScroll: true });
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      const names = [at.getAttribute("aria-label"), at.labels?.[0]?.innerText, at.innerText, at.title];
      found.push({
        name: names.find(Boolean)?.trim() ?? "",
        what: at.outerHTML.slice(0, 120),
        // A box of a drawing has a thicker edge instead.
        seen: (outlineStyle === "solid" && parseFloat(outlineWidth) >= 2) || at.matches("svg .node"),
      });
    }
  };
  look(document);
  before.focus();
  return found;
}"""
"""Whatever Tab stops at: what it is called, and whether its focus is seen."""


def start(page: Page, url: str, presses: int) -> None:
    """Open the application, and turn to a step by arrow keys."""
    page.goto(url)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    tab_to(page, "1\nBrowse")
    for _ in range(presses):
        page.keyboard.press("ArrowRight")


def back_to(page: Page, tab: str, *keys: str) -> None:
    """Go back by Shift+Tab to a tab, and press keys there."""
    tab_to(page, tab, key="Shift+Tab")
    for key in keys:
        page.keyboard.press(key)


def check_stops(page: Page) -> None:
    """Look at each stop of Tab; the last key was one of the keyboard, so that its focus is shown."""
    found = page.evaluate(STOPS)
    assert len(found) > 5
    assert not [stop["what"] for stop in found if not stop["name"]]
    assert not [stop["what"] for stop in found if not stop["seen"]]


def leave_out(page: Page, visit: int, left: int, name: str, version: int) -> None:
    """Leave a visit out of the set, and save it, from the tab of the step."""
    press_on(page, "Visits by number", str(visit), key="")
    press_on(page, "Leave these out")
    expect(page.get_by_text(f"{left} of 12 visits are in the set")).to_be_visible()
    press_on(page, "Name", name, key="")
    press_on(page, "Reason (kept", f"without {visit}", key="")
    press_on(page, "Save")
    expect(page.get_by_text(f"Saved as {name}@{version}: ")).to_be_visible()


def test_versions_files_and_algebra(
    open_page: Callable[..., Page], served: str, served_repo: Path, tmp_path: Path
) -> None:
    page = open_page()
    start(page, served, 2)
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()
    expect(page.get_by_role("button", name="Exclude HSC 18202")).to_be_visible()
    check_stops(page)
    # A rule, wrong and right; undo and redo say what they do.
    press_on(page, "where: visits to take in", "metrics.psf_fwmh < 0.9")
    expect(page.get_by_role("alert")).to_contain_text("metrics.psf_fwhm")
    tab_to(page, "where: visits to take in", key="Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("metrics.psf_fwhm < 0.9\n")
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    press_on(page, "Exclude HSC 19676")
    expect(page.get_by_text("10 of 12 visits are in the set")).to_be_visible()
    expect(page.get_by_role("button", name="Undo HSC 19676")).to_be_focused()
    tab_to(page, "Undo: leave out", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    press_on(page, "Redo: leave out")
    expect(page.get_by_text("10 of 12 visits are in the set")).to_be_visible()
    # A file that the browser asks for, and one on the server; each step is removed again.
    back_to(page, "This set")
    with page.expect_file_chooser() as asked:
        press_on(page, "Drop set files here")
    asked.value.set_files(BAD_LIST)
    expect(page.get_by_text("8 of 12 visits are in the set")).to_be_visible()
    press_on(page, "Remove leave out bad.ecsv")
    expect(page.get_by_text("10 of 12 visits are in the set")).to_be_visible()
    back_to(page, "This set")
    press_on(page, "Path on the server", str(BAD_LIST))
    expect(page.get_by_text("8 of 12 visits are in the set")).to_be_visible()

    for version, (visit, left) in enumerate(((96954, 7), (96980, 6)), start=1):
        leave_out(page, visit, left, "zk-keys", version)
        if version == 1:
            back_to(page, "This set")
    press_on(page, "As a file", "Par", key="")
    with page.expect_download() as waiting:
        press_on(page, "Download")
    waiting.value.save_as(tmp_path / "keys.parquet")
    with open_bench(served_repo, read_only=True) as bench:
        stored = bench.load("zk-keys@2")
        assert read_set_file(tmp_path / "keys.parquet", bench.butler).record_digest == stored.record_digest

    # Versions: what changed, and the first one again.
    back_to(page, "This set", "End")
    expect(page.get_by_role("tab", name="Versions")).to_be_focused()
    expect(page.get_by_role("button", name="Restore")).to_be_enabled()
    press_on(page, "Saved set", "zk-keys", key="")
    press_on(page, "Compare")
    expect(page.get_by_text("From zk-keys@1 to zk-keys@2: 0 rows gained, 1 lost")).to_be_visible()
    expect_equal(
        lambda: [
            (row["visit"], row["change"]) for row in table_rows(page, "What changed between the two versions")
        ],
        [("96980", "removed")],
    )
    check_stops(page)
    press_on(page, "Reason for restoring", "it was right", key="")
    press_on(page, "Restore")
    expect(page.get_by_text("zk-keys@1 is the latest version again, as zk-keys@3.")).to_be_visible()
    expect(page.get_by_role("button", name="Edit zk-keys@3")).to_be_visible()
    tab_to(page, "Edit zk-keys@2", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Choose")).to_contain_text("6 visits, saved")

    # Combine: a bar of the chart is pressed.
    back_to(page, "Versions", "ArrowLeft")
    expect(page.get_by_label("Saved sets (2")).to_be_visible()
    press_on(page, "Saved sets (2", key="Home")
    page.keyboard.press("Shift+ArrowDown")
    press_on(page, "Compare")
    expect(page.get_by_text("2 sets hold 7 different rows")).to_be_visible()
    check_stops(page)
    bar = re.compile("^1 rows in zk-keys@3, not in zk-keys@2")
    press_on(page, bar, key="Space")
    expect(page.get_by_role("button", name=bar, pressed=True)).to_be_focused()
    expect(page.get_by_text("1 are taken into the set")).to_be_visible()
    tab_to(page, "Undo: take in", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("None of it is taken")).to_be_visible()

    # The session is looked at, and exported.
    press_on(page, "Show the whole session")
    expect(page.get_by_role("listitem").filter(has_text="bench.sets.diff('zk-keys@1'").first).to_be_visible()
    with page.expect_download() as waiting:
        press_on(page, "Export this session")
    waiting.value.save_as(tmp_path / "session.ipynb")
    cells = json.loads((tmp_path / "session.ipynb").read_text())["cells"]
    assert any("zk-keys" in "".join(cell["source"]) for cell in cells)


def test_notes_are_revised_together(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    start(page, served, 2)
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()
    tab_to(page, "This set")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Show notes")).to_be_visible()
    check_stops(page)
    for number, text in enumerate(("ghost of a star", "ghost again"), start=1):
        press_on(page, "About: visits", "59884.49", key="")
        press_on(page, "Show notes")
        expect(page.get_by_text(re.compile(f"^{number - 1} notes? on 1 target"))).to_be_visible()
        press_on(page, "Text", text, key="")
        press_on(page, "Flag", "art", key="")
        press_on(page, "Preview the note")
        expect(page.get_by_text("one note on 1 target, with the flag artifact")).to_be_visible()
        press_on(page, "Write it")
        expect(page.get_by_text(re.compile(f"^{number} notes? on 1 target"))).to_be_visible()
        back_to(page, "Notes")
    press_on(page, "do this", "add a tag", key="")
    expect(page.get_by_label("Tag or link")).to_be_visible()
    press_on(page, "Tag or link", "ghosts", key="")
    press_on(page, "Reason for changing", "one word for all", key="")
    press_on(page, "Preview the changes")
    expect(page.get_by_text("Will be written: a revision of 2 notes, all or none.")).to_be_visible()
    press_on(page, "Write the revisions")
    expect(page.get_by_text("2 notes revised.")).to_be_visible()
    back_to(page, "Notes")
    press_on(page, "revisions of note 1")
    expect(page.get_by_text("History of note 1")).to_be_visible()
    press_on(page, "Close")
    expect(page.get_by_text("History of note 1")).to_be_hidden()
    tab_to(page, "Undo: ", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("ghosts", exact=True)).to_have_count(1)


def lost_quanta(page: Page) -> dict[str, str]:
    return {row["task"]: row["lost"] for row in table_rows(page, "Tasks that change")}


def test_a_preview_is_asked_why_and_what_if_and_compared(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    start(page, served, 3)
    expect(page.get_by_label("Rule", exact=True)).to_be_visible()
    check_stops(page)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Preview", exact=True)).to_be_visible()
    press_on(page, re.compile("Preview$"))
    expect(page.get_by_text("Up to date: ")).to_be_visible()
    press_on(page, "Tasks", key="End")
    expect(page.get_by_role("button", name="Compare graphs")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Visit in or out")).to_be_visible()
    press_on(page, "Visit in or out", "96954")
    expect(page.get_by_text("Tried: ")).to_contain_text("visit=96954 out of")
    press_on(page, "Keep this")
    expect(page.get_by_text("Out of date: the set")).to_be_visible()
    tab_to(page, re.compile("Preview$"), key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("against the preview before").first).to_be_attached()
    expect(page.get_by_text("Up to date: ")).to_be_visible()

    check_stops(page)

    # Why is it out; what would bring it back is tried, on the page that it is tried on.
    press_on(page, "What if?", key="ArrowLeft")
    expect(page.get_by_text("Of all candidates, the first fall")).to_be_visible()
    press_on(page, "Data ID", "visit=96954")
    expect(page.get_by_text("visit=96954 first falls at calibrate: 6 of 6 quanta")).to_be_visible()
    press_on(page, "Task", "warp", key="")
    expect(page.get_by_text("visit=96954 first falls at warp")).to_be_visible()
    press_on(page, "Try: add it to")
    expect(page.get_by_text("Tried: ")).to_contain_text("visit=96954 into")
    expect(page.get_by_role("tab", name="What if?")).to_be_focused()
    check_stops(page)
    press_on(page, "Discard")
    expect(page.get_by_text("Nothing is tried now")).to_be_visible()

    # The two previews, task by task.
    back_to(page, "What if?", "ArrowRight")
    expect(page.get_by_role("button", name="Compare graphs")).to_be_visible()
    press_on(page, "Compare graphs")
    expect(page.get_by_text("From preview 1")).to_be_visible()
    expect_equal(lambda: lost_quanta(page)["calibrate"], "6")
    lost = lost_quanta(page)
    press_on(page, "Quanta of", "warp", key="")
    quanta = page.get_by_role("region", name="Quanta that differ")
    expect(quanta.locator("tbody tr")).to_have_count(int(lost["warp"]))
    check_stops(page)
    back_to(page, "5\nPreview", "ArrowRight")
    expect(page.get_by_label("Type the name of the RUN")).to_be_visible()
    check_stops(page)


def test_what_is_selected_in_linked_views_becomes_the_set(
    open_page: Callable[..., Page], served: str
) -> None:
    page = open_page()
    start(page, served, 1)
    expect(page.get_by_text("0 of 12 visits selected.")).to_be_visible()
    expect(page.get_by_label("Select HSC 18202")).to_be_visible()
    check_stops(page)
    press_on(page, "Zoom in")
    press_on(page, "Cut in psf fwhm from", "0.55", key="")
    press_on(page, "Cut in psf fwhm to", "0.7")
    expect(page.get_by_text(re.compile(r"^[1-9] of 12 visits selected: psf fwhm from 0.55"))).to_be_visible()
    press_on(page, "Select HSC 18202", key="Space")
    expect(page.get_by_role("checkbox", name="Select HSC 18202")).to_be_focused()
    expect(page.get_by_text(re.compile("visits selected: .*by hand"))).to_be_visible()
    press_on(page, "Reason for the edit", "sharp enough", key="")
    press_on(page, "Make it the set")
    expect(page.get_by_text(re.compile("visits in the set"))).to_be_visible()
    press_on(page, "Note on it")
    expect(page.get_by_role("button", name="Show notes")).to_be_visible()
    expect(page.get_by_role("tab", name="Choose")).to_be_focused()
    press_on(page, "Text", key="")
