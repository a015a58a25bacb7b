"""Gather what the detectors of a visit show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from astropy.table import Table, vstack
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

__all__ = ["SummarizeVisitConfig", "SummarizeVisitConnections", "SummarizeVisitTask"]


class SummarizeVisitConnections(PipelineTaskConnections, dimensions=("instrument", "visit")):
    """What the task reads and writes."""

    stats = cT.Input(
        doc="What each detector shows.",
        name="detector_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        deferLoad=True,
    )
    summary = cT.Output(
        doc="One row for each detector of the visit.",
        name="visit_summary",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit"),
    )


class SummarizeVisitConfig(PipelineTaskConfig, pipelineConnections=SummarizeVisitConnections):
    """Configuration of `SummarizeVisitTask`."""


class SummarizeVisitTask(PipelineTask):
    """Gather the detectors of a visit into one table."""

    ConfigClass: ClassVar[type[SummarizeVisitConfig]] = SummarizeVisitConfig
    _DefaultName: ClassVar[str] = "summarizeVisit"

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
        handles = butlerQC.get(inputRefs)["stats"]
        butlerQC.put(self.run([handle.get() for handle in handles]), outputRefs)

    def run(self, stats: Sequence[Table]) -> Struct:
        """Gather the detectors of a visit.

        Parameters
        ----------
        stats : `~collections.abc.Sequence` [ `astropy.table.Table` ]
            One row of each detector.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``summary``, an `astropy.table.Table` sorted by detector.
        """
        summary = vstack(list(stats), metadata_conflicts="silent")
        summary.sort("detector")
        return Struct(summary=summary)
