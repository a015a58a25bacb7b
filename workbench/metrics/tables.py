"""The tables of metrics: what they declare, and how an import extends them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from lsst.daf.butler import DimensionUniverse

from workbench.errors import MetricsError
from workbench.registry import Column, Registry, TableDeclaration

__all__ = ["METRICS", "ORIGIN", "extend", "find_declaration", "is_metric_table", "make_declaration"]

_SOURCE = Column("source", "str", doc="Where it comes from, such as 'modelled, seed=42'", nullable=False)

ORIGIN = (
    Column("author", "str", doc="Who imported it"),
    Column("run", "str", doc="RUN collection of the dataset that it was read from"),
    Column("dataset_id", "uuid", doc="UUID of the dataset that it was read from"),
)
"""Columns that say, with ``source``, where a row comes from."""

METRICS = TableDeclaration(
    name="metrics",
    dimensions=("instrument", "visit"),
    columns=(
        Column("psf_fwhm", "float", "arcsec", "Full width at half maximum of the point-spread function"),
        Column(
            "transparency", "float", "", "Fraction of light that the sky lets through, relative to the best"
        ),
        Column("sky_background", "float", "electron / pixel", "Level of the sky"),
        Column("airmass", "float", "", "Air mass at mid-exposure"),
        Column("m5", "float", "mag", "5-sigma point-source depth"),
        _SOURCE,
        *ORIGIN,
    ),
    current="latest",
    doc="Quality of visits, one row a visit",
)
"""The table of visits, which every repository has."""

_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_MOST_COLUMNS = 1000  # PostgreSQL takes at most 1,600


def is_metric_table(declaration: TableDeclaration) -> bool:
    """Tell whether an extension table holds metrics.

    Parameters
    ----------
    declaration : `~workbench.registry.TableDeclaration`
        Its declaration.

    Returns
    -------
    is_metric : `bool`
        Whether the latest row of each data ID counts, and says its source.
    """
    return (
        declaration.visible
        and declaration.current == "latest"
        and not declaration.nullable_dimensions
        and set(declaration.key) == set(declaration.dimensions)
        and any((c.name, c.type, c.nullable) == ("source", "str", False) for c in declaration.columns)
    )


def find_declaration(registry: Registry, name: str) -> TableDeclaration | None:
    """Find what a metric table declares; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    name : `str`
        Name of the table.

    Returns
    -------
    declaration : `~workbench.registry.TableDeclaration` or `None`
        `None` if there is no such table yet.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if a table of this name holds something else.
    """
    tables = registry.tables()
    if name in tables:
        declaration = tables[name].declaration
        if not is_metric_table(declaration):
            there = [n for n, table in tables.listed().items() if is_metric_table(table.declaration)]
            raise MetricsError(
                f"The table {name!r} is no table of metrics; those are {', '.join(there) or 'none yet'}. "
                "Choose another name."
            )
        return declaration
    return METRICS if name == METRICS.name else None


def make_declaration(
    universe: DimensionUniverse, name: str, dimensions: Iterable[str], source: str
) -> TableDeclaration:
    """Declare a table without any measured column.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    name : `str`
        Name of the table.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Required dimensions of its rows.
    source : `str`
        First source, for its documentation.

    Returns
    -------
    declaration : `~workbench.registry.TableDeclaration`
        To be extended.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if the name is none, or means something else in a ``where``.
    """
    if not _TABLE_NAME.fullmatch(name):
        raise MetricsError(
            f"{name[:60]!r} is no name for a table: one matches [a-z][a-z0-9_]* and has at most "
            "48 characters."
        )
    if name in universe.elements.names or name in universe.dimensions.names:
        raise MetricsError(
            f"A table cannot be called {name!r}: in a condition {name}.x means the dimension's own records. "
            f"Call it {name}_metrics, for example."
        )
    return TableDeclaration(
        name=name,
        dimensions=tuple(dimensions),
        columns=(_SOURCE, *ORIGIN),
        current="latest",
        doc=f"Metrics, first from {source}",
    )


def extend(declaration: TableDeclaration, columns: Iterable[Column]) -> TableDeclaration:
    """Add the columns that a declaration lacks.

    Parameters
    ----------
    declaration : `~workbench.registry.TableDeclaration`
        What there is.
    columns : `~collections.abc.Iterable` [ `~workbench.registry.Column` ]
        Nullable columns that are wanted.

    Returns
    -------
    extended : `~workbench.registry.TableDeclaration`
        The next version, or the same if nothing is new.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if a table would have too many columns.
    """
    known = set(declaration.column_names)
    new = tuple(column for column in columns if column.name not in known)
    if len(known) + len(new) > _MOST_COLUMNS:
        raise MetricsError(
            f"The table {declaration.name!r} would have {len(known) + len(new)} columns, more than "
            f"{_MOST_COLUMNS}. Name the columns that you want with columns=(...) or --column."
        )
    if not new:
        return declaration
    return dataclasses.replace(
        declaration, columns=(*declaration.columns, *new), version=declaration.version + 1
    )
