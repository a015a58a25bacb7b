"""A Bokeh figure on the page, and how it is changed there."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
from bokeh.plotting import figure

from workbench.session.content.palette import Palette

__all__ = ["Drawing", "paint_figure"]


class Drawing:
    """A figure in its pane.

    Parameters
    ----------
    plot : `bokeh.plotting.figure`
        The figure; after it is shown, change it and its sources through
        `change` alone.
    """

    def __init__(self, plot: figure):
        self.figure = plot
        self.pane = pn.pane.Bokeh(plot, sizing_mode="stretch_width", margin=0)

    def change(self, change: Callable[[], None]) -> None:
        """Change the figure.

        Parameters
        ----------
        change : `~collections.abc.Callable`
            Changes it: at once, or, when the figure is on a served page, as
            soon as Bokeh has locked its document.
        """
        if self.figure.document is None:
            # It goes to the browser as it is then: a change that follows at once might overtake it.
            change()
            return

        def changed() -> None:
            change()
            pn.io.push_notebook(self.pane)  # does nothing on a served page

        pn.state.execute(changed, schedule=True)


def paint_figure(plot: figure, palette: Palette) -> None:
    """Give a figure's frame and axes the colours of a theme.

    Parameters
    ----------
    plot : `bokeh.plotting.figure`
        The figure.
    palette : `~workbench.session.content.palette.Palette`
        The theme.
    """
    plot.background_fill_color = palette.raised
    plot.border_fill_color = palette.surface
    plot.outline_line_color = palette.border
    for axis in plot.axis:
        axis.update(
            axis_line_color=palette.border,
            major_tick_line_color=palette.border,
            minor_tick_line_color=None,
            major_label_text_color=palette.muted,
            axis_label_text_color=palette.muted,
            axis_label_text_font_style="normal",
        )
