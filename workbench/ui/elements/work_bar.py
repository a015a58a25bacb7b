"""What the long work of a page does, and the button that cancels it."""

from __future__ import annotations

from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import button, text_html
from workbench.ui.elements.prose import Prose

__all__ = ["WorkBar"]


class WorkBar:
    """A sentence with stage, fraction and elapsed time of the long work of a page, and a button to cancel it.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the work.
    *titles : `str`
        What the work is called there; other work is left to its own page.
    """

    def __init__(self, desk: Desk, *titles: str):
        self.desk = desk
        self.titles = titles
        self.cancel = button("Cancel", disabled=True)
        self.state = Prose()
        self.cancel.on_click(lambda _: desk.cancel())
        desk.param.watch(lambda *_: self._show(), ["busy", "stage", "fraction", "elapsed"])

    @property
    def is_busy(self) -> bool:
        """Whether such work is under way (`bool`)."""
        return self.desk.busy in self.titles

    def _show(self) -> None:
        self.cancel.disabled = not self.is_busy
        told = self.desk.progress_text if self.is_busy else ""
        self.state.object = text_html(told, css="sentence", role="status")
