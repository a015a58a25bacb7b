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

GRAVE = {"serious", "critical"}


def find_violations(page: Page, *rules: str) -> list[str]:
    """Run axe-core on what is shown, all rules or some; return what is grave."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        """async (rules) => {
          // What depends on sizes, such as whether Tab stops at a box, is known when the page was drawn.
          const frame = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
          await frame();
          await frame();
          return await axe.run(
            document,
            { resultTypes: ["violations"], ...(rules.length ? { runOnly: rules } : {}) },
          );
        }""",
        list(rules),
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
    parts = {
        "Notes": "Choose what to see the notes on",
        "Combine sets": "Choose saved sets and compare them",
        "Versions": "Edit begins from a version",
    }
    for part, shown in parts.items():
        go_to(page, part)
        expect(page.get_by_text(shown)).to_be_visible()
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


@pytest.mark.parametrize(
    ("theme", "rules"),
    # What a theme changes is colours alone.
    [("light", ()), ("dark", ("color-contrast",))],
)
def test_no_view_has_a_grave_violation(
    open_page: Callable[..., Page], served: str, theme: str, rules: tuple[str, ...]
) -> None:
    page = open_page()
    page.goto(f"{served}?theme={theme}")
    found = {view: find_violations(page, *rules) for view in walk(page)}
    assert len(found) == 10
    assert not any(found.values()), "\n".join(f"{view}: {line}" for view in found for line in found[view])


def test_axe_finds_what_is_wrong(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    # In the shadow of a component, where all that we draw is.
    table = page.get_by_role("region", name="Dimension records").get_by_role("table")
    table.evaluate("(table) => table.parentElement.append(document.createElement('button'))")
    table.evaluate("(table) => { table.rows[1].cells[2].style.color = '#888'; }")
    found = find_violations(page)
    assert any(line.startswith("button-name (critical)") for line in found)
    assert any(line.startswith("color-contrast (serious)") for line in found)
