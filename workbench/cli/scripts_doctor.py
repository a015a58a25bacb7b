"""See whether all that was committed is whole, and settle what was not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json
from workbench.errors import CommitError, MissingTableError

if TYPE_CHECKING:
    from workbench.bench import Examination

__all__ = ["examine"]


def examine(
    place: Place,
    *,
    force: bool = False,
    recreate: bool = False,
    acknowledge: tuple[str, ...] = (),
    reason: str = "",
    as_json: bool = False,
) -> None:
    """Settle interrupted commits, sweep what killed writers left, and check all else.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; written only where something is settled, swept,
        acknowledged or made again.
    force : `bool`, optional
        Settle also commits of processes that may still be at work elsewhere.
    recreate : `bool`, optional
        Make tables of ours that are gone again, empty.
    acknowledge : `tuple` [ `str`, ... ], optional
        RUNs, other collections and commits of which something was removed or
        changed on purpose.
    reason : `str`, optional
        Why.
    as_json : `bool`, optional
        Print one object.

    Raises
    ------
    workbench.errors.MissingTableError
        Raised if tables of ours are gone.
    workbench.errors.CommitError
        Raised if something that was committed is damaged.
    """
    from workbench.bench import Bench
    from workbench.registry import open_registry
    from workbench.registry.wholeness import advise_missing

    # Not through open_bench, which settles what it may in silence.
    with Bench(open_registry(place.uri, sidecar=place.sidecar)) as bench:
        made = bench.registry.wholeness.recreate() if recreate else []
        found = bench.examine(force=force)
        if acknowledge:
            bench.acknowledge(*acknowledge, reason=reason, found=found)
            # What was settled and swept is told of the first look.
            again = bench.examine(force=force)
            found = dataclasses.replace(again, settled=found.settled, leftovers=found.leftovers)
    for one in made:
        if not as_json:
            print(f"{one.table} was made again, empty")
    if as_json:
        print_json(_to_object(found))
    else:
        _print(found)
    if found.missing_tables:
        raise MissingTableError(
            f"{len(found.missing_tables)} table(s) of the workbench are gone. "
            f"{advise_missing(found.missing_tables)}"
        )
    if found.damages:
        raise CommitError(
            f"{len(found.damages)} part(s) of what was committed are missing or changed. Restore them from a "
            "backup, or commit the campaigns again; what was removed on purpose is acknowledged by "
            "'workbench doctor --acknowledge COLLECTION --reason TEXT'."
        )


def _to_object(found: Examination) -> dict[str, object]:
    return {
        "settled": [{"commit": name, "action": action} for name, action in found.settled],
        "commits": found.n_commits,
        "missing_tables": [str(one) for one in found.missing_tables],
        "damages": [str(one) for one in found.damages],
        "acknowledged": [{"damage": str(one), "reason": reason} for one, reason in found.acknowledged],
        "swept": [str(one.path) for one in found.leftovers if not one.reason],
        "left": [{"file": str(one.path), "reason": one.reason} for one in found.leftovers if one.reason],
    }


def _print(found: Examination) -> None:
    for name, action in found.settled:
        print(f"commit {name}: {action}")
    for one in found.leftovers:
        print(f"{one.path}: {'left, ' + one.reason if one.reason else 'swept'}")
    for table in found.missing_tables:
        print(table)
    for damage in found.damages:
        print(damage)
    for damage, reason in found.acknowledged:
        print(f"{damage} (acknowledged: {reason})")
    print_facts(
        {
            "interrupted commits": len(found.settled),
            "commits": found.n_commits,
            "files swept": sum(not one.reason for one in found.leftovers),
            "acknowledged": len(found.acknowledged),
            "damages": found.n_damages,
        }
    )
