"""The page of linked views in Chromium: brushed by mouse, and once by keyboard alone."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.reading import expect_equal
from workbench.bench import Bench, open_bench
from workbench.session.content.content import make_colours
from workbench.session.content.palette import LIGHT
from workbench.session.content.wire import pack_message
from workbench.ui import views
from workbench.ui.views.modules import read_module

pytestmark = pytest.mark.browser


@pytest.fixture
def explorer(open_page: Callable[..., Page], served: str) -> Page:
    """The page, with all visits in all views."""
    page = open_page()
    page.goto(served)
    page.get_by_role("tab", name="Explore").click()
    expect(page.get_by_text("0 of 12 visits selected.")).to_be_visible()
    return page


@pytest.fixture
def api(served_repo: Path) -> Iterator[Bench]:
    """The same repository by the Python API."""
    with open_bench(served_repo, read_only=True) as opened:
        yield opened


def view(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True).first


def says(page: Page, name: str) -> Locator:
    return view(page, name).locator("p.says")


def drag(page: Page, canvas: Locator, corners: list[tuple[float, float]]) -> None:
    """Draw with the mouse; corners are fractions of the canvas."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def hint(page: Page) -> str:
    return page.locator("pre").last.inner_text()


def await_cut(page: Page, label: str, name: str) -> None:
    """Wait until Python has heard of the end of a drag: the hint says what the fields beside the plot say."""
    low, high = (page.get_by_label(f"Cut in {label} {end}").first.input_value() for end in ("from", "to"))
    expect(page.locator("pre").last).to_contain_text(f"{name} >= {low} AND {name} <= {high}")


def chosen_by(hinted: str, bench: Bench) -> list[int]:
    """Do what the hint says."""
    namespace: dict[str, object] = {"bench": bench}
    exec(hinted, namespace)
    visits: list[int] = namespace["visits"].table["visit"].to_pylist()  # type: ignore[attr-defined]
    return visits


def boxes(page: Page) -> list[tuple[int, bool]]:
    """Visits as the table of all views lists them, and which are ticked."""
    found = page.get_by_role("checkbox", name=re.compile("^Select HSC"))
    # Read at once: a table may be drawn anew between two looks.
    read = found.evaluate_all("(all) => all.map((box) => [box.getAttribute('aria-label'), box.checked])")
    return [(int(label.split()[-1]), checked) for label, checked in read]


def ticked(page: Page) -> list[int]:
    return [visit for visit, checked in boxes(page) if checked]


def test_a_cut_in_one_view_is_seen_in_all(explorer: Page, api: Bench) -> None:
    page = explorer
    drag(page, view(page, "Histogram").locator("canvas"), [(0.16, 0.5), (0.5, 0.5)])
    await_cut(page, "psf fwhm", "metrics.psf_fwhm")
    chosen = chosen_by(hint(page), api)
    assert 0 < len(chosen) < 12
    expect_equal(lambda: ticked(page), chosen)

    numbers = api.query(
        "visit",
        f"instrument = 'HSC' AND visit IN ({', '.join(map(str, chosen))})",
        ["metrics.psf_fwhm", "metrics.m5"],
    )
    for column, label, place in (("metrics.psf_fwhm", "psf fwhm", 0), ("metrics.m5", "m5", 1)):
        values = numbers[column].to_numpy()
        shown = [f"{value:.4g}" for value in (values.min(), values.max(), np.median(values))]
        text = page.get_by_role("region", name="Histogram", exact=True).nth(place).locator("p.says")
        expect(text).to_contain_text(f"{label}: {len(chosen)} selected visits, {shown[0]} to {shown[1]}")
        expect(text).to_contain_text(f"median {shown[2]}; 12 visits in all.")
    nights = len(set(numbers["day_obs"].to_pylist()))
    expect(says(page, "Nights")).to_contain_text(f"{len(chosen)} visits of {nights} nights selected")
    pairs = api.dimensions.overlaps("visit", "patch").to_pandas()
    per_patch = pairs[pairs["visit"].isin(chosen)].groupby(["tract", "patch"]).size()
    expect(says(page, "Sky")).to_contain_text(
        f"cover {len(per_patch)} patches, {per_patch.min()} to {per_patch.max()} visits each"
    )

    # A second cut keeps what both keep; its edge can be dragged on.
    drag(page, view(page, "Nights").locator("canvas"), [(0.4, 0.03), (0.97, 0.85)])
    await_cut(page, "night", "day_obs")
    both = chosen_by(hint(page), api)
    assert "psf_fwhm" in hint(page)
    expect_equal(lambda: ticked(page), both)
    assert set(both) < set(chosen)
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_text("0 of 12 visits selected.")).to_be_visible()
    expect(page.get_by_label("Cut in psf fwhm from").first).to_have_value("")


