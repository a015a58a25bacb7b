"""The steps of the application: keys, whose order and number no message knows."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from workbench.bench import Bench
from workbench.errors import CampaignError, UnknownNameError
from workbench.session.campaign.planned_constraint import WHOLE_GRAPH, PlannedConstraint, PlannedScope
from workbench.session.campaign.supposing import SupposedEdit
from workbench.session.notes.targets import aim_at_selection
from workbench.session.steps import Step
from workbench.ui.app import Application, make_application

# Panel means to rename parameters of its widgets one day; both names are understood.
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")

MODULE = sys.modules[Application.__module__]  # workbench.ui.app is the function
OTHER_ORDER = (Step.COMMIT, *(step for step in Step if step is not Step.COMMIT))


async def collect_messages(application: Application) -> list[str]:
    """Meet what is told with the title of a step."""
    application.steps.active = MODULE.STEPS.index(Step.PREVIEW)
    plan, curation = application.plan, application.curation
    told = plan.obstacles()
    application.groups.try_rule()
    told.append(application.groups.error.object)
    with pytest.raises(UnknownNameError) as nothing:
        aim_at_selection(application.desk.bench, application.selection)
    told.append(str(nothing.value))
    told += application.graph.stated.rows.options
    await plan.make_preview()
    told += plan.obstacles()
    application.selection.select([("HSC", 96954)])
    application.selected.leave_out.clicks += 1
    told += [application.desk.message, *plan.obstacles(), plan.check_rows()[0]["remedy"]]
    await plan.make_preview()
    told.append(plan.kept[-1].changed)
    curation.choose("bnad = 'i'")
    told += [plan.doubt, application.graph.state.object]
    return told


def test_steps_in_another_order_change_no_message(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.run(collect_messages(make_application(bench)))
    monkeypatch.setattr(MODULE, "STEPS", OTHER_ORDER)
    assert asyncio.run(collect_messages(make_application(bench))) == told
    for title in ("Explore", "Choose", "Preview"):
        assert any(title in text for text in told), title
    assert not [text for text in told if re.search(r"\bstep\b", text, re.IGNORECASE)]


@pytest.mark.parametrize("steps", [tuple(Step), OTHER_ORDER])
def test_pages_and_notes_are_found_by_key(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, steps: tuple[Step, ...]
) -> None:
    monkeypatch.setattr(MODULE, "STEPS", steps)
    application = make_application(bench)
    assert application.steps.labels == [step.value for step in steps]
    application.selection.select([("HSC", 96954)])
    assert application.steps.notes[steps.index(Step.EXPLORE)] == "1 selected"

    async def turn() -> None:
        application.steps.active = steps.index(Step.CHOOSE)

    asyncio.run(turn())
    assert application.steps.notes[steps.index(Step.CHOOSE)] == "12 visits"


@pytest.mark.parametrize(
    ("scope", "shown", "arguments"),
    [
        (WHOLE_GRAPH, "the whole graph", {}),
        (PlannedScope.of_tasks("coadd"), "task coadd", {"tasks": "coadd"}),
        (PlannedScope.of_tasks("coadd", "warp"), "tasks coadd, warp", {"tasks": ["coadd", "warp"]}),
        (PlannedScope.of_dataset_type("warp"), "dataset type warp", {"dataset_type": "warp"}),
    ],
)
def test_a_scope_is_a_value_that_is_shown_and_never_read_back(
    scope: PlannedScope, shown: str, arguments: dict[str, object]
) -> None:
    assert str(scope) == shown
    assert scope.arguments() == arguments
    edit = SupposedEdit.from_arguments({**arguments, "where": "band = 'i'"})
    assert edit.add == PlannedConstraint("", "include", scope, "band = 'i'")
    assert edit.arguments() == {**arguments, "where": "band = 'i'"}


def test_a_change_about_tasks_and_a_dataset_type_is_not_one() -> None:
    with pytest.raises(CampaignError, match="is not one change"):
        SupposedEdit.from_arguments({"tasks": "coadd", "dataset_type": "warp", "where": "band = 'i'"})
