"""Metric datasets that are no tables: mappings, task metadata, metric bundles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from astropy.units import Quantity
from lsst.pipe.base import TaskMetadata

from workbench.errors import MetricsError
from workbench.metrics.measurements import make_name

__all__ = ["Value", "flatten"]

Value = tuple[object, str | None]
"""A number, truth value or text, and its unit where one is told."""

_DEEPEST = 20


def flatten(content: object, what: str) -> tuple[dict[str, Value], int]:
    """Turn the content of a dataset into one row.

    Parameters
    ----------
    content : `object`
        A mapping, nested or not; `lsst.pipe.base.TaskMetadata`; a metric
        bundle of ``lsst.analysis.tools`` or one of ``lsst.verify``'s
        measurements, as an object or as the JSON that those are stored as.
    what : `str`
        The dataset, for messages.

    Returns
    -------
    row : `dict` [ `str`, `Value` ]
        Value and unit by name: the names of nested mappings are joined by
        underscores, a measurement of a bundle is called after its action and
        its metric.
    n_left_out : `int`
        Values that are neither numbers, truth values nor text.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if there is no way to see metrics in it, or if two values have
        one name.

    Notes
    -----
    A bundle maps the name of each action to a list of measurements with
    ``metric`` (``package.name``), ``value`` and ``unit``; names that begin
    with two underscores are about the bundle itself
    (``MetricMeasurementBundle.json``, ``lsst.verify.Measurement.json``).
    """
    row: dict[str, Value] = {}
    n_left_out = _collect(content, (), row, what)
    return row, n_left_out


def _collect(content: object, path: tuple[str, ...], row: dict[str, Value], what: str) -> int:
    if len(path) > _DEEPEST:
        raise MetricsError(
            f"{what} is nested more than {_DEEPEST} deep: such a thing is no table of metrics."
        )
    if isinstance(content, TaskMetadata):
        content = content.to_dict()
    if (measured := _read_measurement(content)) is not None:
        name, value, unit = measured
        # A measurement that stands alone is called after its metric.
        return _add((*path, name), value, unit, row, what)
    if isinstance(content, Mapping):
        return sum(
            _collect_member(value, (*path, str(name)), row, what)
            for name, value in content.items()
            if not str(name).startswith("__")
        )
    if not path:
        raise MetricsError(
            f"{what} holds a {type(content).__name__}, which is no mapping, bundle or table of metrics."
        )
    return _add(path, content, None, row, what)


def _collect_member(value: object, path: tuple[str, ...], row: dict[str, Value], what: str) -> int:
    if isinstance(value, list) and value and all(_read_measurement(one) is not None for one in value):
        return sum(_collect(one, path, row, what) for one in value)
    return _collect(value, path, row, what)


def _read_measurement(content: object) -> tuple[str, object, str | None] | None:
    """Read name, value and unit of a measurement, if it is one."""
    if isinstance(content, Mapping):
        if not {"metric", "value", "unit"} <= content.keys():
            return None
        metric, value, unit = content["metric"], content["value"], content["unit"]
        if not isinstance(metric, str) or not (unit is None or isinstance(unit, str)):
            return None
        return metric.rpartition(".")[2], value, unit
    if hasattr(content, "metric_name") and hasattr(content, "quantity"):
        quantity: Any = content.quantity
        name = str(content.metric_name).rpartition(".")[2]
        if quantity is None:
            return name, None, None
        return (name, quantity.value, str(quantity.unit)) if isinstance(quantity, Quantity) else None
    return None


def _add(path: tuple[str, ...], value: object, unit: str | None, row: dict[str, Value], what: str) -> int:
    name = "_".join(make_name(part) for part in path)
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()  # numpy's scalars
    if isinstance(value, float) and math.isnan(value):
        value = None
    if not (value is None or isinstance(value, bool | int | float | str)):
        return 1
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise MetricsError(f"{what}: {name} = {value!r} is no 64-bit integer.")
    if name in row:
        raise MetricsError(f"{what} has several values that would be called {name!r}.")
    row[name] = (value, unit)
    return 0
