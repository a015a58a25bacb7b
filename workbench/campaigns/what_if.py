"""What if: one change of a campaign's constraints, previewed before it is made."""

from __future__ import annotations

import abc
import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from workbench.campaigns.choices import Choices
from workbench.campaigns.constraining import StatedConstraint
from workbench.errors import BindingError, CampaignError
from workbench.graph import GraphDifference, Preview, resolve_set
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.sets import DataIdSet
from workbench.snapshot import RepositoryRelations

if TYPE_CHECKING:
    from workbench.campaigns.campaign import Campaign

__all__ = ["Supposing", "WhatIf", "toggle_row"]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
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
    campaign: Campaign
    before: Preview
    preview: Preview
    difference: GraphDifference

    def __str__(self) -> str:
        rows = self.difference.tasks.to_pylist()
        gained, lost, changed = (sum(row[name] for row in rows) for name in ("gained", "lost", "changed"))
        return f"{self.change}: {gained:,} quanta gained, {lost:,} lost, {changed:,} with other inputs"


class Supposing(Choices, abc.ABC):
    """The part of a campaign that says what a change would do."""

    @abc.abstractmethod
    def preview(self, *, progress: Progress = silent) -> Preview:
        """Build the graph in memory and account for every quantum.

        Parameters
        ----------
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.

        Returns
        -------
        preview : `~workbench.graph.Preview`
            The graph.
        """

    def what_if(
        self,
        *,
        without: int | None = None,
        toggle: Mapping[str, object] | None = None,
        of: int | None = None,
        tasks: str | Sequence[str] | None = None,
        dataset_type: str | None = None,
        where: str = "",
        include: DataIdSet | str | None = None,
        exclude: DataIdSet | str | None = None,
        progress: Progress = silent,
    ) -> WhatIf:
        """Preview one change of the constraints, and leave the campaign as it is.

        Parameters
        ----------
        without : `int`, optional
            Position in `constraints` of one to take away.
        toggle : `~collections.abc.Mapping`, optional
            A data ID, such as ``{"visit": 96954}`` or with a detector, to
            take out of the set of a constraint if it is in, or to add.
        of : `int`, optional
            Position of that constraint; may be left out where only one
            constraint is by a set.
        tasks, dataset_type, where, include, exclude : optional
            A constraint to add, as `constrain` takes it.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.

        Returns
        -------
        what_if : `~workbench.campaigns.WhatIf`
            The preview with the change, its difference to the last preview
            (made now, if the constraints have changed since), and the
            campaign with the change.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if not just one change is given.
        workbench.errors.BindingError
            Raised if there is no such constraint, or it has no set.
        workbench.errors.GraphBuildError
            Raised if the graph cannot be built; subclasses say why.

        Notes
        -----
        Writes nothing.  What was read of the repository is used again.
        """
        before = self._preview or self.preview(progress=progress)
        # Made now: the source is about to serve another request.
        columns = before.columns
        changed = copy.copy(self)
        changed.stated, changed.lowering = list(self.stated), copy.copy(self.lowering)
        constraint = {
            name: value
            for name, value in {
                "tasks": tasks,
                "dataset_type": dataset_type,
                "where": where,
                "include": include,
                "exclude": exclude,
            }.items()
            if value
        }
        if sum((without is not None, toggle is not None, bool(constraint))) != 1:
            raise CampaignError("Give one change: without=, toggle= or the arguments of constrain().")
        if without is not None:
            gone = changed.remove_constraint(without)
            change = f"without {gone.mode.value} {gone.name}"
        elif toggle is not None:
            position, one, change = toggle_row(self._registry, self.stated, toggle, of)
            changed.stated[position] = one
        else:
            changed.constrain(**constraint)  # type: ignore[arg-type]
            added = changed.constraints[-1]
            change = f"with {added.mode.value} {added.name}"
        preview = changed.preview(progress=progress)
        return WhatIf(
            change, cast("Campaign", changed), before, preview, GraphDifference(columns, preview.columns)
        )


def toggle_row(
    registry: Registry, stated: Sequence[StatedConstraint], data_id: Mapping[str, object], of: int | None
) -> tuple[int, StatedConstraint, str]:
    """Take a data ID out of the set of a constraint, or add it.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    stated : `~collections.abc.Sequence` [ `~workbench.campaigns.constraining.StatedConstraint` ]
        The constraints.
    data_id : `~collections.abc.Mapping`
        Values of the set's dimensions, or of more or fewer of them;
        governors may be left out where the set has one value.
    of : `int` or `None`
        Position of the constraint.

    Returns
    -------
    position : `int`
        Position of the constraint.
    constraint : `~workbench.campaigns.constraining.StatedConstraint`
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
    given = DataIdSet.from_table(
        registry.universe,
        [_with_governors(single, data_id)],
        None,
        rows.role,
        relations=single.relations,
        butler=registry.butler,
    )
    text = ", ".join(f"{name}={value}" for name, value in data_id.items())
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
