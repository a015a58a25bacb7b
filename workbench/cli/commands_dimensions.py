"""Commands on dimensions: look at them, add to them, take that back."""

from __future__ import annotations

import click

from workbench.cli import scripts_dimensions
from workbench.cli.arguments import as_json, limit, repository, where
from workbench.cli.place import Place
from workbench.cli.shapes import Group

__all__ = ["dimensions"]

LIST = "list"


class ListingGroup(Group):
    """A group that lists where no command is named: ``dimensions REPO`` is ``dimensions list REPO``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the group.

        Parameters
        ----------
        ctx : `click.Context`
            Context of the group.
        args : `list` [ `str` ]
            The words.

        Returns
        -------
        rest : `list` [ `str` ]
            Words that are left over.
        """
        if args and args[0] not in {*self.commands, *self.get_help_option_names(ctx)}:
            args = [LIST, *args]
        return super().parse_args(ctx, args)


LIST_NOTES = """\b
Examples:
  workbench dimensions demo-repo
  workbench dimensions demo-repo visit --where "instrument = 'HSC' AND visit.day_obs = 20150118"
"""

EXTEND_NOTES = """\b
Examples:
  workbench dimensions extend demo-repo pair --key int --parent instrument --relation visit
  workbench dimensions extend demo-repo subset --key string --relation visit
"""

confirm = click.option(
    "--confirm",
    default="",
    metavar="WORDS",
    help="Do not ask for the words that confirm it, such as 'extend pair', which are these.",
)
despite_in_flight = click.option(
    "--despite-in-flight",
    is_flag=True,
    help="Go on although graphs were committed and not ingested; they can no longer be.",
)


@click.group(cls=ListingGroup)
def dimensions() -> None:
    """Count, list, add and revert dimensions.

    'workbench dimensions REPO' is 'workbench dimensions list REPO'.
    """


@dimensions.command(LIST, epilog=LIST_NOTES)
@repository
@click.argument("element", required=False)
@where
@limit(20)
@as_json
def list_dimensions(place: Place, element: str | None, where: str, limit: int, as_json: bool) -> None:
    """Count the records of dimensions, or list those of ELEMENT.

    Times are TAI, ISO 8601 in tables and MJD in JSON; regions are in JSON alone.
    Writes nothing.
    """
    scripts_dimensions.print_dimensions(place, element, where=where, limit=limit, as_json=as_json)


@dimensions.command()
@repository
@as_json
def status(place: Place, as_json: bool) -> None:
    """List the dimensions that were added, and what uses them.

    Writes nothing.
    """
    scripts_dimensions.print_status(place, as_json=as_json)


@dimensions.command(epilog=EXTEND_NOTES)
@repository
@click.argument("name")
@click.option("--key", type=click.Choice(["int", "string"]), required=True, help="Type of its values.")
@click.option("--parent", metavar="DIMENSION", help="Dimension that its values belong to.")
@click.option(
    "--relation",
    "relations",
    multiple=True,
    metavar="DIMENSION",
    help="Dimension whose values are its members; may be repeated.",
)
@click.option("--doc", default="", metavar="TEXT", help="What it is.")
@confirm
@despite_in_flight
def extend(
    place: Place,
    name: str,
    key: str,
    parent: str | None,
    relations: tuple[str, ...],
    doc: str,
    confirm: str,
    despite_in_flight: bool,
) -> None:
    """Add the dimension NAME to the repository.

    Every Butler client then has it, unmodified. Says first what would break for others, and asks
    for words that confirm it. Writes to the Butler, all or nothing.
    """
    scripts_dimensions.extend(
        place,
        (name, key, parent, relations, doc),
        confirmation=confirm,
        despite_in_flight=despite_in_flight,
        ask=_ask,
    )


@dimensions.command()
@repository
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@confirm
@despite_in_flight
def revert(place: Place, names: tuple[str, ...], confirm: str, despite_in_flight: bool) -> None:
    """Take dimensions back that nothing uses.

    No records and no dataset types may have them. When the last one goes, the repository's
    configuration is what it was before the first. Writes to the Butler, all or nothing.
    """
    scripts_dimensions.revert(
        place, names, confirmation=confirm, despite_in_flight=despite_in_flight, ask=_ask
    )


def _ask(what: str, words: str) -> str:
    """Ask for words to be typed."""
    return str(click.prompt(f"{what}\nType {words!r} to go on", default="", show_default=False))
