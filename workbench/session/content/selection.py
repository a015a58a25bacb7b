"""What is selected, by key: one state for all views."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import param
import pyarrow as pa

from workbench.bench import Bench
from workbench.session.content.rows import VisitRows
from workbench.session.content.wire import pack_mask, unpack_mask
from workbench.session.curation.keys import Key, VisitKey
from workbench.sets import DataIdSet

__all__ = ["DetectorKey", "SharedSelection"]

DetectorKey = tuple[str, int]
"""Instrument and detector."""

_MOST_WRITTEN = 2000
_FIELDS: list[pa.Field[Any]] = [
    pa.field("instrument", pa.string(), False),
    pa.field("visit", pa.int64(), False),
]
_SCHEMA = pa.schema(_FIELDS)
_DETECTOR: pa.Field[Any] = pa.field("detector", pa.int64(), False)


class SharedSelection(param.Parameterized):
    """Keys of visits that are selected, and of detectors where some are chosen.

    Views say what was brushed by `receive`; everybody else by `select`.  Keys
    stay when other rows are shown: those that are not among them are kept.

    Parameters
    ----------
    **params : `object`
        Initial values of the parameters.
    """

    keys: Any = param.ClassSelector(class_=tuple, default=(), doc="(instrument, visit) of each, in order")
    detectors: Any = param.ClassSelector(
        class_=tuple, default=(), doc="(instrument, detector) of each; none: all"
    )
    cuts: Any = param.ClassSelector(class_=tuple, default=(), doc="(label, where) of each cut that made it")
    by_hand = param.Integer(default=0, doc="how many were marked by hand since the last cut")
    revision = param.Integer(default=0, doc="counts the changes")

    def __init__(self, **params: Any):
        super().__init__(**params)
        self.rows = VisitRows()
        self.detector_keys: tuple[DetectorKey, ...] = ()
        self._came = ("", 0)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Which of the rows are selected (`numpy.ndarray` of bool)."""
        return self.rows.mask(self.keys)

    @property
    def where(self) -> str:
        """Expression that selects the same; empty if there is none (`str`)."""
        parts = [where for _, where in self.cuts]
        if not parts or self.by_hand or not all(parts):
            return ""
        limit = [f"({self.rows.where})"] if self.rows.where else []
        if any("day_obs" in part for part in parts):
            # The Butler wants to know whose nights are meant.
            names = sorted({instrument for instrument, _ in self.rows.keys})
            limit.append(f"instrument IN ({', '.join(map(repr, names))})")
        return " AND ".join([*limit, *parts])

    def show(self, rows: VisitRows) -> None:
        """Take other rows; the keys stay.

        Parameters
        ----------
        rows : `~workbench.session.content.rows.VisitRows`
            What there is to select.
        """
        self.rows = rows
        self._came = ("", 0)
        self.param.update(cuts=(), revision=self.revision + 1)

    def select(self, keys: Iterable[VisitKey], detectors: Iterable[DetectorKey] | None = None) -> None:
        """Select visits.

        Parameters
        ----------
        keys : `~collections.abc.Iterable`
            Instrument and visit of each.
        detectors : `~collections.abc.Iterable`, optional
            Instrument and detector of each; none for all; by default as they are.
        """
        chosen = self.detectors if detectors is None else tuple(sorted(set(detectors)))
        self._came = ("", 0)
        self.param.update(
            keys=tuple(sorted(set(keys))),
            detectors=chosen,
            cuts=(),
            by_hand=0,
            revision=self.revision + 1,
        )

    def receive(self, text: str) -> bool:
        """Take what a view reported.

        Parameters
        ----------
        text : `str`
            As ``hub.js`` writes it.

        Returns
        -------
        taken : `bool`
            `False` if it counts rows that are no longer shown.
        """
        told = json.loads(text)
        if told["digest"] != self.rows.digest:
            return False
        self._came = (told["from"], told["revision"])
        known = self.detector_keys
        self.param.update(
            keys=self.rows.chosen(unpack_mask(told["mask"], len(self.rows))),
            detectors=tuple(known[number] for number in told["detectors"] if number < len(known)),
            cuts=tuple((cut["label"], cut["where"]) for cut in told["cuts"]),
            by_hand=told["by_hand"],
            revision=self.revision + 1,
        )
        return True

    def to_wire(self) -> str:
        """Return the selection for the browser.

        Returns
        -------
        text : `str`
            As ``hub.js`` reads it; it says where the change came from, so
            that the page that brushed is not disturbed.
        """
        origin, revision = self._came
        places = {key: number for number, key in enumerate(self.detector_keys)}
        told = {
            "from": origin,
            "revision": revision or self.revision,
            "digest": self.rows.digest,
            "mask": pack_mask(self.mask),
            "detectors": [places[key] for key in self.detectors if key in places],
        }
        return json.dumps(told)

    def to_keys(self) -> list[Key]:
        """Return what is selected as edits by hand name it.

        Returns
        -------
        keys : `list` [ `Key` ]
            Visits; where detectors are chosen, each visit with each of them.
            None where detectors alone are selected.
        """
        if not self.detectors:
            return list(self.keys)
        return [
            (instrument, visit, detector)
            for instrument, visit in self.keys
            for of, detector in self.detectors
            if of == instrument
        ]

    def to_table(self) -> pa.Table:
        """Return the keys as a table.

        Returns
        -------
        table : `pyarrow.Table`
            Columns ``instrument`` and ``visit``; where detectors are chosen,
            also ``detector``, each visit with each of them; where no visit
            is selected, the detectors alone.
        """
        if not self.detectors:
            rows = [{"instrument": instrument, "visit": visit} for instrument, visit in self.keys]
            return pa.Table.from_pylist(rows, schema=_SCHEMA)
        if not self.keys:
            chosen = [
                {"instrument": instrument, "detector": detector} for instrument, detector in self.detectors
            ]
            return pa.Table.from_pylist(chosen, schema=pa.schema([_FIELDS[0], _DETECTOR]))
        schema = _SCHEMA.append(_DETECTOR)
        pairs = [dict(zip(schema.names, key, strict=True)) for key in self.to_keys()]
        return pa.Table.from_pylist(pairs, schema=schema)

    def to_set(self, bench: Bench) -> DataIdSet:
        """Make a set of the selection; nothing is saved.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Of visits, of visits and detectors, or of detectors, as `to_table`.
        """
        table = self.to_table()
        return bench.make_set(table, dimensions=table.column_names[1:], source="selection")

    def to_python(self) -> str:
        """Return the Python that selects the same.

        Returns
        -------
        code : `str`
            A query where the cuts say it all, otherwise the keys.
        """
        if not self._is_query and max(len(self.keys), len(self.detectors)) > _MOST_WRITTEN:
            return f"# {len(self.keys):,} visits, marked one by one or by an area: too many to write here"
        return f"visits = {self.to_expression()}"

    def to_expression(self) -> str:
        """Return the expression that gives the same set, however long.

        Returns
        -------
        code : `str`
            A query where the cuts say it all, otherwise the keys.
        """
        if self._is_query:
            return f'bench.select("visit", {self.where!r})'
        dimensions = self.to_table().column_names[1:]
        parts = [
            self._write_rows(instrument, dimensions)
            for instrument in sorted({key[0] for key in self.keys or self.detectors})
        ]
        return f"bench.make_set({' + '.join(parts) or []}, dimensions={dimensions!r})"

    @property
    def _is_query(self) -> bool:
        return bool(self.where) and not self.detectors

    def _write_rows(self, instrument: str, dimensions: Sequence[str]) -> str:
        """Write the rows of one instrument as a comprehension."""
        numbers = {
            "visit": [visit for of, visit in self.keys if of == instrument],
            "detector": [detector for of, detector in self.detectors if of == instrument],
        }
        row = ", ".join([f"'instrument': {instrument!r}", *(f"{name!r}: {name}" for name in dimensions)])
        loops = " ".join(f"for {name} in {numbers[name]!r}" for name in dimensions)
        return f"[{{{row}}} {loops}]"
