"""The fields that state a constraint: mode, set or expression, and scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn

from workbench.session.campaign.planned_constraint import (
    EXPRESSION,
    WHOLE_GRAPH,
    PlannedConstraint,
    PlannedScope,
    Unsaved,
    name_rows,
)
from workbench.ui.elements.pieces import typed

__all__ = ["ConstraintFields"]


class ConstraintFields:
    """What a constraint is stated by; `EXPRESSION` stands among the sets, and shows a field for it.

    Parameters
    ----------
    mode, rows, where, scope : `str`
        What the fields are called, each in its view alone.
    first : `~workbench.session.campaign.planned_constraint.Unsaved`
        What is offered before the saved sets, and chosen to begin with.
    """

    def __init__(self, mode: str, rows: str, where: str, scope: str, *, first: Unsaved):
        self._first = first
        self.mode = pn.widgets.Select(name=mode, options=["include", "exclude"], margin=0, width=130)
        self.rows = pn.widgets.Select(name=rows, options={name_rows(first): first}, margin=0, width=190)
        self.where = pn.widgets.TextInput(
            name=where,
            placeholder="detector != 9",
            visible=first == EXPRESSION,
            margin=0,
            styles={"flex": "1 1 180px"},
        )
        self.scope = pn.widgets.Select(
            name=scope, options={str(WHOLE_GRAPH): WHOLE_GRAPH}, margin=0, width=240
        )
        self.all = (self.mode, self.rows, self.where, self.scope)
        self.rows.param.watch(lambda event: setattr(self.where, "visible", event.new == EXPRESSION), "value")

    def offer_sets(self, labels: Sequence[str]) -> None:
        """Offer saved sets.

        Parameters
        ----------
        labels : `~collections.abc.Sequence` [ `str` ]
            As ``Desk.saved_labels`` gives them.
        """
        offered: list[str | Unsaved] = [self._first, *labels, EXPRESSION]
        _offer(self.rows, {name_rows(rows): rows for rows in offered})

    def offer_scopes(self, scopes: Sequence[PlannedScope]) -> None:
        """Offer the parts of a pipeline.

        Parameters
        ----------
        scopes : `~collections.abc.Sequence` [ `~workbench.session.campaign.planned_constraint.PlannedScope` ]
            As ``CampaignPlan.read_scopes`` gives them.
        """
        _offer(self.scope, {str(scope): scope for scope in scopes})

    def read(self) -> tuple[PlannedConstraint | None, str]:
        """Return what is stated.

        Returns
        -------
        constraint : `~workbench.session.campaign.planned_constraint.PlannedConstraint` or `None`
            `None` if it is not complete.
        error : `str`
            What is missing; empty if nothing is.
        """
        rows, mode, scope = self.rows.value, self.mode.value, self.scope.value
        if rows != EXPRESSION:
            return PlannedConstraint(rows, mode, scope), ""
        where = typed(self.where)
        if not where:
            return None, "Write the expression to constrain by, or choose a set."
        if mode == "exclude":
            return None, "An expression says what to include: write NOT (...) to exclude."
        return PlannedConstraint("", mode, scope, where), ""


def _offer(field: pn.widgets.Select, options: Mapping[str, Any]) -> None:
    """Keep what is chosen where it is still offered."""
    offered = list(options.values())
    value = field.value if field.value in offered else offered[0]
    field.param.update(options=dict(options), value=value)
