"""Tables in which previews, their statistics and differences answer."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

__all__ = [
    "ABSENT_SCHEMA",
    "ACCOUNTS_SCHEMA",
    "CONFLICTS_SCHEMA",
    "CONSTRAINTS_SCHEMA",
    "COST_SCHEMA",
    "COUNTS_SCHEMA",
    "COVERAGE_DIFFERENCE_SCHEMA",
    "COVERAGE_SCHEMA",
    "DATASETS_SCHEMA",
    "DIFFERENCE_SCHEMA",
    "EDGES_DIFFERENCE_SCHEMA",
    "GROUPINGS_SCHEMA",
    "HOOKS_SCHEMA",
    "INPUTS_SCHEMA",
    "REQUEST_DIFFERENCE_SCHEMA",
    "SKIPPED_SCHEMA",
    "SKIPPING_SCHEMA",
    "to_plain_arrow",
]

_COUNTS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "candidates": pa.int64(),
    "no_inputs": pa.int64(),
    "excluded": pa.int64(),
    "starved": pa.int64(),
    "not_demanded": pa.int64(),
    "partial_dropped": pa.int64(),
    "skipped": pa.int64(),
    "hooks": pa.int64(),
    "kept": pa.int64(),
    "added": pa.int64(),
    "partial": pa.int64(),
    "inputs_excluded": pa.int64(),
    "inputs_missing": pa.int64(),
}
COUNTS_SCHEMA = pa.schema(_COUNTS)
"""Columns of `~workbench.graph.Preview.counts`: quanta of each task by the stage where they
ended; ``added`` and ``partial`` are among ``kept``; ``inputs_excluded`` counts
input edges of kept quanta that constraints took, by cutting them or what makes them, and
``inputs_missing`` those whose producer is not in the graph for want of demand."""

_DATASETS: dict[str, pa.DataType] = {
    "dataset_type": pa.string(),
    "kind": pa.string(),
    "datasets": pa.int64(),
}
DATASETS_SCHEMA = pa.schema(_DATASETS)
_CONSTRAINTS: dict[str, pa.DataType] = {
    "constraint": pa.string(),
    "mode": pa.string(),
    "scope": pa.string(),
    "tasks": pa.string(),
    "quanta_cut": pa.int64(),
    "inputs_cut": pa.int64(),
    "quanta_starved": pa.int64(),
}
CONSTRAINTS_SCHEMA = pa.schema(_CONSTRAINTS)
"""Constraints in the order in which they are named as the cause: a quantum or an input that two of them cut
is counted with the first.  ``quanta_starved`` fell because too few of their inputs were left; what
two constraints starved together is counted with both."""
_CONFLICTS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "data_id": pa.string(),
    "dataset_type": pa.string(),
    "missing": pa.int64(),
    "because": pa.string(),
}
CONFLICTS_SCHEMA = pa.schema(_CONFLICTS)
_ACCOUNTS: dict[str, pa.DataType] = {
    "named": pa.string(),
    "kind": pa.string(),
    "scope": pa.string(),
    "why": pa.string(),
    "rows": pa.int64(),
    "quanta": pa.int64(),
    "first": pa.string(),
}
ACCOUNTS_SCHEMA = pa.schema(_ACCOUNTS)
"""What became of the rows of every set, grouping and publication that is named: how many rows feed
how many quanta, or take something from so many candidates where they exclude (``why`` is empty), and
how many reach nothing, by the reason; and the first of them."""
_ABSENT: dict[str, pa.DataType] = {
    "dataset_type": pa.string(),
    "task": pa.string(),
    "quanta": pa.int64(),
    "inputs": pa.int64(),
    "because": pa.string(),
}
ABSENT_SCHEMA = pa.schema(_ABSENT)
"""Inputs that quanta do without because they are not in the input collections and nothing can make
them: quanta of the graph and the inputs that they lack, or, where ``inputs`` is null, a task
of which no quantum could run."""
_GROUPINGS: dict[str, pa.DataType] = {
    "grouping": pa.string(),
    "way": pa.string(),
    "dimension": pa.string(),
    "tasks": pa.string(),
    "groups": pa.int64(),
    "groups_in_graph": pa.int64(),
    "members": pa.int64(),
    "members_in_graph": pa.int64(),
}
GROUPINGS_SCHEMA = pa.schema(_GROUPINGS)
"""How each grouping is part of the graph: by which way and, if there is one, dimension; groups
and members that it has, and how many of them the graph has."""
_HOOKS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "hook": pa.string(),
    "calls": pa.int64(),
    "seconds": pa.float64(),
}
HOOKS_SCHEMA = pa.schema(_HOOKS)
_INPUTS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "connection": pa.string(),
    "dataset_type": pa.string(),
    "quanta": pa.int64(),
    "inputs": pa.int64(),
    "min": pa.int64(),
    "median": pa.float64(),
    "max": pa.int64(),
}
INPUTS_SCHEMA = pa.schema(_INPUTS)
"""Inputs of one connection over the quanta of its task: all, and the least,
median and largest number that one quantum has."""
_COVERAGE: dict[str, pa.DataType] = {
    "task": pa.string(),
    "skymap": pa.string(),
    "tract": pa.int64(),
    "patch": pa.int64(),
    "band": pa.string(),
    "visits": pa.int64(),
}
COVERAGE_SCHEMA = pa.schema(_COVERAGE)
_COST: dict[str, pa.DataType] = {
    "task": pa.string(),
    "quanta": pa.int64(),
    "cpu_seconds": pa.float64(),
    "cpu_hours": pa.float64(),
}
COST_SCHEMA = pa.schema(_COST)
"""CPU seconds of one quantum, and CPU hours of all of a task."""
_DIFFERENCE: dict[str, pa.DataType] = {
    "task": pa.string(),
    "before": pa.int64(),
    "after": pa.int64(),
    "gained": pa.int64(),
    "lost": pa.int64(),
    "changed": pa.int64(),
    "downstream": pa.int64(),
}
DIFFERENCE_SCHEMA = pa.schema(_DIFFERENCE)
"""Quanta of each task in two graphs; ``changed`` are in both, with other inputs, and ``downstream``
in both with the same inputs, which come from quanta that change."""
_EDGES_DIFFERENCE: dict[str, pa.DataType] = {
    "task": pa.string(),
    "dataset_type": pa.string(),
    "gained": pa.int64(),
    "lost": pa.int64(),
}
EDGES_DIFFERENCE_SCHEMA = pa.schema(_EDGES_DIFFERENCE)
"""Inputs that quanta of both graphs gained and lost."""
COVERAGE_DIFFERENCE_SCHEMA = pa.schema(
    [
        *(field for field in COVERAGE_SCHEMA if field.name != "visits"),
        pa.field("before", pa.int64()),
        pa.field("after", pa.int64()),
    ]
)


_REQUEST_DIFFERENCE: dict[str, pa.DataType] = {
    "what": pa.string(),
    "before": pa.string(),
    "after": pa.string(),
}
REQUEST_DIFFERENCE_SCHEMA = pa.schema(_REQUEST_DIFFERENCE)
"""What two graphs were asked for differently: a set, chain, calibration, option, task or package."""
_SKIPPING: dict[str, pa.DataType] = {
    "task": pa.string(),
    "skipped": pa.int64(),
    "other_inputs": pa.int64(),
    "downstream": pa.int64(),
    "not_known": pa.int64(),
}
SKIPPING_SCHEMA = pa.schema(_SKIPPING)
"""Skipped quanta of each task: of how many the outputs were made from other inputs than the graph
would take, of how many some input was, and of how many it is not known."""
_SKIPPED: dict[str, pa.DataType] = {
    "task": pa.string(),
    "data_id": pa.string(),
    "state": pa.string(),
    "run": pa.string(),
}
SKIPPED_SCHEMA = pa.schema(_SKIPPED)
"""Skipped quanta that the graph would make differently: ``state`` is "other inputs" or "downstream",
and ``run`` the RUN in which it ran."""


def to_plain_arrow(frame: pl.DataFrame) -> pa.Table:
    """Turn a frame into a table without the large types that polars makes.

    Parameters
    ----------
    frame : `polars.DataFrame`
        Integers, floats, booleans and texts.

    Returns
    -------
    table : `pyarrow.Table`
        The same columns.
    """
    table = frame.to_arrow()
    fields = [
        pa.field(field.name, pa.string() if pa.types.is_large_string(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
