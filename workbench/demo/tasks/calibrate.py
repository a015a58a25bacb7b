"""Calibrate the image of one detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import astropy.units as u
import numpy as np
from astropy.table import Table
from lsst.pex.config import Field
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

from workbench.demo.model import (
    CAMERAS,
    compute_depth,
    draw_conditions,
    draw_defect,
    make_generator,
    measure,
)

__all__ = ["CalibrateConfig", "CalibrateConnections", "CalibrateTask"]


class CalibrateConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    """What the task reads and writes."""

    raws = cT.Input(
        doc="Headers of the exposures of the visit.",
        name="raw",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "exposure", "detector"),
        multiple=True,
        deferLoad=True,
    )
    bias = cT.PrerequisiteInput(
        doc="Bias level and read noise.",
        name="bias",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "detector"),
        isCalibration=True,
    )
    flat = cT.PrerequisiteInput(
        doc="Throughput of detector and filter.",
        name="flat",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "detector", "physical_filter"),
        isCalibration=True,
    )
    stats = cT.Output(
        doc="Background, point-spread function and depth of the image, one row.",
        name="detector_stats",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit", "detector"),
    )


class CalibrateConfig(PipelineTaskConfig, pipelineConnections=CalibrateConnections):
    """Configuration of `CalibrateTask`."""

    scatter = Field[float](  # type: ignore[no-untyped-call]
        doc="Scatter of the point-spread function's width from detector to detector, as a fraction.",
        default=0.02,
    )


class CalibrateTask(PipelineTask):
    """Derive what the image of one detector shows from its header and the model."""

    ConfigClass: ClassVar[type[CalibrateConfig]] = CalibrateConfig
    _DefaultName: ClassVar[str] = "calibrate"
    config: CalibrateConfig

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
        headers = [handle.get() for handle in inputs["raws"]]
        data_id = outputRefs.stats.dataId
        outputs = self.run(
            headers,
            bias=inputs["bias"],
            flat=inputs["flat"],
            visit=int(data_id["visit"]),
            detector=int(data_id["detector"]),
        )
        butlerQC.put(outputs, outputRefs)

    def run(
        self,
        headers: Sequence[Mapping[str, int | float | str]],
        *,
        bias: Mapping[str, float],
        flat: Mapping[str, float],
        visit: int,
        detector: int,
    ) -> Struct:
        """Derive what the image shows.

        Parameters
        ----------
        headers : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
            Headers of the exposures of the visit, all of one pointing and filter.
        bias : `~collections.abc.Mapping` [ `str`, `float` ]
            ``level`` and ``read_noise``, electron.
        flat : `~collections.abc.Mapping` [ `str`, `float` ]
            ``throughput``, relative to the nominal one.
        visit, detector : `int`
            Identify the image.

        Returns
        -------
        outputs : `lsst.pipe.base.Struct`
            ``stats``, an `astropy.table.Table` of one row.
        """
        header = headers[0]
        exposure_time = float(sum(float(one["EXPTIME"]) for one in headers))
        camera, seed, band = CAMERAS[str(header["INSTRUME"])], int(header["SEED"]), str(header["BAND"])
        conditions = draw_conditions(
            camera,
            seed,
            day_obs=int(header["DAYOBS"]),
            visit=visit,
            band=band,
            zenith_angle=float(header["ZENITH"]),
        )
        nominal = measure(camera, band, exposure_time, conditions, draw_defect(camera, seed, visit))
        noise = make_generator(seed, camera.name, "detector", visit, detector)
        throughput = flat["throughput"]
        psf_fwhm = nominal.psf_fwhm * noise.lognormal(0.0, self.config.scatter)
        sky = nominal.background * throughput * noise.normal(1.0, 0.01)
        zero_point = nominal.zero_point + 2.5 * np.log10(throughput) + noise.normal(0.0, 0.003)
        variance = (sky + bias["read_noise"] ** 2 * len(headers)) / camera.pixel_scale**2
        table = Table(
            {
                "instrument": [camera.name],
                "visit": [visit],
                "detector": [detector],
                "band": [band],
                "exposure_time": [exposure_time] * u.s,
                "psf_fwhm": [psf_fwhm] * u.arcsec,
                "background": [sky + bias["level"]] * (u.electron / u.pix),
                "sky_variance": [variance] * (u.electron**2 / u.arcsec**2),
                "zero_point": [zero_point] * u.mag,
                "depth": [compute_depth(psf_fwhm, variance, zero_point)] * u.mag,
            }
        )
        return Struct(stats=table)
