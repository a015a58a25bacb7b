"""The account of named rows: what each row of a set feeds, or why it reaches nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.graph.columns.graph_columns import Rows
from workbench.graph.columns.schemas import ACCOUNTS_SCHEMA, to_plain_arrow
from workbench.graph.constraints.constraint import Mode, Scope

__all__ = ["DescribeRows", "RowAccount", "tabulate_accounts"]

DescribeRows = Callable[[DimensionGroup, pl.DataFrame], Sequence[str]]
"""Says, row by row, why data IDs are no candidates; empty where nothing is known to be wrong with one."""

_SHOWN = 3
"""How many data IDs a sentence lists for one reason."""


@dataclasses.dataclass(frozen=True, eq=False)
class RowAccount:
    """What became of each row of something that is named.

    Parameters
    ----------
    named : `str`
        The set, grouping or publication, such as "late@1".
    kind : `str`
        "include", "exclude", "grouping" or "publication".
    scope : `str`
        For which part of the pipeline, such as "graph" or "coadd".
    dimensions : `lsst.daf.butler.DimensionGroup`
        Of the rows.
    keys : `polars.DataFrame`
        The rows.
    quanta : `numpy.ndarray` of `numpy.int64`
        How many quanta of the graph each row feeds; of a row that excludes,
        from how many candidates it takes something.  Both -1 where it does,
        and the mode does not tell how many.
    why : `tuple` [ `str`, ... ]
        Why a row reaches nothing; empty where it does.
    n_quanta : `int`
        Number of quanta that the rows reach together.
    """

    named: str
    kind: str
    scope: str
    dimensions: DimensionGroup
    keys: pl.DataFrame
    quanta: Rows
    why: tuple[str, ...]
    n_quanta: int

    @property
    def n_idle(self) -> int:
        """Number of rows that reach nothing (`int`)."""
        return int((self.quanta == 0).sum())

    @property
    def table(self) -> pa.Table:
        """The rows with ``quanta`` and ``why`` (`pyarrow.Table`)."""
        quanta = pl.Series("quanta", self.quanta)
        return to_plain_arrow(
            self.keys.with_columns(
                pl.when(quanta >= 0).then(quanta).alias("quanta"),
                pl.Series("why", self.why, dtype=pl.String),
            )
        )

    @property
    def sentence(self) -> str:
        """How many rows reach nothing, which, and why; empty if all reach something (`str`)."""
        if not self.n_idle:
            return ""
        parts = []
        for why, rows in self._reasons():
            if why:
                some = ", ".join(self._names(rows[:_SHOWN]))
                text = f"{some}{' and others' if len(rows) > _SHOWN else ''}: {why}"
                parts.append(text if len(rows) <= _SHOWN else f"{len(rows):,} rows, such as {text}")
        whose = self.named if self.scope == Scope.GRAPH.value else f"{self.named} ({self.scope})"
        does = "take nothing from the graph" if self.kind == Mode.EXCLUDE.value else "reach no quantum"
        return f"{self.n_idle:,} of {len(self.keys):,} rows of {whose} {does}: {'; '.join(parts)}"

    def to_rows(self) -> list[dict[str, object]]:
        """Summarize the rows by what became of them.

        Returns
        -------
        rows : `list` [ `dict` ]
            Of `~workbench.graph.columns.schemas.ACCOUNTS_SCHEMA`.
        """
        common = {"named": self.named, "kind": self.kind, "scope": self.scope}
        found: list[dict[str, object]] = []
        for why, rows in self._reasons():
            number = 0 if why else self.n_quanta
            found.append(
                {
                    **common,
                    "why": why,
                    "rows": len(rows),
                    "quanta": None if (self.quanta[rows] < 0).any() else number,
                    "first": "; ".join(self._names(rows[:1])),
                }
            )
        return found

    def _reasons(self) -> Iterator[tuple[str, Rows]]:
        """Group the rows by their reason; those that reach something first."""
        reached = np.flatnonzero(self.quanta != 0)
        if len(reached):
            yield "", reached
        idle = np.flatnonzero(self.quanta == 0)
        whys = np.array([self.why[row] for row in idle.tolist()], dtype=object)
        for why in dict.fromkeys(whys.tolist()):
            yield why, idle[whys == why]

    def _names(self, rows: Rows) -> list[str]:
        # Governors tell nothing where there is one of each.
        silent = {name for name in self.dimensions.governors if self.keys[name].n_unique() == 1}
        names = [name for name in self.keys.columns if name not in silent] or self.keys.columns
        values = self.keys[rows.tolist()].select(names).to_dicts()
        return [" ".join(f"{name} {value}" for name, value in row.items()) for row in values]


def tabulate_accounts(accounts: Iterable[RowAccount]) -> pa.Table:
    """Summarize accounts.

    Parameters
    ----------
    accounts : `~collections.abc.Iterable` [ `RowAccount` ]
        What is named.

    Returns
    -------
    table : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.ACCOUNTS_SCHEMA`.
    """
    return pa.Table.from_pylist([row for one in accounts for row in one.to_rows()], schema=ACCOUNTS_SCHEMA)
