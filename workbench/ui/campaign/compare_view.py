"""The difference of any two previews of the session, and of graphs that were committed."""

from __future__ import annotations

import panel as pn

from workbench.session.campaign.comparison import Comparison
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.desk.desk import Desk
from workbench.ui.campaign.difference_view import DifferenceView
from workbench.ui.elements.pieces import button, code, panel, row, text_html
from workbench.ui.elements.prose import Prose

__all__ = ["CompareView"]


class CompareView:
    """Choose two graphs, and see what one has that the other has not.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its previews.
    """

    def __init__(self, desk: Desk, plan: CampaignPlan):
        self.comparison = Comparison(desk, plan)
        wide = {"flex": "1 1 320px"}
        self.before = pn.widgets.Select(name="From", options=[], margin=0, styles=wide)
        self.after = pn.widgets.Select(name="To", options=[], margin=0, styles=wide)
        self.compare = button("Compare graphs", primary=True)
        self.state = Prose()
        self.result = DifferenceView(desk)
        self.compare.on_click(desk.guard(self._compare))
        self.comparison.param.watch(lambda *_: self.show(), "revision")
        self.view = pn.Column(
            panel(
                "Two previews of this session, or graphs that were committed",
                row(self.before, self.after, self.compare),
                self.state,
            ),
            self.result.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def show(self) -> None:
        """Show what was compared; before that the last two previews are chosen."""
        comparison = self.comparison
        names, compared = list(comparison.graphs), comparison.compared
        for select, at in ((self.after, 0), (self.before, 1)):
            value = names[min(at, len(names) - 1)] if names else None
            if comparison.error and select.value in names:
                value = select.value  # what was asked for stays
            select.param.update(options=names, value=value if compared is None else compared[1 - at])
        self.compare.disabled = len(names) < 2
        self.result.show(comparison.difference)
        if comparison.error:
            self.state.object = code(comparison.error, "error")
            return
        if compared is not None and comparison.difference is not None:
            same = (
                " They have the same quanta with the same inputs." if comparison.difference.is_empty else ""
            )
            text, css = f"From {compared[0]} to {compared[1]}.{same}", "sentence"
        elif len(names) > 1:
            text, css = "Choose two and compare them.", "sentence muted"
        else:
            text = "There is one graph so far: preview again after a change, and compare the two."
            css = "sentence muted"
        self.state.object = text_html(text, css=css, role="status")

    async def _compare(self, _: object) -> None:
        await self.comparison.compare(str(self.before.value), str(self.after.value))
