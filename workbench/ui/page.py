"""The application as a page, from a server of its own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import panel as pn
from bokeh.application.application import SessionContext

from workbench.bench import open_bench
from workbench.errors import ServeError, WorkbenchError
from workbench.ui.app import app
from workbench.ui.palette import PALETTES
from workbench.ui.pieces import code

__all__ = ["serve"]


def serve(
    uri: str | Path,
    *,
    sidecar: str | None = None,
    read_only: bool = False,
    port: int = 5006,
    address: str = "127.0.0.1",
    show: bool = False,
    allow_websocket_origin: Sequence[str] = (),
) -> None:
    """Serve the application until it is interrupted.

    Parameters
    ----------
    uri : `str` or `pathlib.Path`
        Butler repository.
    sidecar : `str`, optional
        Database for our tables, as for `~workbench.bench.open_bench`.
    read_only : `bool`, optional
        Never write.
    port : `int`, optional
        TCP port; 0 for any that is free.
    address : `str`, optional
        Address to listen at: this machine's own, since whoever reaches the
        page acts with the rights of the user who serves it.
    show : `bool`, optional
        Open a browser.
    allow_websocket_origin : `~collections.abc.Sequence` [ `str` ], optional
        Names ("host:port") under which a proxy or tunnel shows the page.

    Raises
    ------
    workbench.errors.NotARepositoryError
        Raised if there is no repository.
    workbench.errors.ServeError
        Raised if the address is not this machine's own, or the port is taken.

    Notes
    -----
    Every browser session opens the repository for itself.  All resources come
    from this server: no other host is asked for anything.  A query string
    ``?theme=dark`` begins in the dark theme.
    """
    _require_loopback(address, port)
    _require_free(address, port)
    open_bench(uri, read_only=read_only, sidecar=sidecar).close()

    def session() -> pn.viewable.Viewable:
        return _open_session(uri, read_only=read_only, sidecar=sidecar)

    origins = [f"{address}:{port}", f"localhost:{port}", *allow_websocket_origin] if port else None
    pn.serve(
        {"/": session},
        title="Campaign Workbench",
        port=port,
        address=address,
        show=show,
        websocket_origin=origins,
    )


def _open_session(uri: str | Path, **options: Any) -> pn.viewable.Viewable:
    try:
        bench = open_bench(uri, **options)
    except WorkbenchError as error:
        return pn.pane.HTML(code(str(error), "error"))

    def leave(context: SessionContext) -> None:  # noqa: ARG001 - Bokeh passes it by position
        bench.close()

    pn.state.on_session_destroyed(leave)
    asked = pn.state.session_args.get("theme", [b""])[0].decode("ascii", "replace")
    return app(bench, theme=asked if asked in PALETTES else "light")


def _require_loopback(address: str, port: int) -> None:
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = address == "localhost"
    if not loopback:
        raise ServeError(
            f"{address!r} can be reached from other machines, where whoever opens the page has your rights. "
            f"Serve at 127.0.0.1 and reach it through a tunnel: ssh -L {port}:127.0.0.1:{port} this-machine."
        )


def _require_free(address: str, port: int) -> None:
    """Look before Bokeh does: it would leave half of its sockets behind."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ServeError(
                f"Port {port} of {address} cannot be used ({error.strerror}). "
                "Choose another one, such as 5007, or 0 for any that is free."
            ) from error
