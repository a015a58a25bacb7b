"""Groupings: make, list, show, check, and hand on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_objects, print_rows, print_table, to_rows
from workbench.errors import GroupingError

if TYPE_CHECKING:
    from workbench.exports import Put, SelectionForm
    from workbench.groupings import Grouping, GroupingCheck, GroupingRule, Requirements

__all__ = [
    "check_groups",
    "export_data_ids",
    "export_pairs",
    "export_table",
    "export_visits",
    "lower_groups",
    "make_groups",
    "print_groupings",
    "print_groups",
    "print_rules",
    "read_requirements",
]

_SHOWN = 20
"""How many groups are printed, unless told otherwise."""


def read_requirements(
    *, disjoint: bool = False, covering: bool = False, balanced: bool = False, minimum: int = 1
) -> Requirements:
    """Put together what a command line asks of groups.

    Parameters
    ----------
    disjoint, covering, balanced : `bool`, optional
        As in `~workbench.groupings.Requirements`.
    minimum : `int`, optional
        Least number of members.

    Returns
    -------
    requirements : `~workbench.groupings.Requirements`
        All of it.
    """
    from workbench.groupings import Requirements

    return Requirements(disjoint, covering, balanced, minimum)


def make_groups(
    place: Place,
    label: str,
    name: str,
    rule: str,
    *,
    path: str | None = None,
    require: Requirements | None = None,
    sets: bool | None = None,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Group a saved set by a rule, and save the grouping.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    label : `str`
        The set, as "name" or "name@3".
    name : `str`
        Name of the grouping.
    rule : `str`
        The rule, such as ``folds(2, seed=42)``; empty where a file is given.
    path : `str`, optional
        File that lists the groups.
    require : `~workbench.groupings.Requirements`, optional
        What to ask of the groups beside what the rule asks.
    sets : `bool`, optional
        Whether to save each group as a set.
    dry_run : `bool`, optional
        Save nothing.
    as_json : `bool`, optional
        Print one object.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the groups are not what was asked for.
    """
    from workbench.groupings import by_table, parse_rule
    from workbench.metrics.files import read_metrics_file

    found: GroupingRule
    if path is None:
        found = parse_rule(rule)
    else:
        disjoint = require is not None and require.disjoint
        found = by_table(read_metrics_file(path).table, disjoint=disjoint, source=path)
    with place.look() if dry_run else place.work() as bench:
        rows = bench.load(label)
        if dry_run:
            grouping, check = bench.try_group(name, rows, found, require=require)
        else:
            grouping = bench.group(name, rows, found, require=require, sets=sets)
            check = grouping.check()
        _print_grouping(grouping, check, as_json=as_json)
    if check.faults:
        raise GroupingError(f"{grouping.rule} is not what was asked for. {' '.join(check.faults)}")


