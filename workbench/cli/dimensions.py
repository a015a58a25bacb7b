"""Commands on dimensions: look at them, add to them, take that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli.output.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.output.terminal import reporting
from workbench.cli.words.arguments import as_json, limit, repository, where
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.bench.dimensions import Dimensions
    from workbench.registry.dimensions.extending import UniverseOutcome
    from workbench.registry.dimensions.universe_plan import UniversePlan

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
def list_dimensions(repo: Repository, element: str | None, where: str, limit: int, as_json: bool) -> None:
    """Count the records of dimensions, or list those of ELEMENT.

    Times are TAI, ISO 8601 in tables and MJD in JSON; regions are in JSON alone.
    Writes nothing.
    """
    with repo.reading() as bench:
        if element is None:
            if where:
                raise UnknownNameError("--where needs an ELEMENT whose records it is about, such as visit.")
            print_table(bench.dimensions.elements(), as_json=as_json)
            return
        records = bench.dimensions.records(element, where, limit=limit + 1)
    if as_json:
        print_table(records.slice(0, limit), as_json=True)
        return
    print_table(records.slice(0, limit), without=["region"])
    if records.num_rows > limit:
        print("... and more: see them with --limit, narrow them with --where")


@dimensions.command()
@repository
@as_json
def status(repo: Repository, as_json: bool) -> None:
    """List the dimensions that were added, and what uses them.

    Writes nothing.
    """
    with repo.reading() as bench:
        found = bench.dimensions.status()
        universe = bench.registry.universe
        in_flight, stale = bench.dimensions.in_flight(), bench.dimensions.stale_keys()
    version = f"{universe.namespace} {universe.version}"
    if as_json:
        facts = {"universe": version, "in_flight": in_flight, "stale_keys": stale}
        print_json({**facts, "dimensions": to_rows(found)})
        return
    print_facts(
        {
            "dimension universe": version,
            "graphs in flight": ", ".join(in_flight) or "none",
            "keys of no dimension in the file templates": ", ".join(stale) or None,
            "dynamic dimensions": found.num_rows or "none",
        }
    )
    if found.num_rows:
        print()
        print_table(found)


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
    repo: Repository,
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
    from workbench.registry.dimensions.dynamic import DynamicDimension

    dimension = DynamicDimension(name, key, parent, relations, doc)  # type: ignore[arg-type]
    with repo.writing() as bench:
        words = confirm or _ask(bench.dimensions, bench.dimensions.plan_extend(dimension), despite_in_flight)
        with reporting() as progress:
            outcome = bench.dimensions.extend(
                dimension, confirmation=words, despite_in_flight=despite_in_flight, progress=progress
            )
    _print_outcome("added", "already there", outcome)


@dimensions.command()
@repository
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@confirm
@despite_in_flight
def revert(repo: Repository, names: tuple[str, ...], confirm: str, despite_in_flight: bool) -> None:
    """Take dimensions back that nothing uses.

    No records and no dataset types may have them. When the last one goes, the repository's
    configuration is what it was before the first. Writes to the Butler, all or nothing.
    """
    with repo.writing() as bench:
        words = confirm or _ask(bench.dimensions, bench.dimensions.plan_revert(*names), despite_in_flight)
        with reporting() as progress:
            outcome = bench.dimensions.revert(
                *names, confirmation=words, despite_in_flight=despite_in_flight, progress=progress
            )
    _print_outcome("reverted", "keys taken out of the file templates", outcome)


def _ask(dimensions: Dimensions, plan: UniversePlan, despite_in_flight: bool) -> str:
    """Ask for the words of a plan, unless it will be refused anyway."""
    if not plan.dimensions or (dimensions.in_flight() and not despite_in_flight):
        return ""
    return str(
        click.prompt(f"{plan.describe()}\nType {plan.words!r} to go on", default="", show_default=False)
    )


def _print_outcome(changed: str, unchanged: str, outcome: UniverseOutcome) -> None:
    print_facts(
        {
            changed: ", ".join(outcome.changed) or "nothing",
            unchanged: ", ".join(outcome.unchanged) or None,
            "version of the universe": outcome.version,
        }
    )
