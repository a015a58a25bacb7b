"""Commands of the demonstration."""

from __future__ import annotations

import click

from workbench.cli.output.printing import print_facts
from workbench.cli.output.terminal import reporting
from workbench.cli.words.shapes import Group

__all__ = ["demo"]


@click.group(cls=Group)
def demo() -> None:
    """Make the demonstration repository; walk the main job in it."""


@demo.command()
@click.argument("directory", metavar="DIR")
@click.option(
    "--survey",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Add a simulated survey of N visits with a camera of 189 detectors.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of everything that is modelled.")
@click.option("--overwrite", is_flag=True, help="Replace a Butler repository that is there.")
def create(directory: str, survey: int, seed: int | None, overwrite: bool) -> None:
    """Make a repository of twelve real visits, and of a survey.

    The twelve visits are of HSC in the COSMOS field; --survey adds thousands of simulated ones.
    Pointings, times, filters and outlines are facts of public observations; seeing,
    background and whatever derives from them are modelled, and labelled so.
    """
    from workbench.demo import DEFAULT_SEED
    from workbench.demo.main_job import create

    with reporting() as progress:
        create(
            directory,
            survey=survey,
            seed=DEFAULT_SEED if seed is None else seed,
            overwrite=overwrite,
            progress=progress,
        )
    print_facts({"repository": directory})


@demo.command()
@click.argument("directory", metavar="DIR")
def run(directory: str) -> None:
    """Walk the main job through the repository in DIR.

    The repository is made first; a demonstration that is there is replaced. Select,
    subtract the bad list, save, publish, group, constrain, preview, commit, execute, bring
    back, trace, annotate, export: each step is printed with what it found.
    """
    from workbench.demo.main_job import run_main_job

    with reporting() as progress:
        run_main_job(directory, echo=progress.print, progress=progress)
