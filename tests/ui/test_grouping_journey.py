"""Groups in Chromium: tried, edited with the mouse and by keyboard alone, and saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import workbench as wb
from tests.ui.keyboard import tab_to
from tests.ui.reading import expect_equal
from tests.ui.test_explore import drag, hint, says, view
from tests.ui.test_journeys import go_to, table_rows
from workbench.bench import Bench, open_bench
from workbench.groupings import Grouping

pytestmark = pytest.mark.browser

SIDE, GUTTER = 16, 150  # px of a member and of the labels on a page of 1280
LANE, GAP = 34, 6


@pytest.fixture(scope="module")
def saved(served_repo: Path) -> str:
    """Label of a set of all visits of the served repository."""
    with open_bench(served_repo) as bench:
        return bench.save(bench.select("visit", "instrument = 'HSC'"), "lanes", reason="to be grouped").label


@pytest.fixture
def api(served_repo: Path) -> Iterator[Bench]:
    """The same repository by the Python API."""
    with open_bench(served_repo, read_only=True) as bench:
        yield bench


@pytest.fixture
def page(open_page: Callable[..., Page], served: str, saved: str) -> Page:
    """The page of groups, with two folds of the set."""
    page = open_page()
    page.goto(served)
    go_to(page, "Group")
    page.get_by_label("Set to group").select_option(saved)
    page.get_by_role("button", name="Try", exact=True).click()
    expect(says(page, "Groups")).to_have_text("2 groups of 6 members; 0 in no group; none selected.")
    expect(page.get_by_text("Tried: folds(2, seed=42, by=('band',))")).to_be_visible()
    return page


def lanes(page: Page) -> Locator:
    return page.get_by_role("group", name="Lanes")


def place(lane: int, member: float = 0.0) -> tuple[float, float]:
    """The middle of a member on the canvas, in px."""
    return GUTTER + SIDE * member + SIDE / 2 - 1, 4 + lane * (LANE + GAP) + LANE / 2


def drag_to(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    lanes(page).scroll_into_view_if_needed()
    box = lanes(page).locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + begin[0], box["y"] + begin[1])
    page.mouse.down()
    page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=8)
    page.mouse.up()


def made_by(page: Page, bench: Bench, saying: str) -> Grouping:
    """Do what the hint says, as soon as it says what it did not before."""
    expect(page.locator("pre").last).to_contain_text(saying)
    namespace: dict[str, object] = {"bench": bench, "wb": wb}
    exec(hint(page), namespace)
    grouping = namespace["grouping"]
    assert isinstance(grouping, Grouping)
    return grouping


def in_time(bench: Bench, grouping: Grouping, key: str) -> list[int]:
    """Visits of a group in the order of the lane."""
    records = {row["visit"]: row for row in bench.dimensions.records("visit").to_pylist()}
    visits: list[int] = grouping.members(key)["visit"].to_pylist()
    return sorted(visits, key=lambda visit: (records[visit]["day_obs"], records[visit]["seq_num"], visit))


def test_a_visit_is_dragged_checked_undone_and_saved(page: Page, api: Bench, saved: str) -> None:
    before, _ = api.groupings.try_rule("fold", api.load(saved), wb.folds(2, seed=42))
    first = in_time(api, before, "fold0")[0]
    drag_to(page, place(0), place(1, 20))
    expect(says(page, "Groups")).to_contain_text("2 groups of 5 to 7 members")
    expect(page.get_by_text("The groups have from 5 to 7 members.")).to_be_visible()
    moved = made_by(page, api, "grouping.move")
    assert moved.relation.equals(before.move([{"visit": first}], "fold1").relation)
    assert api.groupings.check(moved).faults == ("The groups have from 5 to 7 members.",)
    expect_equal(
        lambda: [int(row["visit"]) for row in table_rows(page, "Members of the group")],
        moved.members("fold0")["visit"].to_pylist(),
    )
    strata = api.groupings.strata(moved, ["band"])
    counted = moved.balance(strata).counts.to_pylist()
    expect_equal(
        lambda: {
            (row["band"], key): int(row[key])
            for row in table_rows(page, "Members of each group by band")
            for key in moved.keys
        },
        {(row["band"], row["group_key"]): row["n_members"] for row in counted},
    )
    patches = moved.balance(api.groupings.strata(moved, ["tract", "patch", "band"]))
    expect(page.get_by_text(f"By patch and band: {patches.describe()}")).to_be_visible()
    expect(says(page, "Groups on the sky")).to_contain_text("Coloured by group: fold0 5, fold1 7.")

    page.get_by_role("button", name=f"Undo: move visit {first} to fold1").click()
    expect(page.get_by_text("All that is asked of the groups holds.")).to_be_visible()
    page.get_by_role("button", name="Redo: move").click()
    expect(page.get_by_text("The groups have from 5 to 7 members.")).to_be_visible()

    page.get_by_label("Name of the grouping").fill("journey")
    page.get_by_label("Why (kept with the grouping)").fill("<b>trailed</b>")
    page.get_by_role("button", name="Save groups").click()
    expect(page.locator("pre.error").filter(visible=True)).to_contain_text("The groups have from 5 to 7")
    page.get_by_label("sizes differ by at most one").uncheck()
    expect(page.get_by_text("All that is asked of the groups holds.")).to_be_visible()
    page.get_by_role("button", name="Save groups").click()
    expect(page.get_by_text("Saved as journey@1")).to_be_visible()
    kept = api.groupings.load("journey@1")
    assert kept.relation.equals(moved.relation)
    assert {row["reason"] for row in api.groupings.list().to_pylist() if row["grouping"] == "journey"} == {
        "<b>trailed</b>"
    }

    drag_to(page, place(0), place(2, 20))
    expect(page.get_by_text("1 of 12 rows are in no group")).to_be_visible()
    page.get_by_label("every data ID in a group").uncheck()
    expect(page.get_by_text("All that is asked of the groups holds.")).to_be_visible()
    page.get_by_role("button", name="Save groups").click()
    expect(page.get_by_text("Saved as journey@2")).to_be_visible()
    assert api.groupings.load("journey@1").digest == kept.digest
    assert len(api.groupings.load("journey@2")["fold0"]) == 4

    expect(page.get_by_label("Saved grouping")).to_have_value("journey@2")
    page.get_by_label("Saved grouping").select_option("journey@1")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("journey@1: by_table('fold, edited by hand'")).to_be_visible()
    expect(page.locator("pre").last).to_have_text("grouping = bench.groupings.load('journey@1')")


def test_a_brush_is_seen_in_lanes_sky_and_time_and_moved_to_a_new_group(
    page: Page, api: Bench, saved: str
) -> None:
    before, _ = api.groupings.try_rule("fold", api.load(saved), wb.folds(2, seed=42))
    box = (GUTTER - 6, 4 + LANE + GAP + 2)
    drag_to(page, box, (GUTTER + 3 * SIDE - 4, box[1] + LANE - 4))
    chosen = in_time(api, before, "fold1")[:3]
    expect(says(page, "Groups")).to_contain_text("3 selected")
    expect(says(page, "Groups on the sky")).to_contain_text("3 of 12 visits selected")
    expect(says(page, "Groups in time")).to_contain_text("3 visits of")
    expect(page.locator("pre").last).to_contain_text(re.compile("|".join(map(str, chosen))))
    page.get_by_label("Move selected to group").fill("<i>held</i>")
    page.get_by_role("button", name="Move", exact=True).filter(visible=True).first.click()
    expect(says(page, "Groups")).to_contain_text("3 groups of 3 to 6 members")
    assert page.locator("i").filter(visible=True).count() == 0
    moved = made_by(page, api, "<i>held</i>")
    assert sorted(moved.members("<i>held</i>")["visit"].to_pylist()) == sorted(chosen)
    page.get_by_label("Group", exact=True).select_option("<i>held</i>")
    expect(page.get_by_text("<i>held</i>: 3 members")).to_be_visible()

    drag(page, view(page, "Groups in time").locator("canvas"), [(0.1, 0.02), (0.97, 0.85)])
    expect(says(page, "Groups")).to_contain_text("7 selected")
    expect(says(page, "Groups in time")).to_contain_text("7 visits of")
    expect(page.get_by_label("Cut in night from").filter(visible=True)).not_to_have_value("")
    go_to(page, "Explore")
    expect(says(page, "Sky")).to_contain_text("7 of 12 visits selected")


def test_a_rule_is_changed_and_what_is_wrong_is_said_beside_it(page: Page, api: Bench, saved: str) -> None:
    # Typed key by key: what a field drops on the way is another number, and nobody says so.
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("")
    seed.press_sequentially("1.5")
    seed.press("Enter")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("there is 1.5")
    seed.fill("42")
    seed.press("Enter")
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)
    page.get_by_label("Number", exact=True).fill("1")
    page.get_by_label("Number", exact=True).press("Enter")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("at least 2 folds")
    page.get_by_label("Rule", exact=True).select_option("quantiles of a metric")
    expect(page.get_by_text("Tried: quantiles(")).to_be_visible()
    page.get_by_label("Column", exact=True).select_option("metrics.psf_fwhm")
    expect(page.get_by_text("Tried: quantiles('metrics.psf_fwhm'")).to_be_visible()
    page.get_by_label("Number", exact=True).fill("3")
    page.get_by_label("Number", exact=True).press("Enter")
    expect(says(page, "Groups")).to_contain_text("3 groups")
    made = made_by(page, api, "n=3")
    expected, check = api.groupings.try_rule(
        "quantile", api.load(saved), wb.quantiles("metrics.psf_fwhm", n=3, by=("band",))
    )
    assert made.digest == expected.digest
    sizes = f"{check.smallest} members" if check.smallest == check.largest else f"{check.smallest} to"
    expect(says(page, "Groups")).to_contain_text(f"3 groups of {sizes}")


def test_a_visit_is_moved_by_keyboard_alone(page: Page, api: Bench, saved: str) -> None:
    before, _ = api.groupings.try_rule("fold", api.load(saved), wb.folds(2, seed=42))
    page.get_by_role("tab", name="Group").focus()
    tab_to(page, "Lanes")
    expect(lanes(page)).to_be_focused()
    second = in_time(api, before, "fold0")[1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(f"fold0, 2 of 6: HSC {second}")).to_be_visible()
    page.keyboard.press("Space")
    expect(says(page, "Groups")).to_contain_text("1 selected")
    expect(page.locator("pre").last).to_contain_text(f"[{second}]")  # Python has heard of it
    page.keyboard.press("Alt+ArrowDown")
    expect(says(page, "Groups")).to_contain_text("2 groups of 5 to 7 members")
    assert second in made_by(page, api, "fold1").members("fold1")["visit"].to_pylist()
    expect(lanes(page)).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(says(page, "Groups")).to_contain_text("2 groups of 6 members")
    page.keyboard.press("Control+z")
    expect(says(page, "Groups")).to_contain_text("2 groups of 5 to 7 members")
    page.keyboard.press("Control+y")
    expect(says(page, "Groups")).to_contain_text("2 groups of 6 members")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Move selected to group")).to_be_focused()
    page.keyboard.type("third")
    page.keyboard.press("Enter")
    expect(says(page, "Groups")).to_contain_text("3 groups of 1 to 6 members")
    assert made_by(page, api, "third").members("third")["visit"].to_pylist() == [second]


def test_a_move_right_after_a_selection_has_the_last_word(page: Page, api: Bench) -> None:
    press = """(lanes, keys) => keys.forEach(([key, altKey]) =>
      lanes.dispatchEvent(new KeyboardEvent("keydown", { key, altKey, bubbles: true })))"""
    # Faster than the pause after which a selection is reported.
    lanes(page).evaluate(press, [["ArrowRight", False], [" ", False], ["ArrowDown", True]])
    expect(says(page, "Groups")).to_have_text("2 groups of 5 to 7 members; 0 in no group; 1 selected.")
    expect(page.get_by_role("tab", name="Explore")).to_contain_text("1 selected")
    page.get_by_role("button", name="Dark theme").click()
    expect(
        page.get_by_role("button", name="Light theme")
    ).to_be_visible()  # all that was sent before has come
    assert len(made_by(page, api, "grouping.move").members("fold1")) == 7


def test_lanes_are_no_wider_than_the_page(open_page: Callable[..., Page], served: str, saved: str) -> None:
    width = 800
    page = open_page(width=width)
    page.goto(f"{served}?theme=dark")
    go_to(page, "Group")
    page.get_by_label("Set to group").select_option(saved)
    page.get_by_role("button", name="Try", exact=True).click()
    expect(says(page, "Groups")).to_contain_text("2 groups of 6 members")
    expect(page.get_by_role("region", name="Members by patch and band")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
