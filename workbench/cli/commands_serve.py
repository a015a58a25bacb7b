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
    default="localhost",
    show_default=True,
    help="Network address to listen at. There is no login: "
    "what is not localhost is open to all who reach it.",
)
@click.option("--show/--no-show", default=True, show_default=True, help="Open a browser.")
def serve(place: Place, port: int, address: str, show: bool) -> None:
    """Show the application in a browser, until Ctrl-C.

    Works with no internet. Looking writes nothing; what is saved, published or committed
    there is what the commands of these names do.
    """
    scripts_serve.serve_application(place, port=port, address=address, show=show)
