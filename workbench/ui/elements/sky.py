"""The sky plot: outlines of visits and patches around the field's centre."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import panel as pn
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, LabelSet, Legend, Range1d, TapTool
from bokeh.plotting import figure
from lsst.sphgeom import Region

from workbench.session.content.palette import LIGHT, Palette
from workbench.session.content.tangent import TangentPlane, make_graticule, outline_vertices, region_centre
from workbench.ui.elements.drawing import Drawing, paint_figure

__all__ = ["Mark", "SkyPlot", "spread"]

_TOOLTIPS = [("visit", "@name"), ("", "@state"), ("why", "@why"), ("", "@detail")]
_MOST_SPREAD = 500
_MOST_OUTLINED = 3000
_FIT = """
// A degree is as long upwards as sideways, whatever the shape of the frame; east is to the left.
const half = view.data.half[0];
const { inner_width, inner_height } = plot.properties;
if (inner_width.is_unset || inner_height.is_unset) return;  // it is drawn later
const shape = plot.inner_width / plot.inner_height;
if (!(shape > 0)) return;
const [x, y] = shape > 1 ? [half * shape, half] : [half, half / shape];
plot.x_range.setv({ start: x, end: -x, reset_start: x, reset_end: -x });
plot.y_range.setv({ start: -y, end: y, reset_start: -y, reset_end: y });
"""
_FOCUS = (
    ":focus-visible { outline: 2px solid var(--wb-accent) !important; }"  # Bokeh's own dots are hardly seen
)
_EMPTY: dict[str, list[Any]] = {"xs": [], "ys": []}
_EMPTY_MARKS: dict[str, list[Any]] = {
    "x": [],
    "y": [],
    "key": [],
    "name": [],
    "state": [],
    "why": [],
    "detail": [],
}


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One visit on the sky.

    Parameters
    ----------
    key : `str`
        What `SkyPlot.on_tap` is told.
    name : `str`
        What the tooltip calls it.
    region : `lsst.sphgeom.Region`
        Its outline.
    included : `bool`
        Whether it is in.
    why : `str`, optional
        Why not, or why.
    detail : `str`, optional
        Band, filter and the like.
    """

    key: str
    name: str
    region: Region
    included: bool
    why: str = ""
    detail: str = ""


