"""Views that are Panel's, hosted in an ipywidget."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anywidget
import ipywidgets
import traitlets
from bokeh.document import Document
from bokeh.document.events import DocumentPatchedEvent
from bokeh.models import ImportedStyleSheet, LayoutDOM
from jupyter_bokeh.widgets import BokehModel
from panel.config import panel_extension
from panel.io.resources import CDN_DIST, DIST_DIR, LOCAL_DIST
from panel.io.state import state
from panel.viewable import Viewable

from workbench.bench import Bench
from workbench.errors import WorkbenchError
from workbench.faults import describe_error
from workbench.session.content.palette import PALETTES
from workbench.session.desk.desk import Desk
from workbench.session.desk.watch import Watch
from workbench.ui.elements.stage import PageStage
from workbench.ui.schedule import PageSchedule
from workbench.ui.widgets.turns import InTurn

__all__ = ["HostedWidget"]


class WidgetArrival(InTurn, anywidget.AnyWidget):
    """Shows nothing, and says each time that it is displayed."""

    _esm = """export default { render({ model }) { model.send("displayed"); } };"""

    def __init__(self) -> None:
        super().__init__(layout=ipywidgets.Layout(display="none"))


class HostedView(InTurn, BokehModel):
    """A Bokeh model as an ipywidget, which knows whether it has changed since it was made.

    It is displayed as it was made, and changes are sent to who displays it
    already: what has changed before would be lost.

    Parameters
    ----------
    root : `bokeh.models.LayoutDOM`
        The model.
    tell : `~collections.abc.Callable`
        Takes what is told of a fault, and its kind.
    """

    def __init__(self, root: LayoutDOM, tell: Callable[[str, str], None]):
        self.root = root
        self._tell = tell
        self.is_stale = False
        super().__init__(root, combine_events=True)

    def _sync_model(self, _: BokehModel, content: dict[str, Any], buffers: list[Any]) -> None:
        try:
            super()._sync_model(self, content, buffers)
        except Exception as error:  # noqa: BLE001 - an edge: a kernel would log it, where nobody looks
            self._tell(describe_error(error), "error")

    def _document_patched(self, event: DocumentPatchedEvent) -> None:
        self.is_stale = True
        super()._document_patched(event)


class HostedWidget(ipywidgets.VBox):
    """A view of the application, with traits to observe, set and link.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    author : `str`, optional
        Who saves and notes; by default the user of this process.
    theme : `str`, optional
        ``light`` or ``dark``; that of ``beside`` by default, otherwise light.
    beside : `HostedWidget`, optional
        Another widget of the same bench, whose theme, author and messages
        this one shares; what is under way in one of them is under way in both.
    **options : `object`
        Traits of any widget, such as ``layout``.

    Raises
    ------
    workbench.errors.WorkbenchError
        Raised if Panel's resources are not loaded in the notebook; an
        ipywidget cannot load them.
    """

    theme = traitlets.Enum(list(PALETTES), "light", help="colours")

    def __init__(
        self,
        bench: Bench,
        *,
        author: str | None = None,
        theme: str = "",
        beside: HostedWidget | None = None,
        **options: Any,
    ):
        if not vars(panel_extension)["_loaded"]:  # Panel tells it nowhere else
            raise WorkbenchError(
                f"{type(self).__name__} is a view of Panel, whose resources this notebook has not loaded.\n"
                "Run this first, in a cell of its own:\n"
                "    import panel as pn\n    pn.extension(inline=True)"
            )
        self.bench = bench
        self.desk: Desk = (
            Desk(bench, author=author, schedule=PageSchedule()) if beside is None else beside.desk
        )
        # One looks for all.
        self._watch = Watch(self.desk) if beside is None else None
        self._is_telling = False
        super().__init__(**options)
        self.desk.param.watch(lambda event: self.set_trait("theme", event.new), "theme")
        self.theme = theme or self.desk.theme

    def _host(self, *views: Viewable) -> None:
        """Show views; once, when they are complete."""
        if self._watch is not None:
            self._watch.start()
        self._stage = PageStage(self.desk)
        self._stage.show(*views)
        self._arrival = WidgetArrival()
        self._arrival.on_msg(lambda *_: self._catch_up())
        self.children = (self._draw(), self._arrival)

    def _draw(self) -> HostedView:
        document = Document()
        # Panel's own `ipywidget` makes the same, but asks a CDN for its style sheets.
        state._stylesheets[document] = _inline_style_sheets()  # noqa: SLF001 - Panel offers no other way
        return HostedView(self._stage.view.get_root(doc=document), self.desk.tell)

    def _catch_up(self) -> None:
        """Show the view as it is, when it is displayed; with other models, since Panel finds them by id."""
        view = self.children[0]
        if view.is_stale:
            root, document = view.root, view.root.document
            view.close()
            self._stage.view.forget(root)
            document.clear()  # figures are in one document at a time
            self.children = (self._draw(), self._arrival)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Set traits as the view says, without being told so again."""
        self._is_telling = True
        try:
            yield
        finally:
            self._is_telling = False

    def _complain(self, name: str, error: str = "") -> None:
        """Raise what went wrong, here or as the desk was told, if a trait could not be set."""
        if error := error or self.desk.error:
            raise traitlets.TraitError(f"{name} cannot be set: {error}")

    def _carry_out(self, work: Coroutine[Any, Any, None]) -> None:
        """Do long work: in a notebook beside its cells, in a script at once."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(work)
        else:
            self._work = loop.create_task(self.desk.guard(lambda: work)())

    @traitlets.observe("theme")
    def _paint(self, change: Mapping[str, Any]) -> None:
        self.desk.theme = change["new"]


def _inline_style_sheets() -> dict[str, ImportedStyleSheet]:
    """Return Panel's style sheets by the addresses that it gives them: no network is asked."""
    sheets = {}
    for path in sorted((DIST_DIR / "css").glob("*.css")):
        content = base64.b64encode(path.read_bytes()).decode()
        sheet = ImportedStyleSheet(url=f"data:text/css;base64,{content}")
        for place in (CDN_DIST, LOCAL_DIST):
            sheets[f"{place}css/{path.name}"] = sheet
    return sheets
