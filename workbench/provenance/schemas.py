"""Schemas of the answers about what ran."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["IMPACT_SCHEMA", "NODE_SCHEMA", "STATUS_SCHEMA"]

_STATUS: dict[str, pa.DataType] = {
    "commit_id": pa.string(),
    "task": pa.string(),
    "status": pa.string(),
    "n_quanta": pa.int64(),
}
STATUS_SCHEMA = pa.schema(_STATUS)
"""Counts of quanta by task and status."""

_NODE: dict[str, pa.DataType] = {
    "kind": pa.string(),
    "id": pa.string(),
    "name": pa.string(),
    "data_id": pa.string(),
    "commit_id": pa.string(),
    "run": pa.string(),
    "status": pa.string(),
    "distance": pa.int64(),
}
NODE_SCHEMA = pa.schema(_NODE)
"""Quanta and datasets that a traversal reaches."""

_IMPACT: dict[str, pa.DataType] = {
    "commit": pa.string(),
    "dataset_type": pa.string(),
    "dataset_id": pa.string(),
    "data_id": pa.string(),
    "distance": pa.int64(),
    "run": pa.string(),
    "produced": pa.bool_(),
    "exists": pa.string(),
}
IMPACT_SCHEMA = pa.schema(_IMPACT)
"""Outputs that contain a data ID, before a column for each of their dimensions; ``exists`` is one of
`~workbench.snapshot.EXISTENCE`."""
