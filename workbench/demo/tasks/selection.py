"""Select the visits that go into a coadd."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from astropy.table import Table
from lsst.pex.config import Field, RangeField
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

__all__ = [
    "SelectSharpVisitsConfig",
    "SelectSharpVisitsConnections",
    "SelectSharpVisitsTask",
    "SelectVisitsConfig",
    "SelectVisitsConnections",
    "SelectVisitsTask",
    "SelectionRow",
]

SelectionRow = dict[str, str | int | float | bool]
"""A visit that was considered: ``instrument``, ``visit``, ``psf_fwhm`` (arcsec), ``selected``, ``reason``."""


class SelectVisitsConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "patch", "band")):
    """What the task reads and writes."""

    summaries = cT.Input(
        doc="Summaries of the visits that overlap the patch.",
        name="visit_summary",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit"),
        multiple=True,
        deferLoad=True,
    )
    selection = cT.Output(
        doc="The visits that were considered, which were selected, and why not.",
        name="selected_visits",
        storageClass="StructuredDataDict",
        dimensions=("skymap", "tract", "patch", "band"),
    )


class SelectVisitsConfig(PipelineTaskConfig, pipelineConnections=SelectVisitsConnections):
    """Configuration of `SelectVisitsTask`."""

    max_psf_fwhm = Field[float](  # type: ignore[no-untyped-call]
        doc="Visits whose median point-spread function is wider are left out, arcsec.",
        default=2.5,
    )


class SelectVisitsTask(PipelineTask):
    """Select all visits but those that are hopelessly blurred."""

    ConfigClass: ClassVar[type[PipelineTaskConfig]] = SelectVisitsConfig
    _DefaultName: ClassVar[str] = "selectVisits"
    config: SelectVisitsConfig

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
        handles = butlerQC.get(inputRefs)["summaries"]
        butlerQC.put(self.run([handle.get() for handle in handles]), outputRefs)

    def run(self, summaries: Sequence[Table]) -> Struct:
        """Select visits.

        Parameters
        ----------
        summaries : `~collections.abc.Sequence` [ `astropy.table.Table` ]
            Detectors of each visit; at least one visit.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``selection``, a `dict` whose ``visits`` lists a `SelectionRow`
            for each visit, sorted by instrument and visit.
        """
        widths = sorted(
            (str(summary["instrument"][0]), int(summary["visit"][0]), float(np.median(summary["psf_fwhm"])))
            for summary in summaries
        )
        reasons = self.find_reasons({(instrument, visit): width for instrument, visit, width in widths})
        rows: list[SelectionRow] = [
            {
                "instrument": instrument,
                "visit": visit,
                "psf_fwhm": width,
                "selected": not reasons[instrument, visit],
                "reason": reasons[instrument, visit],
            }
            for instrument, visit, width in widths
        ]
        return Struct(selection={"visits": rows})

    def find_reasons(self, widths: Mapping[tuple[str, int], float]) -> dict[tuple[str, int], str]:
        """Say why visits are left out.

        Parameters
        ----------
        widths : `~collections.abc.Mapping`
            Median width of the point-spread function, arcsec, by instrument
            and visit.

        Returns
        -------
        reasons : `dict`
            By instrument and visit, empty for those to select.
        """
        limit = self.config.max_psf_fwhm
        return {
            visit: f"point-spread function wider than {limit} arcsec" if width > limit else ""
            for visit, width in widths.items()
        }


class SelectSharpVisitsConnections(SelectVisitsConnections, dimensions=("skymap", "tract", "patch", "band")):
    """What the task reads and writes."""

    selection = cT.Output(
        doc="The visits that were considered, which were selected, and why not.",
        name="sharp_visits",
        storageClass="StructuredDataDict",
        dimensions=("skymap", "tract", "patch", "band"),
    )


class SelectSharpVisitsConfig(SelectVisitsConfig, pipelineConnections=SelectSharpVisitsConnections):
    """Configuration of `SelectSharpVisitsTask`."""

    fraction = RangeField(  # type: ignore[no-untyped-call]
        doc="Fraction of the visits to select, those with the best seeing; at least one visit.",
        dtype=float,
        default=0.5,
        min=0.0,
        max=1.0,
    )


class SelectSharpVisitsTask(SelectVisitsTask):
    """Select the visits with the best seeing."""

    ConfigClass: ClassVar[type[PipelineTaskConfig]] = SelectSharpVisitsConfig
    _DefaultName: ClassVar[str] = "selectSharpVisits"
    config: SelectSharpVisitsConfig

    def find_reasons(self, widths: Mapping[tuple[str, int], float]) -> dict[tuple[str, int], str]:
        """Say why visits are left out.

        Parameters
        ----------
        widths : `~collections.abc.Mapping`
            Median width of the point-spread function, arcsec, by instrument
            and visit.

        Returns
        -------
        reasons : `dict`
            By instrument and visit, empty for those to select.
        """
        ranked = sorted(widths, key=lambda visit: (widths[visit], visit))
        kept = set(ranked[: max(1, math.ceil(self.config.fraction * len(ranked)))])
        reason = f"not among the best {self.config.fraction:.0%} by seeing"
        return {visit: "" if visit in kept else reason for visit in widths}
