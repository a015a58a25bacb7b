"""Files between the browser and Python: dropped, and downloaded."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["Download", "DropZone"]

_HERE = Path(__file__).parent
_CSS = (_HERE / "transfer.css").read_text(encoding="utf-8")


class DropZone(JSComponent):
    """A place for files, by mouse or by keyboard.

    Parameters
    ----------
    label : `str`
        What becomes of the files.
    receive : `~collections.abc.Callable`
        Takes the name and the content of each file; the content of one that
        is too large for a message is `None`.
    **params : `object`
        Values of the parameters.
    """

    label = param.String()
    accept = param.String(default=".ecsv,.csv,.json,.parquet")

    _esm = (_HERE / "drop.js").read_text(encoding="utf-8")
    _stylesheets = [_CSS]  # noqa: RUF012 - Panel reads a class attribute

    def __init__(
        self, label: str, receive: Callable[[Sequence[tuple[str, bytes | None]]], None], **params: Any
    ):
        super().__init__(label=label, **{"sizing_mode": "stretch_width", "margin": 0, **params})
        self._tell = receive
        self.on_msg(self._receive)

    def _receive(self, event: Any) -> None:
        self._tell(
            [
                (str(file["name"]), None if file["content"] is None else base64.b64decode(file["content"]))
                for file in event.data["files"]
            ]
        )


class Download(JSComponent):
    """A button that gives a file to the browser.

    Parameters
    ----------
    label : `str`
        What it gives.
    make : `~collections.abc.Callable`
        Returns the name and the content of the file, or `None` if there is
        none.
    **params : `object`
        Values of the parameters.
    """

    label = param.String()
    disabled = param.Boolean(default=False)
    filename = param.String()
    content = param.String(doc="base64")
    revision = param.Integer(default=0)

    _esm = (_HERE / "download.js").read_text(encoding="utf-8")
    _stylesheets = [_CSS]  # noqa: RUF012 - Panel reads a class attribute

    def __init__(self, label: str, make: Callable[[], tuple[str, bytes] | None], **params: Any):
        super().__init__(label=label, **{"margin": 0, "align": "end", **params})
        self._make = make
        self.on_msg(lambda _: self._give())

    def _give(self) -> None:
        made = self._make()
        if made is not None:
            filename, content = made
            self.param.update(filename=filename, content=base64.b64encode(content).decode())
            self.revision += 1
