"""The command that shows the application."""

from __future__ import annotations

import click

from workbench.cli import scripts_serve
from workbench.cli.arguments import repository
from workbench.cli.place import Place

__all__ = ["serve"]


@click.command()
@repository
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5006, show_default=True, help="TCP port; 0 for any."
)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at, of this machine alone: whoever opens the page acts with your rights. "
    "From elsewhere, reach it through a tunnel (ssh -L).",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="HOST:PORT",
    help="Name under which a proxy or tunnel shows the page; may be repeated.",
)
@click.option("--read-only", is_flag=True, help="Never write, not even on request.")
@click.option("--show/--no-show", default=True, show_default=True, help="Open a browser.")
def serve(
    place: Place, port: int, address: str, origins: tuple[str, ...], read_only: bool, show: bool
) -> None:
    """Show the application in a browser, until Ctrl-C.

    Works with no internet. Looking writes nothing; what is saved, published or committed
    there is what the commands of these names do.
    """
    scripts_serve.serve_application(
        place, read_only=read_only, port=port, address=address, show=show, origins=origins
    )
