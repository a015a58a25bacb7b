"""Datasets that a plan puts into a RUN of their own: here, or by a script."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from lsst.daf.butler import Butler, MissingDatasetTypeError

from workbench.errors import BadNameError
from workbench.exports.scripts import write_plan_script
from workbench.presentation import presented
from workbench.registry import Registry
from workbench.registry.plan.plan import Plan, RegisterDatasetType, RegisterRun
from workbench.registry.plan.puts import PutMapping, PutTable

__all__ = ["Put", "make_put_plan", "put_datasets"]


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Put:
    """What was put, or what a script will put.

    Parameters
    ----------
    run : `str`
        RUN collection of the datasets.
    dataset_type : `str`
        Their dataset type.
    n_datasets : `int`
        How many there are.
    script : `pathlib.Path` or `None`
        The script, where nothing was put yet.
    """

    run: str
    dataset_type: str
    n_datasets: int
    script: Path | None


def make_put_plan(
    butler: Butler,
    run: str,
    doc: str,
    puts: Sequence[PutMapping | PutTable],
    *,
    dataset_type: str,
    dimensions: Iterable[str],
    storage_classes: Sequence[str],
) -> Plan:
    """Plan to put datasets of one type into a new RUN.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client.
    run, doc : `str`
        RUN collection, which must not exist, and its documentation.
    puts : `~collections.abc.Sequence` [ `PutMapping` or `PutTable` ]
        The datasets.
    dataset_type : `str`
        Their dataset type.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Its dimensions.
    storage_classes : `~collections.abc.Sequence` [ `str` ]
        Storage classes that its readers take; the first is registered where
        the type is new.

    Returns
    -------
    plan : `~workbench.registry.plan.plan.Plan`
        All or nothing of it.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if a dataset type of this name is something else.
    """
    wanted = butler.dimensions.conform(dimensions)
    storage_class = storage_classes[0]
    try:
        found = butler.get_dataset_type(dataset_type)
    except MissingDatasetTypeError:
        pass
    else:
        storage_class = found.storageClass_name
        if found.dimensions != wanted or storage_class not in storage_classes:
            there, needed = (", ".join(group.required) for group in (found.dimensions, wanted))
            raise BadNameError(
                f"The dataset type {dataset_type!r} is there with dimensions {there} and storage class "
                f"{storage_class}; what is to be put has {needed} and {storage_classes[0]}. Put it under "
                "another name."
            )
    declared = RegisterDatasetType(dataset_type, tuple(wanted.required), storage_class)
    return Plan((declared,), (RegisterRun(run, doc), *puts))


def put_datasets(registry: Registry, plan: Plan, *, purpose: str, script: str | Path | None = None) -> Put:
    """Carry a plan of puts out, or write it as a script.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    plan : `~workbench.registry.plan.plan.Plan`
        As made by `make_put_plan`.
    purpose : `str`
        What it is for, in a sentence.
    script : `str` or `pathlib.Path`, optional
        Script to write instead of writing to the Butler.

    Returns
    -------
    put : `Put`
        What was put.  Writes to the Butler, or the script alone.

    Raises
    ------
    workbench.errors.ReadOnlyError
        Raised if the Butler cannot be written, and no script is asked for.
    workbench.errors.OutputRunExistsError
        Raised if the RUN exists.
    """
    run = next(step.name for step in plan.steps if isinstance(step, RegisterRun))
    path = None
    if script is None:
        with registry.writeable_butler() as butler:
            plan.execute(butler)
        registry.refresh()
    else:
        path = write_plan_script(plan, script, repo=registry.writeable_uri, purpose=purpose)
    return Put(run, plan.preparation[0].name, len(plan.steps) - 1, path)
