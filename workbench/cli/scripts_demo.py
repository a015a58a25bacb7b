"""The demonstration: its repository, and the main job in it."""

from __future__ import annotations

from workbench.cli.printing import print_facts
from workbench.cli.terminal import reporting

__all__ = ["create_demo", "run_demo"]


def create_demo(path: str, *, survey: int = 0, seed: int | None = None, overwrite: bool = False) -> None:
    """Make the demonstration repository.

    Parameters
    ----------
    path : `str`
        Directory of the new repository.
    survey : `int`, optional
        Number of visits of a simulated survey to add.
    seed : `int`, optional
        Seed of everything that is modelled.
    overwrite : `bool`, optional
        Replace a repository that is there.
    """
    from workbench.demo import DEFAULT_SEED
    from workbench.demo.main_job import create

    with reporting() as progress:
        create(
            path,
            survey=survey,
            seed=DEFAULT_SEED if seed is None else seed,
            overwrite=overwrite,
            progress=progress,
        )
    print_facts({"repository": path})


def run_demo(path: str) -> None:
    """Walk the main job through a demonstration repository.

    Parameters
    ----------
    path : `str`
        Directory of the repository; a demonstration that is there is replaced.
    """
    from workbench.demo.main_job import run_main_job

    with reporting() as progress:
        run_main_job(path, echo=progress.print, progress=progress)
