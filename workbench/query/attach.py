"""Columns beside the data IDs of a selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from workbench.query._grammar import parse
from workbench.query.aggregates import is_aggregate
from workbench.query.columns import Catalogue, RecordField, TableColumn
from workbench.query.frames import FrameEvaluator
from workbench.query.nodes import Call, Name, Node, Parens
from workbench.query.pointing import make_error
from workbench.query.selection import Selection
from workbench.registry import Registry
from workbench.rendering import time_field

__all__ = ["attach_columns", "find_metadata"]


def attach_columns(
    registry: Registry,
    selection: Selection,
    columns: Iterable[str],
    *,
    bind: Mapping[str, object] | None = None,
) -> pa.Table:
    """Put columns beside the data IDs of a selection.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        The repository; nothing is written.
    selection : `Selection`
        The data IDs.
    columns : `~collections.abc.Iterable` [ `str` ]
        Metadata of dimensions (``visit.exposure_time``), columns of extension
        tables (``metrics.psf_fwhm``), aggregates (``mean(chips.bias)``), or
        expressions of these.
    bind : `~collections.abc.Mapping`, optional
        Values of bind names.

    Returns
    -------
    table : `pyarrow.Table`
        Required and implied dimensions, and each column under the text that
        names it; times are MJD TAI in days.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a column is not understood, or has no single value for these
        data IDs.
    """
    tables = registry.tables().visible()
    result = selection.table
    for text in dict.fromkeys(columns):
        if text in result.column_names:
            continue
        node = parse(text)
        if node is None:
            raise make_error(text, None, "The name of a column is expected.")
        catalogue = Catalogue(text, selection.dimensions, tables, dict(bind or {}))
        values = FrameEvaluator(catalogue, registry.butler, None).compute(node, selection.table)
        array = values.to_arrow()
        if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
            array = array.cast(pa.string())
        field = pa.field(text, array.type, metadata=find_metadata(catalogue, node))
        result = result.append_column(field, array)
    return result


def find_metadata(catalogue: Catalogue, node: Node) -> dict[bytes, bytes] | None:
    """Find what is known of the values of an expression.

    Parameters
    ----------
    catalogue : `workbench.query.columns.Catalogue`
        What its names stand for.
    node : `workbench.query.nodes.Node`
        The expression.

    Returns
    -------
    metadata : `dict` [ `bytes`, `bytes` ] or `None`
        Unit and kind of a column, which its mean has too, and its number of
        rows has not.
    """
    match node:
        case Parens():
            return find_metadata(catalogue, node.inner)
        case Call(arguments=(argument,)) if is_aggregate(node) and node.function.lower() != "count":
            return find_metadata(catalogue, argument)
        case Name():
            column = catalogue.resolve(node)
            if isinstance(column, TableColumn):
                schema = catalogue.tables[column.table].schema
                # A timespan or a region is no column of its own.
                return schema.field(column.column).metadata if column.column in schema.names else None
            if isinstance(column, RecordField) and column.kind == "time":
                return time_field(node.name).metadata
    return None
