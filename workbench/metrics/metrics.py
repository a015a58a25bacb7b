"""The table of visit metrics."""

from __future__ import annotations

import pyarrow as pa

from workbench.errors import DeclarationError
from workbench.registry import Column, Registry, TableDeclaration

__all__ = ["METRICS", "read_metrics", "write_metrics"]

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
        Column("source", "str", doc="Where it comes from, such as 'modelled, seed=42'", nullable=False),
    ),
    current="latest",
    doc="Quality of visits, one row a visit",
)


def write_metrics(registry: Registry, table: pa.Table, *, source: str = "") -> int:
    """Write metrics of visits; a visit that has some gets these instead.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Written.
    table : `pyarrow.Table`
        One row a visit: ``instrument``, ``visit`` and any columns of
        `METRICS`, in its units.  A column that is left out is NULL.
    source : `str`, optional
        Where the values come from; needed unless every row of a column
        ``source`` says so itself.

    Returns
    -------
    n_rows : `int`
        Rows written.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if a column or row does not fit, or there is no source.
    workbench.errors.ReadOnlyError
        Raised if the registry was opened read-only.
    """
    said = table["source"].to_pylist() if "source" in table.column_names else [None] * table.num_rows
    sources = pa.array([own or source.strip() or None for own in said], pa.string())
    if sources.null_count:
        raise DeclarationError(
            f"{sources.null_count} of {table.num_rows} metrics do not say where they come from. Give "
            "source='...', such as 'modelled, seed=42' or the name of the pipeline that measured them."
        )
    if "source" in table.column_names:
        table = table.drop_columns("source")
    table = table.append_column("source", sources)
    return registry.declare(METRICS).append(table)


def read_metrics(registry: Registry) -> pa.Table:
    """Read the current metrics of all visits; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Read.

    Returns
    -------
    table : `pyarrow.Table`
        One row a visit: ``instrument``, ``visit``, the columns of `METRICS`,
        ``row_id`` and ``recorded`` (MJD TAI).

    Raises
    ------
    workbench.errors.UnknownTableError
        Raised if no metrics were ever written.
    """
    return registry.table(METRICS.name).read()
