"""What if: one change of the plan, tried before it is made, then kept or discarded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import param

from workbench.campaigns import Campaign, WhatIf
from workbench.errors import CampaignError
from workbench.graph import Remedy
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import (
    CURRENT,
    WHOLE_GRAPH,
    PlannedConstraint,
    PlannedScope,
    name_rows,
)
from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import SetDraft
from workbench.session.curation.keys import Key
from workbench.session.desk.desk import Desk
from workbench.session.steps import Step

__all__ = ["SupposedEdit", "Supposition"]


@dataclasses.dataclass(frozen=True, slots=True)
class SupposedEdit:
    """One change: a constraint less, a row of a set in or out, or a constraint more.

    Parameters
    ----------
    without : `int` or `None`
        Position of the constraint to take away.
    toggle : `~collections.abc.Mapping` or `None`
        Data ID to take out of a set, or to add.
    of : `int` or `None`
        Position of the constraint with that set.
    add : `~workbench.session.campaign.planned_constraint.PlannedConstraint` or `None`
        Constraint to add.
    """

    without: int | None = None
    toggle: Mapping[str, object] | None = None
    of: int | None = None
    add: PlannedConstraint | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the change as ``Campaign.what_if`` takes it.

        Returns
        -------
        arguments : `dict`
            Keyword arguments.
        """
        if self.add is not None:
            what = {"where": self.add.where} if self.add.where else {self.add.mode: self.add.rows}
            return {**self.add.scope.arguments(), **what}
        given = {"without": self.without, "toggle": self.toggle, "of": self.of}
        return {name: value for name, value in given.items() if value is not None}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> SupposedEdit:
        """Make a change of what ``Campaign.what_if`` takes; the inverse of `arguments`.

        Parameters
        ----------
        arguments : `~collections.abc.Mapping`
            Keyword arguments for one change; ``include`` and ``exclude`` are
            labels of saved sets.

        Returns
        -------
        edit : `SupposedEdit`
            The change.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if there are other arguments, or not those of one change.
        """
        given = dict(arguments)
        scope = WHOLE_GRAPH
        if "tasks" in given:
            tasks = given.pop("tasks")
            scope = PlannedScope.of_tasks(*(tasks if isinstance(tasks, list | tuple) else [tasks]))
        elif "dataset_type" in given:
            scope = PlannedScope.of_dataset_type(given.pop("dataset_type"))
        of = given.pop("of", None)
        what, value = next(iter(given.items()), ("", None))
        if what in {"without", "toggle"} and len(given) == 1 and scope == WHOLE_GRAPH:
            return cls(**given, of=of)
        if what in {"where", "include", "exclude"} and len(given) == 1 and of is None:
            stated = ("", "include", scope, value) if what == "where" else (value, what, scope)
            return cls(add=PlannedConstraint(*stated))
        raise CampaignError(
            f"{dict(arguments)} is not one change: give without, toggle (and of), or one of where, include "
            "and exclude (and tasks or dataset_type), as for Campaign.what_if."
        )

    def to_python(self) -> str:
        """Return the Python that tries the change.

        Returns
        -------
        code : `str`
            One line.
        """
        return (
            f"campaign.what_if({', '.join(f'{name}={value!r}' for name, value in self.arguments().items())})"
        )


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Undo:
    """What a change that was kept has changed."""

    constraints_before: list[PlannedConstraint]
    constraints_after: list[PlannedConstraint]
    draft_before: SetDraft
    draft_after: SetDraft


