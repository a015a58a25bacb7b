"""The sky of a set, drawn by its module alone."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from lsst.sphgeom import ConvexPolygon, LonLat, Region, UnitVector3d
from playwright.sync_api import Page, expect

from workbench.session.content.content import make_colours, make_membership, make_whys
from workbench.session.content.outlines import Outlines
from workbench.session.content.palette import DARK, LIGHT, Palette
from workbench.session.content.rows import RowColumn, VisitRows
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.keys import VisitKey
from workbench.ui.views.modules import read_module

pytestmark = pytest.mark.browser

IN, OUT = ("HSC", 1), ("HSC", 2)

SHOW = """async ([source, content, detail, selected, colours]) => {
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const message = (text) => new DataView(bytes(text).buffer);
  const traits = { content: message(content), detail: message(detail), colours, selected, state: "{}" };
  const told = {};
  globalThis.model = {
    get: (name) => traits[name],
    set: (name, value) => (traits[name] = value),
    save_changes: () => {},
    on: (event, call) => (told[event] = call),
    tell: (name, value) => ((traits[name] = value), told[`change:${name}`]()),
  };
  document.body.style.width = "700px";
  document.body.replaceChildren();
  module.default.render({ model, el: document.body });
  for (let n = 0; n < 5; n++) await new Promise(requestAnimationFrame);
}"""

MARKS = """() => {
  const [view] = [...campaignWorkbenchHubs.values()].at(-1).views;
  const { left, top, width, height } = view.canvas.getBoundingClientRect();
  return { left, top, width, height, x: [...view.marks.x], y: [...view.marks.y] };
}"""

PIXELS = """async () => {
  for (let n = 0; n < 5; n++) await new Promise(requestAnimationFrame);
  const canvas = document.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, height: canvas.height, data: [...data] };
}"""


def square(ra: float, dec: float, half: float = 0.2) -> Region:
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return ConvexPolygon([UnitVector3d(LonLat.fromDegrees(ra + x, dec + y)) for x, y in corners])


ROWS = VisitRows(
    [IN, OUT],
    {
        "instrument": RowColumn("instrument", "instrument", "", np.zeros(2, np.int32), ["HSC"]),
        "visit": RowColumn("visit", "", "", np.array([1.0, 2.0]), integer=True),
        "band": RowColumn("band", "band", "", np.array([0, 1], np.int32), ["i", "r"]),
    },
    [square(150.3, 2.0).encode(), square(149.7, 2.0).encode()],
)
WHYS = {OUT: "trailed"}
NO_PATCHES = Outlines.decode([])


def show(
    page: Page,
    rows: VisitRows = ROWS,
    inside: Iterable[VisitKey] = (IN,),
    *,
    patches: Outlines = NO_PATCHES,
    palette: Palette = LIGHT,
) -> SharedSelection:
    """Show visits; return what is marked."""
    marked = SharedSelection()
    marked.show(rows)
    marked.select(inside)
    content = make_membership(rows, patches).to_wire(rows, title="On the sky")
    source = read_module("membership", "anywidget")
    encoded = [base64.b64encode(message).decode() for message in (content, make_whys(rows, WHYS))]
    page.evaluate(SHOW, [source, *encoded, marked.to_wire(), make_colours(palette)])
    return marked


def pixels(page: Page) -> np.ndarray:
    found = page.evaluate(PIXELS)
    return np.array(found["data"], np.int16).reshape(found["height"], found["width"], 4)[..., :3]


def colour(text: str) -> list[int]:
    return [int(text[at : at + 2], 16) for at in (1, 3, 5)]


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


def test_visits_stand_where_they_are_with_east_to_the_left(page: Page) -> None:
    show(page, patches=Outlines.decode([square(150.0, 2.0, 0.5).encode()]))
    at = page.evaluate(MARKS)
    offsets = np.array(at["x"]) - at["width"] / 2
    assert offsets[0] == pytest.approx(-offsets[1], rel=1e-2)
    assert offsets[0] < -50, "the visit in the east is on the left"
    np.testing.assert_allclose(at["y"], at["height"] / 2, atol=1)
    legend = page.locator(".legend span")
    expect(legend).to_have_text(
        [
            "\N{BLACK CIRCLE} in the set (1)",
            "\N{MULTIPLICATION X} excluded (1)",
            "\N{WHITE SQUARE} patches (1)",
        ]
    )
    page.get_by_text("Visits on the sky as a table").click()
    cells = page.locator("tbody td").all_inner_texts()
    assert cells == [
        *["HSC 1", "in the set", "", "i", "150.300", "2.000"],
        *["HSC 2", "excluded", "trailed", "r", "149.700", "2.000"],
    ]


def test_what_is_out_differs_by_more_than_its_colour(page: Page) -> None:
    grey = dataclasses.replace(LIGHT, included="#555555", excluded="#555555")
    marked = show(page, inside=[IN, OUT], palette=grey)
    both = pixels(page)
    marked.select([IN])
    page.evaluate("(text) => model.tell('selected', text)", marked.to_wire())
    changed = np.abs(pixels(page) - both).sum(axis=-1) > 60
    at = page.evaluate(MARKS)
    x, y = (round(at[axis][1]) for axis in "xy")
    assert not changed[:, : int(at["width"] / 2)].any(), "the other one stays as it is"
    assert changed[y - 7 : y + 8, x - 7 : x + 8].any(), "another shape of the mark"
    rest = changed.copy()
    rest[y - 10 : y + 11, x - 10 : x + 11] = False
    assert rest.any(), "another outline"


def test_a_click_tells_the_nearest_of_the_marks_that_are_hit(page: Page) -> None:
    marked = show(page)
    at = page.evaluate(MARKS)
    x, y = (at[side] + at[axis][1] for side, axis in (("left", "x"), ("top", "y")))
    page.mouse.move(x + 2, y)
    expect(page.locator(".tip")).to_have_text("HSC 2: excluded, trailed, r")
    page.mouse.click(x + 2, y)
    page.wait_for_function("model.get('brush')")
    told = page.evaluate("model.get('brush')")
    assert marked.receive(told)
    assert marked.keys == (IN, OUT)
    page.mouse.click(x + 40, y)
    page.wait_for_timeout(150)  # a report comes 60 ms after its change
    assert page.evaluate("model.get('brush')") == told, "a click beside all marks tells nothing"


def test_dragging_moves_the_sky_and_fit_brings_it_back(page: Page) -> None:
    show(page)
    before = page.evaluate(MARKS)
    x, y = before["left"] + before["width"] / 2, before["top"] + before["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=4)
    page.mouse.up()
    moved = page.evaluate(MARKS)
    np.testing.assert_allclose(np.subtract(moved["x"], before["x"]), 60, atol=3)
    np.testing.assert_allclose(np.subtract(moved["y"], before["y"]), 30, atol=3)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Fit").click()
    np.testing.assert_allclose(page.evaluate(MARKS)["x"], before["x"], atol=1e-3)


def test_the_theme_repaints_everything(page: Page) -> None:
    show(page)
    page.evaluate("(colours) => model.tell('colours', colours)", make_colours(DARK))
    painted = pixels(page)
    assert painted[3, 3].tolist() == colour(DARK.raised)
    for wanted in (DARK.included, DARK.excluded):
        assert (painted == colour(wanted)).all(axis=-1).any(), wanted
    for gone in (LIGHT.included, LIGHT.excluded, LIGHT.raised):
        assert not (painted == colour(gone)).all(axis=-1).any(), gone


def test_an_empty_sky_is_no_error(page: Page) -> None:
    show(page)
    show(page, VisitRows(), [])
    expect(page.locator(".says")).to_contain_text("In: 0, out: 0.")


def test_a_visit_without_a_region_is_counted_beside_the_others(page: Page) -> None:
    show(page, dataclasses.replace(ROWS, regions=[ROWS.regions[0], None]))
    expect(page.locator(".says")).to_contain_text("In: 1, out: 0. 1 visit without a place on the sky.")
