"""The served application in Chromium, with every host but this machine out of reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph
from playwright.sync_api import Locator, Page, expect

from tests.ui.reading import expect_equal
from workbench.bench import open_bench
from workbench.demo import BAD_LIST, PIPELINE

pytestmark = pytest.mark.browser


def enter(page: Page, label: str, text: str) -> None:
    """Fill a field and press Enter."""
    field = page.get_by_label(label)
    field.fill(text)
    field.press("Enter")


def go_to(page: Page, step: str) -> None:
    page.get_by_role("tab", name=step).click()


def table(page: Page, caption: str) -> Locator:
    return page.get_by_role("region", name=caption, exact=True).get_by_role("table")


def table_rows(page: Page, caption: str) -> list[dict[str, str]]:
    """The body of a table as people read it, by heading."""
    # Read at once: a table may be drawn anew between two looks.
    names, rows = table(page, caption).evaluate(
        """(table) => [
          [...table.querySelectorAll("th")].map((head) => head.innerText),
          [...table.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.innerText)),
        ]"""
    )
    names = [name.strip(" \N{NO-BREAK SPACE}▲▼") for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in rows]


def state_of(page: Page, visit: str) -> tuple[str, str]:
    """Whether a visit is in the set (the last word of it), and why."""
    rows = {row["visit"]: row for row in table_rows(page, "Visits: in or out, and why")}
    return rows[visit]["state"].split()[-1], rows[visit]["why"]


def make_preview(page: Page) -> None:
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("Up to date: ")).to_be_visible()


def shown_quanta(page: Page) -> dict[str, int]:
    return {row["task"]: int(row["quanta kept"]) for row in table_rows(page, "Quanta of each task")}


def counted_by_api(repo: Path, *excluded: int) -> dict[str, int]:
    """What the Python API counts for all visits but some."""
    with open_bench(repo, read_only=True) as bench:
        campaign = bench.campaign("u/test/api", PIPELINE, ["HSC/defaults"])
        names = ", ".join(map(str, excluded))
        campaign.constrain(
            include=bench.select(
                "visit", f"instrument = 'HSC' AND visit NOT IN ({names})" if excluded else ""
            )
        )
        return campaign.preview().n_quanta_by_task


def test_an_exclusion_by_clicking_changes_the_numbers_of_the_preview(
    open_page: Callable[..., Page], served: str, served_repo: Path
) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Preview")
    make_preview(page)
    expect_equal(lambda: shown_quanta(page), counted_by_api(served_repo))

    go_to(page, "Choose")
    page.get_by_label("Reason for the next edits").fill("satellite trail")
    page.get_by_role("button", name="Exclude HSC 96954").click()
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    expect_equal(lambda: state_of(page, "96954"), ("out", "by hand: satellite trail"))

    go_to(page, "Preview")
    expect(page.get_by_text("Out of date: the set")).to_be_visible()
    make_preview(page)
    counted = counted_by_api(served_repo, 96954)
    expect_equal(lambda: shown_quanta(page), counted)
    changes = {row["task"]: row["change"] for row in table_rows(page, "Quanta of each task")}
    assert changes["calibrate"] == "\N{MINUS SIGN}6"
    assert changes["summarizeVisit"] == "\N{MINUS SIGN}1"
    expect(page.get_by_text(f"{sum(counted.values())} quanta (")).to_be_visible()

    go_to(page, "Why not?")
    enter(page, "Data ID", "visit=96954")
    expect(page.get_by_text(re.compile(r"calibrate: 0 of 6 quanta kept"))).to_be_visible()
    go_to(page, "Tasks")
    page.get_by_role("button", name="Show calibrate").click()
    expect(page.get_by_text("Rows 1 to 12 of 72")).to_be_visible()


def test_a_marker_on_the_sky_is_a_button(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Choose")
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()
    plot = page.get_by_role("region", name="On the sky").locator("canvas")
    expect(plot).to_be_visible()
    plot.scroll_into_view_if_needed()
    # The visit that stands alone: its place on the canvas, as the view has it when it is drawn.
    place = page.wait_for_function(
        """() => {
          for (const hub of globalThis.campaignWorkbenchHubs?.values() ?? []) {
            for (const { canvas, marks } of hub.views) {
              if (!hub.link.startsWith("members-") || !marks) continue;
              const { left, top } = canvas.getBoundingClientRect();
              const row = hub.values("visit").indexOf(96980);
              return [left + marks.x[row], top + marks.y[row]];
            }
          }
          return null;
        }"""
    ).json_value()
    page.mouse.click(*place)
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    expect(page.get_by_role("button", name="Undo HSC 96980")).to_be_visible()
    page.get_by_role("button", name="Undo: leave out visit 96980").click()
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()


def test_a_list_is_uploaded_and_a_set_saved_grouped_and_committed(
    open_page: Callable[..., Page], served: str, served_repo: Path
) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Choose")
    page.locator("input[type=file]").set_input_files(BAD_LIST)
    expect(page.get_by_text("10 of 12 visits are in the set")).to_be_visible()
    expect(page.get_by_text("bad.ecsv: i trailed (modelled)")).to_be_visible()

    page.get_by_label("Name", exact=True).fill("cosmos")
    page.get_by_label("Reason (kept with the version)").fill("bad list")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as cosmos@1: 10 visits")).to_be_visible()

    go_to(page, "Group")
    page.get_by_label("Rule", exact=True).select_option("best seeing: deep and sharp")
    expect(page.get_by_text("2 groups of 6 to 10 visits")).to_be_visible()
    page.get_by_label("Why (kept with the grouping)").fill("coadds of the sharpest")
    page.get_by_role("button", name="Save groups").click()
    expect(page.get_by_text("Saved as seeing@1")).to_be_visible()

    go_to(page, "Preview")
    page.get_by_label("Set", exact=True).select_option("seeing-sharp@1")
    page.get_by_label("Scope").select_option("task sharpCoadd")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(2)
    make_preview(page)
    promised = shown_quanta(page)

    go_to(page, "Commit")
    commit = page.get_by_role("button", name="Commit", exact=True)
    expect(commit).to_be_disabled()
    confirmation = page.get_by_label("Type the name of the RUN")
    run = confirmation.get_attribute("placeholder")
    assert run is not None
    confirmation.fill(run[:-1])
    expect(commit).to_be_disabled()
    confirmation.fill(run)
    commit.click()
    expect(page.get_by_text("pipetask run-qbb")).to_be_visible()
    expect(page.get_by_text("This preview is committed")).to_be_visible()

    with open_bench(served_repo, read_only=True) as bench:
        (row,) = bench.campaigns.list().to_pylist()
        assert bench.load("cosmos@1").key_digest in page.content() or row["run"] == run
    with PredictedQuantumGraph.open(row["graph_path"]) as reader:
        reader.read_thin_graph()
        quanta = reader.components.thin_graph.quanta
        assert {label: len(found) for label, found in quanta.items() if found} == {
            label: count for label, count in promised.items() if count
        }


def test_a_wrong_rule_is_pointed_at_and_undone_by_the_right_one(
    open_page: Callable[..., Page], served: str
) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Choose")
    enter(page, "where: visits to take in", "metrics.psf_fwmh < 0.9")
    message = page.get_by_role("alert")
    expect(message).to_contain_text("metrics.psf_fwhm")
    expect(message).to_contain_text("^")
    enter(page, "where: visits to take in", "metrics.psf_fwhm < 0.9")
    expect(message).to_be_hidden()
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    expect_equal(lambda: table_rows(page, "What each part of the rule left")[0]["left after it"], "11")


@pytest.mark.parametrize("width", [800, 1280])
def test_no_view_is_wider_than_the_page(open_page: Callable[..., Page], served: str, width: int) -> None:
    page = open_page(width=width)
    page.goto(f"{served}?theme=dark")
    for step in ("Browse", "Explore", "Choose", "Group", "Preview", "Commit"):
        go_to(page, step)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, step
        if step == "Choose":
            for tab in ("Notes", "Combine sets", "Versions"):
                go_to(page, tab)
                page.wait_for_timeout(300)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, tab


def test_an_exclusion_and_its_preview_by_keyboard_alone(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    page.get_by_role("tab", name="Browse").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Explore")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Choose")).to_be_focused()
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if (
            page.evaluate("""() => {
          let at = document.activeElement;
          while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          return at?.getAttribute("aria-label") ?? "";
        }""")
            == "Exclude HSC 18202"
        ):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    expect(page.get_by_role("button", name="Undo HSC 18202")).to_be_focused()
    page.get_by_role("tab", name="Choose").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Preview", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Up to date: ")).to_be_visible()


def test_markup_in_a_reason_is_text(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Choose")
    reason = "<img src=x onerror=alert(1)> & <b>bold</b>"
    page.get_by_label("Reason for the next edits").fill(reason)
    page.get_by_role("button", name="Exclude HSC 96954").click()
    expect(page.get_by_text(f"by hand: {reason}")).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