class SkyPlot:
    """A Bokeh figure with visits on the sky; fill it with `show`.

    What is in has a solid outline and a disc, what is out a dashed and hatched
    outline and a cross, so that no difference is one of colour alone.  East is
    to the left.

    Parameters
    ----------
    palette : `~workbench.session.content.palette.Palette`, optional
        Colours of the theme.
    """

    def __init__(self, palette: Palette = LIGHT):
        self._callbacks: list[Callable[[str], None]] = []
        self._view = ColumnDataSource({"half": [1.0]})
        self.plane = TangentPlane(0.0, 0.0)
        self._sources = {
            name: ColumnDataSource(_EMPTY) for name in ("graticule", "patches", "excluded", "included")
        }
        self._labels = ColumnDataSource({"x": [], "y": [], "text": [], "dx": [], "dy": []})
        self._marks = {name: ColumnDataSource(_EMPTY_MARKS) for name in ("excluded", "included")}
        self.figure = figure(
            height=440,
            sizing_mode="stretch_width",
            x_range=Range1d(1, -1),
            y_range=Range1d(-1, 1),
            tools="pan,wheel_zoom,box_zoom,reset",
            toolbar_location="above",
            output_backend="canvas",
        )
        self.figure.toolbar.update(logo=None, stylesheets=[_FOCUS])
        self.figure.xaxis.axis_label = "offset to the east (deg)"
        self.figure.yaxis.axis_label = "offset to the north (deg)"
        self.figure.grid.visible = False
        self._drawing = Drawing(self.figure)
        self._draw()
        fit = CustomJS(args={"plot": self.figure, "view": self._view}, code=_FIT)
        for name in ("inner_width", "inner_height"):
            self.figure.js_on_change(name, fit)
        self._view.js_on_change("data", fit)
        self.figure.on_event(Tap, self._tapped)
        self.paint(palette)

    def _draw(self) -> None:
        plot = self.figure
        self._lines = plot.multi_line(
            "xs", "ys", source=self._sources["graticule"], line_width=0.8, line_dash=[1, 3]
        )
        self._patches = plot.patches(
            "xs", "ys", source=self._sources["patches"], fill_alpha=0.0, line_width=1.0
        )
        self._outlines = {
            "excluded": plot.patches(
                "xs",
                "ys",
                source=self._sources["excluded"],
                fill_alpha=0.05,
                line_width=1.4,
                line_dash=[6, 4],
                hatch_pattern="/",
                hatch_scale=14,
                hatch_weight=0.6,
                hatch_alpha=0.5,
            ),
            "included": plot.patches(
                "xs", "ys", source=self._sources["included"], fill_alpha=0.07, line_width=1.6
            ),
        }
        self._glyphs = {
            "excluded": plot.scatter(
                "x", "y", source=self._marks["excluded"], marker="x", size=13, line_width=3.2, level="overlay"
            ),
            "included": plot.scatter(
                "x",
                "y",
                source=self._marks["included"],
                marker="circle",
                size=12,
                line_width=1.5,
                level="overlay",
            ),
        }
        for glyph in self._glyphs.values():
            # A tap toggles the visit at once: Bokeh's own selection would fade the others.
            glyph.nonselection_glyph = glyph.glyph
            glyph.selection_glyph = glyph.glyph
        self._text = LabelSet(
            x="x",
            y="y",
            text="text",
            x_offset="dx",
            y_offset="dy",
            source=self._labels,
            text_font_size="10px",
        )
        plot.add_layout(self._text)
        renderers = list(self._glyphs.values())
        plot.add_tools(HoverTool(renderers=renderers, tooltips=_TOOLTIPS), TapTool(renderers=renderers))
        plot.toolbar.active_scroll = None
        legend = Legend(
            items=[
                ("in the set", [self._outlines["included"], self._glyphs["included"]]),
                ("excluded", [self._outlines["excluded"], self._glyphs["excluded"]]),
                ("patches", [self._patches]),
            ],
            orientation="horizontal",
            location="center",
            padding=2,
            margin=0,
            spacing=18,
        )
        self._legend = legend
        plot.add_layout(legend, "below")

    @property
    def pane(self) -> pn.pane.Bokeh:
        """The figure in its pane (`panel.pane.Bokeh`)."""
        return self._drawing.pane

    def on_tap(self, callback: Callable[[str], None]) -> None:
        """Call a function with the key of a visit whose marker was tapped.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes the key.
        """
        self._callbacks.append(callback)

    def show(self, marks: Sequence[Mark], patches: Sequence[Region] = ()) -> None:
        """Show other visits.

        Parameters
        ----------
        marks : `~collections.abc.Sequence` [ `Mark` ]
            The visits; the view is fitted again if their extent has changed.
            Beyond 3000, only their centres are marked.
        patches : `~collections.abc.Sequence` [ `lsst.sphgeom.Region` ], optional
            Outlines to draw behind them.
        """
        self._drawing.change(lambda: self._show(marks, patches))

    def _show(self, marks: Sequence[Mark], patches: Sequence[Region]) -> None:
        centres = np.array([region_centre(mark.region) for mark in marks]).reshape(-1, 3)
        plane = TangentPlane.around(centres)
        # Of too many to be outlined the centres say how far they reach.
        outlined = len(marks) <= _MOST_OUTLINED
        shapes = (
            [plane.project(outline_vertices(mark.region)) for mark in marks]
            if outlined
            else [plane.project(centres)]
        )
        for name, size in (("excluded", 13), ("included", 12)):
            self._glyphs[name].glyph.size = size if len(marks) <= _MOST_SPREAD else 5
        x, y = spread(*plane.project(centres), 0.035 * _reach(shapes))
        for name, wanted in (("excluded", False), ("included", True)):
            chosen = [i for i, mark in enumerate(marks) if mark.included is wanted and np.isfinite(x[i])]
            whole = [i for i in chosen if outlined and np.isfinite(shapes[i][0]).all()]
            self._sources[name].data = {
                "xs": [shapes[i][0].tolist() for i in whole],
                "ys": [shapes[i][1].tolist() for i in whole],
            }
            self._marks[name].data = {
                "x": x[chosen].tolist(),
                "y": y[chosen].tolist(),
                "key": [marks[i].key for i in chosen],
                "name": [marks[i].name for i in chosen],
                "state": ["in the set" if wanted else "excluded"] * len(chosen),
                "why": [marks[i].why or "\N{EN DASH}" for i in chosen],
                "detail": [marks[i].detail for i in chosen],
            }
        for item, name in zip(self._legend.items, ("included", "excluded"), strict=False):
            item.visible = bool(self._marks[name].data["x"])  # of what there is not, the legend draws no sign
        self._show_patches(plane, patches)
        self._fit(plane, shapes)

    def _show_patches(self, plane: TangentPlane, patches: Sequence[Region]) -> None:
        outlines = [plane.project(outline_vertices(region)) for region in patches]
        outlines = [(x, y) for x, y in outlines if np.isfinite(x).all()]
        self._sources["patches"].data = {
            "xs": [x.tolist() for x, _ in outlines],
            "ys": [y.tolist() for _, y in outlines],
        }

    def _fit(self, plane: TangentPlane, shapes: Sequence[tuple[Any, Any]]) -> None:
        """Fit the view to the visits, unless it shows the same field already."""
        half = 1.08 * max(_reach(shapes), 0.01)
        if plane == self.plane and half == self._view.data["half"][0]:
            return
        self.plane = plane
        lines = make_graticule(plane, half)
        self._sources["graticule"].data = {"xs": lines.xs, "ys": lines.ys}
        below = [anchor == "bottom" for anchor in lines.anchors]
        self._labels.data = {
            "x": lines.label_x,
            "y": lines.label_y,
            "text": lines.labels,
            "dx": [3 if at_bottom else 6 for at_bottom in below],
            "dy": [4 if at_bottom else 2 for at_bottom in below],
        }
        self._view.data = {"half": [half]}
        self.figure.xaxis.axis_label = f"offset to the east of RA {plane.ra:.3f}° (deg)"
        self.figure.yaxis.axis_label = f"offset to the north of Dec {plane.dec:+.3f}° (deg)"

    def _tapped(self, event: Any) -> None:
        hits = []
        for source in self._marks.values():
            for index in source.selected.indices:
                away = (source.data["x"][index] - event.x) ** 2 + (source.data["y"][index] - event.y) ** 2
                hits.append((away, source.data["key"][index]))
            source.selected.indices = []
        if hits:
            for tell in self._callbacks:
                tell(min(hits)[1])

    def paint(self, palette: Palette) -> None:
        """Take on the colours of a theme.

        Parameters
        ----------
        palette : `~workbench.session.content.palette.Palette`
            The theme.
        """
        self._drawing.change(lambda: self._paint(palette))

    def _paint(self, palette: Palette) -> None:
        paint_figure(self.figure, palette)
        for name, colour in (("included", palette.included), ("excluded", palette.excluded)):
            self._outlines[name].glyph.update(line_color=colour, fill_color=colour, hatch_color=colour)
            self._glyphs[name].glyph.update(line_color=colour, fill_color=colour)
        self._glyphs["included"].glyph.line_color = palette.raised
        self._lines.glyph.line_color = palette.muted
        self._patches.glyph.line_color = palette.muted
        self._text.text_color = palette.muted
        self._legend.update(
            background_fill_color=palette.surface, border_line_color=None, label_text_color=palette.text
        )


