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

__all__ = ["Epoch", "certify_calibrations"]

Epoch = tuple[str, float | None, float | None]
"""Name of a set of calibrations, and the MJD TAI range for which it is valid."""


def certify_calibrations(
    butler: Butler,
    instrument: str,
    detectors: Sequence[Detector],
    filters: Mapping[str, str],
    *,
    epochs: Sequence[Epoch],
    directory: Path,
    seed: int,
) -> None:
    """Write biases and flats, and certify each epoch's for its range.

    The datasets of an epoch go to RUN ``<instrument>/calib/DM-0/<epoch>`` and
    are certified in CALIBRATION collection ``<instrument>/calib``.  All
    detectors of a bias, or of the flat of a filter, share one file.

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
    directory : `pathlib.Path`
        Where files are made before the Butler takes them over.
    seed : `int`
        Seed of the values.
    """
    bias = DatasetType(
        "bias",
        ["instrument", "detector"],
        "StructuredDataDict",
        universe=butler.dimensions,
        isCalibration=True,
    )
    flat = DatasetType(
        "flat",
        ["instrument", "detector", "physical_filter"],
        "StructuredDataDict",
        universe=butler.dimensions,
        isCalibration=True,
    )
    for dataset_type in (bias, flat):
        butler.registry.registerDatasetType(dataset_type)
    calib = f"{instrument}/calib"
    butler.collections.register(calib, CollectionType.CALIBRATION, doc="Calibrations with validity ranges.")
    for name, begin, end in epochs:
        run = f"{calib}/DM-0/{name}"
        butler.collections.register(run, CollectionType.RUN, doc=f"Calibrations made for epoch {name}.")
        draw = make_generator(seed, instrument, "calibration", name)
        files = [(bias, dict[str, str](), {"level": float(draw.normal(2.0, 0.3)), "read_noise": 4.5})]
        files += [
            (flat, {"physical_filter": physical_filter}, {"throughput": float(draw.normal(0.98, 0.01))})
            for physical_filter in filters
        ]
        datasets = []
        for dataset_type, values, content in files:
            path = directory / f"{dataset_type.name}-{name}-{'-'.join(values.values())}.json"
            path.write_text(json.dumps(content | {"epoch": name}), encoding="utf-8")
            refs = [
                DatasetRef(
                    dataset_type,
                    DataCoordinate.standardize(
                        {"instrument": instrument, "detector": detector.id, **values},
                        universe=butler.dimensions,
                    ),
                    run=run,
                )
                for detector in detectors
            ]
            datasets.append(FileDataset(str(path), refs, formatter=JSON_FORMATTER))
        butler.ingest(*datasets, transfer="move")
        refs = [ref for dataset in datasets for ref in dataset.refs]
        butler.registry.certify(calib, refs, make_timespan(begin, end))