def print_groupings(place: Place, *, as_json: bool = False) -> None:
    """Print all versions of all groupings.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        groups = bench.groupings()
    versions: dict[object, dict[str, object]] = {}
    for row in to_rows(groups):
        label = f"{row['grouping']}@{row['version']}"
        named = {name: row[name] for name in ("parent", "rule", "author", "time", "digest")}
        versions.setdefault(label, {"grouping": label, "groups": 0, **named})
        versions[label]["groups"] = int(str(versions[label]["groups"])) + 1
    shown = ["grouping", "groups", "parent", "rule", "author", "time"]
    print_objects(list(versions.values()), shown, as_json=as_json, schema=groups.schema)


def print_groups(
    place: Place, label: str, *, key: str | None = None, limit: int = _SHOWN, as_json: bool = False
) -> None:
    """Print the groups of a grouping, or the members of one.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    label : `str`
        "name", for the latest version, or "name@2".
    key : `str`, optional
        The group whose members are wanted.
    limit : `int`, optional
        At most so many aligned rows.
    as_json : `bool`, optional
        Print JSON, all of it.
    """
    with place.look() as bench:
        grouping = bench.grouping(label)
        if key is not None:
            print_table(grouping.members(key), as_json=as_json, limit=limit)
        else:
            _print_grouping(grouping, grouping.check(), limit=limit, as_json=as_json)


def check_groups(
    place: Place, label: str, *, require: Requirements | None = None, as_json: bool = False
) -> None:
    """Check a grouping against its set and the repository.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    label : `str`
        "name", for the latest version, or "name@2".
    require : `~workbench.groupings.Requirements`, optional
        What to ask for beside what was asked when it was made.
    as_json : `bool`, optional
        Print one object.

    Raises
    ------
    workbench.errors.GroupingError
        Raised, after the facts are printed, if something does not hold.
    """
    with place.look() as bench:
        grouping = bench.grouping(label)
        check = bench.check_grouping(grouping, require=require)
    facts = {"grouping": grouping.label, **_check_facts(check), "faults": list(check.faults)}
    print_facts(facts, as_json=as_json)
    if check.faults:
        raise GroupingError(f"{grouping.label} is not what was asked for. {' '.join(check.faults)}")


def export_table(place: Place, label: str, path: str) -> None:
    """Write the relation of a grouping to a file.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    label : `str`
        "name", for the latest version, or "name@2".
    path : `str`
        File ending in .ecsv, .csv or .parquet.
    """
    with place.look() as bench:
        grouping = bench.grouping(label)
        written = bench.export_groups(grouping, path)
    print_facts({"grouping": grouping.label, "rows": grouping.relation.num_rows, "file": str(written)})


def export_data_ids(place: Place, label: str, path: str) -> None:
    """Write who is in which ``group`` to a file.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    label : `str`
        "name", for the latest version, or "name@2".
    path : `str`
        File ending in .ecsv.
    """
    with place.look() as bench:
        grouping = bench.grouping(label)
        written = bench.export_group_table(grouping, path)
    print_facts({"grouping": grouping.label, "rows": grouping.relation.num_rows, "file": str(written)})


def lower_groups(place: Place, label: str, dimension: str, *, as_json: bool = False) -> None:
    """Insert the groups of a grouping as records of a dimension.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler is written.
    label : `str`
        "name", for the latest version, or "name@2".
    dimension : `str`
        A dynamic dimension, or "group".
    as_json : `bool`, optional
        Print JSON.
    """
    with place.work() as bench:
        keys = bench.dimensions.insert(dimension, bench.grouping(label))
    print_table(keys, as_json=as_json)


def export_pairs(
    place: Place, label: str, run: str, *, dataset_type: str, script: str | None = None, as_json: bool = False
) -> None:
    """Put the pairs of a grouping as a pair table.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler is written, unless there is a script.
    label : `str`
        "name", for the latest version, or "name@2".
    run : `str`
        New RUN collection.
    dataset_type : `str`
        Name of the dataset type.
    script : `str`, optional
        Script to write instead.
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() if script else place.work() as bench:
        put = bench.export_pair_table(label, run, dataset_type=dataset_type, script=script)
    _print_put(put, as_json=as_json)


def export_visits(
    place: Place,
    label: str,
    key: str,
    run: str,
    *,
    dataset_type: str,
    form: SelectionForm = "visits",
    script: str | None = None,
    as_json: bool = False,
) -> None:
    """Put the visits of a group as selections.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler is written, unless there is a script.
    label : `str`
        "name", for the latest version, or "name@2".
    key : `str`
        The group.
    run : `str`
        New RUN collection.
    dataset_type : `str`
        Name of the dataset type.
    form : `str`, optional
        "visits" or "rows".
    script : `str`, optional
        Script to write instead.
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() if script else place.work() as bench:
        put = bench.export_visit_selection(
            label, key, run, dataset_type=dataset_type, form=form, script=script
        )
    _print_put(put, as_json=as_json)


def print_rules(*, as_json: bool = False) -> None:
    """Print the rules that a command can name.

    Parameters
    ----------
    as_json : `bool`, optional
        Print JSON.
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
