"""Metrics that a program has at hand, in the declared units."""

from __future__ import annotations

import pyarrow as pa

from workbench.metrics.importing import Rules, import_measurements
from workbench.metrics.measurements import Measurements
from workbench.metrics.tables import METRICS
from workbench.registry import Registry

__all__ = ["write_metrics"]


def write_metrics(registry: Registry, table: pa.Table, *, source: str = "", name: str = METRICS.name) -> int:
    """Write metrics; a data ID that has some gets these instead.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Written.
    table : `pyarrow.Table`
        One row a data ID: its dimensions, such as ``instrument`` and
        ``visit``, and measured columns.  Columns without a unit in their
        metadata are in the declared one.
    source : `str`, optional
        Where the values come from; needed unless every row of a column
        ``source`` says so itself.
    name : `str`, optional
        Name of the table.

    Returns
    -------
    n_rows : `int`
        Rows written; those that say nothing new are not.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if a column does not fit, or there is no source.
    workbench.errors.UnknownDataIdError
        Raised if data IDs do not exist.
    workbench.errors.ReadOnlyError
        Raised if the registry was opened read-only.
    """
    rules = Rules(table=name, source=source, assume_units=True)
    return import_measurements(registry, Measurements(table, "The table"), rules).n_written