class Supposition(param.Parameterized):
    """The change that is tried.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign.
    curation : `~workbench.session.curation.curation.Curation`
        The set that is being put together.
    **params : `object`
        Values of the parameters.
    """

    revision = param.Integer(default=0, doc="counts what was tried, kept and discarded")
    undo_label = param.String(doc="what undo would take back; empty for nothing")

    def __init__(self, desk: Desk, plan: CampaignPlan, curation: Curation, **params: object):
        super().__init__(**params)
        self.desk = desk
        self.plan = plan
        self.curation = curation
        self.edit: SupposedEdit | None = None
        self.what_if: WhatIf[Campaign] | None = None
        self.error = ""
        self._undo: _Undo | None = None
        # Of a plan that has changed since, what was tried says nothing, and its constraints are others.
        plan.param.watch(lambda *_: self.discard(), ["revision", "outdated"])

    def find_edit(self, remedy: Remedy) -> SupposedEdit | None:
        """Return the change that a remedy speaks of.

        Parameters
        ----------
        remedy : `~workbench.graph.Remedy`
            Of the plan's preview.

        Returns
        -------
        edit : `SupposedEdit` or `None`
            `None` if no constraint of the plan did it.
        """
        campaign = self.plan.campaign
        position = None if campaign is None else campaign.find_constraint(remedy.constraint)
        if position is None:
            return None
        if remedy.kind == "without":
            return SupposedEdit(without=position)
        return SupposedEdit(toggle=remedy.data_id, of=position)

    async def suppose(self, edit: SupposedEdit) -> None:
        """Try a change: nothing is saved.

        Parameters
        ----------
        edit : `SupposedEdit`
            The change.
        """
        campaign = self.plan.campaign
        if campaign is None or self.plan.preview is None:
            self.refuse("There is no preview yet: make one first.")
            return
        if self._is_outdated():
            self.refuse("The preview is out of date: preview again, then try the change.")
            return
        hint = f"{self.plan.to_python()}\nwhat_if = {edit.to_python()}"
        done, error = await self.desk.attempt_long(
            "What if", lambda progress: campaign.what_if(**edit.arguments(), progress=progress), hint
        )
        if done is not None and self._is_outdated():
            self.refuse("The plan was changed meanwhile: preview again, then try the change.")
        elif done is not None:
            self.edit, self.what_if, self.error = edit, done, ""
            self.revision += 1
        elif error:
            self.refuse(error)

    def discard(self) -> None:
        """Forget what was tried."""
        if self.what_if is not None or self.error:
            self.refuse("")

    def refuse(self, error: str) -> None:
        """Have no answer to what was tried last.

        Parameters
        ----------
        error : `str`
            Why; empty where nothing is tried.
        """
        self.edit, self.what_if, self.error = None, None, error
        self.revision += 1

    def keep(self) -> None:
        """Make the change in the plan, or in the set that is being put together; it can be undone."""
        edit, what_if = self.edit, self.what_if
        if edit is None or what_if is None:
            return
        before, draft = list(self.plan.constraints), self.curation.draft
        if edit.toggle is not None:
            if error := self._keep_row(edit.toggle, edit.of):
                self.desk.tell(error)
                return
        elif edit.add is not None:
            self.plan.constraints = [*before, edit.add]
        else:
            self.plan.constraints = [item for n, item in enumerate(before) if n != edit.without]
        self._undo = _Undo(before, self.plan.constraints, draft, self.curation.draft)
        self.undo_label = what_if.change
        self.desk.tell(f"Kept: {what_if.change}. Preview again to see it in the graph.", "done")
        self.discard()

    def undo(self) -> None:
        """Take the change that was kept last back, unless the plan or the set has changed since."""
        undo, curation = self._undo, self.curation
        if undo is None:
            return
        self._undo, label, self.undo_label = None, self.undo_label, ""
        if self.plan.constraints != undo.constraints_after or curation.draft is not undo.draft_after:
            self.desk.tell(
                f"{label}: there were other changes since; undo those in {Step.CHOOSE}, or here by hand."
            )
            return
        while curation.draft is not undo.draft_before and curation.history.undo_label:
            curation.undo()
        self.plan.constraints = undo.constraints_before
        self.desk.tell(f"Undone: {label}.", "done")

    def _is_outdated(self) -> bool:
        return bool(self.plan.outdated)

    def _keep_row(self, data_id: Mapping[str, object], of: int | None) -> str:
        """Change a row of the set of a constraint; return why that cannot be."""
        constraints = list(self.plan.constraints)
        with_sets = [n for n, item in enumerate(constraints) if item.rows]
        position = with_sets[0] if of is None else of
        item = constraints[position]
        key = self._key_of(data_id)
        if key is None:
            return (
                "Only a visit or a detector of one can be kept here: go to "
                f"{Step.CHOOSE}, and change the set there."
            )
        if item.rows != CURRENT:
            if any(other.rows == CURRENT for other in constraints):
                return (
                    f"{item.rows} is a saved version, and another constraint uses {name_rows(CURRENT)}. "
                    f"Load {item.rows} there, make the change, save it, and constrain by that version."
                )
            self.curation.load(str(item.rows))
            constraints[position] = dataclasses.replace(item, rows=CURRENT)
        included = (
            self.curation.verdicts.has_detector(key) if len(key) == 3 else self.curation.verdict(key).included
        )
        self.curation.edit([key], included=not included, reason="kept from a what-if")
        self.plan.constraints = constraints
        return self.curation.error

    def _key_of(self, data_id: Mapping[str, object]) -> Key | None:
        instruments = self.curation.visits.instruments
        instrument = data_id.get("instrument", instruments[0] if len(instruments) == 1 else None)
        if "visit" not in data_id or instrument is None:
            return None
        visit = (str(instrument), int(str(data_id["visit"])))
        return (*visit, int(str(data_id["detector"]))) if "detector" in data_id else visit
