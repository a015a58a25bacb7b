"""Commands on groupings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from workbench.cli import scripts_groups, scripts_names
from workbench.cli.arguments import as_json, limit, repository
from workbench.cli.place import Place
from workbench.cli.shapes import Group

if TYPE_CHECKING:
    from workbench.exports import SelectionForm

__all__ = ["groups"]

Body = Callable[..., None]

grouping_label = click.argument("label", metavar="GROUPING")
run_option = click.option("--run", required=True, help="RUN collection to put into; it must not exist.")
script_option = click.option(
    "--script",
    type=click.Path(dir_okay=False),
    help="Write a script that does it, and nothing to the Butler.",
)


def _requirements(body: Body) -> Body:
    """Give a command the options that ask something of groups."""
    options = (
        click.option("--disjoint", is_flag=True, help="No data ID may be in two groups."),
        click.option("--covering", is_flag=True, help="Every data ID of the set must be in a group."),
        click.option("--balanced", is_flag=True, help="The sizes of the groups may differ by one."),
        click.option(
            "--minimum",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help="Members that each group must have.",
        ),
    )
    for option in reversed(options):
        body = option(body)
    return body


@click.group(cls=Group)
def groups() -> None:
    """Group the data IDs of saved sets; hand groups on.

    GROUPING is a name, for the latest version, or name@3.
    """


MAKE_NOTES = """\b
Examples:
  workbench groups make demo-repo cosmos-i@1 halves "folds(2, seed=42)"
  workbench groups make demo-repo cosmos-i seeing "best_seeing(by=('tract', 'patch', 'band'))"
  workbench groups make demo-repo cosmos-i lunation lunations --dry-run
  workbench groups make demo-repo donuts couples "pairs('aos.focus_z')"
  workbench groups make demo-repo donuts mine --from groups.ecsv --disjoint
"""


def _one_rule(ctx: click.Context, _: click.Parameter, value: str) -> str:
    """Check that there is one rule; --from is read before RULE."""
    if (ctx.params.get("path") is None) == (not value):
        raise click.UsageError('Give one rule: RULE, such as "folds(2, seed=42)", or --from FILE.')
    return value


@groups.command(epilog=MAKE_NOTES)
@repository
@click.argument("set_label", metavar="SET")
@click.argument("name")
@click.argument("rule", default="", callback=_one_rule)
@click.option(
    "--from",
    "path",
    type=click.Path(exists=True, dir_okay=False),
    is_eager=True,
    help="ECSV, CSV or Parquet file of data IDs, group_key, and perhaps role and ordinal.",
)
@_requirements
@click.option(
    "--sets/--no-sets",
    default=None,
    help="Save each group as the set NAME-KEY too; by default where there are few.",
)
@click.option("--dry-run", is_flag=True, help="Show the groups, and write nothing.")
@as_json
def make(
    place: Place,
    set_label: str,
    name: str,
    rule: str,
    path: str | None,
    disjoint: bool,
    covering: bool,
    balanced: bool,
    minimum: int,
    sets: bool | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Group the rows of a saved SET by a RULE.

    RULE is a call as Python has it; 'workbench groups rules' lists them. The grouping is saved as
    the next version of NAME. What is not as the rule and the options ask is refused, with a
    sentence for each thing. Writes to the workbench's tables.
    """
    scripts_groups.make_groups(
        place,
        set_label,
        name,
        rule,
        path=path,
        require=scripts_groups.read_requirements(
            disjoint=disjoint, covering=covering, balanced=balanced, minimum=minimum
        ),
        sets=sets,
        dry_run=dry_run,
        as_json=as_json,
    )


@groups.command()
@as_json
def rules(as_json: bool) -> None:
    """List the rules, with their arguments and defaults.

    Writes nothing.
    """
    scripts_groups.print_rules(as_json=as_json)


@groups.command()
@repository
@click.argument("name")
@click.argument("new_name")
@click.option("--reason", required=True, help="Why it is renamed.")
def rename(place: Place, name: str, new_name: str, reason: str) -> None:
    """Give the grouping NAME another name.

    Its versions keep their numbers, and the old name still finds them. Writes to the workbench's tables.
    """
    scripts_names.rename(place, "grouping", name, new_name, reason=reason)


@groups.command()
@repository
@click.argument("name")
@click.option("--reason", required=True, help="Why it is hidden, or shown again.")
@click.option("--show", is_flag=True, help="Show it again.")
def hide(place: Place, name: str, reason: str, show: bool) -> None:
    """Leave the grouping NAME out of lists.

    Nothing is deleted: it is still found by its name. Writes to the workbench's tables.
    """
    scripts_names.hide(place, "grouping", name, reason=reason, hidden=not show)


@groups.command("list")
@repository
@as_json
def list_groupings(place: Place, as_json: bool) -> None:
    """List all versions of all groupings.

    Writes nothing.
    """
    scripts_groups.print_groupings(place, as_json=as_json)