def test_depth_and_count_per_patch_are_those_of_the_api(explorer: Page, api: Bench) -> None:
    page = explorer
    sky = view(page, "Sky")
    sky.get_by_label("band").select_option("r")
    sky.get_by_text("Patches as a table").click()
    table = api.query("visit", "", ["visit.exposure_time", "metrics.m5"]).to_pandas()
    pairs = api.dimensions.overlaps("visit", "patch").to_pandas().merge(table, on=["instrument", "visit"])
    groups = dict(iter(pairs[pairs["band"] == "r"].groupby(["tract", "patch"])))
    rows = sky.get_by_role("region", name="Patches as a table").locator("tbody tr")
    expect(rows).to_have_count(len(groups))
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    shown = {tuple(texts[1:3]): texts for texts in cells}
    assert shown.keys() == {(str(tract), str(patch)) for tract, patch in groups}
    for (tract, patch), members in groups.items():
        depth = 1.25 * math.log10((10 ** (0.8 * members["metrics.m5"])).sum())
        time = members["visit.exposure_time"].sum()
        assert shown[str(tract), str(patch)][3:] == [str(len(members)), f"{time:.0f}", f"{depth:.2f}"]


def test_an_area_on_the_sky_and_detectors_make_a_selection(explorer: Page, api: Bench) -> None:
    page = explorer
    ring = [(0.42, 0.02), (0.98, 0.02), (0.98, 0.98), (0.42, 0.98), (0.42, 0.05)]
    drag(page, view(page, "Sky").locator("canvas"), ring)
    expect(page.locator("pre").last).to_contain_text("bench.make_set(")
    chosen = chosen_by(hint(page), api)
    assert 0 < len(chosen) < 12
    expect_equal(lambda: ticked(page), chosen)
    expect(
        page.get_by_text(f"{len(chosen)} of 12 visits selected: centre in the drawn area.")
    ).to_be_visible()

    plane = view(page, "Focal plane")
    drag(page, plane.locator("canvas"), [(0.2, 0.05), (0.8, 0.05), (0.8, 0.45), (0.2, 0.45), (0.2, 0.07)])
    expect(plane.locator("p.says")).to_contain_text("3 of 6 detectors chosen.")
    expect(page.locator("pre").last).to_contain_text("'detector'")
    namespace: dict[str, object] = {"bench": api}
    exec(hint(page), namespace)
    table = namespace["visits"].table  # type: ignore[attr-defined]
    assert sorted(set(table["detector"].to_pylist())) == [42, 50, 58]
    assert sorted(set(table["visit"].to_pylist())) == chosen
    plane.get_by_role("button", name="All detectors").click()
    expect(plane.locator("p.says")).to_contain_text("6 detectors, none chosen")


def test_the_expression_limits_what_is_shown(explorer: Page) -> None:
    page = explorer
    field = page.get_by_label("show only visits")
    field.fill("bnad = 'i'")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("bnad")
    field.fill("band = 'i'")
    field.press("Enter")
    expect(page.get_by_text("0 of 6 visits selected.")).to_be_visible()
    expect(says(page, "Nights")).to_contain_text("6 visits in ")


def test_all_of_it_by_keyboard(explorer: Page, api: Bench) -> None:
    page = explorer
    low = page.get_by_label("Cut in psf fwhm from").first
    low.focus()
    page.keyboard.type("0.55")
    page.keyboard.press("Tab")
    page.keyboard.type("0.7")
    page.keyboard.press("Enter")
    expect(page.locator("pre").last).to_contain_text("metrics.psf_fwhm >= 0.55 AND metrics.psf_fwhm <= 0.7")
    chosen = api.select("visit", "metrics.psf_fwhm >= 0.55 AND metrics.psf_fwhm <= 0.7")
    expect(
        page.get_by_text(f"{len(chosen)} of 12 visits selected: psf fwhm from 0.55 to 0.7.")
    ).to_be_visible()

    first = page.get_by_role("checkbox", name="Select HSC 18202")
    first.focus()
    page.keyboard.press("Space")
    expect(first).to_be_checked()
    expect(first).to_be_focused()
    expect(says(page, "Nights")).to_contain_text(f"{len(chosen) + 1} visits of ")

    sorter = page.get_by_role("button", name=re.compile("^psf fwhm"))
    sorter.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(sorter).to_be_focused()
    table = api.query("visit", "", ["metrics.psf_fwhm"]).to_pandas()
    expect_equal(
        lambda: [visit for visit, _ in boxes(page)],
        table.sort_values("metrics.psf_fwhm", ascending=False)["visit"].to_list(),
    )

    plane = view(page, "Focal plane")
    plane.get_by_text("Detectors as a table").focus()
    page.keyboard.press("Enter")
    box = plane.get_by_role("checkbox", name="Choose detector 41")
    box.focus()
    page.keyboard.press("Space")
    expect(plane.locator("p.says")).to_contain_text("1 of 6 detectors chosen")


