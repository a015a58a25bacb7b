"""Every view as axe-core sees it, in both themes; nothing is asked of another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_journeys import go_to, make_preview

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

OUTSIDE = {
    ".bk-Canvas": "Bokeh draws on a canvas without roles; each figure has its table and a sentence",
    ".bk-ToolbarPanel, .bk-Toolbar": "Bokeh's toolbar; what its tools do can be done in the fields beside",
}
"""What is left out, and why."""

GRAVE = {"serious", "critical"}


def find_violations(page: Page) -> list[str]:
    """Run axe-core on what is shown; return what is grave."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        """async (outside) => await axe.run(
          { exclude: outside.filter((css) => document.querySelector(css)) },
          { resultTypes: ["violations"] },
        )""",
        list(OUTSIDE),
    )
    return [
        f"{item['id']} ({item['impact']}): {node['html'][:200]} at {node['target']}: {node['failureSummary']}"
        for item in found["violations"]
        if item["impact"] in GRAVE
        for node in item["nodes"]
    ]


def walk(page: Page) -> Iterator[str]:
    """Turn to every view, with something to see in it."""
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    page.get_by_role("button", name="About HSC 96954").click()
    expect(page.get_by_text("visit HSC 96954").first).to_be_visible()
    yield "Browse"
    go_to(page, "Explore")
    expect(page.get_by_text("of 12 visits selected").first).to_be_visible()
    yield "Explore"
    go_to(page, "Choose")
    page.get_by_role("button", name="Exclude HSC 96954").click()
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    yield "Choose"
    for part in ("Notes", "Combine sets", "Versions"):
        go_to(page, part)
        yield part
    go_to(page, "This set")
    page.get_by_role("button", name="Show the whole session").click()
    yield "Replay"
    go_to(page, "Group")
    yield "Group"
    go_to(page, "Preview")
    make_preview(page)
    yield "Preview"
    go_to(page, "Commit")
    expect(page.get_by_text("Not ready: ")).to_be_visible()
    yield "Commit"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_view_has_a_grave_violation(open_page: Callable[..., Page], served: str, theme: str) -> None:
    page = open_page()
    page.goto(f"{served}?theme={theme}")
    found = {}
    for view in walk(page):
        if violations := find_violations(page):
            found[view] = violations
    assert not found, "\n".join(f"{view}\n  " + "\n  ".join(lines) for view, lines in found.items())


def test_axe_finds_what_is_wrong(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any(line.startswith("button-name (critical)") for line in find_violations(page))
