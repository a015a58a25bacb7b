"""The command that shows the application."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from workbench.cli.words.arguments import repository
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Command

__all__ = ["serve"]


@click.command(cls=Command)
@repository
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5006, show_default=True, help="TCP port; 0 for any."
)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at, by default of this machine alone: whoever opens the page acts with your "
    "rights. From elsewhere, reach it through a tunnel (ssh -L), or name the users by --basic-auth.",
)
@click.option(
    "--basic-auth",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON file of passwords by user, such as {"ana": "..."}, that nobody else may read (chmod 600); '
    "who signs in is the author of what is saved. Needed where other machines reach the address. Read again "
    "when it changes: who is taken out is signed out. Sign-ins are logged on standard error.",
)
@click.option(
    "--cookie-secret",
    envvar="WORKBENCH_COOKIE_SECRET",
    show_envvar=True,
    help="Signs the cookies of --basic-auth, so that users stay signed in over a restart; by default made "
    "at each start.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TLS certificate (PEM), with users or without; without one, and without a proxy that encrypts, "
    "passwords can be read on the way.",
)
@click.option(
    "--key", type=click.Path(path_type=Path), metavar="FILE", help="Key of the TLS certificate (PEM)."
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
    repo: Repository,
    port: int,
    address: str,
    basic_auth: Path | None,
    cookie_secret: str | None,
    certificate: Path | None,
    key: Path | None,
    origins: tuple[str, ...],
    read_only: bool,
    show: bool,
) -> None:
    """Show the application in a browser, until Ctrl-C.

    Works with no internet. Looking writes nothing; what is saved, published or committed
    there is what the commands of these names do.
    """
    from workbench.ui import serve as serve_pages

    # Who signs in and who is refused is told to who serves; the library itself sets up no logging.
    shown = logging.StreamHandler()
    shown.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("workbench.serve")
    log.addHandler(shown)
    log.setLevel(logging.INFO)
    serve_pages(
        repo.uri,
        sidecar=repo.sidecar,
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
