"""Measured values of visits, as an extension table that every ``where`` can name.

A metric is single-valued: the latest row of a visit counts, so a visit that
was measured again has one PSF FWHM, and a visit without a row has none
(NULL in a ``where``, neither above a limit nor below it).
"""

from .metrics import METRICS, read_metrics, write_metrics

__all__ = ["METRICS", "read_metrics", "write_metrics"]
