"""The table of annotations: one row a target of a revision of a note."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pyarrow as pa
from lsst.daf.butler import DimensionUniverse

from workbench.registry import Column, ExtensionTable, Registry, TableDeclaration
from workbench.registry.database.naming import Naming
from workbench.registry.dimensions.dynamic import read_dynamic_dimensions
from workbench.registry.tables.physical import PhysicalTable

__all__ = [
    "ANNOTATIONS_NAME",
    "declare_annotations",
    "find_annotations",
    "make_annotations_schema",
    "make_declaration",
]

ANNOTATIONS_NAME = "annotations"

_COLUMNS = (
    Column("note_id", "uuid", doc="UUID of the note, the same for all of its revisions", nullable=False),
    Column("target", "int", doc="Number of the target within the note", nullable=False),
    Column("revision", "int", doc="1 for a new note, one more for each that supersedes it", nullable=False),
    Column("kind", "str", doc="What the target is: data_id, dataset or collection", nullable=False),
    Column("label", "str", doc="The target as people say it", nullable=False),
    Column("dataset_id", "uuid", doc="UUID of the dataset that is the target"),
    Column("collection", "str", doc="Name of the collection that is the target"),
    Column("text", "str", nullable=False),
    Column("flag", "str", doc="A word of the vocabulary, if any"),
    Column("severity", "str", doc="What the flag asks for: 'never use' or 'needs follow-up'"),
    Column("tags", "json", doc="List of free words", nullable=False),
    Column("links", "json", doc="List of URLs", nullable=False),
    Column("author", "str", nullable=False),
    Column("bot", "bool", doc="Whether a program wrote this revision", nullable=False),
    Column("time", "time", "d", doc="When this revision was written, MJD TAI", nullable=False),
    Column("reason", "str", doc="Why the note was superseded or retracted"),
    Column("retracted", "bool", doc="Whether this revision takes the note off the target", nullable=False),
)


def make_declaration(universe: DimensionUniverse) -> TableDeclaration:
    """Declare the table for a repository's dimensions.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        All of its dimensions but sky pixels become nullable columns, so that
        a note on a data ID of any dimension group joins like any table.  A
        pixelization gets its column when it is first annotated: there are
        dozens.

    Returns
    -------
    declaration : `~workbench.registry.TableDeclaration`
        The declaration.
    """
    # A dimension that was added is one more that can be annotated, and does not make a table that is there
    # another one; nor does a table that nobody needs yet keep it from being reverted.
    later = {*universe.skypix_dimensions.names, *read_dynamic_dimensions(universe)}
    return TableDeclaration(
        name=ANNOTATIONS_NAME,
        dimensions=tuple(name for name in universe.dimensions.names if name not in later),
        nullable_dimensions=True,
        columns=_COLUMNS,
        key=("note_id", "target"),
        current="latest",
        tombstone="retracted",
        doc="Who said what, when, about which data ID, dataset or collection",
    )


def make_annotations_schema(universe: DimensionUniverse) -> pa.Schema:
    """Make the schema that the table has, or will have once there is a note.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        The repository's dimensions.

    Returns
    -------
    schema : `pyarrow.Schema`
        Its columns in Arrow.
    """
    return PhysicalTable.make(make_declaration(universe), universe, Naming.for_sqlite()).schema


def find_annotations(registry: Registry) -> ExtensionTable | None:
    """Find the table; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.

    Returns
    -------
    table : `~workbench.registry.ExtensionTable` or `None`
        The table, if anything was ever annotated.
    """
    return registry.tables().get(ANNOTATIONS_NAME)


def declare_annotations(registry: Registry, dimensions: Iterable[str] = ()) -> ExtensionTable:
    """Return the table, made or extended if need be; may write.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    dimensions : `~collections.abc.Iterable` [ `str` ], optional
        Dimensions that it must have, such as a sky pixelization.

    Returns
    -------
    table : `~workbench.registry.ExtensionTable`
        The table.
    """
    # A table that is there stays as it was declared, though the universe may have grown since:
    # it gets the columns of the dimensions that somebody annotates.
    found = find_annotations(registry)
    declaration = make_declaration(registry.universe) if found is None else found.declaration
    new = tuple(name for name in dict.fromkeys(dimensions) if name not in declaration.dimensions)
    if not new:
        return registry.declare(declaration)
    extended = (*declaration.dimensions, *new)
    return registry.declare(
        dataclasses.replace(declaration, dimensions=extended, version=declaration.version + 1)
    )
