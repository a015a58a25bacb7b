"""Columns of the tables in which a preview and its explanations answer."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["CONFLICTS_SCHEMA", "CONSTRAINTS_SCHEMA", "COUNTS_SCHEMA", "DATASETS_SCHEMA", "HOOKS_SCHEMA"]

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
}
COUNTS_SCHEMA = pa.schema(_COUNTS)
"""Columns of `~workbench.graph.Preview.counts`: quanta of each task by the stage where they
ended; ``added`` and ``partial`` are among ``kept``; ``inputs_excluded`` counts
input edges of kept quanta that a constraint cut."""

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
}
CONSTRAINTS_SCHEMA = pa.schema(_CONSTRAINTS)
_CONFLICTS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "data_id": pa.string(),
    "dataset_type": pa.string(),
    "missing": pa.int64(),
    "because": pa.string(),
}
CONFLICTS_SCHEMA = pa.schema(_CONFLICTS)
_HOOKS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "hook": pa.string(),
    "calls": pa.int64(),
    "seconds": pa.float64(),
}
HOOKS_SCHEMA = pa.schema(_HOOKS)