def spread(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], radius: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Move marks that lie on top of each other onto a small ring.

    Parameters
    ----------
    x, y : `numpy.ndarray`, shape (n,)
        Positions.
    radius : `float`
        Radius of the ring; marks closer than that count as one place.

    Returns
    -------
    x, y : `numpy.ndarray`, shape (n,)
        New positions; beyond 500 marks nothing is moved.
    """
    x, y = x.copy(), y.copy()
    if len(x) > _MOST_SPREAD:
        return x, y
    free = set(range(len(x)))
    for first in range(len(x)):
        if first not in free:
            continue
        near = [i for i in sorted(free) if math.hypot(x[i] - x[first], y[i] - y[first]) < radius]
        free.difference_update(near)
        if len(near) > 1:
            centre_x, centre_y = x[near].mean(), y[near].mean()
            angle = 2.0 * np.pi * np.arange(len(near)) / len(near)
            x[near] = centre_x + radius * np.cos(angle)
            y[near] = centre_y + radius * np.sin(angle)
    return x, y


def _reach(shapes: Sequence[tuple[Any, Any]]) -> float:
    """Return the largest offset of any outline, in degrees."""
    found = (float(np.nanmax(np.abs(side))) for shape in shapes for side in shape if np.isfinite(side).any())
    return max(found, default=1.0)
