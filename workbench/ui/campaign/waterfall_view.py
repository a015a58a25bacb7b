"""Why is it in, or why not: the stages that a data ID falls through, and the edit that restores it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Coroutine
from typing import Any

import panel as pn

from workbench.errors import UnknownNameError
from workbench.graph import Remedy
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.question import Question
from workbench.session.content.column_view import ColumnView
from workbench.session.content.content import make_colours
from workbench.session.content.counted import STAGES, make_waterfall
from workbench.session.desk.desk import Desk
from workbench.sets import split_data_id
from workbench.ui.elements.pieces import button, code, panel, row, side_by_side, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.views.component import BarsView

__all__ = ["WaterfallView", "parse_data_id"]

_ANY = "every task"
_MOST_REMEDIES = 4
_COLUMNS = [
    ColumnView("task", mark="code"),
    ColumnView("seen_as", "seen as"),
    ColumnView("stage", mark="state"),
    ColumnView("reason", wide=True),
    ColumnView("removed", align="right"),
    ColumnView("left", align="right"),
]


class WaterfallView:
    """What each stage removed: of a data ID, of a task, or of everything.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its preview.
    restore : `~collections.abc.Callable`
        Tries the edit of a remedy.
    """

    def __init__(
        self, desk: Desk, plan: CampaignPlan, restore: Callable[[Remedy], Coroutine[Any, Any, None]]
    ):
        self.desk = desk
        self.plan = plan
        self._restore = restore
        self.question = Question(desk, plan)
        self._remedies: tuple[Remedy, ...] = ()
        self._is_filling = False
        self.data_id = pn.widgets.TextInput(
            name="Data ID, such as visit=96954 or patch=3, band='i'; empty for all",
            placeholder="visit=96954",
            margin=0,
            styles={"flex": "1 1 410px"},
        )
        self.task = pn.widgets.Select(name="Task", options=[_ANY], margin=0, width=200)
        self.ask = button("Why?")
        self.answer = Prose()
        self.first = Prose()
        self.remedies = [button("", visible=False) for _ in range(_MOST_REMEDIES)]
        for number, one in enumerate(self.remedies):
            one.on_click(desk.guard(self._make_restoring(number)))
        self.bars = BarsView()
        self.steps = DataTable(caption="What each stage removed", pager=True, page_size=12)
        self._pages = TablePages(
            self.steps,
            columns=_COLUMNS,
            state=lambda step: "in" if step["stage"] == "kept" else "out" if step["removed"] else "",
        )
        self.ask.on_click(lambda _: self.explain())
        self.data_id.param.watch(lambda *_: self.explain(), "enter_pressed")
        self.task.param.watch(lambda *_: self.explain(), "value")
        self.question.param.watch(lambda *_: self._answer(), "revision")
        desk.param.watch(lambda *_: self._paint(), "theme")
        asked = panel(
            "Why is it in, or out?",
            row(self.data_id, self.task, self.ask),
            self.first,
            row(*self.remedies),
            self.answer,
        )
        self.answered = side_by_side([self.bars, panel("Stage by stage", self.steps)], [420, 560])
        self.view = pn.Column(
            asked,
            self.answered,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._paint()

    def show(self) -> None:
        """Forget what was asked: another preview has come; `open` asks again."""
        preview = self.plan.preview
        if preview is not None:
            self._is_filling = True
            self.task.options = [_ANY, *preview.graph.labels]
            self._is_filling = False
            self.question.forget()

    def open(self) -> None:
        """Show the waterfall of the whole preview, when the page is turned to."""
        if self.question.answer is None:
            self.explain()

    def explain(self) -> None:
        """Answer for what stands in the field."""
        text = typed(self.data_id)
        if self.plan.preview is None or self._is_filling:
            return
        data_id = parse_data_id(text) if text else {}
        if data_id is None:
            error = f"{text!r} is no data ID: write visit=96954, or patch=3, band='i'."
        else:
            error = self.question.ask(data_id, "" if self.task.value == _ANY else str(self.task.value))
        if error:
            self.question.forget(error)

    def _answer(self) -> None:
        question = self.question
        self.answered.visible = question.answer is not None
        if question.error:
            # What was asked stays in the field; the answer to something else does not stay beneath it.
            self.first.object, self.answer.object = code(question.error, "error"), ""
            self._offer(())
            return
        text = ", ".join(f"{name}={value!r}" for name, value in question.data_id.items())
        self._is_filling = True
        if parse_data_id(typed(self.data_id)) != question.data_id:
            self.data_id.param.update(value=text, value_input=text)
        self.task.value = question.task or _ANY
        self._is_filling = False
        answer, explanation = question.answer, question.explanation
        if answer is None:
            self.first.object = self.answer.object = ""
            self._offer(())
            return
        self.first.object = text_html(str(answer), css="sentence", role="status")
        lines = (
            "" if explanation is None else "".join(text_html(one, tag="li") for one in explanation.sentences)
        )
        self.answer.object = f"<ul>{lines}</ul>" if lines else ""
        self.bars.content = make_waterfall(answer.waterfall, "Where candidates fell")
        words = {"candidates": "candidates", **STAGES}
        table = answer.waterfall
        at = table.schema.get_field_index("stage")
        named = [words[str(stage)] for stage in table["stage"].to_pylist()]
        self._pages.show(table.set_column(at, "stage", [named]))
        self._offer(answer.remedies)

    def _offer(self, remedies: tuple[Remedy, ...]) -> None:
        # What gives nothing back by itself, and rows of several data IDs, are said among the sentences:
        # they cannot be tried by one press.
        pressed = (one for one in remedies if one.kind == "without" or len(one.data_ids) == 1)
        self._remedies = tuple(one for one in pressed if not one.together)[:_MOST_REMEDIES]
        for number, one in enumerate(self.remedies):
            if number >= len(self._remedies):
                one.visible = False
                continue
            remedy = self._remedies[number]
            what = remedy.sentence.partition(", ")[2].rstrip(".")
            one.param.update(name=f"Try: {what}", visible=True)

    def _make_restoring(self, number: int) -> Callable[[object], Coroutine[Any, Any, None]]:
        async def restore(_: object) -> None:
            if number < len(self._remedies):
                await self._restore(self._remedies[number])

        return restore

    def _paint(self) -> None:
        self.bars.colours = make_colours(self.desk.palette)


def parse_data_id(text: str) -> dict[str, Any] | None:
    """Read a data ID as people write it.

    Parameters
    ----------
    text : `str`
        Such as ``visit=96954, band='i'``; quotes may be left out.  Several
        values of a dimension are as many data IDs.

    Returns
    -------
    data_id : `dict` or `None`
        Integers and strings by dimension, or lists of them; `None` if it
        cannot be read.
    """
    try:
        found = split_data_id(text.replace(" AND ", ",").replace(" and ", ","))
    except UnknownNameError:
        return None
    if not all(name.isidentifier() for name in found):
        return None
    values = {name: [_read_value(value) for value in texts] for name, texts in found.items()}
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}


def _read_value(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
