"""Which notes concern a data ID."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

__all__ = ["match_data_ids"]


def match_data_ids(notes: pl.DataFrame, keys: pl.DataFrame, dimensions: Iterable[str]) -> pl.DataFrame:
    """Select the notes whose data ID is one of some, a part of one, or all of one.

    A note on a visit concerns each (visit, detector) of it, and the other way
    round; a note on a detector does not concern a visit.

    Parameters
    ----------
    notes : `polars.DataFrame`
        Rows of the annotations table.
    keys : `polars.DataFrame`
        Data IDs over one dimension group, required dimensions as columns.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        The dimension columns of ``notes``.

    Returns
    -------
    matching : `polars.DataFrame`
        Some of the rows of ``notes``, in their order.
    """
    dimensions = list(dimensions)
    notes = notes.with_row_index("position").filter(pl.col("kind") == "data_id")
    wanted = set(keys.columns)
    found = [notes.clear()]
    for _, group in notes.group_by([pl.col(name).is_null().alias(f"no {name}") for name in dimensions]):
        own = {name for name in dimensions if not group[name].is_null().all()}
        if own <= wanted or wanted <= own:
            shared = sorted(own & wanted)
            found.append(
                group.select(notes.columns).join(keys.select(shared).unique(), on=shared, how="semi")
            )
    return pl.concat(found).sort("position").drop("position")
