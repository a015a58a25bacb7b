"""Detectors in the focal plane, and what is measured of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.bench import Bench
from workbench.session.content.outlines import Outlines
from workbench.session.content.rows import VisitRows
from workbench.session.content.selection import DetectorKey
from workbench.session.curation.keys import VisitKey
from workbench.tangent import TangentPlane

__all__ = [
    "COUNT",
    "DetectorOutlines",
    "compute_detector_values",
    "list_detector_columns",
    "read_detector_outlines",
]

_MOST_COUNTED = 500
_TRIED = 3
COUNT = "visits"
"""Name of the column that counts visits."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class DetectorOutlines:
    """Outlines of detectors, as one visit of each instrument shows them on the sky.

    Attributes
    ----------
    detectors : `~collections.abc.Sequence`
        Instrument, detector and its name.
    corners : `numpy.ndarray`, shape (n_corners, 2)
        Degrees from the middle of the visit, turned back by its sky angle;
        x grows to the right where east is to the left.
    starts : `numpy.ndarray`, shape (n + 1,)
        Detector i has the corners from ``starts[i]`` to ``starts[i + 1]``.
    """

    detectors: Sequence[tuple[str, int, str]] = ()
    corners: npt.NDArray[np.float32] = dataclasses.field(default_factory=lambda: np.empty((0, 2), np.float32))
    starts: npt.NDArray[np.int32] = dataclasses.field(default_factory=lambda: np.zeros(1, np.int32))

    @classmethod
    def read(cls, bench: Bench, rows: VisitRows) -> DetectorOutlines:
        """Read where detectors lie; writes nothing.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.
        rows : `~workbench.session.content.rows.VisitRows`
            The visits to look at.

        Returns
        -------
        plane : `DetectorOutlines`
            Detectors without a region in those visits are left out.
        """
        detectors: list[tuple[str, int, str]] = []
        shapes: list[npt.NDArray[np.float64]] = []
        records = bench.dimensions.records("detector").to_pylist()
        names = {(row["instrument"], row["detector"]): str(row["full_name"] or "") for row in records}
        for instrument in sorted({instrument for instrument, _ in rows.keys}):
            visits = [visit for of, visit in rows.keys if of == instrument][:_TRIED]
            found = [_read_regions(bench, [(instrument, visit)]) for visit in visits]
            regions = max(found, key=lambda table: table.num_rows)
            if not regions.num_rows:
                continue
            visit = regions["visit"][0].as_py()
            outlines = Outlines.decode(regions["region"].to_pylist())
            corners = _flatten(outlines, _read_sky_angle(bench, instrument, visit))
            for row, (_, detector) in enumerate(_detector_keys(regions)):
                detectors.append((instrument, detector, names.get((instrument, detector), "")))
                shapes.append(corners[outlines.starts[row] : outlines.starts[row + 1]])
        starts = np.cumsum([0, *map(len, shapes)]).astype(np.int32)
        return cls(detectors, np.concatenate([np.empty((0, 2)), *shapes]).astype(np.float32), starts)

    @property
    def keys(self) -> tuple[DetectorKey, ...]:
        """Instrument and detector of each (`tuple`)."""
        return tuple((instrument, detector) for instrument, detector, _ in self.detectors)


def read_detector_outlines(bench: Bench, keys: Sequence[VisitKey]) -> tuple[Outlines, list[DetectorKey]]:
    """Read the outlines of the detectors of some visits; writes nothing.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    keys : `~collections.abc.Sequence`
        Instrument and visit of each.

    Returns
    -------
    outlines : `~workbench.session.content.outlines.Outlines`
        Visit by visit.
    detectors : `list`
        Instrument and detector of each outline.
    """
    regions = _read_regions(bench, keys)
    return Outlines.decode(regions["region"].to_pylist()), _detector_keys(regions)


def list_detector_columns(bench: Bench) -> list[tuple[str, str]]:
    """List what detectors can be coloured by; writes nothing.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.

    Returns
    -------
    columns : `list`
        Name and label: columns of the metric tables about visits and
        detectors, and the number of visits.
    """
    found = []
    for item in bench.metrics.tables().to_pylist():
        about = set(item["dimensions"])
        if about in _ABOUT and item["type"] in {"float", "int"} and item["values"]:
            unit = f" ({item['unit']})" if item["unit"] else ""
            name = f"{item['table']}.{item['column']}"
            found.append((name, f"mean {item['column'].replace('_', ' ')}{unit}"))
    return [*found, (COUNT, "number of visits")]


