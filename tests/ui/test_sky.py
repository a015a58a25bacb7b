"""The sky plot."""

from __future__ import annotations

import types

import numpy as np
import pytest
from lsst.sphgeom import ConvexPolygon, LonLat, Region, UnitVector3d

from workbench.session.content.palette import DARK, LIGHT
from workbench.ui.elements.sky import Mark, SkyPlot, spread


def square(ra: float, dec: float, half: float = 0.2) -> Region:
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return ConvexPolygon([UnitVector3d(LonLat.fromDegrees(ra + x, dec + y)) for x, y in corners])


MARKS = [
    Mark("HSC 1", "HSC 1", square(150.3, 2.0), included=True, detail="i"),
    Mark("HSC 2", "HSC 2", square(149.7, 2.0), included=False, why="trailed", detail="r"),
]


def shown(plot: SkyPlot) -> dict[str, dict[str, list[object]]]:
    """The data of the markers, as Bokeh has them, by the shape of the marker."""
    scatters = [r for r in plot.figure.renderers if getattr(r.glyph, "marker", None) in ("circle", "x")]
    return {r.glyph.marker: r.data_source.data for r in scatters}


def test_visits_stand_where_they_are_with_east_to_the_left() -> None:
    plot = SkyPlot()
    plot.show(MARKS, [square(150.0, 2.0, 0.5)])
    data = shown(plot)
    assert data["circle"]["key"] == ["HSC 1"]
    assert data["x"]["key"] == ["HSC 2"]
    assert data["x"]["why"] == ["trailed"]
    assert data["circle"]["x"][0] == pytest.approx(0.3, abs=1e-2)
    assert data["x"]["x"][0] == pytest.approx(-0.3, abs=1e-2)
    assert plot.figure.x_range.start > plot.figure.x_range.end


def test_what_is_out_differs_by_more_than_its_colour() -> None:
    plot = SkyPlot()
    plot.show(MARKS)
    patterns = {
        (r.glyph.hatch_pattern, tuple(r.glyph.line_dash))
        for r in plot.figure.renderers
        if r.data_source.data.get("xs")
        if hasattr(r.glyph, "hatch_pattern")
    }
    assert ("/", (6, 4)) in patterns
    assert any(dash == () for _, dash in patterns)


def test_a_tap_tells_the_nearest_of_the_markers_that_were_hit() -> None:
    plot = SkyPlot()
    plot.show(MARKS)
    told: list[str] = []
    plot.on_tap(told.append)
    for renderer in plot.figure.renderers:
        if getattr(renderer.glyph, "marker", None) in ("circle", "x"):
            renderer.data_source.selected.indices = [0]
    plot._tapped(types.SimpleNamespace(x=-0.29, y=0.0))
    assert told == ["HSC 2"]
    plot._tapped(types.SimpleNamespace(x=-0.29, y=0.0))
    assert told == ["HSC 2"], "a tap beside all markers tells nothing"


def test_the_theme_repaints_everything() -> None:
    plot = SkyPlot(LIGHT)
    plot.show(MARKS)
    plot.paint(DARK)
    assert plot.figure.background_fill_color == DARK.raised
    assert {r.glyph.line_color for r in plot.figure.renderers if hasattr(r.glyph, "hatch_pattern")} >= {
        DARK.included,
        DARK.excluded,
    }


def test_an_empty_sky_is_no_error() -> None:
    plot = SkyPlot()
    plot.show(MARKS)
    plot.show([])
    assert shown(plot)["circle"]["key"] == []


def test_marks_at_one_place_are_spread_and_others_stay() -> None:
    x, y = spread(np.array([0.0, 0.001, 5.0]), np.array([0.0, 0.0, 5.0]), 0.1)
    assert np.hypot(x[0] - x[1], y[0] - y[1]) == pytest.approx(0.2)
    assert (x[2], y[2]) == (5.0, 5.0)
