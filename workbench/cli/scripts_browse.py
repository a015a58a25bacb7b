"""Look around in a repository; nothing here writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_table, to_rows

if TYPE_CHECKING:
    from workbench.registry import ExtensionTable

__all__ = [
    "print_collections",
    "print_columns",
    "print_dataset_types",
    "print_repository",
]


def print_repository(place: Place, *, as_json: bool = False) -> None:
    """Print what a repository holds, in numbers.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() as bench:
        kinds = Counter(str(kind) for kind in bench.collections()["type"].to_pylist())
        universe = bench.registry.universe
        commits = bench.commits(pending=True)["state"].to_pylist()
        facts: dict[str, object] = {
            "repository": bench.uri,
            "dimension universe": f"{universe.namespace} {universe.version}",
            "tables of the workbench": bench.registry.home,
            "collections": ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "none",
            "dataset types": bench.dataset_types().num_rows,
            "extension tables": ", ".join(_visible_tables(bench.registry.tables())) or "none",
            "versions of sets": bench.sets().num_rows,
            "commits": commits.count("committed"),
            "pending commits": commits.count("prepared"),
        }
        elements = bench.elements()
    if as_json:
        names = {name.replace(" ", "_"): value for name, value in facts.items()}
        print_json({**names, "elements": to_rows(elements)})
        return
    print_facts(facts)
    print()
    print_table(elements)


def _visible_tables(tables: Mapping[str, ExtensionTable]) -> list[str]:
    return sorted(name for name, table in tables.items() if table.declaration.visible)


def print_collections(place: Place, *, as_json: bool = False) -> None:
    """Print the collections.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        print_table(bench.collections(), as_json=as_json)


def print_dataset_types(place: Place, collections: tuple[str, ...], *, as_json: bool = False) -> None:
    """Print the dataset types, and how many datasets there are of each.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    collections : `tuple` [ `str`, ... ]
        Where to count; all if empty.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        print_table(bench.dataset_types(collections or None), as_json=as_json)


def print_columns(place: Place, dimensions: str, *, as_json: bool = False) -> None:
    """Print the names that a condition may use.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    dimensions : `str`
        Dimensions of the selection, separated by commas.
    as_json : `bool`, optional
        Print a list.
    """
    with place.look() as bench:
        names = bench.columns(split_names(dimensions))
    if as_json:
        print_json(names)
    else:
        print("\n".join(names))


def split_names(text: str) -> list[str]:
    """Split names at commas.

    Parameters
    ----------
    text : `str`
        Such as "visit,detector".

    Returns
    -------
    names : `list` [ `str` ]
        Without spaces around them.
    """
    return [name.strip() for name in text.split(",") if name.strip()]
