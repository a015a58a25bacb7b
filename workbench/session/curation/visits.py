"""The visits of a repository as views show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from lsst.sphgeom import Region

from workbench.bench import Bench
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
    regions : `~collections.abc.Mapping`
        Outlines of those that have one.
    metric_names : `~collections.abc.Sequence` [ `str` ]
        Measured values among the columns.
    patches : `~collections.abc.Sequence` [ `lsst.sphgeom.Region` ]
        Outlines of the patches of sky maps; at most 500.
    detectors : `~collections.abc.Mapping`
        Names of the detectors by number, of each instrument.
    """

    rows: Mapping[VisitKey, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    regions: Mapping[VisitKey, Region] = dataclasses.field(default_factory=dict)
    metric_names: Sequence[str] = ()
    patches: Sequence[Region] = ()
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
        records = bench.records("visit").to_pylist()
        rows = {(row["instrument"], row["visit"]): row for row in records}
        metrics = bench.metrics.read()
        floats = [field.name for field in metrics.schema if pa.types.is_floating(field.type)]
        names = [name for name in floats if name != "recorded"]
        for measured in metrics.to_pylist():
            found = rows.get((measured["instrument"], measured["visit"]))
            if found is not None:
                found.update({name: measured[name] for name in names})
        regions = {key: Region.decode(row["region"]) for key, row in rows.items() if row["region"]}
        patches = bench.records("patch", limit=_MOST_PATCHES)["region"].to_pylist()
        outlines = [Region.decode(encoded) for encoded in patches if encoded]
        detectors: dict[str, dict[int, str]] = {}
        for row in bench.records("detector").to_pylist():
            detectors.setdefault(row["instrument"], {})[row["detector"]] = row["full_name"]
        return cls(rows, regions, names, outlines, detectors)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def instruments(self) -> list[str]:
        """Instruments that have visits (`list` [ `str` ])."""
        return sorted({instrument for instrument, _ in self.rows})
