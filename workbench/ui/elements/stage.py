"""What is around views wherever they are shown: the colours of the theme, and what the user is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
from bokeh.document import Document
from bokeh.model import Model
from panel.viewable import Viewable

from workbench.faults import describe_error
from workbench.session.content.palette import PALETTES
from workbench.session.desk.desk import Desk
from workbench.session.desk.kernel import call_in_main_thread, split_message
from workbench.ui.elements.design import dress
from workbench.ui.elements.focus import FocusKeeper
from workbench.ui.elements.pieces import code
from workbench.ui.elements.prose import Prose

__all__ = ["PageStage"]


_IN_VIEW = {
    "position": "sticky",
    "top": "6px",
    "z-index": "20",
    "max-height": "30vh",
    "overflow": "auto",
    "border-radius": "4px",
    "box-shadow": "0 2px 8px rgba(0, 0, 0, 0.3)",
}


class _Root(pn.Column):
    """The outermost column: what it shares with a notebook around it, and what it tells of faults there.

    To a notebook in command mode, a letter that is typed on a button is a
    command, such as to delete the cell.  The attribute that keeps keys from
    it is JupyterLab's own; it counts on an element outside of all shadows,
    which a root alone is.  Messages of the browser come in here.
    """

    def __init__(self, tell: Callable[[str, str], None], **params: Any):
        super().__init__(**params)
        self._tell = tell

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        return {
            **super()._get_properties(doc),
            "html_attributes": {"data-lm-suppress-shortcuts": "true"},
        }

    def forget(self, model: Model) -> None:
        """Forget a model that is shown no more, as Panel itself does only on a server.

        Parameters
        ----------
        model : `bokeh.model.Model`
            What `get_root` returned.
        """
        self._cleanup(model)

    def _on_msg(self, ref: str, manager: Any, msg: Any) -> None:
        for part in split_message(msg):
            call_in_main_thread(partial(self._hear, ref, manager, part))

    def _hear(self, ref: str, manager: Any, msg: Any) -> None:
        try:
            super()._on_msg(ref, manager, msg)
        except Exception as error:  # noqa: BLE001 - an edge: a kernel would log it, where nobody looks
            self._tell(describe_error(error), "error")


class PageStage:
    """Views one below the other in the colours of the theme.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    """

    def __init__(self, desk: Desk):
        self.desk = desk
        # It stays in view: the button whose press it answers may be far down the page.
        self.message = Prose(visible=False, styles=_IN_VIEW)
        self.view = _Root(desk.tell, sizing_mode="stretch_width", margin=0)
        desk.param.watch(lambda *_: self._paint(), "theme")
        desk.param.watch(lambda *_: self._show_message(), ["message", "message_kind"])
        self._paint()

    def show(self, *items: Viewable) -> None:
        """Put views on the stage.

        Parameters
        ----------
        *items : `panel.viewable.Viewable`
            What is shown, complete; `message` may be among them, otherwise
            it comes first.
        """
        shown = list(items) if self.message in items else [self.message, *items]
        self.view.objects = [*shown, FocusKeeper(styles={"margin-top": "-12px"})]
        dress(self.view)

    def _paint(self) -> None:
        self.view.styles = {
            **PALETTES[self.desk.theme].css_variables(),
            "background": "var(--wb-background)",
            "color": "var(--wb-text)",
            "padding": "14px 18px 24px",
            "gap": "12px",
            "min-height": "100%",
            "box-sizing": "border-box",
        }

    def _show_message(self) -> None:
        shown = code(self.desk.message, self.desk.message_kind)
        self.message.param.update(object=shown, visible=bool(shown))
