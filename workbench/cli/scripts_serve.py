"""Show the application in a browser."""

from __future__ import annotations

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
        Address of this machine to listen at.
    show : `bool`, optional
        Open a browser.
    origins : `tuple` [ `str`, ... ], optional
        Names ("host:port") under which a proxy or tunnel shows the page.
    """
    from workbench.ui import serve

    serve(
        place.uri,
        sidecar=place.sidecar,
        read_only=read_only,
        port=port,
        address=address,
        show=show,
        allow_websocket_origin=origins,
    )
