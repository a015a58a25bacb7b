"""A preview looked into, in Chromium: by mouse, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.keyboard import focused, tab_to
from tests.ui.reading import expect_equal
from tests.ui.test_journeys import enter, go_to, make_preview, table_rows
from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign, WhatIf
from workbench.demo import PIPELINE

pytestmark = pytest.mark.browser


@pytest.fixture
def bench(served_repo: Path) -> Iterator[Bench]:
    """The repository that is served."""
    with open_bench(served_repo, read_only=True) as opened:
        yield opened


def all_visits(bench: Bench) -> Campaign:
    campaign = bench.campaign("u/test/api", PIPELINE, ["HSC/defaults"])
    return campaign.constrain(include=bench.select("visit", ""))


CHANGES = ("gained", "lost", "changed", "downstream")


def changes_by_api(what_if: WhatIf[Campaign]) -> dict[str, list[str]]:
    return {
        row["task"]: [str(row[name]) for name in CHANGES]
        for row in what_if.difference.tasks.to_pylist()
        if any(row[name] for name in CHANGES)
    }


def shown_changes(page: Page) -> dict[str, list[str]]:
    rows = table_rows(page, "Tasks that change")
    return {row["task"]: [row[name] for name in CHANGES] for row in rows}


def test_a_preview_is_looked_into_by_mouse(open_page: Callable[..., Page], served: str, bench: Bench) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Preview")
    make_preview(page)
    campaign = all_visits(bench)
    preview = campaign.preview()

    # A task of the drawing, its quanta, and what is around one of them.
    page.get_by_role("button", name=re.compile("^warp: 56 of 56 kept")).click()
    expect(page.get_by_role("heading", name="Quanta of warp")).to_be_visible()
    expect(page.get_by_text("Rows 1 to 12 of 56")).to_be_visible()
    pager = page.get_by_role("button", name="Next page")
    pager.first.click()
    expect(page.get_by_text("Rows 13 to 24 of 56")).to_be_visible()
    wanted = preview.quanta("warp", offset=12, limit=1).to_pylist()[0]
    expect_equal(
        lambda: [table_rows(page, "Quanta of a task")[0][name] for name in ("visit", "patch")],
        [str(wanted["visit"]), str(wanted["patch"])],
    )
    page.get_by_role("button", name=re.compile("^Around ")).first.click()
    expect(page.get_by_role("heading", name="Around warp")).to_be_visible()
    names = preview.graph.tasks["warp"].dimensions.required
    around = preview.neighbourhood("warp", {name: wanted[name] for name in names})
    expect_equal(lambda: len(table_rows(page, "Quanta around it")), min(12, around.quanta.num_rows))
    page.get_by_role("button", name=re.compile(r"^coadd: ")).last.click()
    expect(page.get_by_role("heading", name="Around coadd")).to_be_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("heading", name="Around warp")).to_be_visible()

    # What if a visit were out: shown, discarded, tried again, kept and undone.
    go_to(page, "What if?")
    enter(page, "Visit in or out", "96954")
    expect(page.get_by_text("Tried: ")).to_contain_text("visit=96954 out of")
    what_if = campaign.what_if(toggle={"visit": 96954})
    expect_equal(lambda: shown_changes(page), changes_by_api(what_if))
    depths = what_if.difference.depth("coadd", "i").to_pylist()
    expect(page.get_by_label(re.compile("^Visits in patches"))).to_have_count(2)
    shown = {
        (row["tract"], row["patch"]): (row["before"], row["after"])
        for row in table_rows(page, "Visits by patch")
    }
    api = {(str(row["tract"]), str(row["patch"])): (str(row["before"]), str(row["after"])) for row in depths}
    assert shown.items() <= api.items()
    assert any(before != after for before, after in shown.values())
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Nothing is tried now")).to_be_visible()
    expect(page.get_by_text("Up to date: ")).to_be_visible()
    page.get_by_role("button", name="Try it in or out").click()
    expect(page.get_by_text("Tried: ")).to_be_visible()
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_text("Out of date: the set")).to_be_visible()
    make_preview(page)

    # Why is it out: the first stage, and the edit that gives it back.
    go_to(page, "Why not?")
    enter(page, "Data ID", "visit=96954")
    expect(page.get_by_text("visit=96954 first falls at calibrate: 6 of 6 quanta")).to_be_visible()
    page.get_by_role("button", name="Try: add it to").click()
    expect(page.get_by_text("Tried: ")).to_contain_text("visit=96954 into")
    expect_equal(
        lambda: {task: [lost, gained, *more] for task, (gained, lost, *more) in shown_changes(page).items()},
        changes_by_api(what_if),
    )

    # The two previews of the session.
    go_to(page, "Compare")
    page.get_by_role("button", name="Compare graphs").click()
    expect(page.get_by_text("From preview 1")).to_be_visible()
    expect_equal(lambda: shown_changes(page), changes_by_api(what_if))
    go_to(page, "What if?")
    page.get_by_role("button", name=re.compile("^Undo: .*visit=96954")).click()
    expect(page.get_by_text("Out of date: the set")).to_be_visible()


def test_a_preview_is_looked_into_by_keyboard(open_page: Callable[..., Page], served: str) -> None:
    page = open_page(width=800)
    page.goto(f"{served}?theme=dark")
    page.get_by_role("tab", name="Browse").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    tab_to(page, re.compile("Preview$"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Up to date: ")).to_be_visible()

    tab_to(page, re.compile("calibrate: 72 of 72 kept"))
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("summarizeVisit: ")
    page.keyboard.press("+")
    page.keyboard.press("End")
    assert focused(page).startswith("sharpCoadd: ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Quanta of sharpCoadd")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^sharpCoadd: "), pressed=True)).to_be_focused()
    tab_to(page, re.compile("Show coadd$"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Quanta of coadd")).to_be_visible()
    tab_to(page, re.compile("Around band="))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Around coadd")).to_be_visible()
    tab_to(page, re.compile("(warp|selectVisits): "))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Around (warp|selectVisits)"))).to_be_visible()

    page.get_by_role("tab", name="Tasks").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Every candidate is kept.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    tab_to(page, re.compile("Visit in or out"))
    page.keyboard.type("96954.42")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tried: ")).to_contain_text("detector=42 out of")
    tab_to(page, re.compile("Discard$"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is tried now")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
