"""The drawing of a pipeline's tasks, with the quanta that a preview keeps."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.ui.drawing import Drawing
from workbench.ui.layers import Place, lay_out
from workbench.ui.palette import LIGHT, Palette

__all__ = ["TaskGraphPlot", "task_links"]

_LAYER_HEIGHT = 64  # pixels
_WIDTH, _HEIGHT = 0.88, 0.56  # of a box, in places and in layers
_BOXES: dict[str, list[Any]] = {
    "x": [],
    "y": [],
    "label": [],
    "count": [],
    "fill": [],
    "alpha": [],
    "hatch": [],
    "line": [],
    "dash": [],
}
_LINKS: dict[str, list[float]] = {"x0": [], "y0": [], "x1": [], "y1": [], "cy0": [], "cy1": []}


def task_links(graph: PipelineGraph) -> list[tuple[str, str]]:
    """Return which task reads what which other task makes.

    Parameters
    ----------
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        A resolved pipeline.

    Returns
    -------
    links : `list` [ `tuple` [ `str`, `str` ] ]
        Producer and consumer, without repetition.
    """
    links: dict[tuple[str, str], None] = {}
    for label, task in graph.tasks.items():
        for edge in task.inputs.values():
            producer = graph.producer_of(edge.parent_dataset_type_name)
            if producer is not None and producer.key.name in graph.tasks:
                links[producer.key.name, label] = None
    return list(links)


def _hops(paths: Iterable[Sequence[Place]]) -> dict[str, list[float]]:
    """Return the curves along links: from below a box to above the next, straight through passed layers."""
    ends: list[tuple[float, float, float, float]] = []
    for path in paths:
        for (layer, place), (next_layer, next_place) in itertools.pairwise(path):
            ends.append((place, -layer - _HEIGHT / 2, next_place, -next_layer + _HEIGHT / 2))
        ends += [(place, -layer + _HEIGHT / 2, place, -layer - _HEIGHT / 2) for layer, place in path[1:-1]]
    return {
        "x0": [x0 for x0, _, _, _ in ends],
        "y0": [y0 for _, y0, _, _ in ends],
        "x1": [x1 for _, _, x1, _ in ends],
        "y1": [y1 for _, _, _, y1 in ends],
        "cy0": [(y0 + y1) / 2 for _, y0, _, y1 in ends],
        "cy1": [(y0 + y1) / 2 for _, y0, _, y1 in ends],
    }


class TaskGraphPlot:
    """Boxes for tasks, from top to bottom; fill it with `show`.

    A task with partial quanta is hatched, one without quanta is dashed, so
    that no difference is one of colour alone.

    Parameters
    ----------
    palette : `~workbench.ui.palette.Palette`, optional
        Colours of the theme.
    """

    def __init__(self, palette: Palette = LIGHT):
        self._rows: Sequence[Mapping[str, Any]] = ()
        self._positions: Mapping[str, tuple[float, float]] = {}
        self._boxes = ColumnDataSource(_BOXES)
        self._links = ColumnDataSource(_LINKS)
        self._palette = palette
        plot = figure(
            height=_LAYER_HEIGHT,
            sizing_mode="stretch_width",
            x_range=Range1d(-1, 1),
            y_range=Range1d(-1, 1),
            tools="",
            toolbar_location=None,
            x_axis_location=None,
            y_axis_location=None,
            output_backend="svg",
        )
        plot.grid.visible = False
        plot.outline_line_color = None
        self.figure = plot
        self._drawing = Drawing(plot)
        self._curves = plot.bezier(
            "x0", "y0", "x1", "y1", "x0", "cy0", "x1", "cy1", source=self._links, line_width=1.3
        )
        self._rects = plot.rect(
            "x",
            "y",
            _WIDTH,
            _HEIGHT,
            source=self._boxes,
            fill_color="fill",
            fill_alpha="alpha",
            hatch_pattern="hatch",
            hatch_scale=10,
            hatch_weight=1,
            hatch_alpha=0.7,
            line_color="line",
            line_dash="dash",
            line_width=1.8,
            border_radius=5,
        )
        text = {"source": self._boxes, "text_align": "center", "text_baseline": "middle"}
        self._names = plot.text(
            "x", "y", "label", y_offset=-8, text_font_size="12px", text_font_style="bold", **text
        )
        self._counts = plot.text("x", "y", "count", y_offset=8, text_font_size="12px", **text)
        self.paint(palette)

    @property
    def pane(self) -> pn.pane.Bokeh:
        """The figure in its pane (`panel.pane.Bokeh`)."""
        return self._drawing.pane

    def show(self, graph: PipelineGraph, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show the tasks of a pipeline.

        Parameters
        ----------
        graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
            A resolved pipeline.
        rows : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
            Rows of `~workbench.graph.Preview.counts`.
        """
        self._drawing.change(lambda: self._show(task_links(graph), rows))

    def _show(self, links: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, Any]]) -> None:
        layout = lay_out([row["task"] for row in rows], links)
        at = {task: (place, -layer) for task, (layer, place) in layout.positions.items()}
        self._rows, self._positions = rows, at
        self._links.data = _hops(layout.paths.values())
        half = max(layout.breadth, 2) / 2.0
        self.figure.x_range.update(start=-half, end=half)
        self.figure.y_range.update(start=-layout.n_layers + 0.45, end=0.55)
        self.figure.height = max(1, layout.n_layers) * _LAYER_HEIGHT
        self._fill_boxes()

    def _fill_boxes(self) -> None:
        colours = self._palette
        data: dict[str, list[Any]] = {name: [] for name in _BOXES}
        for row in self._rows:
            x, y = self._positions[row["task"]]
            kept, partial = row["kept"], row["partial"]
            colour = colours.partial if partial else colours.included if kept else colours.muted
            data["x"].append(x)
            data["y"].append(y)
            data["label"].append(row["task"])
            parts = f", {partial:,} partial" if partial else ""
            data["count"].append(f"{kept:,} of {row['candidates']:,} kept{parts}")
            data["fill"].append(colour)
            data["alpha"].append(0.16 if kept else 0.0)
            data["hatch"].append("right_diagonal_line" if partial else "blank")
            data["line"].append(colour)
            data["dash"].append("solid" if kept else "dashed")
        self._boxes.data = data

    def paint(self, palette: Palette) -> None:
        """Take on the colours of a theme.

        Parameters
        ----------
        palette : `~workbench.ui.palette.Palette`
            The theme.
        """
        self._drawing.change(lambda: self._paint(palette))

    def _paint(self, palette: Palette) -> None:
        self._palette = palette
        self.figure.background_fill_color = palette.surface
        self.figure.border_fill_color = palette.surface
        self._curves.glyph.line_color = palette.muted
        self._rects.glyph.hatch_color = palette.partial
        self._names.glyph.text_color = palette.text
        self._counts.glyph.text_color = palette.text
        self._fill_boxes()
