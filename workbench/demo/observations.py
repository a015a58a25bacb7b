"""The observations that a repository is made of: twelve real visits, read from the package's tables."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator, Mapping
from importlib.resources import files

from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

__all__ = ["Detector", "Observation", "read_hsc_detectors", "read_hsc_observations"]


@dataclasses.dataclass(frozen=True, slots=True)
class Detector:
    """One sensor of a camera.

    Parameters
    ----------
    id : `int`
        Detector number.
    full_name, raft, name_in_raft : `str`
        Names of the sensor, of its raft, and within its raft.
    purpose : `str`
        What the sensor is for, ``SCIENCE`` here.
    """

    id: int
    full_name: str
    raft: str
    name_in_raft: str
    purpose: str = "SCIENCE"


@dataclasses.dataclass(frozen=True, slots=True)
class Observation:
    """One exposure on the sky, and the visit that it alone makes.

    Parameters
    ----------
    id : `int`
        Exposure and visit number.
    obs_id : `str`
        Name that the observatory gave.
    day_obs, seq_num : `int`
        Observing day as YYYYMMDD, and number within the sequence.
    physical_filter, band : `str`
        Filter, and the band that it stands for.
    begin : `float`
        Start of the exposure, MJD TAI.
    exposure_time : `float`
        Open shutter time, s.
    ra, dec : `float`
        Boresight, deg.
    sky_angle, zenith_angle : `float`
        Rotation of the camera and distance of the boresight from the zenith, deg.
    target_name, science_program : `str`
        What was observed, and for whom.
    outlines : `~collections.abc.Mapping` [ `int`, `lsst.sphgeom.ConvexPolygon` ]
        Sky region of each detector.
    """

    id: int
    obs_id: str
    day_obs: int
    seq_num: int
    physical_filter: str
    band: str
    begin: float
    exposure_time: float
    ra: float
    dec: float
    sky_angle: float
    zenith_angle: float
    target_name: str
    science_program: str
    outlines: Mapping[int, ConvexPolygon]

    @property
    def region(self) -> ConvexPolygon:
        """Convex hull of the detector outlines (`lsst.sphgeom.ConvexPolygon`)."""
        return ConvexPolygon.convexHull(
            [vertex for outline in self.outlines.values() for vertex in outline.getVertices()]
        )


def _iter_rows(name: str) -> Iterator[dict[str, str]]:
    """Iterate over the rows of a table of this package, without its comments.

    Parameters
    ----------
    name : `str`
        File name.

    Yields
    ------
    row : `dict` [ `str`, `str` ]
        Values by column.
    """
    text = files("workbench.demo.tables").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def read_hsc_detectors() -> list[Detector]:
    """Read the six central detectors of Hyper Suprime-Cam.

    Returns
    -------
    detectors : `list` [ `Detector` ]
        Sorted by number.
    """
    return [
        Detector(int(row["detector"]), row["full_name"], row["raft"], row["name_in_raft"], row["purpose"])
        for row in _iter_rows("hsc_detectors.csv")
    ]


def read_hsc_observations() -> list[Observation]:
    """Read the twelve real HSC COSMOS visits.

    Returns
    -------
    observations : `list` [ `Observation` ]
        Sorted by number, each with the outlines of six detectors.
    """
    outlines: dict[int, dict[int, ConvexPolygon]] = {}
    for row in _iter_rows("hsc_cosmos_outlines.csv"):
        corners = [
            UnitVector3d(LonLat.fromDegrees(float(row[f"ra_{corner}"]), float(row[f"dec_{corner}"])))
            for corner in range(4)
        ]
        outlines.setdefault(int(row["visit"]), {})[int(row["detector"])] = ConvexPolygon.convexHull(corners)
    return [
        Observation(
            id=(visit := int(row["visit"])),
            obs_id=f"HSCA{visit:06d}00",
            day_obs=int(row["day_obs"]),
            # HSC numbers its exposures through: the sequence number is the exposure number.
            seq_num=visit,
            physical_filter=row["physical_filter"],
            band=row["band"],
            begin=float(row["begin"]),
            exposure_time=float(row["exposure_time"]),
            ra=float(row["ra"]),
            dec=float(row["dec"]),
            sky_angle=float(row["sky_angle"]),
            zenith_angle=float(row["zenith_angle"]),
            target_name=row["target_name"],
            science_program=row["science_program"],
            outlines=outlines[visit],
        )
        for row in _iter_rows("hsc_cosmos_visits.csv")
    ]
