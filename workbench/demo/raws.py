"""Raw datasets: the header of each exposure and detector, in small files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from lsst.daf.butler import Butler, DataCoordinate, DatasetRef, DatasetType, FileDataset

from workbench.demo.observations import Observation
from workbench.progress import Progress, silent

__all__ = ["JSON_FORMATTER", "ingest_raws", "make_header", "put_raws", "register_raw_type"]

JSON_FORMATTER = "lsst.daf.butler.formatters.json.JsonFormatter"
"""What reads the files that several datasets share."""


def register_raw_type(butler: Butler) -> DatasetType:
    """Register the dataset type of raws.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler; its database is written to.

    Returns
    -------
    dataset_type : `lsst.daf.butler.DatasetType`
        ``raw``, one dataset for an exposure and detector.
    """
    dataset_type = DatasetType(
        "raw", ["instrument", "exposure", "detector"], "StructuredDataDict", universe=butler.dimensions
    )
    butler.registry.registerDatasetType(dataset_type)
    return dataset_type


def make_header(instrument: str, observation: Observation, seed: int) -> dict[str, int | float | str]:
    """Return the header of an exposure.

    Parameters
    ----------
    instrument : `str`
        Name of the instrument.
    observation : `Observation`
        What was observed.
    seed : `int`
        Seed of the model that the pixels come from.

    Returns
    -------
    header : `dict` [ `str`, `int` or `float` or `str` ]
        Values by keyword: times in MJD TAI and s, angles in deg.
    """
    return {
        "INSTRUME": instrument,
        "OBSID": observation.obs_id,
        "EXPID": observation.id,
        "DAYOBS": observation.day_obs,
        "OBJECT": observation.target_name,
        "PROGRAM": observation.science_program,
        "FILTER": observation.physical_filter,
        "BAND": observation.band,
        "MJD-BEG": observation.begin,
        "EXPTIME": observation.exposure_time,
        "RA": observation.ra,
        "DEC": observation.dec,
        "ROTPA": observation.sky_angle,
        "ZENITH": observation.zenith_angle,
        "SEED": seed,
    }


def put_raws(
    butler: Butler,
    dataset_type: DatasetType,
    run: str,
    instrument: str,
    observations: Iterable[Observation],
    *,
    seed: int,
) -> None:
    """Write one file for each exposure and detector.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler; its database and files are written to.
    dataset_type : `lsst.daf.butler.DatasetType`
        What `register_raw_type` returned.
    run : `str`
        An existing RUN collection.
    instrument : `str`
        Name of the instrument.
    observations : `~collections.abc.Iterable` [ `Observation` ]
        What was observed; the records are registered already.
    seed : `int`
        Seed of the model that the pixels come from.
    """
    for observation in observations:
        header = make_header(instrument, observation, seed)
        for detector in observation.outlines:
            butler.put(
                header | {"DETECTOR": detector},
                dataset_type,
                run=run,
                instrument=instrument,
                exposure=observation.id,
                detector=detector,
            )


def ingest_raws(
    butler: Butler,
    dataset_type: DatasetType,
    run: str,
    instrument: str,
    observations: Iterable[Observation],
    *,
    directory: Path,
    seed: int,
    batch_size: int = 25,
    progress: Progress = silent,
) -> None:
    """Write one file for each exposure, which the raws of all its detectors share.

    The file is real and readable through every one of its datasets, but 189
    datasets cost one file.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler; its database and files are written to.
    dataset_type : `lsst.daf.butler.DatasetType`
        What `register_raw_type` returned.
    run : `str`
        An existing RUN collection.
    instrument : `str`
        Name of the instrument.
    observations : `~collections.abc.Iterable` [ `Observation` ]
        What was observed; the records are registered already.
    directory : `pathlib.Path`
        Where files are made before the Butler takes them over.
    seed : `int`
        Seed of the model that the pixels come from.
    batch_size : `int`, optional
        Number of exposures that are ingested at once.
    progress : `~workbench.progress.Progress`, optional
        Called after every batch.
    """
    observed = list(observations)
    for done in range(0, len(observed), batch_size):
        batch = observed[done : done + batch_size]
        datasets = []
        for observation in batch:
            path = directory / f"{observation.id}.json"
            path.write_text(json.dumps(make_header(instrument, observation, seed)), encoding="utf-8")
            refs = [
                DatasetRef(
                    dataset_type,
                    DataCoordinate.from_required_values(
                        dataset_type.dimensions, (instrument, detector, observation.id)
                    ),
                    run=run,
                )
                for detector in observation.outlines
            ]
            datasets.append(FileDataset(str(path), refs, formatter=JSON_FORMATTER))
        butler.ingest(*datasets, transfer="move")
        progress(f"{instrument} raws", (done + len(batch)) / len(observed))
