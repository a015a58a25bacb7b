"""The result of a query, with what fell out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import UnknownNameError
from workbench.presentation import presented
from workbench.query.why_not import WhyNot
from workbench.rendering import UNIT, is_time, render_value
from workbench.snapshot import key_names

__all__ = ["WATERFALL_SCHEMA", "Selection"]

_WATERFALL_TYPES: dict[str, pa.DataType] = {
    "conjunct": pa.string(),
    "rows_before": pa.int64(),
    "rows_after": pa.int64(),
    "unknown": pa.int64(),
}
WATERFALL_SCHEMA = pa.schema(_WATERFALL_TYPES)


@presented
@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Data IDs that satisfy an expression; holds no connection.

    Attributes
    ----------
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the data IDs.
    where : `str`
        The expression.
    table : `pyarrow.Table`
        Required and implied dimensions, sorted by the required ones.
    waterfall : `pyarrow.Table`
        One row a conjunct in the order of evaluation (governors, the
        Butler's other conjuncts, then ours): ``conjunct``, ``rows_before``,
        ``rows_after``, and ``unknown``, the dropped rows for which it was
        neither true nor false.  Counts are null where they would have been
        too expensive, ``unknown`` also where the Butler evaluated.
    drops : `pyarrow.Table`
        Required dimensions, ``conjunct`` (row of the waterfall) and
        ``unknown`` of rows that were dropped.
    notes : `tuple` [ `str`, ... ]
        What a reader of the result should know.
    values : `tuple` [ `pyarrow.Table` or `None`, ... ]
        For each row of the waterfall, what was compared for the data IDs that
        it dropped: required dimensions, and a column for each name; `None`
        where the Butler evaluated.
    """

    dimensions: DimensionGroup
    where: str
    table: pa.Table
    waterfall: pa.Table
    drops: pa.Table
    notes: tuple[str, ...] = ()
    values: tuple[pa.Table | None, ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def _shown_facts(self) -> dict[str, object]:
        return {
            "where": self.where or None,
            "rows": f"{len(self):,} of ({', '.join(key_names(self.dimensions))})",
            "notes": " ".join(self.notes) or None,
        }

    def _shown_rows(self) -> pa.Table:
        return self.waterfall

    @property
    def keys(self) -> pa.Table:
        """Required dimensions only."""
        return self.table.select(list(key_names(self.dimensions)))

    def why_not(self, data_id: Mapping[str, object]) -> WhyNot:
        """Say why a data ID is in the selection or not.

        Parameters
        ----------
        data_id : `~collections.abc.Mapping`
            Values of required dimensions; those left out match all values.

        Returns
        -------
        reason : `WhyNot`
            A sentence that names the conjunct which dropped it.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if a name is no required dimension of the selection.
        """
        return WhyNot(self._tell(data_id), self.waterfall)

    def _tell(self, data_id: Mapping[str, object]) -> str:
        """Say it in a sentence."""
        names = key_names(self.dimensions)
        stray = [name for name in data_id if name not in names]
        if stray or not data_id:
            raise UnknownNameError(
                f"A data ID of this selection has {', '.join(names)}, not "
                f"{', '.join(map(repr, stray)) or 'nothing'}."
            )
        match = pl.all_horizontal(*(pl.col(name) == pl.lit(value) for name, value in data_id.items()))
        kept = pl.DataFrame(pl.from_arrow(self.keys)).filter(match)
        dropped = pl.DataFrame(pl.from_arrow(self.drops)).filter(match)
        what = ", ".join(f"{name}={value}" for name, value in data_id.items())
        if len(kept) and not len(dropped):
            return f"{what} is selected."
        if len(dropped):
            first = dropped.sort("conjunct", "unknown").row(0, named=True)
            text = self.waterfall["conjunct"][first["conjunct"]].as_py()
            some = f"{len(dropped)} of its {len(dropped) + len(kept)} rows were" if len(kept) else "was"
            compared = self._describe_values(first, match)
            unknown = "has no value for it (NULL)" if first["unknown"] else "does not satisfy it"
            return f"{what} {some} dropped by {text!r}: it {unknown}{compared}."
        untraced = [
            text
            for text, count in zip(
                self.waterfall["conjunct"].to_pylist(), self.waterfall["rows_before"].to_pylist(), strict=True
            )
            if count is None
        ]
        if untraced:
            return (
                f"{what} is not in the repository, or was dropped by one of: {'; '.join(map(str, untraced))}."
            )
        return f"{what} is not in the repository."

    def _describe_values(self, dropped: Mapping[str, object], match: pl.Expr) -> str:
        """Say what was compared for a data ID, in parentheses."""
        table = self.values[int(str(dropped["conjunct"]))] if self.values else None
        if table is None or dropped["unknown"]:
            return ""
        row = pl.DataFrame(pl.from_arrow(table)).filter(match).row(0, named=True)
        shown = [
            f"{name} is {_say(value, table.schema.field(name))}"
            for name, value in row.items()
            if name not in dropped
        ]
        return f" ({', '.join(shown)})" if shown else ""


def _say(value: object, field: pa.Field[Any]) -> str:
    """Write a value with what its number means."""
    if value is None:
        return "NULL"
    if is_time(field):
        return f"{render_value(value, field)} TAI"
    unit = (field.metadata or {}).get(UNIT, b"").decode()
    said = f"{value:.6g}" if isinstance(value, float) else repr(value)[:60]
    return f"{said} {unit}".rstrip()