def test_very_many_marks_are_counted_by_pixel(open_page: Callable[..., Page]) -> None:
    """The module itself, with 150,000 visits: pixels get the stronger the more visits they show."""
    n_rows = 150_000
    rng = np.random.default_rng(1)
    x, y = np.concatenate([np.full(n_rows - 2, 0.5), [0.0, 1.0]]), rng.uniform(0, 1, n_rows)
    content = pack_message(
        {"digest": "many", "length": n_rows, "title": "Scatter", "x": "a", "y": "b"},
        {"a": x, "b": y},
        {"a": {"label": "a", "unit": ""}, "b": {"label": "b", "unit": ""}},
    )
    page = open_page()
    found = page.evaluate(
        """async ([source, content, colours]) => {
          const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const traits = { content: new DataView(bytes.buffer), colours, selected: "", state: "{}" };
          const model = { get: (name) => traits[name], set: (name, value) => (traits[name] = value),
                          save_changes: () => {}, on: () => {} };
          document.body.style.width = "600px";
          module.default.render({ model, el: document.body });
          for (let n = 0; n < 5; n++) await new Promise(requestAnimationFrame);
          const canvas = document.querySelector("canvas");
          const [at] = [...document.querySelectorAll("p.says")].map((one) => one.textContent);
          const { width, height } = canvas;
          const image = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          const blue = (x) => { let sum = 0;
            for (let y = 20; y < height - 60; y++) {
              const p = 4 * (y * width + x);
              sum += image[p + 2] - image[p];
            }
            return sum; };
          return { says: at, columns: Array.from({ length: width }, (_, x) => blue(x)) };
        }""",
        [read_module("points", "anywidget"), base64.b64encode(content).decode(), make_colours(LIGHT)],
    )
    assert found["says"] == "0 selected of 150,000 visits with both values."
    columns = np.array(found["columns"][75:-20])
    # All but two visits lie on one line: a column of pixels, or two where it falls between them.
    assert abs(int(columns.argmax()) - len(columns) // 2) < 10
    assert (columns > columns.max() / 3).sum() <= 2


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 0.0), (359.9, -45.0), (150.0, 89.95), (10.0, -90.0)])
def test_the_sphere_has_no_seam_and_no_pole(open_page: Callable[..., Page], ra: float, dec: float) -> None:
    """Offsets around any centre are as long as distances on the sphere, in the right directions."""
    sphere = (Path(views.__file__).parent / "canvas" / "sphere.js").read_text()
    angles = np.radians(np.arange(0.0, 360.0, 30.0))
    away = math.radians(0.5)
    centre = np.array(_vector(ra, dec))
    east = np.array([-math.sin(math.radians(ra)), math.cos(math.radians(ra)), 0.0])
    north = np.cross(centre, east)
    points = [
        (math.cos(away) * centre + math.sin(away) * (math.sin(a) * east + math.cos(a) * north)).tolist()
        for a in angles
    ]
    page = open_page()
    found = page.evaluate(
        """async ([sphere, ra, dec, points]) => {
          const source = URL.createObjectURL(new Blob([sphere], { type: "text/javascript" }));
          const { Projection, graticule, toVector } = await import(source);
          const plane = new Projection(toVector(ra, dec));
          const flat = points.map((p) => plane.project(...p));
          const back = flat.map((p) => plane.unproject(...p));
          return { flat, back, far: plane.project(...plane.centre.map((x) => -x)),
                   lines: graticule(plane.centre, 2).length };
        }""",
        [sphere, ra, dec, points],
    )
    flat = np.array(found["flat"])
    chord = 2.0 * math.sin(away / 2.0)  # what the equal-area projection makes of a distance
    np.testing.assert_allclose(flat, chord * np.column_stack([np.sin(angles), np.cos(angles)]), atol=1e-12)
    np.testing.assert_allclose(found["back"], points, atol=1e-12)
    assert all(value is None or math.isnan(value) for value in found["far"])
    assert 4 <= found["lines"] <= 30


def _vector(ra: float, dec: float) -> list[float]:
    a, d = math.radians(ra), math.radians(dec)
    return [math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)]
