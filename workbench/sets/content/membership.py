"""Which of several sets hold which data IDs."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from workbench.errors import AmbiguousRelationError
from workbench.sets.content.data_id_set import DataIdSet

__all__ = ["align_sets", "count_intersections"]

_MOST = 16
"""More sets have more combinations than anybody reads."""

_TYPES: dict[str, pa.DataType] = {"members": pa.list_(pa.bool_()), "n_rows": pa.int64()}
_SCHEMA = pa.schema(_TYPES)


def align_sets(sets: Sequence[DataIdSet]) -> list[DataIdSet]:
    """Bring sets to the same dimensions.

    Parameters
    ----------
    sets : `~collections.abc.Sequence` [ `DataIdSet` ]
        Sets of one dimension group, of visits and exposures, or of visits
        and their detectors.

    Returns
    -------
    aligned : `list` [ `DataIdSet` ]
        Exposures as visits, and visits with all of their detectors where
        another set is of detectors.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised if the dimensions differ otherwise.
    """
    visits = any("visit" in rows.key_names for rows in sets)
    aligned = [rows.to_visits() if visits and "exposure" in rows.key_names else rows for rows in sets]
    finest = max((rows.key_names for rows in aligned), key=len, default=())
    for n, rows in enumerate(aligned):
        if rows.key_names != finest and set(finest) - set(rows.key_names) == {"detector"}:
            aligned[n] = rows.expand("detector")
    if differing := [rows for rows in aligned if rows.key_names != finest]:
        raise AmbiguousRelationError(
            f"Sets are compared over the same dimensions, but {differing[0].label} is over "
            f"{', '.join(differing[0].key_names)} and another one over {', '.join(finest)}. "
            "Convert one with expand() or project() first."
        )
    return aligned


def count_intersections(sets: Sequence[DataIdSet]) -> pa.Table:
    """Count data IDs by the sets that hold them.

    Parameters
    ----------
    sets : `~collections.abc.Sequence` [ `DataIdSet` ]
        At most 16 sets, as for `align_sets`.

    Returns
    -------
    counts : `pyarrow.Table`
        ``members``, whether each set holds the data IDs, in the order of the
        sets, and ``n_rows``, how many there are in just these; most rows
        first.  Each data ID is counted once.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised if the dimensions differ, or there are more than 16 sets.
    """
    if len(sets) > _MOST:
        raise AmbiguousRelationError(f"{len(sets)} sets have too many combinations: compare at most {_MOST}.")
    aligned = align_sets(sets)
    if not aligned:
        return _SCHEMA.empty_table()
    names = list(aligned[0].key_names)
    frames = [
        pl.DataFrame(pl.from_arrow(rows.keys)).with_columns(pl.lit(1 << n, pl.Int64).alias("bits"))
        for n, rows in enumerate(aligned)
    ]
    counted = (
        pl.concat(frames, how="vertical_relaxed")
        .group_by(names)
        .agg(pl.col("bits").sum())
        .group_by("bits")
        .len()
        .sort(["len", "bits"], descending=[True, False])
    )
    rows = [
        {"members": [bool(bits >> n & 1) for n in range(len(aligned))], "n_rows": n_rows}
        for bits, n_rows in counted.iter_rows()
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)
