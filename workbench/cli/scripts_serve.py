"""Show the application in a browser."""

from __future__ import annotations

from workbench.cli.place import Place

__all__ = ["serve_application"]


def serve_application(
    place: Place, *, port: int = 5006, address: str = "localhost", show: bool = True
) -> None:
    """Serve the application until it is interrupted.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    port : `int`, optional
        TCP port; 0 for any that is free.
    address : `str`, optional
        Network address to listen at.
    show : `bool`, optional
        Open a browser.
    """
    from workbench.ui import serve

    serve(place.uri, sidecar=place.sidecar, port=port, address=address, show=show)
