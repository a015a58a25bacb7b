"""Commands that look around."""

from __future__ import annotations

from collections import Counter

import click

from workbench.cli.output.printing import print_facts, print_json, print_table, to_keys, to_rows
from workbench.cli.words.arguments import as_json, repository
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Command

__all__ = ["collections", "columns", "dataset_types", "info", "split_names"]


@click.command(cls=Command)
@repository
@as_json
def info(repo: Repository, as_json: bool) -> None:
    """Tell what REPO holds: records, collections, sets, commits.

    Writes nothing.
    """
    with repo.reading() as bench:
        kinds = Counter(str(kind) for kind in bench.collections.list()["type"].to_pylist())
        universe = bench.registry.universe
        commits = bench.campaigns.list(pending=True)["state"].to_pylist()
        facts: dict[str, object] = {
            "repository": bench.uri,
            "dimension universe": f"{universe.namespace} {universe.version}",
            "tables of the workbench": bench.registry.home,
            "collections": ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "none",
            "dataset types": bench.collections.dataset_types().num_rows,
            "extension tables": ", ".join(bench.registry.tables().visible().listed()) or "none",
            "versions of sets": bench.sets.list().num_rows,
            "commits": commits.count("committed"),
            "pending commits": commits.count("prepared"),
        }
        elements = bench.dimensions.elements()
    if as_json:
        print_json({**to_keys(facts), "elements": to_rows(elements)})
        return
    print_facts(facts)
    print()
    print_table(elements)


@click.command(cls=Command)
@repository
@as_json
def collections(repo: Repository, as_json: bool) -> None:
    """List the collections: their type, children, dataset types.

    Writes nothing.
    """
    with repo.reading() as bench:
        print_table(bench.collections.list(), as_json=as_json)


@click.command("dataset-types", cls=Command)
@repository
@click.option("--collection", "names", multiple=True, help="Count in this collection; may be repeated.")
@as_json
def dataset_types(repo: Repository, names: tuple[str, ...], as_json: bool) -> None:
    """List the dataset types, and how many datasets there are.

    Writes nothing.
    """
    with repo.reading() as bench:
        print_table(bench.collections.dataset_types(names or None), as_json=as_json)


@click.command(cls=Command)
@repository
@click.argument("dimensions")
@as_json
def columns(repo: Repository, dimensions: str, as_json: bool) -> None:
    """List what a condition on DIMENSIONS may name.

    DIMENSIONS are separated by commas, such as visit,detector. The columns of extension
    tables are among the names. Writes nothing.
    """
    with repo.reading() as bench:
        names = bench.dimensions.columns(split_names(dimensions))
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
