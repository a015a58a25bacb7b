"""The application as a page, from a server of its own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import panel as pn
from bokeh.application.application import SessionContext
from panel.io.server import get_server

from workbench.bench import open_bench
from workbench.errors import ServeError
from workbench.faults import describe_error
from workbench.session.content.palette import PALETTES
from workbench.ui.app import make_application
from workbench.ui.authentication import read_authentication, read_certificate
from workbench.ui.doors import Doors, our_handlers
from workbench.ui.elements.design import dress
from workbench.ui.elements.pieces import code
from workbench.ui.elements.prose import Prose
from workbench.ui.one_thread import OneThread

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
    basic_auth: str | Path | None = None,
    cookie_secret: str | None = None,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
) -> None:
    """Serve the application until it is interrupted.

    Parameters
    ----------
    uri : `str` or `pathlib.Path`
        Butler repository.
    sidecar : `str`, optional
        Database for our tables, as for `~workbench.bench.open_bench`.
    read_only : `bool`, optional
        Never write, and run no Python of a pipeline that is not of a package
        which this server has loaded itself.
    port : `int`, optional
        TCP port; 0 for any that is free.
    address : `str`, optional
        Address to listen at: this machine's own, since whoever reaches the
        page acts with the rights of the user who serves it.  Another one
        needs ``basic_auth``.
    show : `bool`, optional
        Open a browser.
    allow_websocket_origin : `~collections.abc.Sequence` [ `str` ], optional
        Names ("host:port") under which a proxy or tunnel shows the page.
    basic_auth : `str` or `pathlib.Path`, optional
        JSON file with the password of each user, which nobody else may read;
        who signs in is the author of what is saved and noted.  Who is taken
        out of it, or gets another password, is signed out within seconds.
    cookie_secret : `str`, optional
        Signs the cookies of users; by default made anew at each start.
    certificate, key : `str` or `pathlib.Path`, optional
        TLS certificate and key (PEM files), with users or without; without
        them, and without a proxy that encrypts, passwords can be read on the
        way.

    Raises
    ------
    workbench.errors.NotARepositoryError
        Raised if there is no repository.
    workbench.errors.ServeError
        Raised if the address is not this machine's own and no users are
        given, their file is not fit, a secret is given without users, a
        certificate is missing, or the port is taken.

    Notes
    -----
    Every browser session opens the repository for itself.  All resources come
    from this server: no other host is asked for anything.  A query string
    ``?theme=dark`` begins in the dark theme.
    """
    users = None if basic_auth is None else read_authentication(basic_auth, cookie_secret=cookie_secret)
    encryption = read_certificate(certificate, key)
    if users is None:
        _require_loopback(address, port)
        if cookie_secret is not None:
            raise ServeError(
                "A cookie secret signs the cookies of users, and there are none. Name them by "
                "--basic-auth FILE (basic_auth=...), or leave the secret out."
            )
    _require_free(address, port)
    open_bench(uri, read_only=read_only, sidecar=sidecar).close()
    doors = Doors(users)

    def session() -> pn.viewable.Viewable:
        author = None if users is None else str(pn.state.user)
        if author is not None and pn.state.curdoc is not None:
            doors.own(pn.state.curdoc.session_context.id, author)
            pn.state.on_session_destroyed(lambda context: doors.disown(context.id))
        return _open_session(uri, author, installed_only=read_only, read_only=read_only, sidecar=sidecar)

    hosts = [
        address,
        "localhost",
        "127.0.0.1",
        *([] if users is None else [socket.gethostname(), socket.getfqdn()]),
    ]
    origins = [*(f"{host}:{port}" for host in hosts), *allow_websocket_origin] if port else None
    options: dict[str, Any] = {**encryption, **doors.to_server()}
    with our_handlers():
        server = get_server(
            {"/": session},
            title="Campaign Workbench",
            port=port,
            address=address,
            show=show,
            verbose=True,
            websocket_origin=origins,
            **options,
        )
    doors.guard(server)
    server.start()
    server.io_loop.asyncio_loop.set_default_executor(OneThread())
    server.io_loop.start()


def _open_session(
    uri: str | Path, author: str | None, *, installed_only: bool, **options: Any
) -> pn.viewable.Viewable:
    try:
        bench = open_bench(uri, **options)
    except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
        said = pn.Column(
            Prose(code(describe_error(error), "error")), styles=PALETTES["light"].css_variables()
        )
        dress(said)  # undressed, it would ask a CDN for its style sheets
        return said

    asked = pn.state.session_args.get("theme", [b""])[0].decode("ascii", "replace")
    theme = asked if asked in PALETTES else "light"
    application = make_application(bench, theme=theme, author=author, installed_only=installed_only)

    def tell(error: BaseException) -> None:
        application.desk.tell(describe_error(error), "error")

    # Of this session: what no action catches is said to its user, and not to the log of the server alone.
    pn.config.exception_handler = tell

    def leave(context: SessionContext) -> None:  # noqa: ARG001 - Bokeh passes it by position
        application.commit.execution.close()
        bench.close()

    pn.state.on_session_destroyed(leave)
    application.watch.start()
    return application.view


def _require_loopback(address: str, port: int) -> None:
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = address == "localhost"
    if not loopback:
        raise ServeError(
            f"{address!r} can be reached from other machines, where whoever opens the page has your rights, "
            "and no authentication is configured. Name the users who may sign in by --basic-auth FILE "
            "(basic_auth=...), or serve at 127.0.0.1 and reach it through a tunnel: "
            f"ssh -L {port}:127.0.0.1:{port} this-machine."
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
