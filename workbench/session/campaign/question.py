"""The question "why is it in, or out?" that a preview is asked, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import param

from workbench.graph import Explanation, GraphWhyNot
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.desk.desk import Desk

__all__ = ["Question"]


class Question(param.Parameterized):
    """What was asked of the plan's preview, and what it answered.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its preview.
    """

    revision = param.Integer(default=0, doc="counts the answers")

    def __init__(self, desk: Desk, plan: CampaignPlan):
        super().__init__()
        self.desk = desk
        self.plan = plan
        self.data_id: Mapping[str, Any] = {}
        self.task = ""
        self.error = ""
        self.answer: GraphWhyNot | None = None
        self.explanation: Explanation | None = None

    def ask(self, data_id: Mapping[str, Any], task: str = "") -> str:
        """Ask what each stage removed.

        Parameters
        ----------
        data_id : `~collections.abc.Mapping`
            Of any dimensions; empty for all data IDs.
        task : `str`, optional
            Task label; empty for every task.

        Returns
        -------
        error : `str`
            Why there is no answer, and the one before stays; empty if there
            is one.
        """
        preview = self.plan.preview
        if preview is None:
            return "There is no preview yet: make one first."
        given = {**({"task": task} if task else {}), **data_id}
        hint = f"preview.why_not({_write(given)})" if given else ""
        if data_id:
            hint = f"preview.explain({_write(data_id)})\n{hint}"
        told, error = self.desk.carry_out(
            hint,
            lambda: (
                preview.why_not(task=task or None, **data_id),
                preview.explain(**data_id) if data_id else None,
            ),
        )
        if told is None:
            return error
        self.error = ""
        self.data_id, self.task = dict(data_id), task
        self.answer, self.explanation = told
        self.revision += 1
        return ""

    def forget(self, error: str = "") -> None:
        """Have no answer: another preview has come, or what was asked has none.

        Parameters
        ----------
        error : `str`, optional
            Why there is none.
        """
        self.data_id, self.task, self.error = {}, "", error
        self.answer = self.explanation = None
        self.revision += 1


def _write(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in given.items())
