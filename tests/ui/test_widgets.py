"""The widgets as a user's own cells see them: their traits, without a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest
import traitlets

from workbench.bench import Bench
from workbench.errors import ExpressionError
from workbench.session.content.wire import pack_mask
from workbench.ui import widgets
from workbench.ui.views.modules import MODULES, read_module

VIEWS = ["SkyPlot", "FocalPlane", "Timeline", "Histogram", "Scatter", "VisitTable"]


def brush(widget: widgets.VisitWidget, chosen: list[int], detectors: list[int] | None = None) -> None:
    """Do what the browser does."""
    mask = np.zeros(len(widget.rows), bool)
    mask[chosen] = True
    told = {
        "from": "page",
        "revision": 1,
        "digest": widget.rows.digest,
        "mask": pack_mask(mask),
        "cuts": [],
        "by_hand": 1,
        "detectors": detectors or [],
    }
    widget.brush = json.dumps(told)


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_tells_and_takes_a_selection_of_keys(bench: Bench, name: str) -> None:
    widget = getattr(widgets, name)(bench)
    seen: list[object] = []
    widget.observe(lambda change: seen.append(change["new"]), "selection")
    brush(widget, [0, 2])
    assert widget.selection == (("HSC", 18202), ("HSC", 23682))
    assert seen == [widget.selection]
    widget.selection = bench.select("visit", "exposure_time > 250")
    assert widget.selection == (("HSC", 18202), ("HSC", 58260))
    told = json.loads(widget.selected)
    assert told["from"] == ""
    assert told["mask"] == pack_mask(widget.rows.mask(widget.selection))
    assert widget.to_set() == bench.select("visit", "exposure_time > 250")


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_limited_by_an_expression(bench: Bench, name: str) -> None:
    widget = getattr(widgets, name)(bench, where="band = 'i'", selection=[("HSC", 96954)])
    assert len(widget.rows) == 6
    before = widget.content
    with pytest.raises(ExpressionError, match="bnad"):
        widget.where = "bnad = 'i'"
    assert (widget.where, widget.content) == ("band = 'i'", before)
    widget.where = "metrics.psf_fwhm < 0.6"
    assert len(widget.rows) == bench.dimensions.count("visit", "metrics.psf_fwhm < 0.6")
    assert widget.selection == (("HSC", 96954),)
    assert widget.content != before


def test_frames_and_pairs_are_keys_too(bench: Bench) -> None:
    table = widgets.VisitTable(bench)
    for given in (
        bench.query("visit", "exposure_time > 250").to_pandas(),
        bench.query("visit", "exposure_time > 250"),
        [["HSC", 58260], ("HSC", np.int64(18202))],
    ):
        table.selection = ()
        table.selection = given
        assert table.selection == (("HSC", 18202), ("HSC", 58260))


def test_linked_traits_follow_each_other(bench: Bench) -> None:
    sky, table = widgets.SkyPlot(bench), widgets.VisitTable(bench, where="band = 'r'")
    traitlets.link((sky, "selection"), (table, "selection"))
    brush(sky, [0, 2])
    assert table.selection == sky.selection
    brush(table, [1])
    assert sky.selection == (table.rows.keys[1],)
    assert sky.detail != b""


def test_a_cut_is_a_value_both_ways(bench: Bench) -> None:
    histogram = widgets.Histogram(bench, "metrics.m5")
    assert histogram.value is None
    histogram.state = json.dumps({"column": "metrics.m5", "value": [[24.1, None]]})
    assert histogram.value == ((24.1, np.inf),)
    histogram.value = [[24.0, 25.0]]
    assert histogram.value == ((24.0, 25.0),)
    assert json.loads(histogram.state) == {"column": "metrics.m5", "value": [[24.0, 25.0]]}
    histogram.value = None
    assert json.loads(histogram.state)["value"] is None


def test_detectors_that_are_chosen_make_pairs(bench: Bench) -> None:
    plane = widgets.FocalPlane(bench)
    brush(plane, [0], detectors=[0, 1])
    assert plane.to_set().table["detector"].to_pylist() == [41, 42]
    plane.state = json.dumps({"value": [["HSC", 41], ["HSC", 42]]})
    assert plane.value == (("HSC", 41), ("HSC", 42))


def test_a_theme_is_light_or_dark(bench: Bench) -> None:
    table = widgets.VisitTable(bench, theme="dark")
    dark = table.colours
    table.theme = "light"
    assert table.colours != dark
    with pytest.raises(traitlets.TraitError):
        table.theme = "pink"


def test_the_browser_of_dimensions_pages_marks_and_tells(bench: Bench) -> None:
    browser = widgets.DimensionBrowser(bench, "visit_detector_region")

    def ask(**changes: object) -> None:
        shown = {"element": browser.element, "where": browser.where, "order": "", "page": 0, "draft": None}
        browser.state = json.dumps({**shown, "picked": "", "marked": [], **changes})

    def page() -> dict[str, object]:
        length = int.from_bytes(browser.content[:4], "little")
        told: dict[str, object] = json.loads(browser.content[4 : 4 + length])
        return told

    assert page()["total"] == 72
    ask(page=4)
    assert page()["keys"] == [
        " ".join(map(str, (row["instrument"], row["detector"], row["visit"])))
        for row in bench.dimensions.records("visit_detector_region", limit=15, offset=60).to_pylist()
    ]
    browser.element = "visit"
    ask(where="metrics.psf_fwhm < 0.6", order="-exposure_time")
    assert browser.where == "metrics.psf_fwhm < 0.6"
    expected = bench.dimensions.records("visit", "metrics.psf_fwhm < 0.6", order_by="-exposure_time")[
        "visit"
    ].to_pylist()
    assert page()["keys"] == [f"HSC {visit}" for visit in expected]
    ask(where=browser.where, order="-exposure_time", marked=["HSC 96954", "HSC 23682"])
    assert browser.selection == (("HSC", 23682), ("HSC", 96954))
    ask(where=browser.where, order="-exposure_time", picked="HSC 96954", marked=["HSC 96954"])
    assert browser.value == {"instrument": "HSC", "visit": 96954}
    ask(where="bnad = 1")
    assert "bnad" in str(page()["wrong"])
    assert browser.where == "metrics.psf_fwhm < 0.6"
    with pytest.raises(ExpressionError):
        browser.where = "exposure_time >"
    browser.where = ""
    assert page()["total"] == 12
    browser.selection = (("HSC", 18202),)
    assert page()["marked"] == ["HSC 18202"]


def test_related_counts_are_those_of_the_api(bench: Bench) -> None:
    saved = bench.save(bench.select("visit", "band = 'i'"), "all-i", reason="test")
    bench.annotate({"instrument": "HSC", "visit": 96954}, "a trail")
    browser = widgets.DimensionBrowser(bench)
    browser.state = json.dumps({"element": "visit", "picked": "HSC 96954"})
    length = int.from_bytes(browser.detail[:4], "little")
    related = dict(json.loads(browser.detail[4 : 4 + length])["related"])
    assert related == {
        "visit_definition records": "1",
        "visit_detector_region records": "6",
        "visit_system_membership records": "1",
        "raw datasets": "6",
        "annotations": "1",
        "sets": saved.label,
    }


def test_each_module_is_one_and_differs_by_its_last_lines_alone() -> None:
    for name in MODULES:
        ours, panels = read_module(name, "anywidget"), read_module(name, "panel")
        assert ours.count("export default") == panels.count("export default") == 1
        assert "import " not in ours.replace("// ", "")
        assert "http" not in ours
        assert "innerHTML" not in ours
        shared = ours[: ours.index("// The module as anywidget wants it.")]
        assert panels.startswith(shared)