@groups.command()
@repository
@grouping_label
@click.option("--group", "key", metavar="KEY", help="Show the members of this group.")
@limit(20)
@as_json
def show(place: Place, label: str, key: str | None, limit: int, as_json: bool) -> None:
    """Show the groups of a GROUPING, or the members of one.

    Writes nothing.
    """
    scripts_groups.print_groups(place, label, key=key, limit=limit, as_json=as_json)


@groups.command()
@repository
@grouping_label
@_requirements
@as_json
def check(
    place: Place,
    label: str,
    disjoint: bool,
    covering: bool,
    balanced: bool,
    minimum: int,
    as_json: bool,
) -> None:
    """Check a GROUPING against its set and the repository.

    It is held to what its rule asks and to the options; what does not hold is said in a sentence
    each, with exit code 1. Writes nothing.
    """
    scripts_groups.check_groups(
        place,
        label,
        require=scripts_groups.read_requirements(
            disjoint=disjoint, covering=covering, balanced=balanced, minimum=minimum
        ),
        as_json=as_json,
    )


LOWER_NOTES = """\b
Examples:
  workbench groups lower demo-repo halves@1 subset
  workbench groups lower demo-repo couples group
\b
A campaign file then names the tasks that work by group:
  groups:
    - {by: halves@1, tasks: coaddHalf, way: extend}
"""


@groups.command(epilog=LOWER_NOTES)
@repository
@grouping_label
@click.argument("dimension")
@as_json
def lower(place: Place, label: str, dimension: str, as_json: bool) -> None:
    """Insert the groups of a GROUPING into a DIMENSION, for good.

    DIMENSION is one that the repository was extended by, and then knows the members too; or the
    Butler's own 'group', which needs 'workbench groups export data-ids' beside wherever the stock
    tools build the graph. Prints the key of each group. Writes to the Butler, all or nothing.
    """
    scripts_groups.lower_groups(place, label, dimension, as_json=as_json)


@groups.group()
def export() -> None:
    """Hand groups on: as a table, or as datasets that tasks read."""


@export.command()
@repository
@grouping_label
@click.argument("file", type=click.Path(dir_okay=False))
def table(place: Place, label: str, file: str) -> None:
    """Write the members of a GROUPING to FILE (.ecsv, .csv, .parquet).

    'workbench groups make --from FILE' reads it again. FILE is replaced if it exists.
    """
    scripts_groups.export_table(place, label, file)


@export.command("data-ids")
@repository
@grouping_label
@click.argument("file", type=click.Path(dir_okay=False))
def data_ids(place: Place, label: str, file: str) -> None:
    """Write who is in which 'group' to FILE (.ecsv).

    It is for 'pipetask qgraph --data-id-table'. Without it the stock builder uses every visit in
    every group. FILE is replaced if it exists.
    """
    scripts_groups.export_data_ids(place, label, file)


PAIRS_NOTES = """\b
Example:
  workbench groups export pairs demo-repo couples@1 --run u/ana/DM-1234/pairs
"""


@export.command(epilog=PAIRS_NOTES)
@repository
@grouping_label
@run_option
@click.option("--dataset-type", default="donutVisitPairTable", show_default=True, help="Its dataset type.")
@script_option
@as_json
def pairs(place: Place, label: str, run: str, dataset_type: str, script: str | None, as_json: bool) -> None:
    """Put extra- and intra-focal pairs as a donutVisitPairTable.

    One table an instrument, with the columns extra and intra. Writes to the Butler, or the script.
    """
    scripts_groups.export_pairs(place, label, run, dataset_type=dataset_type, script=script, as_json=as_json)


VISITS_NOTES = """\b
Example:
  workbench groups export visits demo-repo seeing@1 sharp --run u/ana/DM-1234/selection \\
    --dataset-type goodSeeingVisits
"""


@export.command(epilog=VISITS_NOTES)
@repository
@grouping_label
@click.argument("key")
@run_option
@click.option("--dataset-type", required=True, help="Dataset type, such as goodSeeingVisits.")
@click.option(
    "--form",
    type=click.Choice(["visits", "rows"]),
    default="visits",
    show_default=True,
    help="A mapping of visits, as in pipe_tasks; or all visits with reasons, as in the demonstration.",
)
@script_option
@as_json
def visits(
    place: Place,
    label: str,
    key: str,
    run: str,
    dataset_type: str,
    form: SelectionForm,
    script: str | None,
    as_json: bool,
) -> None:
    """Put the visits of the group KEY as selections for coadds.

    One dataset a patch and band. Writes to the Butler, or the script.
    """
    scripts_groups.export_visits(
        place, label, key, run, dataset_type=dataset_type, form=form, script=script, as_json=as_json
    )
