"""The dimension browser in Chromium: by mouse, and once by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.reading import expect_equal
from tests.ui.test_journeys import enter, table_rows
from workbench.bench import Bench, open_bench

pytestmark = pytest.mark.browser

WHERE = "where (the Butler's grammar"


@pytest.fixture
def browsing(open_page: Callable[..., Page], served: str) -> Page:
    """The first page, which shows the records of visits."""
    page = open_page()
    page.goto(served)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    return page


@pytest.fixture
def api(served_repo: Path) -> Iterator[Bench]:
    """The same repository by the Python API."""
    with open_bench(served_repo, read_only=True) as opened:
        yield opened


def shown_visits(page: Page) -> list[int]:
    return [int(row["visit"]) for row in table_rows(page, "Dimension records")]


def test_records_are_filtered_sorted_and_paged(browsing: Page, api: Bench) -> None:
    page = browsing
    expect_equal(lambda: shown_visits(page)[:2], [18202, 19676])
    enter(page, WHERE, "band = 'i' AND exposure_time > 100")
    expect(page.get_by_text("4 visit records with band = 'i' AND exposure_time > 100.")).to_be_visible()
    page.get_by_role("button", name="exposure time", exact=True).click()
    expect(page.get_by_text("order_by='exposure_time'")).to_be_visible()
    page.get_by_role("button", name="exposure time").first.click()
    expect(page.get_by_text("order_by='-exposure_time'")).to_be_visible()
    wanted = api.dimensions.records("visit", "band = 'i' AND exposure_time > 100", order_by="-exposure_time")
    expect_equal(lambda: shown_visits(page), wanted["visit"].to_pylist())

    enter(page, WHERE, "bnad = 'i'")
    message = page.get_by_role("alert")
    expect(message).to_contain_text("bnad")
    expect(message).to_contain_text("^")
    expect(page.get_by_text("4 visit records with")).to_be_visible()
    enter(page, WHERE, "")
    expect(message).to_be_hidden()

    page.get_by_label("Dimension element").select_option(label="visit_detector_region (72)")
    expect(page.get_by_text("Rows 1 to 15 of 72")).to_be_visible()
    page.get_by_role("button", name="Next page of records").click()
    expect(page.get_by_text("Rows 16 to 30 of 72")).to_be_visible()
    expect(page.get_by_text("limit=15, offset=15")).to_be_visible()
    number = page.get_by_role("spinbutton", name="Page of records")
    number.fill("5")
    number.press("Enter")
    expect(page.get_by_text("Rows 61 to 72 of 72")).to_be_visible()
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_label("day obs").uncheck()
    expect_equal(lambda: "day obs" in table_rows(page, "Dimension records")[0], False)


def test_a_record_tells_what_belongs_to_it_and_is_selected_everywhere(browsing: Page, api: Bench) -> None:
    page = browsing
    page.get_by_role("button", name="About HSC 96954").click()
    about = page.get_by_text("visit HSC 96954", exact=True).locator("..")
    datasets = api.collections.dataset_types(data_id={"instrument": "HSC", "visit": 96954}).to_pylist()
    for row in datasets:
        expect(about).to_contain_text(f"{row['name']} datasets{row['datasets']}")
    expect(about).to_contain_text("visit_detector_region records6")
    page.get_by_label("Mark HSC 96954").check()
    page.get_by_label("Mark HSC 58260").check()
    expect(page.get_by_role("tab", name="Explore")).to_contain_text("2 selected")
    page.get_by_role("tab", name="Explore").click()
    expect(page.get_by_text("2 of 12 visits selected.")).to_be_visible()
    expect(page.get_by_label("Select HSC 58260")).to_be_checked()


def test_all_of_it_by_keyboard(browsing: Page, api: Bench) -> None:
    page = browsing
    field = page.get_by_label(WHERE)
    field.focus()
    page.keyboard.type("met")
    expect(page.get_by_role("option", name="metrics.psf_fwhm")).to_be_visible()
    names = page.get_by_role("listbox", name="What may come here").get_by_role("option").all_inner_texts()
    for _ in range(1 + next(n for n, text in enumerate(names) if text.startswith("metrics.psf_fwhm"))):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(field).to_have_value("metrics.psf_fwhm ")
    expect(field).to_be_focused()
    page.keyboard.type("< 0.6 AN")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("metrics.psf_fwhm < 0.6 AND ")
    # What is wrong is said before it is applied.
    page.keyboard.type("bandd = 'i'")
    expect(page.get_by_role("alert")).to_contain_text("There is no column 'bandd'")
    for _ in range(len("d = 'i'")):
        page.keyboard.press("Backspace")
    page.keyboard.type(" = 'i'")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    where = "metrics.psf_fwhm < 0.6 AND band = 'i'"
    expect(
        page.get_by_text(f"{api.dimensions.count('visit', where)} visit records with {where}.")
    ).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()

    tree = page.get_by_role("tree", name="Collections")
    tree.get_by_role("treeitem").first.focus()
    expect(tree.get_by_role("treeitem", name="HSC/defaults")).to_be_focused()
    expect(tree.get_by_role("treeitem", name="HSC/raw, CHAINED")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_role("treeitem", name="HSC/raw, CHAINED")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    raws = tree.get_by_role("treeitem", name="HSC/raw/all, RUN")
    expect(raws).to_be_focused()
    expect(raws).to_have_attribute("aria-level", "3")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 dataset type in HSC/raw/all.")).to_be_visible()
    expect_equal(lambda: [row["datasets"] for row in table_rows(page, "Dataset types")], ["72"])
    expect(page.get_by_text("bench.collections.dataset_types(['HSC/raw/all'])")).to_be_visible()
