"""Random folds, and every other row."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from typing import Literal

import polars as pl
import pyarrow as pa

from workbench.errors import CampaignError
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, Rule, iter_strata, key_columns, sort_rows, to_relation, within
from workbench.presentation import presented

__all__ = ["even_odd", "folds", "hash_key"]


def hash_key(seed: int, key: Sequence[object]) -> bytes:
    """Return the place of a key in the random order of a seed.

    Parameters
    ----------
    seed : `int`
        The seed.
    key : `~collections.abc.Sequence`
        Values of a data ID, integers and strings.

    Returns
    -------
    digest : `bytes`
        SHA-256 of the seed, a line feed, and the key as a JSON list without
        spaces, in UTF-8.  It depends on nothing else: no version of Python,
        NumPy or this package.
    """
    text = json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{seed}\n{text}".encode()).digest()


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class folds(Rule):  # noqa: N801 - reads as a verb where it is used
    """Random k folds of near-equal size, for cross-validation.

    Parameters
    ----------
    n : `int`
        Number of folds, at least 2; the groups are "fold0", "fold1", ...
    seed : `int`
        Seed of the order; equal seeds give equal folds, everywhere.
    by : `tuple` [ `str`, ... ], optional
        Strata: each fold gets its share of every combination of values, to
        within one row.  With ``("tract", "patch", "band")`` the members are
        {patch, visit} pairs, and each patch is split by itself.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if ``n`` is below 2.

    Notes
    -----
    Within a stratum, rows are ordered by `hash_key` and dealt out in turn.
    What is left when all folds have the same number goes to the folds that
    have fewest so far, so that the sizes of whole folds differ by at most one
    too, and strata of the same visits are split alike.
    """

    n: int
    seed: int
    by: tuple[str, ...] = ("band",)

    def __post_init__(self) -> None:
        if self.n < 2:
            raise CampaignError(f"folds(n={self.n}): cross-validation needs at least 2 folds.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The strata (`tuple` [ `str`, ... ])."""
        return self.by

    @property
    def requires(self) -> Requirements:
        """What folds are (`Requirements`)."""
        return Requirements(disjoint=True, covering=True, balanced=True)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Deal the rows out to the folds.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys and the strata.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row in exactly one group.
        """
        rows = sort_rows(frame).with_row_index("row")
        names = key_columns(frame, self)
        fold = [0] * len(rows)
        n = min(self.n, max(len(rows), 1))  # further folds would have no row; the others are the same
        sizes = [0] * n
        for stratum in iter_strata(rows, self.by):
            keys = stratum.select("row", *names).rows()
            order = [row for row, *_ in sorted(keys, key=lambda key: hash_key(self.seed, key[1:]))]
            whole = len(order) - len(order) % n
            smallest = sorted(range(n), key=lambda number: (sizes[number], number))
            for place, row in enumerate(order):
                fold[row] = place % n if place < whole else smallest[place - whole]
                sizes[fold[row]] += 1
        keys_of = pl.Series(GROUP_KEY, [f"fold{number}" for number in fold], dtype=pl.String)
        return to_relation(frame, rows.drop("row").with_columns(keys_of))


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class even_odd(Rule):  # noqa: N801 - reads as an adjective where it is used
    """Every other row: two groups, "even" and "odd".

    Parameters
    ----------
    column : `str`, optional
        Column to order by, a key such as ``visit`` or ``exposure``, or a time.
    by : `tuple` [ `str`, ... ], optional
        Strata, each counted from 0.
    of : `str`, optional
        "place": of the place in that order, which halves every stratum to
        within one row.  "value": of the number itself, such as a sequence
        number; instruments that number their visits in twos, as HSC does,
        have no odd ones.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if ``of`` is something else, or a value is no whole number.
    """

    column: str = "visit"
    by: tuple[str, ...] = ("band",)
    of: Literal["place", "value"] = "place"

    def __post_init__(self) -> None:
        if self.of not in {"place", "value"}:
            raise CampaignError(f"even_odd(of={self.of!r}): say 'place' or 'value'.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The order and the strata (`tuple` [ `str`, ... ])."""
        return (self.column, *self.by)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Tell even from odd.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, the order and the strata.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row that has a value in exactly one group.
        """
        rows = sort_rows(frame).filter(pl.col(self.column).is_not_null())
        if self.of == "value" and not rows[self.column].dtype.is_integer():
            raise CampaignError(
                f"{self.describe()}: {self.column} is no whole number; tell even from odd by place "
                "(of='place')."
            )
        ordered = rows.sort(self.column, maintain_order=True)
        number = within(pl.int_range(pl.len()), self.by) if self.of == "place" else pl.col(self.column)
        even = pl.when(number % 2 == 0).then(pl.lit("even")).otherwise(pl.lit("odd"))
        return to_relation(frame, ordered.with_columns(even.alias(GROUP_KEY)))
