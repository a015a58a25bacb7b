"""Measure how good the coadd of a patch is."""

from __future__ import annotations

from typing import ClassVar

from astropy.table import Table
from lsst.pex.config import ChoiceField
from lsst.pipe.base import (
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from workbench.demo.model import CAMERAS, compute_effective_exposure_time

__all__ = ["PatchMetricsConfig", "PatchMetricsConnections", "PatchMetricsTask"]


class PatchMetricsConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "patch", "band")):
    """What the task reads and writes."""

    coadd = cT.Input(
        doc="Depth and point-spread function of the coadd.",
        name="deep_coadd",
        storageClass="ArrowAstropy",
        dimensions=("skymap", "tract", "patch", "band"),
    )
    metrics = cT.Output(
        doc="Numbers by name.",
        name="patch_metrics",
        storageClass="StructuredDataDict",
        dimensions=("skymap", "tract", "patch", "band"),
    )


class PatchMetricsConfig(PipelineTaskConfig, pipelineConnections=PatchMetricsConnections):
    """Configuration of `PatchMetricsTask`."""

    reference = ChoiceField[str](  # type: ignore[no-untyped-call]
        doc="Camera whose nominal conditions the effective exposure time refers to.",
        allowed={name: f"{name} at the zenith, in median seeing under a dark sky" for name in CAMERAS},
        default="HSC",
    )


class PatchMetricsTask(PipelineTask):
    """Turn a coadd's table into plain numbers."""

    ConfigClass: ClassVar[type[PatchMetricsConfig]] = PatchMetricsConfig
    _DefaultName: ClassVar[str] = "patchMetrics"
    config: PatchMetricsConfig

    def run(self, coadd: Table) -> Struct:
        """Measure a coadd.

        Parameters
        ----------
        coadd : `astropy.table.Table`
            One row, as `~workbench.demo.tasks.coadd.CoaddTask` makes it.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``metrics``, a `dict` of numbers: ``n_visits``, ``exposure_time``
            (s), ``depth`` (mag), ``psf_fwhm`` (arcsec),
            ``effective_exposure_time`` (s), which would reach the depth in
            nominal conditions, and its ratio to the real one, ``efficiency``.
        """
        exposure_time, depth = float(coadd["exposure_time"][0]), float(coadd["depth"][0])
        camera = CAMERAS[self.config.reference]
        effective = compute_effective_exposure_time(camera, str(coadd["band"][0]), depth)
        return Struct(
            metrics={
                "n_visits": int(coadd["n_visits"][0]),
                "exposure_time": exposure_time,
                "depth": depth,
                "psf_fwhm": float(coadd["psf_fwhm"][0]),
                "effective_exposure_time": effective,
                "efficiency": effective / exposure_time,
            }
        )
