"""What if: one change of a campaign's constraints, previewed before it is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, Self, TypeVar

import pyarrow as pa

from workbench.campaigns.definition.constraining import StatedConstraint
from workbench.errors import BindingError, CampaignError
from workbench.graph import Constraint, GraphDifference, Preview, resolve_set
from workbench.presentation import presented
from workbench.progress import Progress
from workbench.registry import Registry
from workbench.sets import AskedDataIds, DataIdSet, describe_data_ids, list_data_ids
from workbench.snapshot import RepositoryRelations

__all__ = ["Changeable", "WhatIf", "suppose", "toggle_row"]


class Changeable(Protocol):
    """What is asked of a campaign to try a change; `~workbench.campaigns.Campaign` answers."""

    stated: list[StatedConstraint]

    @property
    def registry(self) -> Registry:
        """The embedded registry (`~workbench.registry.Registry`)."""

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints (`tuple` [ `~workbench.graph.Constraint`, ... ])."""

    def copy(self) -> Self:
        """Return one that says the same."""

    @property
    def constrain(self) -> Callable[..., object]:
        """Adds a constraint (`~collections.abc.Callable`)."""

    def remove_constraint(self, position: int) -> Constraint:
        """Take a constraint back.

        Parameters
        ----------
        position : `int`
            Its position in ``constraints``.
        """

    def preview(self, *, progress: Progress) -> Preview:
        """Build the graph.

        Parameters
        ----------
        progress : `~workbench.progress.Progress`
            Told the stage; may cancel.
        """

    def latest_preview(self, *, progress: Progress) -> Preview:
        """Return the last preview, made now if something has changed since.

        Parameters
        ----------
        progress : `~workbench.progress.Progress`
            Told the stage; may cancel.
        """


CampaignT = TypeVar("CampaignT", bound=Changeable)


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class WhatIf(Generic[CampaignT]):
    """A change that was not made, and what it would do.

    Parameters
    ----------
    change : `str`
        The change in words.
    campaign : `~workbench.campaigns.Campaign`
        The campaign with the change: previewed, and to be used instead if
        the change is meant.
    before, preview : `~workbench.graph.Preview`
        Without and with the change.
    difference : `~workbench.graph.GraphDifference`
        From ``before`` to ``preview``.
    """

    change: str
    campaign: CampaignT
    before: Preview
    preview: Preview
    difference: GraphDifference

    def _shown_facts(self) -> dict[str, object]:
        return {"change": self.change, "n_quanta": self.preview.n_quanta, "before": self.before.n_quanta}

    def _shown_rows(self) -> pa.Table:
        return self.difference.tasks

    def __str__(self) -> str:
        totals = self.difference.totals
        return (
            f"{self.change}: {totals['gained']:,} quanta gained, {totals['lost']:,} lost, "
            f"{totals['changed']:,} with other inputs, {totals['downstream']:,} more downstream of these"
        )


def suppose(
    campaign: CampaignT,
    without: int | None,
    toggle: AskedDataIds | None,
    of: int | None,
    added: Mapping[str, object],
    *,
    allow_empty: bool,
    progress: Progress,
) -> WhatIf[CampaignT]:
    """Preview one change of a campaign's constraints.

    Parameters
    ----------
    campaign : `~workbench.campaigns.Campaign`
        The campaign, which stays as it is.
    without, toggle, of : optional
        As `~workbench.campaigns.Campaign.what_if` takes them.
    added : `~collections.abc.Mapping`
        A constraint to add: what was given of it.
    allow_empty : `bool`
        Whether its set may be empty.
    progress : `~workbench.progress.Progress`
        Told the stage; may cancel.

    Returns
    -------
    what_if : `WhatIf`
        The change and what it would do.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if not just one change is given.
    workbench.errors.EmptySetError
        Raised for an empty set, unless allowed.
    workbench.errors.BindingError
        Raised if there is no such constraint, or it has no set.
    """
    changes = [name for name in ("where", "include", "exclude") if name in added]
    changes += [name for name, value in (("without", without), ("toggle", toggle)) if value is not None]
    if len(changes) != 1:
        raise CampaignError(
            f"Give one change: {', '.join(changes) or 'none'} {'were' if changes else 'was'} given. It is "
            "without=, toggle=, or one of where=, include= and exclude= with its tasks= or "
            "dataset_type=; the next change is asked of what_if.campaign."
        )
    scope = [name for name in ("tasks", "dataset_type") if name in added]
    if scope and changes[0] in ("without", "toggle"):
        raise CampaignError(f"{scope[0]}= says what a new constraint is about; {changes[0]}= adds none.")
    before = campaign.latest_preview(progress=progress)
    changed = campaign.copy()
    if without is not None:
        gone = changed.remove_constraint(without)
        change = f"without {gone.mode.value} {gone.name}"
    elif toggle is not None:
        position, one, change = toggle_row(campaign.registry, campaign.stated, toggle, of)
        changed.stated[position] = one
    else:
        changed.constrain(**added, allow_empty=allow_empty)
        constraint = changed.constraints[-1]
        change = f"with {constraint.mode.value} {constraint.name}"
    preview = changed.preview(progress=progress)
    return WhatIf(change, changed, before, preview, GraphDifference(before.columns, preview.columns))


