"""Make the demonstration repository: a real Butler repository in a directory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lsst.daf.butler import Butler, CollectionType, DatasetType

from workbench.demo.calibrations import certify_calibrations
from workbench.demo.camera import SIMCAM_DETECTORS, SIMCAM_FILTERS, SimCam
from workbench.demo.model import DEFAULT_SEED
from workbench.demo.observations import read_hsc_detectors, read_hsc_observations
from workbench.demo.raws import ingest_raws, put_raws, register_raw_type
from workbench.demo.records import insert_camera, insert_observations, make_timespan
from workbench.demo.skymap import COSMOS_RINGS, RingSkyMap
from workbench.demo.survey import make_survey_skymap, observe_survey
from workbench.errors import DemonstrationError, RepositoryExistsError
from workbench.progress import Progress, silent

__all__ = ["create_repository", "fill_repository"]

HSC_FILTERS = {"HSC-R": "r", "HSC-R2": "r", "HSC-I": "i", "HSC-I2": "i"}
"""Band by physical filter; the first two generations of the filters of HSC."""

HSC_EPOCHS = (("20150101", 57023.0, 57540.0), ("20160601", 57540.0, None))
"""Calibrations before and after the summer of 2016, when the last filter was replaced."""

SIMCAM_EPOCHS = (("20261101", 61345.0, 61360.0), ("20261116", 61360.0, None))
"""Calibrations of the simulated survey, new after two weeks."""


def create_repository(
    path: str | Path,
    *,
    survey: int = 0,
    seed: int = DEFAULT_SEED,
    overwrite: bool = False,
    progress: Progress = silent,
) -> None:
    """Make a Butler repository with twelve real HSC COSMOS visits.

    The repository is made beside its place and moved there when it is
    complete, so that a failure or a cancellation leaves nothing behind.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        Directory of the new repository.
    survey : `int`, optional
        Number of visits of a simulated survey, with a camera of 189
        detectors, to add.  All raws of one of its visits share one file, so
        a graph of them must carry datastore records to be executed.
    seed : `int`, optional
        Seed of everything that is modelled.
    overwrite : `bool`, optional
        Replace a Butler repository that is there.
    progress : `~workbench.progress.Progress`, optional
        Called with the stages of the work.

    Raises
    ------
    workbench.errors.RepositoryExistsError
        Raised if the path is taken: by a file, by a directory that is not
        empty, or, with ``overwrite``, by anything but a Butler repository.
    workbench.errors.DemonstrationError
        Raised if ``survey`` or ``seed`` is negative.
    """
    root = Path(path).expanduser().absolute()
    _check_numbers(survey, seed)
    _check_place(root, overwrite)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-") as scratch:
        made = Path(scratch) / "repository"
        progress("making the repository", 0.0)
        Butler.makeRepo(str(made))
        with Butler.from_config(str(made), writeable=True) as butler:
            fill_repository(butler, survey=survey, seed=seed, progress=progress)
        replaced = Path(scratch) / "replaced"
        if root.is_dir():
            root.rename(replaced)
        try:
            made.rename(root)
        except OSError:
            if replaced.is_dir():
                replaced.rename(root)
            raise
    progress("the repository is complete", 1.0)


def _check_numbers(survey: int, seed: int) -> None:
    """Check the numbers that a demonstration is made from.

    Parameters
    ----------
    survey, seed : `int`
        As given to `create_repository`.
    """
    if survey < 0:
        raise DemonstrationError(
            f"A survey of {survey} visits was asked for; give 0 for none, or the number of visits."
        )
    if seed < 0:
        raise DemonstrationError(f"Seed {seed} was asked for; a seed is 0 or a positive integer.")


def _check_place(root: Path, overwrite: bool) -> None:
    """Check that a repository may be made at a path.

    Parameters
    ----------
    root : `pathlib.Path`
        Directory of the new repository.
    overwrite : `bool`
        Whether a repository that is there may be replaced.
    """
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    if not root.is_dir():
        raise RepositoryExistsError(f"{root} is a file; give the path of a new directory.")
    if not (root / "butler.yaml").is_file():
        raise RepositoryExistsError(
            f"{root} is not empty and is no Butler repository; give the path of a new or empty directory."
        )
    if not overwrite:
        raise RepositoryExistsError(
            f"{root} holds a Butler repository already; give another path, or ask to overwrite it."
        )


def fill_repository(
    butler: Butler, *, survey: int = 0, seed: int = DEFAULT_SEED, progress: Progress = silent
) -> None:
    """Write the demonstration into an empty repository, whatever its database.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler of a repository without data; its database and
        files are written to.
    survey : `int`, optional
        Number of visits of a simulated survey to add.
    seed : `int`, optional
        Seed of everything that is modelled.
    progress : `~workbench.progress.Progress`, optional
        Called with the stages of the work.
    """
    _check_numbers(survey, seed)
    raw = register_raw_type(butler)
    butler.collections.register("skymaps", CollectionType.RUN, doc="Definitions of sky maps.")
    butler.registry.registerDatasetType(
        DatasetType("skymap_definition", ["skymap"], "StructuredDataDict", universe=butler.dimensions)
    )
    _add_skymap(butler, COSMOS_RINGS)
    _add_hsc(butler, raw, seed=seed, progress=progress)
    if survey:
        _add_skymap(butler, make_survey_skymap(survey))
        with tempfile.TemporaryDirectory() as directory:
            _add_survey(butler, raw, survey, seed=seed, directory=Path(directory), progress=progress)


def _add_skymap(butler: Butler, skymap: RingSkyMap) -> None:
    """Write the records of a sky map, and its definition as a dataset.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler.
    skymap : `RingSkyMap`
        The map.
    """
    skymap.register(butler)
    butler.put(skymap.to_dict(), "skymap_definition", run="skymaps", skymap=skymap.name)


def _add_hsc(butler: Butler, raw: DatasetType, *, seed: int, progress: Progress) -> None:
    """Write the twelve real visits.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler.
    raw : `lsst.daf.butler.DatasetType`
        Dataset type of raws.
    seed : `int`
        Seed of everything that is modelled.
    progress : `~workbench.progress.Progress`
        Called with the stages of the work.
    """
    detectors, observations = read_hsc_detectors(), read_hsc_observations()
    insert_camera(
        butler.registry,
        "HSC",
        "lsst.obs.subaru.HyperSuprimeCam",
        detectors,
        HSC_FILTERS,
        visit_max=21474800,
    )
    # HSC counts its days from midnight TAI: nights in Hawaii fall within one.
    nights = {
        observation.day_obs: make_timespan(int(observation.begin), int(observation.begin) + 1)
        for observation in observations
    }
    insert_observations(butler, "HSC", observations, nights, progress=progress)
    butler.collections.register("HSC/raw/all", CollectionType.RUN, doc="All raws of HSC.")
    progress("HSC raws")
    with butler.transaction():
        put_raws(butler, raw, "HSC/raw/all", "HSC", observations, seed=seed)
    progress("HSC calibrations")
    certify_calibrations(butler, "HSC", detectors, HSC_FILTERS, epochs=HSC_EPOCHS, seed=seed)
    _chain_collections(butler, "HSC")


def _add_survey(
    butler: Butler, raw: DatasetType, n_visits: int, *, seed: int, directory: Path, progress: Progress
) -> None:
    """Write the simulated survey.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler.
    raw : `lsst.daf.butler.DatasetType`
        Dataset type of raws.
    n_visits : `int`
        Number of visits.
    seed : `int`
        Seed of everything that is modelled.
    directory : `pathlib.Path`
        A scratch directory.
    progress : `~workbench.progress.Progress`
        Called with the stages of the work.
    """
    name = SimCam.getName()
    SimCam().register(butler.registry)
    progress("simulating the survey")
    observations = observe_survey(n_visits, seed)
    nights = {}
    for observation in observations:
        # Nights in Chile: an observing day lasts from noon to noon, as at Rubin.
        noon = int(observation.begin - 0.5) + 0.5
        nights[observation.day_obs] = make_timespan(noon, noon + 1)
    insert_observations(butler, name, observations, nights, simulated=True, progress=progress)
    run = f"{name}/raw/all"
    butler.collections.register(run, CollectionType.RUN, doc="All raws of the simulated survey.")
    ingest_raws(butler, raw, run, name, observations, directory=directory, seed=seed, progress=progress)
    progress(f"{name} calibrations")
    certify_calibrations(
        butler, name, SIMCAM_DETECTORS, SIMCAM_FILTERS, epochs=SIMCAM_EPOCHS, seed=seed, shared_in=directory
    )
    _chain_collections(butler, name)


def _chain_collections(butler: Butler, instrument: str) -> None:
    """Make the usual chains over the collections of an instrument.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler.
    instrument : `str`
        Name of the instrument; RFC-741 gives the names of the rest.
    """
    chains = {
        f"{instrument}/raw": ([f"{instrument}/raw/all"], "The raws to process by default."),
        f"{instrument}/defaults": (
            [f"{instrument}/raw", f"{instrument}/calib", "skymaps"],
            "Everything that a pipeline takes as input by default.",
        ),
    }
    for chain, (children, doc) in chains.items():
        butler.collections.register(chain, CollectionType.CHAINED, doc=doc)
        butler.collections.redefine_chain(chain, children)
