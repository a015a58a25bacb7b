"""The graph view: the campaign, its constraints, and what they leave of the graph."""

from __future__ import annotations

import panel as pn

from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import CURRENT
from workbench.session.content.column_view import ColumnView
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.steps import Step
from workbench.ui.campaign.account_view import AccountView
from workbench.ui.campaign.constraint_fields import ConstraintFields
from workbench.ui.elements.pieces import button, code, panel, row, side_by_side, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable

__all__ = ["GraphView"]

_CONSTRAINT_COLUMNS = [
    ColumnView("mode"),
    ColumnView("what", "set or expression", mark="code", wide=True),
    ColumnView("scope", wide=True),
]


class GraphView:
    """State a campaign, preview its graph, and compare it with the one before.

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
        self._make_fields()
        self._make_constraints()
        self.preview = button("Preview", primary=True)
        self.cancel = button("Cancel", disabled=True)
        self.state = Prose(align="center", styles={"flex": "1 1 320px"})
        self.account = AccountView(desk, plan, curation)
        self.preview.on_click(self.desk.guard(self._preview))
        self.cancel.on_click(lambda _: desk.cancel())
        desk.param.watch(lambda *_: self._show_work(), ["busy", "stage", "fraction", "elapsed"])
        plan.param.watch(lambda *_: self._show_state(), ["outdated", "revision", "problem", "doubt"])
        plan.param.watch(lambda *_: self._show_constraints(), "constraints")
        desk.param.watch(lambda *_: self._list_sets(), "n_saved")
        campaign = panel("Campaign", row(self.name, self.pipeline, self.inputs, self.skip, self.partial))
        constraints = panel(
            "Constraints: which data, for which part of the pipeline",
            self.constraints,
            row(*self.stated.all, self.add),
            self.refused,
        )
        self.view = pn.Column(
            side_by_side([campaign, constraints], [400, 560]),
            panel("", row(self.preview, self.cancel, self.state, align_items="center")),
            self.account.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._show_constraints()
        self._show_state()

    def _make_fields(self) -> None:
        plan = self.plan
        wide = {"flex": "1 1 240px"}
        self.name = pn.widgets.TextInput(
            name="Name (output collection)", value=plan.campaign_name, margin=0, styles=wide
        )
        self.pipeline = pn.widgets.TextInput(
            name="Pipeline (path or URI, #subset allowed)",
            value=plan.pipeline,
            margin=0,
            styles={"flex": "1 1 340px"},
        )
        self.inputs = pn.widgets.TextInput(
            name="Input collections, in order", value=plan.inputs, margin=0, styles=wide
        )
        self.skip = pn.widgets.TextInput(
            name="Skip quanta that ran in (collections; may be empty)",
            value=plan.skip,
            placeholder="u/somebody/first/r1",
            margin=0,
            styles=wide,
        )
        self.partial = pn.widgets.Select(
            name="Missing inputs",
            options={
                "complete: add their producers": "complete",
                "drop: leave partial quanta out": "drop",
                "allow: mark partial quanta": "allow",
            },
            value=plan.partial,
            margin=0,
            styles=wide,
        )
        for widget, name in (
            (self.name, "campaign_name"),
            (self.pipeline, "pipeline"),
            (self.inputs, "inputs"),
            (self.skip, "skip"),
            (self.partial, "partial"),
        ):
            widget.param.watch(lambda event, name=name: self._set_field(name, event.new), "value")

    def _make_constraints(self) -> None:
        self.constraints = DataTable(
            caption="Constraints of the campaign",
            action="Remove",
            empty="No constraints: every data ID of the inputs is used",
            pager=True,
        )
        self.constraints.on_row(self._remove)
        self.stated = ConstraintFields("Mode", "Set", "Expression", "Scope", first=CURRENT)
        self.refused = Prose(visible=False)
        self.add = button("Add")
        self.add.on_click(lambda _: self._add())

    def refresh(self) -> None:
        """Read the pipeline and list the saved sets again."""
        self._list_sets()
        scopes = self.plan.read_scopes()
        self.stated.offer_scopes(scopes)
        self.account.what_if.stated.offer_scopes(scopes)

    def _set_field(self, name: str, value: str) -> None:
        self.plan.param.update(**{name: value.strip()})
        if name in {"pipeline", "inputs"}:
            self.refresh()

    def _list_sets(self) -> None:
        self.stated.offer_sets(self.desk.saved_labels())

    def _add(self) -> None:
        item, error = self.stated.read()
        if item is None or item in self.plan.constraints:
            self._complain(error or "The campaign has this constraint already.")
            return
        self._complain("")
        self.plan.constraints = [*self.plan.constraints, item]

    def _complain(self, problem: str) -> None:
        self.refused.param.update(object=code(problem, "error"), visible=bool(problem))

    def _remove(self, key: str) -> None:
        self.plan.constraints = [item for n, item in enumerate(self.plan.constraints) if str(n) != key]

    def _show_constraints(self) -> None:
        cells = [[item.mode, item.named, str(item.scope)] for item in self.plan.constraints]
        self.constraints.fill(_CONSTRAINT_COLUMNS, cells, keys=[str(n) for n in range(len(cells))])

    async def _preview(self, _: object) -> None:
        await self.plan.make_preview()

    def _show_work(self) -> None:
        desk = self.desk
        self.preview.disabled = bool(desk.busy)
        self.cancel.disabled = not desk.busy
        if not desk.busy:
            self._show_state()
            return
        self.state.object = text_html(desk.progress_text, css="sentence", role="status")

    def _show_state(self) -> None:
        preview, problem = self.plan.preview, self.plan.problem
        if problem:
            self.state.object = text_html(
                "There is no preview of this campaign: the last one failed.", css="sentence out"
            ) + code(problem, "error")
            return
        if preview is None:
            text, css = "No preview yet.", "muted"
        elif self.plan.doubt:
            text, css = f"Not of what stands in {Step.CHOOSE}. {self.plan.doubt.splitlines()[0]}", "out"
        elif self.plan.outdated:
            text, css = (
                "Out of date: the set or the campaign has changed since this preview. Preview again.",
                "out",
            )
        else:
            text, css = f"Up to date: {str(preview).splitlines()[0]}.", "in"
        refused = () if preview is None or self.plan.outdated else preview.refusals
        said = "".join(text_html(f"A commit would be refused: {_begin(one)}", tag="li") for one in refused)
        self.state.object = text_html(text, css=f"sentence {css}", role="status") + (
            f'<ul class="out">{said}</ul>' if said else ""
        )


def _begin(sentence: str) -> str:
    """Return what a refusal begins with; where the waterfall follows, it has its own page."""
    return " ".join(line.strip() for line in sentence.splitlines()[:3])
