"""A widget whose messages are handled in turn with cells."""

from __future__ import annotations

from typing import Any

from workbench.session.desk.kernel import call_in_main_thread

__all__ = ["InTurn"]


class InTurn:
    """Makes an ipywidget, named after it among the bases, act in the kernel's main thread alone."""

    def _handle_msg(self, msg: Any) -> None:
        handle = super()._handle_msg  # type: ignore[misc]  # of the widget that comes after
        call_in_main_thread(lambda: handle(msg))
