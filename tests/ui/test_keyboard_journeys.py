"""Journeys by keyboard alone in Chromium: keys are pressed, and nothing is clicked, filled or focused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.keyboard import FIRST, focused, press_on, tab_to, turn_to
from tests.ui.test_journeys import shown_quanta, table_rows
from workbench.bench import open_bench
from workbench.demo import BAD_LIST
from workbench.sets import read_set_file

pytestmark = pytest.mark.browser

STOPS = """() => {
  const found = [];
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
  return found.filter((stop) => !stop.what.includes("bk-events"));
}"""
"""Whatever Tab stops at, but for the canvas of Bokeh: what it is called, and whether its focus is seen."""


def start(page: Page, url: str, presses: int) -> None:
    """Open the application, and turn to a step by arrow keys."""
    page.goto(url)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    tab_to(page, "1\nBrowse")
    for _ in range(presses):
        page.keyboard.press("ArrowRight")


def stops(page: Page) -> list[dict[str, Any]]:
    """Look at each stop of Tab; the last key was one of the keyboard, so that its focus is shown."""
    return list(page.evaluate(STOPS))


def test_every_stop_of_tab_has_a_name_and_is_seen(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    start(page, served, 0)
    found = stops(page)
    tab_to(page, "1\nBrowse")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("0 of 12 visits selected.")).to_be_visible()
    expect(page.get_by_label("Select HSC 18202")).to_be_visible()
    found += stops(page)
    tab_to(page, "2\nExplore")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Exclude HSC 18202")).to_be_visible()
    found += stops(page)
    part = "This set"
    for turned, shown in (("Notes", "Show notes"), ("Combine", "Take all"), ("Versions", "Restore")):
        tab_to(page, part)
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("button", name=shown)).to_be_visible()
        found += stops(page)
        part = turned
    turn_to(page, "Choose", "ArrowRight")
    expect(page.get_by_label("Rule", exact=True)).to_be_visible()
    found += stops(page)
    turn_to(page, "Group", "ArrowRight")
    expect(page.get_by_role("button", name="Preview", exact=True)).to_be_visible()
    press_on(page, re.compile("Preview$"))
    expect(page.get_by_text("Up to date: ")).to_be_visible()
    for part, shown in (("Tasks", "calibrate: "), ("Why not?", "Why?"), ("What if?", "Try with it")):
        expect(page.get_by_role("button", name=shown).first).to_be_visible()
        found += stops(page)
        tab_to(page, part)
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Compare graphs")).to_be_visible()
    found += stops(page)
    turn_to(page, "Preview", "ArrowRight")
    expect(page.get_by_label("Type the name of the RUN")).to_be_visible()
    found += stops(page)
    assert len(found) > 300
    assert not [stop["what"] for stop in found if not stop["name"]]
    assert not [stop["what"] for stop in found if not stop["seen"]]
