"""Frames as rules are given them, and what they made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

__all__ = ["make_frame", "members", "roles"]

_TYPES: Mapping[str, pa.DataType] = {
    "band": pa.string(),
    "physical_filter": pa.string(),
    "exposure.day_obs": pa.int64(),
    "exposure.seq_num": pa.int64(),
}


def make_frame(n: int, columns: Mapping[str, Sequence[object]], *, observed: str = "visit") -> pa.Table:
    """Make a frame of visits 0, 1, ... of one instrument."""
    keys = {
        "instrument": pa.array(["HSC"] * n, pa.string()),
        observed: pa.array(range(n), pa.int64()),
    }
    # Without rows there is nothing to tell the type by.
    typed = {
        name: pa.array(values, None if n else _TYPES.get(name, pa.float64()))
        for name, values in columns.items()
    }
    return pa.table({**keys, **typed})


def members(relation: pa.Table, observed: str = "visit") -> dict[str, list[int]]:
    """List the members of each group in the order of the relation."""
    found: dict[str, list[int]] = {}
    for row in relation.to_pylist():
        found.setdefault(row["group_key"], []).append(row[observed])
    return found


def roles(relation: pa.Table) -> dict[str, dict[str, int]]:
    """Name the visit of each role of each group."""
    found: dict[str, dict[str, int]] = {}
    for row in relation.to_pylist():
        assert row["role"] not in found.setdefault(row["group_key"], {})
        found[row["group_key"]][row["role"]] = row["visit"]
    return found