def toggle_row(
    registry: Registry, stated: Sequence[StatedConstraint], data_ids: AskedDataIds, of: int | None
) -> tuple[int, StatedConstraint, str]:
    """Take data IDs out of the set of a constraint, or add them if it has none of them.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    stated : `~collections.abc.Sequence` [ `~workbench.campaigns.definition.constraining.StatedConstraint` ]
        The constraints.
    data_ids : `~workbench.sets.AskedDataIds`
        Values of the set's dimensions, or of more or fewer of them; several
        are changed together.  Governors may be left out where the set has
        one value.
    of : `int` or `None`
        Position of the constraint.

    Returns
    -------
    position : `int`
        Position of the constraint.
    constraint : `~workbench.campaigns.definition.constraining.StatedConstraint`
        The same with the other set.
    change : `str`
        The change in words.

    Raises
    ------
    workbench.errors.BindingError
        Raised if no constraint has that position, or it has no set.
    workbench.errors.BadDataIdTableError, workbench.errors.UnknownDataIdError
        Raised if the data ID is none, or does not exist.
    workbench.errors.AmbiguousRelationError
        Raised if it is not of the set's dimensions.
    """
    with_sets = [position for position, one in enumerate(stated) if one.rows is not None]
    position = with_sets[0] if of is None and len(with_sets) == 1 else of
    if position is None or position not in with_sets:
        raise BindingError(
            f"Which set is to change? of={of!r} is not the position of a constraint by a set; these are: "
            + (", ".join(f"{one} ({stated[one].constraint.name})" for one in with_sets) or "none")
            + "."
        )
    one = stated[position]
    rows = one.rows
    assert rows is not None, "listed because it has a set"
    single = rows.with_relations(rows.relations or RepositoryRelations(registry.uri))
    asked = list_data_ids(registry.universe, [data_ids])
    given = DataIdSet.from_table(
        registry.universe,
        [_with_governors(single, one) for one in asked],
        None,
        rows.role,
        relations=single.relations,
        butler=registry.butler,
    )
    text = describe_data_ids(asked)
    finer, coarser = (given, single) if set(given.key_names) > set(single.key_names) else (single, given)
    if len(finer & coarser):
        edited, done = single - given, f"{text} out of {rows.label}"
    else:
        given = given.expand(*(set(single.key_names) - set(given.key_names)))
        single = single.expand(*(set(given.key_names) - set(single.key_names)))
        edited, done = single | given, f"{text} into {rows.label}"
    constraint = dataclasses.replace(
        one.constraint, name=f"{rows.label} ({done})", set_label="", key_digest=edited.key_digest
    )
    resolved = tuple(
        dataclasses.replace(resolve_set(constraint, edited, each.tasks), dataset_type=each.dataset_type)
        for each in one.resolved
    )
    return position, StatedConstraint(constraint, resolved, edited), done


def _with_governors(rows: DataIdSet, data_id: Mapping[str, object]) -> dict[str, object]:
    """Give a data ID the governor dimensions of a set that has one value of them."""
    complete = dict(data_id)
    for name in rows.dimensions.governors:
        values = rows.table[name].unique().to_pylist()
        if name not in complete and len(values) == 1:
            complete[name] = values[0]
    return complete