_ABOUT = ({"instrument", "visit", "detector"}, {"instrument", "detector"})


def compute_detector_values(
    bench: Bench, plane: DetectorOutlines, keys: Sequence[VisitKey], column: str
) -> tuple[list[float | None], str]:
    """Compute a value of each detector over some visits; writes nothing.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    plane : `DetectorOutlines`
        The detectors.
    keys : `~collections.abc.Sequence`
        Instrument and visit of each.
    column : `str`
        One of `list_detector_columns`.

    Returns
    -------
    values : `list` [ `float` or `None` ]
        Mean of the measured values, or number of visits, in the order of the
        detectors.
    says : `str`
        What was taken, or why nothing was.
    """
    n_visits = f"{len(keys):,} visit{'' if len(keys) == 1 else 's'}"
    if column == COUNT:
        if len(keys) > _MOST_COUNTED:
            says = f"Visits of detectors are counted for at most {_MOST_COUNTED:,} visits; select fewer."
            return [None] * len(plane.detectors), says
        pairs = bench.sets.relations.visits_with_detectors(_key_table(keys))
        counts = pl.DataFrame(pl.from_arrow(pairs)).group_by("instrument", "detector").len("value")
        return _by_detector(plane, counts), f"Number of visits, of {n_visits}."
    table, _, name = column.partition(".")
    measured = bench.metrics.read(table)
    frame = pl.DataFrame(pl.from_arrow(measured))
    if "visit" in measured.schema.names:
        frame = frame.join(
            pl.DataFrame(pl.from_arrow(_key_table(keys))), on=["instrument", "visit"], how="semi"
        )
    means = frame.group_by("instrument", "detector").agg(pl.col(name).drop_nulls().mean().alias("value"))
    return _by_detector(plane, means), f"Mean of {name.replace('_', ' ')} over {n_visits}."


def _by_detector(plane: DetectorOutlines, values: pl.DataFrame) -> list[float | None]:
    known = {
        (instrument, detector): value
        for instrument, detector, value in values.select("instrument", "detector", "value").iter_rows()
    }
    found = [known.get(key) for key in plane.keys]
    return [None if value is None else float(value) for value in found]


def _key_table(keys: Sequence[VisitKey]) -> pa.Table:
    instruments, visits = zip(*keys, strict=True) if keys else ((), ())
    return pa.table({"instrument": pa.array(instruments, pa.string()), "visit": pa.array(visits, pa.int64())})


def _detector_keys(regions: pa.Table) -> list[DetectorKey]:
    rows = regions.select(["instrument", "detector"]).to_pylist()
    return [(str(row["instrument"]), int(row["detector"])) for row in rows]


def _read_regions(bench: Bench, keys: Sequence[VisitKey]) -> pa.Table:
    by_instrument: dict[str, list[int]] = {}
    for instrument, visit in keys:
        by_instrument.setdefault(instrument, []).append(visit)
    parts = [
        bench.dimensions.records(
            "visit_detector_region",
            f"instrument = {instrument!r} AND visit IN ({', '.join(map(str, visits))})",
        )
        for instrument, visits in by_instrument.items()
    ]
    return pa.concat_tables(parts) if parts else bench.dimensions.records("visit_detector_region", limit=0)


def _read_sky_angle(bench: Bench, instrument: str, visit: int) -> float:
    of = f"instrument = {instrument!r} AND visit = {visit}"
    exposures = bench.dimensions.records("visit_definition", of)["exposure"].to_pylist()
    if not exposures:
        return 0.0
    found = bench.dimensions.records("exposure", f"instrument = {instrument!r} AND exposure = {exposures[0]}")
    return float(found["sky_angle"].to_pylist()[0] or 0.0)


def _flatten(outlines: Outlines, sky_angle: float) -> npt.NDArray[np.float64]:
    plane = TangentPlane.around(outlines.centres.astype(np.float64), sky_angle)
    x, y = plane.project(outlines.vertices.astype(np.float64))
    return np.column_stack([-x, y])
