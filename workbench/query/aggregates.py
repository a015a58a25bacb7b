"""Functions that make one value of the rows of a table for a data ID."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import polars as pl

from workbench.query.columns import Kind
from workbench.query.nodes import Call, Node, children

__all__ = ["AGGREGATES", "CONDITIONS", "aggregate_kind", "compute_aggregate", "is_aggregate", "iter_outer"]

CONDITIONS = ("any", "all")
"""Functions of a condition."""

_VALUES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "max": lambda value: value.max(),
    "mean": lambda value: value.mean(),
    "median": lambda value: value.median(),
    "min": lambda value: value.min(),
    # Of nothing polars makes 0, and SQL NULL.
    "sum": lambda value: pl.when(value.count() > 0).then(value.sum()),
}
AGGREGATES = (*CONDITIONS, "count", *_VALUES)
"""All of them; of values ``count`` counts those that are not NULL, of a condition the true ones."""


def is_aggregate(node: Node) -> bool:
    """Tell whether a node is a call of one of these functions.

    Parameters
    ----------
    node : `workbench.query.nodes.Node`
        Any node.

    Returns
    -------
    is_aggregate : `bool`
        True for ``mean(chips.bias)``.
    """
    return isinstance(node, Call) and node.function.lower() in AGGREGATES


def iter_outer(node: Node) -> Iterator[Node]:
    """Iterate over a tree without what is inside of aggregates.

    Parameters
    ----------
    node : `workbench.query.nodes.Node`
        Root of the tree.

    Yields
    ------
    node : `workbench.query.nodes.Node`
        Parents before children; aggregates themselves are among them.
    """
    open_nodes = [node]
    while open_nodes:
        found = open_nodes.pop()
        yield found
        if not is_aggregate(found):
            open_nodes.extend(reversed(children(found)))


def aggregate_kind(function: str, kind: Kind) -> Kind | None:
    """Return the type of a function's result.

    Parameters
    ----------
    function : `str`
        One of `AGGREGATES`.
    kind : `str`
        Type of its argument.

    Returns
    -------
    kind : `str` or `None`
        `None` where the function does not take the argument.
    """
    if function in CONDITIONS:
        return "bool" if kind == "bool" else None
    if function == "count":
        return "int"
    if function in ("min", "max"):
        return kind if kind in ("int", "float", "string", "time") else None
    if kind not in ("int", "float"):
        return None
    return kind if function == "sum" else "float"


def compute_aggregate(function: str, kind: str, value: pl.Expr) -> pl.Expr:
    """Aggregate the rows of one data ID.

    Parameters
    ----------
    function : `str`
        One of `AGGREGATES`.
    kind : `str`
        Type of its argument.
    value : `polars.Expr`
        The argument, for each row.

    Returns
    -------
    aggregate : `polars.Expr`
        To be used in a group; what it is for data IDs without rows is for
        the caller to say.
    """
    match function:
        case "any":
            # As for a bare condition on many rows: one must be true.
            return value.fill_null(value=False).any()
        case "all":
            return value.all(ignore_nulls=False)
        case "count":
            return (value.fill_null(value=False).sum() if kind == "bool" else value.count()).cast(pl.Int64)
        case _:
            return _VALUES[function](value)
