"""Combine the selected warps of a patch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import astropy.units as u
import numpy as np
from astropy.table import Table
from lsst.daf.butler import DeferredDatasetHandle
from lsst.pipe.base import (
    InputQuantizedConnection,
    NoWorkFound,
    OutputQuantizedConnection,
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from workbench.demo.model import compute_depth
from workbench.demo.tasks.warp import COADD_ZERO_POINT
from workbench.runs import UNUSED_INPUTS

__all__ = ["CoaddConfig", "CoaddConnections", "CoaddTask"]


class CoaddConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "patch", "band")):
    """What the task reads and writes."""

    warps = cT.Input(
        doc="Warps of the visits that overlap the patch.",
        name="warp_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "skymap", "tract", "patch", "visit"),
        multiple=True,
        deferLoad=True,
    )
    selection = cT.Input(
        doc="Which visits to combine.",
        name="selected_visits",
        storageClass="StructuredDataDict",
        dimensions=("skymap", "tract", "patch", "band"),
    )
    coadd = cT.Output(
        doc="Depth and point-spread function of the coadd, one row.",
        name="deep_coadd",
        storageClass="ArrowAstropy",
        dimensions=("skymap", "tract", "patch", "band"),
    )


class CoaddConfig(PipelineTaskConfig, pipelineConnections=CoaddConnections):
    """Configuration of `CoaddTask`."""


class CoaddTask(PipelineTask):
    """Combine warps by inverse variance.

    A visit is combined if its warp is an input of the quantum and the
    selection has it selected.  Neither needs to know all visits of the
    other: a campaign may take warps away, and a selection may be edited.
    """

    ConfigClass: ClassVar[type[CoaddConfig]] = CoaddConfig
    _DefaultName: ClassVar[str] = "coadd"

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

        Raises
        ------
        lsst.pipe.base.NoWorkFound
            Raised if no input is selected.
        """
        inputs = butlerQC.get(inputRefs)
        selected = {
            (row["instrument"], row["visit"]) for row in inputs["selection"]["visits"] if row["selected"]
        }
        chosen: list[DeferredDatasetHandle] = []
        unused: list[DeferredDatasetHandle] = []
        for handle in inputs["warps"]:
            key = (handle.dataId["instrument"], handle.dataId["visit"])
            (chosen if key in selected else unused).append(handle)
        # Only the task knows; whoever asks what went into the coadd reads it here.
        self.metadata[UNUSED_INPUTS] = [str(handle.ref.id) for handle in unused]
        warps = [handle.get() for handle in chosen]
        if not warps:
            raise NoWorkFound(
                f"None of {len(inputs['warps'])} warps is of one of the {len(selected)} selected visits."
            )
        butlerQC.put(self.run(warps), outputRefs)

    def run(self, warps: Sequence[Table]) -> Struct:
        """Combine warps.

        Parameters
        ----------
        warps : `~collections.abc.Sequence` [ `astropy.table.Table` ]
            One row of each visit; at least one visit.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``coadd``, an `astropy.table.Table` of one row; ``visits`` lists
            the visits that are in it, sorted.
        """
        variances = np.array([float(warp["sky_variance"][0]) for warp in warps])
        widths = np.array([float(warp["psf_fwhm"][0]) for warp in warps])
        weights = 1.0 / variances
        variance = 1.0 / weights.sum()
        # Second moments average linearly, so that one blurred visit widens the whole coadd.
        psf_fwhm = float(np.sqrt(np.average(widths**2, weights=weights)))
        table = Table(
            {
                "band": [str(warps[0]["band"][0])],
                "n_visits": [len(warps)],
                "exposure_time": [sum(float(warp["exposure_time"][0]) for warp in warps)] * u.s,
                "depth": [compute_depth(psf_fwhm, variance, COADD_ZERO_POINT)] * u.mag,
                "psf_fwhm": [psf_fwhm] * u.arcsec,
                "visits": np.array([sorted(int(warp["visit"][0]) for warp in warps)]),
            }
        )
        return Struct(coadd=table)
