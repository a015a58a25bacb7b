"""Commands that hand on."""

from __future__ import annotations

import click

from workbench.cli.output.printing import print_facts
from workbench.cli.words.arguments import repository
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group

__all__ = ["export"]


@click.group(cls=Group)
def export() -> None:
    """Write files for other systems.

    For sets there is 'workbench sets export'.
    """


@export.command()
@repository
@click.argument("commit")
@click.argument("file")
@click.option(
    "--repo",
    "elsewhere",
    metavar="REPO",
    help="The repository as it is called where the graph is executed, such as behind a Butler server.",
)
def bps(repo: Repository, commit: str, file: str, elsewhere: str | None) -> None:
    """Write FILE, with which 'bps submit' executes a committed graph.

    COMMIT is the identifier of a commit, or its RUN. FILE is replaced if it exists; nothing
    else is written.
    """
    with repo.reading() as bench:
        written = bench.runs.export_bps(commit, file, repo=elsewhere)
    print_facts({"commit": commit, "file": str(written)})
