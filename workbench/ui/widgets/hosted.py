"""Views that are Panel's, hosted in an ipywidget."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ipywidgets
import traitlets
from bokeh.document import Document
from bokeh.models import ImportedStyleSheet
from jupyter_bokeh.widgets import BokehModel
from panel.config import panel_extension
from panel.io.resources import CDN_DIST, DIST_DIR, LOCAL_DIST
from panel.io.state import state
from panel.viewable import Viewable

from workbench.bench import Bench
from workbench.errors import WorkbenchError
from workbench.ui.desk import Desk
from workbench.ui.kernel import call_in_main_thread
from workbench.ui.palette import PALETTES
from workbench.ui.stage import Stage
from workbench.ui.watch import Watch

__all__ = ["HostedWidget"]


class HostedWidget(ipywidgets.VBox):
    """A view of the application, with traits to observe, set and link.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    author : `str`, optional
        Who saves and notes; by default the user of this process.
    theme : `str`, optional
        ``light`` or ``dark``.
    **options : `object`
        Traits of any widget, such as ``layout``.

    Raises
    ------
    workbench.errors.WorkbenchError
        Raised if Panel's resources are not loaded in the notebook; an
        ipywidget cannot load them.
    """

    theme = traitlets.Enum(list(PALETTES), "light", help="colours")

    def __init__(self, bench: Bench, *, author: str | None = None, theme: str = "light", **options: Any):
        if not vars(panel_extension)["_loaded"]:  # Panel tells it nowhere else
            raise WorkbenchError(
                f"{type(self).__name__} is a view of Panel, whose resources this notebook has not loaded.\n"
                "Run this first, in a cell of its own:\n"
                "    import panel as pn\n    pn.extension(inline=True)"
            )
        self.bench = bench
        self.desk = Desk(bench, theme=theme, author=author)
        self._is_telling = False
        super().__init__(**options)
        self.theme = theme

    def _host(self, *views: Viewable) -> None:
        """Show views; once, when they are complete."""
        self._watch = Watch(self.desk)
        self._watch.start()
        stage = Stage(self.desk)
        stage.show(*views)
        document = Document()
        # Panel's own `ipywidget` makes the same, but asks a CDN for its style sheets.
        state._stylesheets[document] = _inline_style_sheets()  # noqa: SLF001 - Panel offers no other way
        self.children = (_HostModel(stage.view.get_root(doc=document), combine_events=True),)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Set traits as the view says, without being told so again."""
        self._is_telling = True
        try:
            yield
        finally:
            self._is_telling = False

    def _complain(self, name: str) -> None:
        """Raise what the desk was told, if a trait could not be set."""
        if self.desk.message_kind == "error" and self.desk.message:
            raise traitlets.TraitError(f"{name} cannot be set: {self.desk.message}")

    @traitlets.observe("theme")
    def _paint(self, change: Mapping[str, Any]) -> None:
        self.desk.theme = change["new"]


class _HostModel(BokehModel):
    """A document of Bokeh, changed by the thread that runs cells alone."""

    def _handle_msg(self, msg: Any) -> None:
        call_in_main_thread(lambda: super(_HostModel, self)._handle_msg(msg))


def _inline_style_sheets() -> dict[str, ImportedStyleSheet]:
    """Return Panel's style sheets by the addresses that it gives them: no network is asked."""
    sheets = {}
    for path in sorted((DIST_DIR / "css").glob("*.css")):
        content = base64.b64encode(path.read_bytes()).decode()
        sheet = ImportedStyleSheet(url=f"data:text/css;base64,{content}")
        for place in (CDN_DIST, LOCAL_DIST):
            sheets[f"{place}css/{path.name}"] = sheet
    return sheets
