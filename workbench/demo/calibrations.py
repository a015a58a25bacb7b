"""Calibrations: small biases and flats, certified for ranges of time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsst.daf.butler import Butler, CollectionType, DataCoordinate, DatasetRef, DatasetType, FileDataset

from workbench.demo.model import make_generator
from workbench.demo.observations import Detector
from workbench.demo.raws import JSON_FORMATTER
from workbench.demo.records import make_timespan

__all__ = ["Epoch", "certify_calibrations", "register_calibration_types"]

Epoch = tuple[str, float | None, float | None]
"""Name of a set of calibrations, and the MJD TAI range for which it is valid."""

Content = dict[str, float | str]


def register_calibration_types(butler: Butler) -> tuple[DatasetType, DatasetType]:
    """Register the dataset types of calibrations.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler; its database is written to.

    Returns
    -------
    bias, flat : `lsst.daf.butler.DatasetType`
        One dataset for a detector; for a flat, also for a physical filter.
    """
    bias, flat = (
        DatasetType(name, dimensions, "StructuredDataDict", universe=butler.dimensions, isCalibration=True)
        for name, dimensions in (
            ("bias", ["instrument", "detector"]),
            ("flat", ["instrument", "detector", "physical_filter"]),
        )
    )
    for dataset_type in (bias, flat):
        butler.registry.registerDatasetType(dataset_type)
    return bias, flat


def certify_calibrations(
    butler: Butler,
    instrument: str,
    detectors: Sequence[Detector],
    filters: Mapping[str, str],
    *,
    epochs: Sequence[Epoch],
    seed: int,
    shared_in: Path | None = None,
) -> None:
    """Write biases and flats, and certify each epoch's for its range.

    The datasets of an epoch go to RUN ``<instrument>/calib/DM-0/<epoch>`` and
    are certified in CALIBRATION collection ``<instrument>/calib``.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler; its database and files are written to.
    instrument : `str`
        Name of the instrument, whose records are registered already.
    detectors : `~collections.abc.Sequence` [ `Detector` ]
        Sensors to calibrate.
    filters : `~collections.abc.Mapping` [ `str`, `str` ]
        Band by physical filter.
    epochs : `~collections.abc.Sequence` [ `tuple` ]
        Name and validity range of each set, without overlap.
    seed : `int`
        Seed of the values.
    shared_in : `pathlib.Path`, optional
        A scratch directory: all detectors then share one file for the bias
        and one for each flat, which is made there before the Butler takes it
        over.  By default each dataset has its own file.
    """
    bias, flat = register_calibration_types(butler)
    calib = f"{instrument}/calib"
    butler.collections.register(calib, CollectionType.CALIBRATION, doc="Calibrations with validity ranges.")
    for name, begin, end in epochs:
        run = f"{calib}/DM-0/{name}"
        butler.collections.register(run, CollectionType.RUN, doc=f"Calibrations made for epoch {name}.")
        draw = make_generator(seed, instrument, "calibration", name)
        contents: list[tuple[DatasetType, tuple[str, ...], Content]] = [
            (bias, (), {"level": float(draw.normal(2.0, 0.3)), "read_noise": 4.5, "epoch": name})
        ]
        contents += [
            (flat, (physical_filter,), {"throughput": float(draw.normal(0.98, 0.01)), "epoch": name})
            for physical_filter in filters
        ]
        refs = []
        with butler.transaction():
            for dataset_type, values, content in contents:
                data_ids = [
                    DataCoordinate.from_required_values(
                        dataset_type.dimensions, (instrument, detector.id, *values)
                    )
                    for detector in detectors
                ]
                if shared_in is None:
                    refs += [butler.put(content, dataset_type, data_id, run=run) for data_id in data_ids]
                    continue
                path = shared_in / f"{'-'.join((dataset_type.name, name, *values))}.json"
                path.write_text(json.dumps(content), encoding="utf-8")
                dataset = FileDataset(
                    str(path),
                    [DatasetRef(dataset_type, data_id, run=run) for data_id in data_ids],
                    formatter=JSON_FORMATTER,
                )
                butler.ingest(dataset, transfer="move")
                refs += dataset.refs
        butler.registry.certify(calib, refs, make_timespan(begin, end))
