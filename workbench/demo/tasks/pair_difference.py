"""Compare two visits, detector by detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import astropy.units as u
from astropy.table import Table
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

__all__ = ["DifferencePairConfig", "DifferencePairConnections", "DifferencePairTask"]


class DifferencePairConnections(PipelineTaskConnections, dimensions=("instrument", "group", "detector")):
    """What the task reads and writes."""

    stats = cT.Input(
        doc="What the detector shows in the two visits of the group.",
        name="detector_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        deferLoad=True,
    )
    difference = cT.Output(
        doc="The second visit less the first, one row.",
        name="pair_difference",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "group", "detector"),
    )


class DifferencePairConfig(PipelineTaskConfig, pipelineConnections=DifferencePairConnections):
    """Configuration of `DifferencePairTask`."""


class DifferencePairTask(PipelineTask):
    """Say by how much a detector differs between two visits."""

    ConfigClass: ClassVar[type[DifferencePairConfig]] = DifferencePairConfig
    _DefaultName: ClassVar[str] = "differencePair"

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
            Raised if there are not two visits.
        """
        stats = [handle.get() for handle in butlerQC.get(inputRefs.stats)]
        if len(stats) != 2:
            raise NoWorkFound(f"{len(stats)} visits show the detector, and a pair is two.")
        butlerQC.put(self.run(stats), outputRefs)

    def run(self, stats: Sequence[Table]) -> Struct:
        """Subtract what the first visit shows from what the second does.

        Parameters
        ----------
        stats : `~collections.abc.Sequence` [ `astropy.table.Table` ]
            One row of each of two visits.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``difference``, an `astropy.table.Table` of one row.
        """
        first, second = sorted(stats, key=lambda row: int(row["visit"][0]))
        table = Table(
            {
                "first": [int(first["visit"][0])],
                "second": [int(second["visit"][0])],
                "detector": [int(first["detector"][0])],
                "psf_fwhm": [float(second["psf_fwhm"][0] - first["psf_fwhm"][0])] * u.arcsec,
                "zero_point": [float(second["zero_point"][0] - first["zero_point"][0])] * u.mag,
                "depth": [float(second["depth"][0] - first["depth"][0])] * u.mag,
            }
        )
        return Struct(difference=table)
