"""A repository's dimensions extended by dynamic ones, and taken back.

One transaction of the Butler's database holds all of it: the configuration
of dimensions, whose version comes of its content, and the tables.  The file
templates in ``butler.yaml`` are replaced inside it, last before the commit,
and put back if anything fails.  A process that is killed in between leaves
templates with a key too many or too few, which harms nobody, and which the
next extension or reversion puts in order.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterator, Sequence

from workbench.errors import DimensionError, DimensionInUseError
from workbench.progress import Progress, silent
from workbench.registry.database import engine as database
from workbench.registry.dimensions._universe import UniverseChange, changing_universe, make_universe
from workbench.registry.dimensions.configuration import (
    ConfigurationFile,
    find_writeable_configuration,
    read_default_template,
    restored_on_failure,
)
from workbench.registry.dimensions.dynamic import DynamicDimension, check_dimensions, order_dimensions
from workbench.registry.dimensions.templates import add_keys, list_keys, remove_keys, strip_keys
from workbench.registry.dimensions.universe_plan import (
    check_known,
    check_leave,
    plan_extension,
    plan_reversion,
)
from workbench.registry.dimensions.universe_text import extend_text, list_dimensions
from workbench.registry.registry import Registry

__all__ = ["UniverseOutcome", "extend_dimensions", "revert_dimensions"]


@dataclasses.dataclass(frozen=True, slots=True)
class UniverseOutcome:
    """What a change of the dimensions did.

    Parameters
    ----------
    changed, unchanged : `tuple` [ `str`, ... ]
        Dimensions that came or went, and those that were as asked already.
    version : `int`
        Version of the universe as it is now.
    """

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    version: int


def extend_dimensions(
    registry: Registry,
    dimensions: Sequence[DynamicDimension],
    *,
    confirmation: str = "",
    in_flight: Collection[str] = (),
    despite_in_flight: bool = False,
    progress: Progress = silent,
) -> UniverseOutcome:
    """Add dimensions to a repository, so that every Butler client has them.  Writes to the Butler.

    All or nothing of it happens.  Of two that extend at once, the second
    waits for the first and adds to what it made.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository; its browsing Butler is opened anew.
    dimensions : `~collections.abc.Sequence` [ `DynamicDimension` ]
        What it shall have; those that it has already are left as they are.
    confirmation : `str`, optional
        The words of the plan, where anything is to be added.
    in_flight : `~collections.abc.Collection` [ `str` ], optional
        Graphs that were committed and not brought back, as messages name
        them.
    despite_in_flight : `bool`, optional
        Go on although there are such graphs.
    progress : `~workbench.progress.Progress`, optional
        Told each step before it is done; may cancel.

    Returns
    -------
    outcome : `UniverseOutcome`
        What was added.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if a dimension cannot be added; lists why.
    workbench.errors.ReadOnlyError
        Raised if the repository is remote or read-only.
    workbench.errors.GraphsInFlightError
        Raised if graphs are in flight.
    workbench.errors.ConfirmationError
        Raised if the words were not those of the plan; lists what would break.
    workbench.errors.RepositoryLockedError
        Raised if another writer does not finish in time.
    """
    plan = plan_extension(registry, dimensions)
    check_leave(plan, confirmation, in_flight, despite_in_flight)
    with _changing(registry, progress) as (change, file):
        before, base = _read_texts(change)
        check_dimensions(dimensions, make_universe(before))
        there = {one.name: one for one in list_dimensions(before)}
        new = [one for one in order_dimensions(dimensions) if one.name not in there]
        progress("writing the dimensions", 0.2)
        text = extend_text(base, [*there.values(), *new])
        if new:
            change.write(text, base)
        progress("loading them as the Butler does", 0.4)
        universe = change.load_universe()
        progress(f"creating tables for {', '.join(one.name for one in new) or 'nothing new'}", 0.6)
        change.create_tables([name for one in new for name in one.element_names])
        _write_templates(registry, file, text, progress)
    registry.reopen()
    return UniverseOutcome(
        tuple(one.name for one in new),
        tuple(one.name for one in dimensions if one.name in there),
        universe.version,
    )


def revert_dimensions(
    registry: Registry,
    names: Sequence[str],
    *,
    confirmation: str = "",
    in_flight: Collection[str] = (),
    despite_in_flight: bool = False,
    progress: Progress = silent,
) -> UniverseOutcome:
    """Take dimensions back that nothing uses.  Writes to the Butler.

    All or nothing of it happens.  When the last one goes, the configuration
    of the repository is what it was before the first, to the byte.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository; its browsing Butler is opened anew.
    names : `~collections.abc.Sequence` [ `str` ]
        Dynamic dimensions.
    confirmation : `str`, optional
        The words of the plan.
    in_flight : `~collections.abc.Collection` [ `str` ], optional
        Graphs that were committed and not brought back.
    despite_in_flight : `bool`, optional
        Go on although there are such graphs.
    progress : `~workbench.progress.Progress`, optional
        Told each step before it is done; may cancel.

    Returns
    -------
    outcome : `UniverseOutcome`
        What was taken back.

    Raises
    ------
    workbench.errors.DimensionInUseError
        Raised if there are records, dataset types, other dimensions or
        tables of the workbench with one of them; lists them.
    workbench.errors.UnknownNameError
        Raised if one is no dynamic dimension.
    workbench.errors.ReadOnlyError
        Raised if the repository is remote or read-only.
    workbench.errors.GraphsInFlightError
        Raised if graphs are in flight.
    workbench.errors.ConfirmationError
        Raised if the words were not those of the plan.
    workbench.errors.RepositoryLockedError
        Raised if another writer does not finish in time.
    """
    plan = plan_reversion(registry, names)
    ours = _list_own_uses(registry, names)
    check_leave(plan, confirmation, in_flight, despite_in_flight)
    with _changing(registry, progress) as (change, file):
        before, base = _read_texts(change)
        there = {one.name: one for one in list_dimensions(before)}
        check_known(set(names) - set(plan.unchanged), there)
        gone = [there[name] for name in sorted(set(names)) if name in there]
        kept = [one for one in there.values() if one not in gone]
        change.load_universe()
        _check_unused(change, gone, kept, ours)
        progress(f"dropping tables of {', '.join(one.name for one in gone) or 'nothing'}", 0.2)
        change.drop_tables([name for one in gone for name in one.element_names])
        progress("writing the dimensions", 0.4)
        text = extend_text(base, kept)
        if gone:
            change.write(text, base)
        progress("loading them as the Butler does", 0.6)
        universe = change.load_universe()
        _write_templates(registry, file, text, progress)
    registry.reopen()
    return UniverseOutcome(tuple(one.name for one in gone), plan.unchanged, universe.version)


@contextlib.contextmanager
def _changing(registry: Registry, progress: Progress) -> Iterator[tuple[UniverseChange, ConfigurationFile]]:
    """Lock the dimensions, and put the configuration file back on any failure."""
    file = ConfigurationFile(find_writeable_configuration(registry.location))
    progress("locking the dimensions", 0.0)
    # The file is put back twice: within the lock if a step fails, and once more if the commit does.
    with (
        restored_on_failure(file),
        changing_universe(registry.location, lock_timeout=database.LOCK_TIMEOUT) as change,
        restored_on_failure(file),
    ):
        yield change, file


def _read_texts(change: UniverseChange) -> tuple[str, str]:
    """Read the configuration, and what it was before it was extended."""
    text, base = change.read(), change.read_base()
    if text != extend_text(base, list_dimensions(text)):
        raise DimensionError(
            "Nothing was changed: since the dimensions were extended, something else changed them (such as "
            "'butler migrate'), so that the workbench cannot tell what it added. Undo that change first."
        )
    return text, base


def _write_templates(registry: Registry, file: ConfigurationFile, text: str, progress: Progress) -> None:
    """Give the file templates the keys of the dynamic dimensions, no more and no fewer."""
    progress("writing the file templates", 0.8)
    wanted = [one.name for one in list_dimensions(text)]
    there = file.read()
    marked = list_keys(there)
    without = remove_keys(there, set(marked) - set(wanted))
    # The default may be the one that an earlier extension wrote into the file, with keys.
    default = strip_keys(read_default_template(registry.location), marked)
    file.write(add_keys(without, wanted, default) if wanted else without)
    progress("committing", 1.0)


def _list_own_uses(registry: Registry, names: Collection[str]) -> list[str]:
    """List the workbench's own tables with a column of a dimension."""
    return sorted(
        name
        for name, table in registry.tables().items()
        if not set(names).isdisjoint(table.declaration.dimensions)
    )


def _check_unused(
    change: UniverseChange,
    gone: Sequence[DynamicDimension],
    kept: Sequence[DynamicDimension],
    ours: Sequence[str],
) -> None:
    names = [one.name for one in gone]
    counts = change.count_records([name for one in gone for name in one.element_names])
    uses = [f"{n_rows} records of {name}" for name, n_rows in counts.items()]
    uses += [f"the dataset type {name}" for name in change.list_dataset_types(names)]
    uses += [f"the dimension {one.name}" for one in kept if not set(names).isdisjoint(one.dependencies)]
    uses += [f"the workbench's table {name}" for name in ours]
    if uses:
        raise DimensionInUseError(
            f"Nothing was changed: {', '.join(names)} cannot be reverted, since there are {'; '.join(uses)}. "
            "Records of dimensions are permanent; what nothing used yet can be reverted."
        )
