"""Commands that look around."""

from __future__ import annotations

import click

from workbench.cli import scripts_browse
from workbench.cli.arguments import as_json, repository
from workbench.cli.place import Place
from workbench.cli.shapes import Command

__all__ = ["collections", "columns", "dataset_types", "info"]


@click.command(cls=Command)
@repository
@as_json
def info(place: Place, as_json: bool) -> None:
    """Tell what REPO holds: records, collections, sets, commits.

    Writes nothing.
    """
    scripts_browse.print_repository(place, as_json=as_json)


@click.command(cls=Command)
@repository
@as_json
def collections(place: Place, as_json: bool) -> None:
    """List the collections: their type, children, dataset types.

    Writes nothing.
    """
    scripts_browse.print_collections(place, as_json=as_json)


@click.command("dataset-types", cls=Command)
@repository
@click.option("--collection", "names", multiple=True, help="Count in this collection; may be repeated.")
@as_json
def dataset_types(place: Place, names: tuple[str, ...], as_json: bool) -> None:
    """List the dataset types, and how many datasets there are.

    Writes nothing.
    """
    scripts_browse.print_dataset_types(place, names, as_json=as_json)


@click.command(cls=Command)
@repository
@click.argument("dimensions")
@as_json
def columns(place: Place, dimensions: str, as_json: bool) -> None:
    """List what a condition on DIMENSIONS may name.

    DIMENSIONS are separated by commas, such as visit,detector. The columns of extension
    tables are among the names. Writes nothing.
    """
    scripts_browse.print_columns(place, dimensions, as_json=as_json)
