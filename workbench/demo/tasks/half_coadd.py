"""Combine the warps of a patch that are of one half of the visits."""

from __future__ import annotations

from typing import ClassVar

from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
)
from lsst.pipe.base import connectionTypes as cT

from workbench.demo.tasks.coadd import CoaddTask

__all__ = ["HalfCoaddConfig", "HalfCoaddConnections", "HalfCoaddTask"]


class HalfCoaddConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "patch", "band", "half")):
    """What the task reads and writes."""

    warps = cT.Input(
        doc="Warps of the visits of the half that overlap the patch.",
        name="warp_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "skymap", "tract", "patch", "visit"),
        multiple=True,
        deferLoad=True,
    )
    coadd = cT.Output(
        doc="Depth and point-spread function of the coadd, one row.",
        name="half_coadd",
        storageClass="ArrowAstropy",
        dimensions=("skymap", "tract", "patch", "band", "half"),
    )


class HalfCoaddConfig(PipelineTaskConfig, pipelineConnections=HalfCoaddConnections):
    """Configuration of `HalfCoaddTask`."""


class HalfCoaddTask(PipelineTask):
    """Combine all of the warps that a half is given.

    Which visits are in a half is in the repository, as the members of the
    dynamic dimension: the task selects nothing.
    """

    ConfigClass: ClassVar[type[HalfCoaddConfig]] = HalfCoaddConfig
    _DefaultName: ClassVar[str] = "halfCoadd"

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
        combine = CoaddTask(config=CoaddTask.ConfigClass())
        warps = [handle.get() for handle in butlerQC.get(inputRefs.warps)]
        butlerQC.put(combine.run(warps), outputRefs)
