"""What was done in another widget, as Python and as a notebook, as an ipywidget."""

from __future__ import annotations

from typing import Any

import traitlets

from workbench.errors import WorkbenchError
from workbench.session.curation.curation import Curation
from workbench.ui.sets.replay_view import ReplayView
from workbench.ui.widgets.hosted import HostedWidget

__all__ = ["SessionReplay"]


class SessionReplay(HostedWidget):
    """The Python of every action in another widget, and a notebook that does it again.

    ``value`` is the Python of what was done last; it is only read.

    Parameters
    ----------
    of : `~workbench.ui.widgets.hosted.HostedWidget`
        The other widget, such as a `~workbench.ui.widgets.SetEditor`.
    **options : `object`
        Traits of any widget, such as ``layout``, and ``theme``.

    Raises
    ------
    workbench.errors.WorkbenchError
        Raised if it is no widget of actions.
    """

    value = traitlets.Unicode(read_only=True, help="Python of what was done last")

    def __init__(self, of: HostedWidget, **options: Any):
        curation = getattr(of, "curation", None)
        if not isinstance(curation, Curation):
            raise WorkbenchError(
                "SessionReplay shows what was done in a SetEditor, NoteEditor, GroupEditor, GraphPreview or "
                f"SetIntersections widget, not in {type(of).__name__}."
            )
        super().__init__(of.bench, beside=of, **options)
        self._view = ReplayView(self.desk, curation)
        self.desk.param.watch(lambda *_: self._tell(), "hint")
        self._tell()
        self._host(self._view.view)

    def to_notebook(self) -> bytes:
        """Return a notebook that does the same again.

        Returns
        -------
        content : `bytes`
            An ``.ipynb`` file, which writes nothing before its first cell is
            told to.
        """
        return self._view.write()[1]

    def _tell(self) -> None:
        self.set_trait("value", self.desk.hint)
