"""Measured values as extension tables that every ``where`` can name.

A metric table has a row a data ID: dimensions, measured columns with units,
and where the row comes from (``source``, ``author``, and ``run`` and
``dataset_id`` where it was read from a dataset).  It is declared from what is
imported, and later imports add columns to it; ``metrics`` is the table of
visits that every repository has.

A metric is single-valued: the latest row of a data ID counts, so a visit that
was measured again has one PSF FWHM, and a visit without a row has none (NULL
in a ``where``, neither above a limit nor below it).  Rows are only ever
added, so what was measured earlier can be read, and asked for as of a time.

`Measurements` are what a reader (`files`, `datasets`, or a query through
``workbench.registry.database.foreign``) tells, before they are held against a
repository; `importing` checks, converts and writes them in one transaction.
"""

from workbench.metrics.importing import ImportResult, Rules, import_measurements, write_metrics
from workbench.metrics.measurements import Measurements
from workbench.metrics.metrics import ImportOptions, Metrics
from workbench.metrics.reading import METRIC_TABLES_SCHEMA, read_history, read_metrics
from workbench.metrics.tables import METRICS

__all__ = [
    "METRICS",
    "METRIC_TABLES_SCHEMA",
    "ImportOptions",
    "ImportResult",
    "Measurements",
    "Metrics",
    "Rules",
    "import_measurements",
    "read_history",
    "read_metrics",
    "write_metrics",
]
