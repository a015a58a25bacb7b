"""The fields that state a constraint: mode, set or expression, and scope."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn

from workbench.session.campaign.plan import EXPRESSION, WHOLE_GRAPH, PlannedConstraint
from workbench.ui.elements.pieces import typed

__all__ = ["ConstraintFields"]


class ConstraintFields:
    """What a constraint is stated by; `EXPRESSION` stands among the sets, and shows a field for it.

    Parameters
    ----------
    mode, rows, where, scope : `str`
        What the fields are called, each in its view alone.
    first : `str`
        What is offered before the saved sets, and chosen to begin with.
    """

    def __init__(self, mode: str, rows: str, where: str, scope: str, *, first: str):
        self._first = first
        self.mode = pn.widgets.Select(name=mode, options=["include", "exclude"], margin=0, width=130)
        self.rows = pn.widgets.Select(name=rows, options=[first], margin=0, width=190)
        self.where = pn.widgets.TextInput(
            name=where,
            placeholder="detector != 9",
            visible=first == EXPRESSION,
            margin=0,
            styles={"flex": "1 1 180px"},
        )
        self.scope = pn.widgets.Select(name=scope, options=[WHOLE_GRAPH], margin=0, width=240)
        self.all = (self.mode, self.rows, self.where, self.scope)
        self.rows.param.watch(lambda event: setattr(self.where, "visible", event.new == EXPRESSION), "value")

    def offer_sets(self, labels: Sequence[str]) -> None:
        """Offer saved sets.

        Parameters
        ----------
        labels : `~collections.abc.Sequence` [ `str` ]
            As ``Desk.saved_labels`` gives them.
        """
        _offer(self.rows, list(dict.fromkeys([self._first, *labels, EXPRESSION])))

    def offer_scopes(self, scopes: Sequence[str]) -> None:
        """Offer the parts of a pipeline.

        Parameters
        ----------
        scopes : `~collections.abc.Sequence` [ `str` ]
            As ``Plan.read_scopes`` gives them.
        """
        _offer(self.scope, list(scopes))

    def read(self) -> tuple[PlannedConstraint | None, str]:
        """Return what is stated.

        Returns
        -------
        constraint : `~workbench.session.campaign.plan.PlannedConstraint` or `None`
            `None` if it is not complete.
        error : `str`
            What is missing; empty if nothing is.
        """
        rows, mode, scope = str(self.rows.value), self.mode.value, self.scope.value
        if rows != EXPRESSION:
            return PlannedConstraint(rows, mode, scope), ""
        where = typed(self.where)
        if not where:
            return None, "Write the expression to constrain by, or choose a set."
        if mode == "exclude":
            return None, "An expression says what to include: write NOT (...) to exclude."
        return PlannedConstraint("", mode, scope, where), ""


def _offer(field: pn.widgets.Select, options: list[str]) -> None:
    """Keep what is chosen where it is still offered."""
    field.param.update(options=options, value=field.value if field.value in options else options[0])
