"""What if: one change is tried, and what it would do is shown before it is made."""

from __future__ import annotations

import panel as pn

from workbench.graph import Remedy
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import EXPRESSION, WHOLE_GRAPH
from workbench.session.campaign.supposing import SupposedEdit, Supposition
from workbench.session.curation.curation import Curation
from workbench.session.curation.keys import parse_keys
from workbench.session.desk.desk import Desk
from workbench.ui.campaign.constraint_fields import ConstraintFields
from workbench.ui.campaign.difference_view import DifferenceView
from workbench.ui.elements.pieces import button, code, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose

__all__ = ["WhatIfView"]


class WhatIfView:
    """Try a constraint less, a visit or detector in or out, or a constraint more.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign.
    curation : `~workbench.session.curation.curation.Curation`
        The set that is being put together.
    """

    def __init__(self, desk: Desk, plan: CampaignPlan, curation: Curation):
        self.desk = desk
        self.plan = plan
        self.curation = curation
        self.supposition = Supposition(desk, plan, curation)
        self.result = DifferenceView(desk)
        self._make_widgets()
        desk.param.watch(lambda *_: self._show_work(), ["busy", "stage", "elapsed"])
        desk.param.watch(lambda *_: self._list(), "n_saved")
        plan.param.watch(lambda *_: self._list(), ["constraints", "revision"])
        self.supposition.param.watch(lambda *_: self.show(), "revision")
        self.supposition.param.watch(lambda *_: self._show_undo(), "undo_label")
        self.view = pn.Column(
            panel(
                "Try one change; nothing is saved",
                row(self.constraint, self.without),
                row(self.numbers, self.of, self.toggle),
                row(*self.stated.all, self.add),
                self.state,
                row(self.keep, self.discard, self.cancel, self.undo),
            ),
            self.result.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._list()
        self.show()

    def _make_widgets(self) -> None:
        wide = {"flex": "1 1 240px"}
        self.constraint = pn.widgets.Select(name="Constraint to take away", options=[], margin=0, styles=wide)
        self.without = button("Try without it")
        self.numbers = pn.widgets.TextInput(
            name="Visit in or out, or visit.detector",
            placeholder="96954 or 96954.42",
            margin=0,
            styles=wide,
        )
        self.of = pn.widgets.Select(name="of the set of", options=[], margin=0, styles=wide)
        self.toggle = button("Try it in or out")
        self.stated = ConstraintFields("One more: mode", "by", "Expression to try", "for", first=EXPRESSION)
        self.add = button("Try with it")
        self.state = Prose()
        self.keep = button("Keep this", primary=True, disabled=True)
        self.discard, self.cancel = button("Discard", disabled=True), button("Stop", disabled=True)
        self.undo = button("Undo", visible=False)
        self.without.on_click(self.desk.guard(self._try_without))
        self.toggle.on_click(self.desk.guard(self._try_toggle))
        self.numbers.param.watch(self.desk.guard(self._try_toggle), "enter_pressed")
        self.add.on_click(self.desk.guard(self._try_add))
        self.keep.on_click(lambda _: self.supposition.keep())
        self.discard.on_click(lambda _: self.supposition.discard())
        self.cancel.on_click(lambda _: self.desk.cancel())
        self.undo.on_click(lambda _: self.supposition.undo())

    async def restore(self, remedy: Remedy) -> None:
        """Try the edit of a remedy.

        Parameters
        ----------
        remedy : `~workbench.graph.Remedy`
            Of the plan's preview.
        """
        edit = self.supposition.find_edit(remedy)
        if edit is not None:
            await self.supposition.suppose(edit)

    def show(self) -> None:
        """Show what was tried."""
        what_if = self.supposition.what_if
        self.keep.disabled = self.discard.disabled = what_if is None
        self.result.show(None if what_if is None else what_if.difference, "what_if.difference")
        self._say()

    def _say(self) -> None:
        what_if = self.supposition.what_if
        if self.supposition.error:
            self.state.object = code(self.supposition.error, "error")
        elif what_if is None:
            self._tell("Nothing is tried now. What is tried is compared with the last preview.", "muted")
        else:
            self._tell(f"Tried: {what_if}.")

    def _tell(self, text: str, css: str = "") -> None:
        self.state.object = text_html(text, css=f"sentence {css}".strip(), role="status")

    def _list(self) -> None:
        names = {
            f"{n + 1}: {item.mode} {item.named}{'' if item.scope == WHOLE_GRAPH else f' ({item.scope})'}": n
            for n, item in enumerate(self.plan.constraints)
        }
        with_sets = {name: n for name, n in names.items() if self.plan.constraints[n].rows}
        for widget, options in ((self.constraint, names), (self.of, with_sets)):
            value = widget.value if widget.value in options.values() else next(iter(options.values()), None)
            widget.param.update(options=options, value=value)
        self.without.disabled, self.toggle.disabled = not names, not with_sets
        self.stated.offer_sets(self.desk.saved_labels())

    def _show_work(self) -> None:
        busy = bool(self.desk.busy)
        for widget in (self.without, self.toggle, self.add):
            widget.disabled = busy
        self.cancel.disabled = self.desk.busy != "What if"
        if self.desk.busy == "What if":
            self._tell(f"Trying: {self.desk.stage}, {self.desk.elapsed:.1f} s")
        elif not busy:
            self._list()
            self._say()

    def _show_undo(self) -> None:
        label = self.supposition.undo_label
        self.undo.param.update(name=f"Undo: {label}" if label else "Undo", visible=bool(label))

    async def _try_without(self, _: object) -> None:
        await self.supposition.suppose(SupposedEdit(without=self.constraint.value))

    async def _try_toggle(self, _: object) -> None:
        text = typed(self.numbers)
        keys, error = self.desk.attempt(lambda: parse_keys(text, self.curation.visits.instruments))
        if not keys or len(keys) != 1:
            self.supposition.refuse(error or "Write the number of one visit, and a detector after a dot.")
            return
        data_id = dict(zip(("instrument", "visit", "detector"), keys[0], strict=False))
        await self.supposition.suppose(SupposedEdit(toggle=data_id, of=self.of.value))

    async def _try_add(self, _: object) -> None:
        item, error = self.stated.read()
        if item is None:
            self.supposition.refuse(error)
            return
        await self.supposition.suppose(SupposedEdit(add=item))
