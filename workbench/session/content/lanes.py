"""What lanes of groups are given to show: rows that are linked with other views, and members."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.bench import Bench
from workbench.errors import WorkbenchError
from workbench.groupings import GROUP_KEY, ORDINAL, ROLE, Grouping
from workbench.progress import Progress, silent
from workbench.session.content.rows import RowColumn, VisitRows
from workbench.session.content.wire import pack_message
from workbench.session.curation.keys import iter_visits

__all__ = ["GroupRows", "Lanes"]

_VISIT = ["instrument", "visit"]
_ROW = "row"
_MOST_COMBINED = 12
_EPOCH = dt.date(1858, 11, 17)
"""Day 0 of MJD."""


@dataclasses.dataclass(frozen=True, eq=False)
class GroupRows:
    """The rows that members are of: visits, which other views show too, or whatever was grouped.

    Parameters
    ----------
    rows : `~workbench.session.content.rows.VisitRows`
        The visits of the set; where it has none, its data IDs, numbered.
    names : `tuple` [ `str`, ... ]
        Key columns that tell a row.
    keys : `polars.DataFrame`
        Those columns and ``row``.
    """

    rows: VisitRows
    names: tuple[str, ...]
    keys: pl.DataFrame

    @property
    def of_visits(self) -> bool:
        """Whether the rows are visits (`bool`)."""
        return list(self.names) == _VISIT

    @classmethod
    def read(
        cls, bench: Bench, grouping: Grouping, where: str = "", *, progress: Progress = silent
    ) -> GroupRows:
        """Read the rows of the set that was grouped; writes nothing.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.
        grouping : `~workbench.groupings.Grouping`
            Groups of the set.
        where : `str`, optional
            Expression that limits visits.
        progress : `~workbench.progress.Progress`, optional
            Called with what is read; it cancels by raising.

        Returns
        -------
        rows : `GroupRows`
            As they are now.
        """
        if set(_VISIT) <= set(grouping.parent.key_names):
            every = VisitRows.read(bench, where, progress=progress)
            rows = every.narrow(iter_visits(grouping.parent.keys))
            told: dict[str, list[Any]] = {
                "instrument": [key[0] for key in rows.keys],
                "visit": [key[1] for key in rows.keys],
            }
            keys = pl.DataFrame(told, schema={"instrument": pl.String, "visit": pl.Int64})
            return cls(rows, tuple(_VISIT), keys.with_row_index(_ROW))
        frame = pl.DataFrame(pl.from_arrow(grouping.parent.keys)).unique(maintain_order=True)
        columns = dict(_iter_columns(frame))
        for name in ("band", "day_obs"):
            if name in grouping.parent.dimensions.implied:
                columns |= _read_implied(bench, grouping, frame, name)
        numbered = VisitRows([("", number) for number in range(len(frame))], columns, [None] * len(frame))
        return cls(numbered, tuple(frame.columns), frame.with_row_index(_ROW))


def _iter_columns(frame: pl.DataFrame) -> list[tuple[str, RowColumn]]:
    found = []
    for name, series in frame.to_dict().items():
        if series.dtype.is_numeric():
            values = series.cast(pl.Float64).to_numpy()
            found.append((name, RowColumn(name, name, "", values, integer=True)))
        elif name == "instrument":
            found.append((name, _categorize(name, series)))
    return found


def _categorize(name: str, series: pl.Series) -> RowColumn:
    categories = sorted(series.drop_nulls().unique().to_list())
    places = {value: place for place, value in enumerate(categories)}
    codes = np.array([places.get(value, -1) for value in series.to_list()], np.int32)
    return RowColumn(name, name, "", codes, categories)


def _read_implied(bench: Bench, grouping: Grouping, frame: pl.DataFrame, name: str) -> dict[str, RowColumn]:
    try:
        strata = pl.DataFrame(pl.from_arrow(bench.groupings.strata(grouping, [name])))
    except WorkbenchError:
        return {}  # without it there is no colour, or no order in time, and that is shown
    series = frame.join(strata.unique(frame.columns), on=frame.columns, how="left", maintain_order="left")[
        name
    ]
    if name == "band":
        return {name: _categorize(name, series)}
    nights = series.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    days = nights.cast(pl.Int32).cast(pl.Float64).to_numpy() + 40587.0  # 1970-01-01 is MJD 40587
    return {"night": RowColumn("night", "night", "", days, integer=True)}


@dataclasses.dataclass(frozen=True, eq=False)
class Lanes:
    """The members of groups as lanes show them.

    Parameters
    ----------
    shown : `GroupRows`
        Their rows.
    grouping : `~workbench.groupings.Grouping`
        The groups.
    keys : `tuple` [ `str`, ... ]
        The lanes, in order; a group that was emptied keeps its lane.
    """

    shown: GroupRows
    grouping: Grouping
    keys: tuple[str, ...]

    @cached_property
    def members(self) -> pl.DataFrame:
        """Group, data ID, role, ordinal and ``row`` of each member; those in no group come last.

        Members whose row is not shown are left out.
        """
        found = pl.DataFrame(pl.from_arrow(self.grouping.relation))
        if self.has_outside:
            keys = pl.DataFrame(pl.from_arrow(self.grouping.parent.keys))
            free = keys.join(found, on=list(self.grouping.key_names), how="anti")
            absent = [pl.lit(None, found.schema[name]).alias(name) for name in (GROUP_KEY, ROLE, ORDINAL)]
            found = pl.concat([found, free.with_columns(absent).select(found.columns)])
        keys = self.shown.keys
        return found.join(keys, on=list(self.shown.names), how="inner", maintain_order="left")

    @property
    def has_outside(self) -> bool:
        """Whether a row of the set can be in no group, which is a lane too (`bool`)."""
        return set(self.grouping.key_names) == set(self.grouping.parent.key_names)

    def describe_rows(self, members: pl.DataFrame) -> pl.DataFrame:
        """Add what is known of the rows of members.

        Parameters
        ----------
        members : `polars.DataFrame`
            Some of `members`.

        Returns
        -------
        members : `polars.DataFrame`
            With ``band`` and ``night``, a date; null where they are not known.
        """
        places, columns = members[_ROW].to_numpy(), self.shown.rows.columns
        band, night = columns.get("band"), columns.get("night")
        bands: list[str | None] = [None] * len(members)
        if band is not None and band.categories is not None:
            named = [*band.categories, None]
            bands = [named[code] for code in band.values[places].tolist()]
        nights = [math.nan] * len(members) if night is None else night.values[places].tolist()
        days = [f"{_EPOCH + dt.timedelta(days=day)}" if math.isfinite(day) else None for day in nights]
        return members.with_columns(
            pl.Series("band", bands, dtype=pl.String), pl.Series("night", days, dtype=pl.String)
        )

    def groups_of_rows(self) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Return in which group each row is.

        Returns
        -------
        codes : `numpy.ndarray` of int32
            Place among the names; -1 for no group.
        names : `list` [ `str` ]
            Keys of groups, and combinations of those that rows are in at once.
        """
        per_row = (
            self.members.filter(pl.col(GROUP_KEY).is_not_null())
            .group_by(_ROW)
            .agg(pl.col(GROUP_KEY).unique().sort())
        )
        single = {(key,): key for key in self.keys}
        several = sorted({tuple(groups) for groups in per_row[GROUP_KEY].to_list() if len(groups) > 1})
        many = len(several) > _MOST_COMBINED
        named = single | {groups: "several groups" if many else " + ".join(groups) for groups in several}
        names = list(dict.fromkeys(named.values()))
        places = {name: place for place, name in enumerate(names)}
        codes = np.full(len(self.shown.rows), -1, np.int32)
        for row, groups in per_row.iter_rows():
            codes[row] = places[named[tuple(groups)]]
        return codes, names

    def take(self, numbers: Sequence[int]) -> pa.Table:
        """Return the data IDs of some members.

        Parameters
        ----------
        numbers : `~collections.abc.Sequence` [ `int` ]
            Places in `members`.

        Returns
        -------
        data_ids : `pyarrow.Table`
            Each once.  Of visits alone where all that belongs to each visit is
            meant.
        """
        names = list(self.grouping.key_names)
        chosen = self.members[list(numbers)]
        units = list(self.shown.names)
        if len(names) > len(units):
            groups = chosen[GROUP_KEY].unique().drop_nulls().to_list()
            there = self.members.filter(pl.col(GROUP_KEY).is_in(groups))
            if len(there.join(chosen.select(units).unique(), on=units, how="semi")) == len(chosen):
                names = units
        return chosen.select(names).unique(maintain_order=True).to_arrow()

    def to_wire(self, *, revision: int, undo: str, redo: str) -> bytes:
        """Return what is sent to the browser.

        Parameters
        ----------
        revision : `int`
            Which state of the groups it is; what is asked of another is not
            done.
        undo, redo : `str`
            What they would do, in words; empty for nothing.

        Returns
        -------
        message : `bytes`
            As ``lanes_view.js`` reads it.
        """
        members = self.members
        places = {key: place for place, key in enumerate(self.keys)}
        lanes = [places.get(key, len(places)) for key in members[GROUP_KEY].to_list()]
        codes, names = self.groups_of_rows()
        arrays: dict[str, npt.NDArray[Any]] = {
            "row": members[_ROW].cast(pl.Int32).to_numpy(),
            "lane": np.array(lanes, np.int32),
            "place": members[ORDINAL].cast(pl.Float64).fill_null(np.nan).to_numpy(),
            "group": codes,
        }
        notes: dict[str, dict[str, object]] = {"group": {"label": "group", "categories": names}}
        for name in self.grouping.key_names:
            series = members[name]
            column = _categorize(name, series) if series.dtype == pl.String else None
            arrays[f"key_{name}"] = (
                column.values if column is not None else series.cast(pl.Float64).to_numpy()
            )
            notes[f"key_{name}"] = {"label": name}
            if column is not None:
                notes[f"key_{name}"]["categories"] = list(column.categories or ())
        if members[ROLE].count():
            roles = _categorize(ROLE, members[ROLE].fill_null("no role"))
            arrays["key_role"] = roles.values
            notes["key_role"] = {"label": ROLE, "categories": list(roles.categories or ())}
        placed = bool(members[ORDINAL].count())
        told = {
            "digest": self.shown.rows.digest,
            "lanes": list(self.keys),
            "outside": self.has_outside,
            "placed": placed,
            "order": "place" if placed else "time",
            "revision": revision,
            "undo": undo,
            "redo": redo,
        }
        return pack_message(told, arrays, notes)
