"""The account of a preview, in tabs: tasks and quanta, "why not?", "what if?", and comparisons."""

from __future__ import annotations

import panel as pn

from workbench.graph import Remedy
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.ui.campaign.compare_view import CompareView
from workbench.ui.campaign.counts_view import CountsView
from workbench.ui.campaign.quanta_view import QuantaView
from workbench.ui.campaign.waterfall_view import WaterfallView
from workbench.ui.campaign.what_if_view import WhatIfView
from workbench.ui.elements.steps import Steps

__all__ = ["AccountView"]


class AccountView:
    """Everything that a preview says about itself.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its previews.
    curation : `~workbench.session.curation.curation.Curation`
        The set that is being put together.
    """

    def __init__(self, desk: Desk, plan: CampaignPlan, curation: Curation):
        self.plan = plan
        self.quanta = QuantaView(desk, plan)
        self.counts = CountsView(desk, plan, self.quanta.show)
        self.what_if = WhatIfView(desk, plan, curation)
        self.waterfall = WaterfallView(desk, plan, self.restore)
        self.compare = CompareView(desk, plan)
        account = pn.Column(
            self.counts.view,
            self.quanta.view,
            self.counts.tables,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        pages = {
            "Tasks": account,
            "Why not?": self.waterfall.view,
            "What if?": self.what_if.view,
            "Compare": self.compare.view,
        }
        self._pages = list(pages.values())
        self.tabs = Steps(title="Parts of the preview", numbered=False)
        self.tabs.param.update(labels=list(pages), notes=[""] * len(pages))
        # What was told of one part does not stand above another.
        self.tabs.param.watch(lambda *_: desk.tell(""), "active")
        self.tabs.param.watch(lambda *_: self._turn(), "active")
        plan.param.watch(lambda *_: self.show(), "revision")
        plan.param.watch(lambda *_: self._hide(), "problem")
        self.view = pn.Column(
            self.tabs,
            *self._pages,
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
            styles={"gap": "14px"},
        )
        self._turn()

    def show(self) -> None:
        """Show the preview as it is now."""
        preview = self.plan.preview
        self._hide()
        if preview is None or self.plan.campaign is None:
            return
        self.quanta.clear()
        self.counts.show(preview)
        self.waterfall.show()
        self._turn()

    def _hide(self) -> None:
        # What a preview says of another campaign is not left beneath the error of this one.
        self.view.visible = self.plan.preview is not None and not self.plan.problem

    async def restore(self, remedy: Remedy) -> None:
        """Try the edit of a remedy, and show what it would do.

        Parameters
        ----------
        remedy : `~workbench.graph.Remedy`
            Of the plan's preview.
        """
        self.tabs.active = list(self.tabs.labels).index("What if?")
        await self.what_if.restore(remedy)

    def _turn(self) -> None:
        for number, page in enumerate(self._pages):
            page.visible = number == self.tabs.active
        if self.waterfall.view.visible and self.plan.preview is not None:
            # Counting of everything takes a while for a large graph: only who looks waits.
            self.waterfall.open()
