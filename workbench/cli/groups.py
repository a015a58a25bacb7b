"""Commands on groupings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from workbench.cli.naming import add_naming
from workbench.cli.output.printing import (
    print_facts,
    print_json,
    print_objects,
    print_rows,
    print_table,
    to_rows,
)
from workbench.cli.words.arguments import as_json, limit, repository
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.errors import GroupingError

if TYPE_CHECKING:
    from workbench.exports import Put, SelectionForm
    from workbench.groupings import Grouping, GroupingCheck, GroupingRule, Requirements

__all__ = ["groups"]

_SHOWN = 20
"""How many groups are printed, unless told otherwise."""


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
    repo: Repository,
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
    require = _read_requirements(disjoint=disjoint, covering=covering, balanced=balanced, minimum=minimum)
    from workbench.groupings import by_table, parse_rule
    from workbench.metrics.files import read_metrics_file

    found: GroupingRule
    if path is None:
        found = parse_rule(rule)
    else:
        disjoint = require is not None and require.disjoint
        found = by_table(read_metrics_file(path).table, disjoint=disjoint, source=path)
    with repo.reading() if dry_run else repo.writing() as bench:
        rows = bench.load(set_label)
        if dry_run:
            grouping, check = bench.groupings.try_rule(name, rows, found, require=require)
        else:
            grouping = bench.group(name, rows, found, require=require, sets=sets)
            check = grouping.check()
        _print_grouping(grouping, check, as_json=as_json)
    if check.faults:
        raise GroupingError(f"{grouping.rule} is not what was asked for. {' '.join(check.faults)}")


@groups.command()
@as_json
def rules(as_json: bool) -> None:
    """List the rules, with their arguments and defaults.

    Writes nothing.
    """
    import inspect

    from workbench.groupings import RULES, describe_call

    rows = []
    for name, rule in RULES.items():
        rows.append({"rule": describe_call(name), "groups": str(inspect.getdoc(rule)).partition("\n")[0]})
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['rule']}\n    {row['groups']}")


add_naming(groups, "grouping", lambda bench: bench.groupings, stays="Its versions keep their numbers")


@groups.command("list")
@repository
@as_json
def list_groupings(repo: Repository, as_json: bool) -> None:
    """List all versions of all groupings.

    Writes nothing.
    """
    with repo.reading() as bench:
        groups = bench.groupings.list()
    versions: dict[object, dict[str, object]] = {}
    for row in to_rows(groups):
        label = f"{row['grouping']}@{row['version']}"
        named = {name: row[name] for name in ("parent", "rule", "author", "time", "digest")}
        versions.setdefault(label, {"grouping": label, "groups": 0, **named})
        versions[label]["groups"] = int(str(versions[label]["groups"])) + 1
    shown = ["grouping", "groups", "parent", "rule", "author", "time"]
    print_objects(list(versions.values()), shown, as_json=as_json, schema=groups.schema)


@groups.command()
@repository
@grouping_label
@click.option("--group", "key", metavar="KEY", help="Show the members of this group.")
@limit(20)
@as_json
def show(repo: Repository, label: str, key: str | None, limit: int, as_json: bool) -> None:
    """Show the groups of a GROUPING, or the members of one.

    Writes nothing.
    """
    with repo.reading() as bench:
        grouping = bench.groupings.load(label)
        if key is not None:
            print_table(grouping.members(key), as_json=as_json, limit=limit)
        else:
            _print_grouping(grouping, grouping.check(), limit=limit, as_json=as_json)


@groups.command()
@repository
@grouping_label
@_requirements
@as_json
def check(
    repo: Repository,
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
    require = _read_requirements(disjoint=disjoint, covering=covering, balanced=balanced, minimum=minimum)
    with repo.reading() as bench:
        grouping = bench.groupings.load(label)
        check = bench.groupings.check(grouping, require=require)
    facts = {"grouping": grouping.label, **_check_facts(check), "faults": list(check.faults)}
    print_facts(facts, as_json=as_json)
    if check.faults:
        raise GroupingError(f"{grouping.label} is not what was asked for. {' '.join(check.faults)}")


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
def lower(repo: Repository, label: str, dimension: str, as_json: bool) -> None:
    """Insert the groups of a GROUPING into a DIMENSION, for good.

    DIMENSION is one that the repository was extended by, and then knows the members too; or the
    Butler's own 'group', which needs 'workbench groups export data-ids' beside wherever the stock
    tools build the graph. Prints the key of each group. Writes to the Butler, all or nothing.
    """
    with repo.writing() as bench:
        keys = bench.dimensions.insert(dimension, bench.groupings.load(label))
    print_table(keys, as_json=as_json)


@groups.group()
def export() -> None:
    """Hand groups on: as a table, or as datasets that tasks read."""


@export.command()
@repository
@grouping_label
@click.argument("file", type=click.Path(dir_okay=False))
def table(repo: Repository, label: str, file: str) -> None:
    """Write the members of a GROUPING to FILE (.ecsv, .csv, .parquet).

    'workbench groups make --from FILE' reads it again. FILE is replaced if it exists.
    """
    with repo.reading() as bench:
        grouping = bench.groupings.load(label)
        written = bench.groupings.export(grouping, file)
    print_facts({"grouping": grouping.label, "rows": grouping.relation.num_rows, "file": str(written)})


@export.command("data-ids")
@repository
@grouping_label
@click.argument("file", type=click.Path(dir_okay=False))
def data_ids(repo: Repository, label: str, file: str) -> None:
    """Write who is in which 'group' to FILE (.ecsv).

    It is for 'pipetask qgraph --data-id-table'. Without it the stock builder uses every visit in
    every group. FILE is replaced if it exists.
    """
    with repo.reading() as bench:
        grouping = bench.groupings.load(label)
        written = bench.groupings.export_group_table(grouping, file)
    print_facts({"grouping": grouping.label, "rows": grouping.relation.num_rows, "file": str(written)})


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
def pairs(
    repo: Repository, label: str, run: str, dataset_type: str, script: str | None, as_json: bool
) -> None:
    """Put extra- and intra-focal pairs as a donutVisitPairTable.

    One table an instrument, with the columns extra and intra. Writes to the Butler, or the script.
    """
    with repo.reading() if script else repo.writing() as bench:
        put = bench.groupings.export_pair_table(label, run, dataset_type=dataset_type, script=script)
    _print_put(put, as_json=as_json)


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
    repo: Repository,
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
    with repo.reading() if script else repo.writing() as bench:
        put = bench.groupings.export_visit_selection(
            label, key, run, dataset_type=dataset_type, form=form, script=script
        )
    _print_put(put, as_json=as_json)


def _read_requirements(
    *, disjoint: bool = False, covering: bool = False, balanced: bool = False, minimum: int = 1
) -> Requirements:
    """Put together what a command line asks of groups."""
    from workbench.groupings import Requirements

    return Requirements(disjoint, covering, balanced, minimum)


def _check_facts(check: GroupingCheck) -> dict[str, object]:
    facts = dataclasses.asdict(check)
    return {name: facts[name] for name in ("disjoint", "covering", "smallest", "largest")} | {
        "balanced": check.balanced
    }


def _print_grouping(
    grouping: Grouping, check: GroupingCheck, *, limit: int = _SHOWN, as_json: bool = False
) -> None:
    facts: Mapping[str, object] = {
        "grouping": grouping.label if grouping.version else f"{grouping.name} (not saved)",
        "rule": grouping.rule,
        "of": grouping.parent.label,
        "members": ", ".join(grouping.key_names),
        **_check_facts(check),
        "digest": grouping.digest,
    }
    shown = grouping.keys if as_json else grouping.keys[:limit]
    groups = [
        {
            "group": key,
            "set": grouping.saved.get(key),
            "rows": grouping.members(key).num_rows,
            "key_digest": grouping[key].key_digest,
        }
        for key in shown
    ]
    if as_json:
        print_json({**facts, "faults": list(check.faults), "groups": groups})
        return
    print_facts(facts)
    print()
    print_rows(list(groups[0]), [list(row.values()) for row in groups])
    if len(shown) < len(grouping.keys):
        print(f"... and {len(grouping.keys) - len(shown)} more groups")


def _print_put(put: Put, *, as_json: bool) -> None:
    facts = {
        "run": put.run,
        "dataset_type": put.dataset_type,
        "datasets": put.n_datasets,
        "script": None if put.script is None else str(put.script),
    }
    print_facts(facts, as_json=as_json)
