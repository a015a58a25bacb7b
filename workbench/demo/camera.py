"""The camera of the simulated survey: 189 sensors in 21 rafts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from lsst.daf.butler import DataId
from lsst.daf.butler.formatters.json import JsonFormatter
from lsst.daf.butler.registry import Registry
from lsst.pipe.base import Instrument
from lsst.sphgeom import ConvexPolygon

from workbench.demo.observations import Detector
from workbench.demo.records import insert_camera
from workbench.tangent import TangentPlane

__all__ = ["SIMCAM_DETECTORS", "SIMCAM_FILTERS", "SimCam", "compute_outlines"]

RAFT_PITCH = 0.7056
"""Distance between the centres of neighbouring rafts, deg."""

SENSOR_PITCH = 0.2347
"""Distance between the centres of neighbouring sensors of a raft, deg."""

SENSOR_SIZE = 0.2262
"""Side of a sensor, deg."""

SIMCAM_FILTERS: Mapping[str, str] = {"g_sim": "g", "r_sim": "r", "i_sim": "i"}
"""Band by physical filter."""


def _make_focal_plane() -> tuple[tuple[Detector, ...], npt.NDArray[np.float64]]:
    """Lay out the sensors: five by five rafts but for the corners, nine sensors each.

    Returns
    -------
    detectors : `tuple` [ `Detector` ]
        Sensors, by number.
    centers : `numpy.ndarray`
        Their centres in the focal plane, deg, shape ``(189, 2)``.
    """
    detectors: list[Detector] = []
    centers: list[tuple[float, float]] = []
    for row in range(5):
        for column in range(5):
            if row in {0, 4} and column in {0, 4}:
                continue
            raft = f"R{row}{column}"
            for slot in range(9):
                y, x = divmod(slot, 3)
                name = f"S{y}{x}"
                detectors.append(Detector(len(detectors), f"{raft}_{name}", raft, name))
                centers.append(
                    (
                        (column - 2) * RAFT_PITCH + (x - 1) * SENSOR_PITCH,
                        (row - 2) * RAFT_PITCH + (y - 1) * SENSOR_PITCH,
                    )
                )
    return tuple(detectors), np.array(centers)


SIMCAM_DETECTORS, _CENTERS = _make_focal_plane()


def compute_outlines(ra: float, dec: float, sky_angle: float) -> dict[int, ConvexPolygon]:
    """Compute where the sensors of a pointing look.

    Parameters
    ----------
    ra, dec : `float`
        Boresight, deg.
    sky_angle : `float`
        Rotation of the camera on the sky, deg.

    Returns
    -------
    outlines : `dict` [ `int`, `lsst.sphgeom.ConvexPolygon` ]
        Sky region of each sensor.
    """
    half = SENSOR_SIZE / 2
    x = _CENTERS[:, 0, np.newaxis] + np.array([-half, half, half, -half])
    y = _CENTERS[:, 1, np.newaxis] + np.array([-half, -half, half, half])
    plane = TangentPlane(ra, dec, sky_angle)
    # Seen from inside the sphere east is left of north, so x of the camera grows to the west.
    return {detector.id: plane.polygon(-x[n], y[n]) for n, detector in enumerate(SIMCAM_DETECTORS)}


class SimCam(Instrument):
    """The instrument of the simulated survey, as the middleware asks for it.

    Parameters
    ----------
    collection_prefix : `str`, optional
        First part of the names of this instrument's collections.
    """

    policyName = "SimCam"  # noqa: N815

    @classmethod
    def getName(cls) -> str:  # noqa: N802
        """Return the short name of the instrument.

        Returns
        -------
        name : `str`
            Value of the ``instrument`` dimension.
        """
        return "SimCam"

    def getRawFormatter(self, dataId: DataId) -> type[JsonFormatter]:  # noqa: ARG002, N802, N803
        """Return what reads a raw file.

        Parameters
        ----------
        dataId : `lsst.daf.butler.DataId`
            Data ID of the raw; all are read alike.

        Returns
        -------
        formatter : `type`
            Formatter class.
        """
        return JsonFormatter

    def register(self, registry: Registry, *, update: bool = False) -> None:
        """Write the dimension records of the instrument, its sensors and filters.

        Parameters
        ----------
        registry : `lsst.daf.butler.Registry`
            A writeable registry.
        update : `bool`, optional
            Replace records that differ.
        """
        insert_camera(
            registry,
            self.getName(),
            "workbench.demo.camera.SimCam",
            SIMCAM_DETECTORS,
            SIMCAM_FILTERS,
            visit_max=6050123199999,
            update=update,
        )
