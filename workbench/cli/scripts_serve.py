"""Show the application in a browser."""

from __future__ import annotations

import logging
from pathlib import Path

from workbench.cli.place import Place

__all__ = ["serve_application"]


def serve_application(
    place: Place,
    *,
    read_only: bool = False,
    port: int = 5006,
    address: str = "127.0.0.1",
    show: bool = True,
    origins: tuple[str, ...] = (),
    basic_auth: Path | None = None,
    cookie_secret: str | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> None:
    """Serve the application until it is interrupted.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    read_only : `bool`, optional
        Never write.
    port : `int`, optional
        TCP port; 0 for any that is free.
    address : `str`, optional
        Address to listen at; one that other machines reach needs users.
    show : `bool`, optional
        Open a browser.
    origins : `tuple` [ `str`, ... ], optional
        Names ("host:port") under which a proxy or tunnel shows the page.
    basic_auth : `pathlib.Path`, optional
        JSON file of passwords by user.
    cookie_secret : `str`, optional
        Signs cookies.
    certificate, key : `pathlib.Path`, optional
        TLS certificate and key.
    """
    from workbench.ui import serve

    # Who signs in and who is refused is told to who serves; the library itself sets up no logging.
    shown = logging.StreamHandler()
    shown.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("workbench.serve")
    log.addHandler(shown)
    log.setLevel(logging.INFO)
    serve(
        place.uri,
        sidecar=place.sidecar,
        read_only=read_only,
        port=port,
        address=address,
        show=show,
        allow_websocket_origin=origins,
        basic_auth=basic_auth,
        cookie_secret=cookie_secret,
        certificate=certificate,
        key=key,
    )
