"""Look at dimensions; add dynamic ones, and take them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.terminal import reporting
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.bench.dimensions import Dimensions
    from workbench.registry.extending import UniverseOutcome
    from workbench.registry.universe_plan import UniversePlan

__all__ = ["extend", "print_dimensions", "print_status", "revert"]

Ask = Callable[[str, str], str]
"""Says what would be done, asks for words, and returns those that were typed."""


def print_dimensions(
    place: Place, element: str | None, *, where: str = "", limit: int = 20, as_json: bool = False
) -> None:
    """Print the dimension elements, or the records of one.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    element : `str` or `None`
        Dimension element, such as ``visit``; `None` counts the records of all.
    where : `str`, optional
        Condition on the records.
    limit : `int`, optional
        At most so many records.
    as_json : `bool`, optional
        Print JSON; regions are then there, as hexadecimal digits.
    """
    with place.look() as bench:
        if element is None:
            if where:
                raise UnknownNameError("--where needs an ELEMENT whose records it is about, such as visit.")
            print_table(bench.elements(), as_json=as_json)
            return
        records = bench.records(element, where, limit=limit + 1)
    if as_json:
        print_table(records.slice(0, limit), as_json=True)
        return
    print_table(records.slice(0, limit), without=["region"])
    if records.num_rows > limit:
        print("... and more: see them with --limit, narrow them with --where")


def print_status(place: Place, *, as_json: bool = False) -> None:
    """Print the dynamic dimensions, and what stands in the way of changes.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() as bench:
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


def extend(
    place: Place,
    declaration: tuple[str, str, str | None, tuple[str, ...], str],
    *,
    confirmation: str,
    despite_in_flight: bool,
    ask: Ask,
) -> None:
    """Add a dimension to a repository.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler is written.
    declaration : `tuple`
        Name, type of the key, parent, relations and documentation.
    confirmation : `str`
        The words that confirm it; asks for them if empty.
    despite_in_flight : `bool`
        Go on although graphs are in flight.
    ask : `~collections.abc.Callable`
        Asks for the words.
    """
    from workbench.registry.dimensions import DynamicDimension

    dimension = DynamicDimension(*declaration)  # type: ignore[arg-type]
    with place.work() as bench:
        words = confirmation or _ask(
            bench.dimensions, bench.dimensions.plan_extend(dimension), ask, despite_in_flight
        )
        with reporting() as progress:
            outcome = bench.dimensions.extend(
                dimension, confirmation=words, despite_in_flight=despite_in_flight, progress=progress
            )
    _print_outcome("added", "already there", outcome)


def revert(
    place: Place, names: Sequence[str], *, confirmation: str, despite_in_flight: bool, ask: Ask
) -> None:
    """Take dimensions back that nothing uses.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler is written.
    names : `~collections.abc.Sequence` [ `str` ]
        The dimensions.
    confirmation : `str`
        The words that confirm it; asks for them if empty.
    despite_in_flight : `bool`
        Go on although graphs are in flight.
    ask : `~collections.abc.Callable`
        Asks for the words.
    """
    with place.work() as bench:
        words = confirmation or _ask(
            bench.dimensions, bench.dimensions.plan_revert(*names), ask, despite_in_flight
        )
        with reporting() as progress:
            outcome = bench.dimensions.revert(
                *names, confirmation=words, despite_in_flight=despite_in_flight, progress=progress
            )
    _print_outcome("reverted", "keys taken out of the file templates", outcome)


def _ask(dimensions: Dimensions, plan: UniversePlan, ask: Ask, despite_in_flight: bool) -> str:
    """Ask for the words of a plan, unless it will be refused anyway."""
    if not plan.dimensions or (dimensions.in_flight() and not despite_in_flight):
        return ""
    return ask(plan.describe(), plan.words)


def _print_outcome(changed: str, unchanged: str, outcome: UniverseOutcome) -> None:
    print_facts(
        {
            changed: ", ".join(outcome.changed) or "nothing",
            unchanged: ", ".join(outcome.unchanged) or None,
            "version of the universe": outcome.version,
        }
    )
