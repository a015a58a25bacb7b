"""Bring a visit onto a patch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import astropy.units as u
import numpy as np
from astropy.table import Table
from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from workbench.demo.model import compute_depth

__all__ = ["COADD_ZERO_POINT", "WarpConfig", "WarpConnections", "WarpTask"]

COADD_ZERO_POINT = 31.4
"""Magnitude (AB) of one nJy, the unit of all warps and coadds."""


class WarpConnections(
    PipelineTaskConnections, dimensions=("instrument", "skymap", "tract", "patch", "visit")
):
    """What the task reads and writes."""

    stats = cT.Input(
        doc="What the detectors that overlap the patch show.",
        name="detector_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        deferLoad=True,
    )
    summary = cT.Input(
        doc="All detectors of the visit, for its photometric calibration.",
        name="visit_summary",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit"),
    )
    warp = cT.Output(
        doc="Point-spread function and noise of the visit on the patch, one row.",
        name="warp_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "skymap", "tract", "patch", "visit"),
    )


class WarpConfig(PipelineTaskConfig, pipelineConnections=WarpConnections):
    """Configuration of `WarpTask`."""


class WarpTask(PipelineTask):
    """Average the detectors of a visit over a patch, in the flux unit of coadds."""

    ConfigClass: ClassVar[type[WarpConfig]] = WarpConfig
    _DefaultName: ClassVar[str] = "warp"

    def runQuantum(  # noqa: N802
        self,
        butlerQC: QuantumContext,  # noqa: N803
        inputRefs: InputQuantizedConnection,  # noqa: N803
        outputRefs: OutputQuantizedConnection,  # noqa: N803
    ) -> None:
        """Read the inputs of a quantum, run, and write its outputs.

        Parameters
        ----------
        butlerQC : `lsst.pipe.base.QuantumContext`
            Where datasets are read and written.
        inputRefs : `lsst.pipe.base.InputQuantizedConnection`
            Inputs of the quantum.
        outputRefs : `lsst.pipe.base.OutputQuantizedConnection`
            Outputs of the quantum.
        """
        inputs = butlerQC.get(inputRefs)
        outputs = self.run([handle.get() for handle in inputs["stats"]], inputs["summary"])
        butlerQC.put(outputs, outputRefs)

    def run(self, stats: Sequence[Table], summary: Table) -> Struct:
        """Average the detectors of a visit.

        Parameters
        ----------
        stats : `~collections.abc.Sequence` [ `astropy.table.Table` ]
            One row of each detector that overlaps the patch.
        summary : `astropy.table.Table`
            All detectors of the visit.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``warp``, an `astropy.table.Table` of one row.
        """
        zero_point = float(np.median(summary["zero_point"]))
        scale = 10 ** (0.4 * (COADD_ZERO_POINT - zero_point))
        psf_fwhm = float(np.mean([float(row["psf_fwhm"][0]) for row in stats]))
        variance = float(np.mean([float(row["sky_variance"][0]) for row in stats])) * scale**2
        table = Table(
            {
                "instrument": [str(summary["instrument"][0])],
                "visit": [int(summary["visit"][0])],
                "band": [str(summary["band"][0])],
                "n_detectors": [len(stats)],
                "exposure_time": [float(summary["exposure_time"][0])] * u.s,
                "psf_fwhm": [psf_fwhm] * u.arcsec,
                "sky_variance": [variance] * (u.nJy**2 / u.arcsec**2),
                "depth": [compute_depth(psf_fwhm, variance, COADD_ZERO_POINT)] * u.mag,
            }
        )
        return Struct(warp=table)
