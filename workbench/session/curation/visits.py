"""The visits of a repository as views show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from workbench.bench import Bench
from workbench.session.content.outlines import Outlines
from workbench.session.content.rows import VisitRows
from workbench.session.curation.keys import VisitKey

__all__ = ["Visits"]

_MOST_PATCHES = 500


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """All visits, with their metrics and outlines.

    Attributes
    ----------
    rows : `~collections.abc.Mapping`
        Metadata and metrics by instrument and visit, in the order of the keys.
    shown : `~workbench.session.content.rows.VisitRows`
        The same visits as views draw them, without metrics.
    metric_names : `~collections.abc.Sequence` [ `str` ]
        Measured values among the columns.
    patches : `~workbench.session.content.outlines.Outlines`
        Outlines of the patches of sky maps; at most 500.
    detectors : `~collections.abc.Mapping`
        Names of the detectors by number, of each instrument.
    """

    rows: Mapping[VisitKey, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    shown: VisitRows = dataclasses.field(default_factory=VisitRows)
    metric_names: Sequence[str] = ()
    patches: Outlines = dataclasses.field(default_factory=lambda: Outlines.decode([]))
    detectors: Mapping[str, Mapping[int, str]] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, bench: Bench) -> Visits:
        """Read visits, metrics and patches; nothing is written.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.

        Returns
        -------
        visits : `Visits`
            As they are now.
        """
        records = bench.dimensions.records("visit")
        rows = {(row["instrument"], row["visit"]): row for row in records.to_pylist()}
        metrics = bench.metrics.read()
        floats = [field.name for field in metrics.schema if pa.types.is_floating(field.type)]
        names = [name for name in floats if name != "recorded"]
        for measured in metrics.to_pylist():
            found = rows.get((measured["instrument"], measured["visit"]))
            if found is not None:
                found.update({name: measured[name] for name in names})
        patches = bench.dimensions.records("patch", limit=_MOST_PATCHES)["region"].to_pylist()
        outlines = Outlines.decode(encoded for encoded in patches if encoded)
        detectors: dict[str, dict[int, str]] = {}
        for row in bench.dimensions.records("detector").to_pylist():
            detectors.setdefault(row["instrument"], {})[row["detector"]] = row["full_name"]
        return cls(rows, VisitRows.from_records(records), names, outlines, detectors)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def instruments(self) -> list[str]:
        """Instruments that have visits (`list` [ `str` ])."""
        return sorted({instrument for instrument, _ in self.rows})
