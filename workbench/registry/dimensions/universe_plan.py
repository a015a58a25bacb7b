"""What a change of a repository's dimensions would do, before it is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from workbench.errors import ConfirmationError, GraphsInFlightError, ReadOnlyError, UnknownNameError
from workbench.registry.dimensions._universe import read_universe
from workbench.registry.dimensions.configuration import (
    ConfigurationFile,
    find_configuration,
    find_writeable_configuration,
)
from workbench.registry.dimensions.dynamic import (
    DynamicDimension,
    check_dimensions,
    order_dimensions,
    read_dynamic_dimensions,
)
from workbench.registry.dimensions.templates import list_keys
from workbench.registry.registry import Registry

__all__ = [
    "UniversePlan",
    "check_known",
    "check_leave",
    "list_stale_keys",
    "plan_extension",
    "plan_reversion",
]

_CONSEQUENCES = (
    "Butlers that are open now, in notebooks and services, fail with a KeyError once a dataset type with "
    "these dimensions changes, until they are opened again.",
    "A Butler server that is running for this repository fails for all of its users until it is restarted.",
    "Graph files that exist can still be executed (run-qbb, transfer-from-graph), but 'pipetask run -g' and "
    "'butler aggregate-graph' refuse them, by the version of the dimensions.",
    "Datasets with these dimensions cannot be transferred to a repository that lacks them.",
)
"""What befalls others, as tried on the releases that this module supports."""


@dataclasses.dataclass(frozen=True, slots=True)
class UniversePlan:
    """What a change of the dimensions would do.

    Parameters
    ----------
    action : `str`
        ``extend`` or ``revert``.
    dimensions : `tuple` [ `DynamicDimension`, ... ]
        Those that would come or go.
    unchanged : `tuple` [ `str`, ... ]
        Those of the request that are as asked already.
    repository : `str`
        Root of the repository.
    consequences : `tuple` [ `str`, ... ]
        What befalls others.
    """

    action: str
    dimensions: tuple[DynamicDimension, ...]
    unchanged: tuple[str, ...]
    repository: str
    consequences: tuple[str, ...] = _CONSEQUENCES

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that would be made or dropped (`tuple` [ `str`, ... ])."""
        return tuple(name for dimension in self.dimensions for name in dimension.element_names)

    @property
    def words(self) -> str:
        """What is to be typed to confirm it (`str`).

        It names all that was asked for, so that it stays the same when
        somebody else does a part of it meanwhile.
        """
        names = sorted([*(dimension.name for dimension in self.dimensions), *self.unchanged])
        return f"{self.action} {' '.join(names)}"

    def describe(self) -> str:
        """Say what would be done, and to whom.

        Returns
        -------
        text : `str`
            Several lines.
        """
        verb = "would get" if self.action == "extend" else "would lose"
        lines = [
            f"{self.repository} {verb} the tables {', '.join(self.tables)}, and keys for them in the file "
            "templates of its configuration."
        ]
        return "\n".join([*lines, *(f"- {consequence}" for consequence in self.consequences)])


def plan_extension(registry: Registry, dimensions: Sequence[DynamicDimension]) -> UniversePlan:
    """Plan to extend a repository; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    dimensions : `~collections.abc.Sequence` [ `DynamicDimension` ]
        What it shall have; those that it has already are left as they are.

    Returns
    -------
    plan : `UniversePlan`
        What would be done.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if a dimension cannot be added; lists why.
    workbench.errors.ReadOnlyError
        Raised if the repository is remote or read-only.
    """
    _check_writeable(registry)
    universe = read_universe(registry.location)
    check_dimensions(dimensions, universe)
    there = read_dynamic_dimensions(universe)
    return UniversePlan(
        "extend",
        tuple(one for one in order_dimensions(dimensions) if one.name not in there),
        tuple(one.name for one in dimensions if one.name in there),
        registry.uri,
    )


def plan_reversion(registry: Registry, names: Sequence[str]) -> UniversePlan:
    """Plan to take dimensions back; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    names : `~collections.abc.Sequence` [ `str` ]
        Dynamic dimensions.

    Returns
    -------
    plan : `UniversePlan`
        What would be done.  Whether they are used is found out when it is.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if one is no dynamic dimension.
    workbench.errors.ReadOnlyError
        Raised if the repository is remote or read-only.
    """
    _check_writeable(registry)
    there = read_dynamic_dimensions(read_universe(registry.location))
    stale = list_stale_keys(registry)
    check_known(set(names) - set(stale), there)
    return UniversePlan(
        "revert",
        tuple(there[name] for name in sorted(set(names)) if name in there),
        tuple(name for name in stale if name in names),
        registry.uri,
    )


def list_stale_keys(registry: Registry) -> list[str]:
    """List keys of file templates whose dimension was never committed, or is gone; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.

    Returns
    -------
    names : `list` [ `str` ]
        What a process that was killed left behind; harmless.
    """
    path = find_configuration(registry.location)
    keys = [] if path is None else list_keys(ConfigurationFile(path).read())
    return sorted(set(keys) - set(read_dynamic_dimensions(read_universe(registry.location)))) if keys else []


def check_known(names: Collection[str], there: Collection[str]) -> None:
    """Check that dimensions are dynamic ones.

    Parameters
    ----------
    names : `~collections.abc.Collection` [ `str` ]
        What was asked for.
    there : `~collections.abc.Collection` [ `str` ]
        What there is.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if one is none; lists those there are.
    """
    if unknown := sorted(set(names) - set(there)):
        known = f"there are {', '.join(sorted(there))}" if there else "there is none"
        raise UnknownNameError(f"{', '.join(unknown)}: no dynamic dimension of this name; {known}.")


def check_leave(
    plan: UniversePlan, confirmation: str, in_flight: Collection[str], despite_in_flight: bool
) -> None:
    """Check that somebody who knows what it does wants a plan to be carried out.

    Parameters
    ----------
    plan : `UniversePlan`
        What would be done.
    confirmation : `str`
        What was typed.
    in_flight : `~collections.abc.Collection` [ `str` ]
        Graphs that were committed and not brought back.
    despite_in_flight : `bool`
        Whether to go on although there are such graphs.

    Raises
    ------
    workbench.errors.GraphsInFlightError
        Raised if graphs are in flight.
    workbench.errors.ConfirmationError
        Raised if the words were not those of the plan.
    """
    if not plan.dimensions:
        return
    if in_flight and not despite_in_flight:
        raise GraphsInFlightError(
            f"Nothing was changed: {', '.join(sorted(in_flight))} were committed and not brought back; "
            "after a change of the dimensions they can be executed, but not ingested. Ingest them first "
            "(bench.ingest, 'workbench ingest'), or go on despite those in flight "
            "(despite_in_flight=True, --despite-in-flight)."
        )
    if confirmation != plan.words:
        said = f"not {confirmation!r}" if confirmation else "which was not said"
        raise ConfirmationError(
            f"Nothing was changed: to go on, confirm with {plan.words!r}, {said}.\n{plan.describe()}"
        )


def _check_writeable(registry: Registry) -> None:
    if registry.read_only or not registry.butler_writeable:
        why = (
            "it was opened read-only"
            if registry.read_only
            else "it is served by a Butler server"
            if registry.location.url is None
            else "there is no permission to write its database"
        )
        raise ReadOnlyError(
            f"Nothing was changed: dimensions of {registry.uri} cannot be changed from here, since {why}. "
            "Ask whoever administers it, or group by the dimension 'group', by a suffix or by a RUN a group "
            "instead."
        )
    registry.check_butler_writeable()
    find_writeable_configuration(registry.location)
