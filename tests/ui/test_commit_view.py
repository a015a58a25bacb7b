"""The commit panel without a browser: what it says against what is written and runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE
from workbench.runs import STATES
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import WHOLE_GRAPH, PlannedConstraint
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.desk.threads import do_in_thread
from workbench.ui.campaign.commit_view import CommitView

# What Panel 2 will call otherwise: Panel 1.7, which is supported too, knows no other words.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.* is deprecated and will be removed in version 2.0:PendingDeprecationWarning"
)

PATIENCE = 90.0  # s


@pytest.fixture
def view(bench: Bench) -> CommitView:
    """The panel with a preview of two visits."""
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    plan = CampaignPlan(
        desk,
        curation,
        pipeline=f"{PIPELINE}#visit-level",
        inputs="HSC/defaults",
        campaign_name="u/test/panel",
    )
    plan.constraints = [
        PlannedConstraint("", "include", WHOLE_GRAPH, "instrument = 'HSC' AND visit IN (96980, 95104)")
    ]
    made = CommitView(desk, plan)
    asyncio.run(plan.make_preview())
    return made


def confirm(view: CommitView) -> None:
    assert view.plan.preview is not None
    view.confirmation.value_input = view.plan.preview.output_run


async def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


def test_what_is_shown_is_what_the_python_api_says(view: CommitView, bench: Bench) -> None:
    plan = view.plan
    confirm(view)
    assert view.commit.disabled  # not checked yet
    asyncio.run(view.open())
    assert plan.campaign is not None
    assert plan.preview is not None
    forecast = bench.campaigns.forecast(plan.campaign, plan.preview)
    assert view.collections.rows == [list(row.values()) for row in forecast.collections.to_pylist()]
    assert [row[2] for row in view.files.rows] == [f"{n:,}" for n in forecast.files["n_bytes"].to_pylist()]
    assert [row[:2] for row in view.types.rows] == [
        [row["dataset_type"], f"{row['n_datasets']:,}"] for row in forecast.dataset_types.to_pylist()
    ]
    checks = bench.campaigns.check(plan.campaign, plan.preview).to_pylist()
    assert [row[1] for row in view.checks.rows] == [
        "The preview is up to date",
        *(row["check"] for row in checks),
    ]
    assert set(view.checks.states) == {"in"}
    assert not view.commit.disabled
    view.confirmation.value_input = "u/test/panel"
    assert view.commit.disabled


def test_a_failed_check_keeps_from_committing(view: CommitView, bench: Bench) -> None:
    with bench.registry.writeable_butler() as butler:
        butler.collections.redefine_chain("HSC/defaults", ["HSC/raw/all"])
    confirm(view)
    asyncio.run(view.open())
    assert view.commit.disabled
    assert "Changed since: bias in HSC/defaults" in view.verdict.object
    failed = [row for row, state in zip(view.checks.rows, view.checks.states, strict=True) if state == "out"]
    assert [row[1] for row in failed] == ["The inputs are as the preview read them"]
    assert failed[0][3] == "Make the preview again and look at it."


def test_a_cancelled_commit_leaves_nothing(view: CommitView, bench: Bench) -> None:
    asyncio.run(view.open())
    confirm(view)
    before = set(bench.registry.storage_dir.rglob("*"))

    async def cancelled() -> None:
        stages = []
        view.desk.param.watch(lambda event: stages.append(event.new), "stage")
        work = asyncio.create_task(view.plan.make_commit())
        await wait_for(lambda: view.desk.busy == "Commit")
        assert not view.cancel.disabled
        view.desk.cancel()
        await work

    asyncio.run(cancelled())
    assert "cancelled; nothing was left behind" in view.desk.message
    assert view.plan.commit is None
    assert bench.campaigns.list(pending=True).num_rows == 0
    assert bench.registry.journal.reserved_names() == {}
    assert not bench.butler.collections.query("u/test/*")
    assert {path for path in bench.registry.storage_dir.rglob("*") if path.is_file()} <= before
    assert not view.commit.disabled  # it may be asked again


def test_a_commit_runs_is_watched_and_ingested_while_other_actions_go_on(
    view: CommitView, bench: Bench
) -> None:
    execution, run = view.execution, view.run

    async def journey() -> None:
        await view.open()
        confirm(view)
        assert "What will be written" in view.title.object
        await view.plan.make_commit()
        commit = view.plan.commit
        assert commit is not None, view.desk.message
        view.show()
        assert "What was written" in view.title.object
        for what in (view.collections, view.files, view.types):
            assert "written" in what.caption
            assert "will be" not in what.caption
        execution.list_commits()
        execution.choose(commit.commit_id)
        execution.show(visible=True)
        assert run.commits.keys == [commit.commit_id]
        assert [row[2] for row in run.files.rows] == [
            f"{row['n_bytes']:,}" for row in bench.campaigns.files(commit).to_pylist()
        ]
        run.bps.clicks += 1
        assert any("bps submit" in text for _, text in run.commands.commands)

        await wait_for(lambda: not run.start.disabled)
        assert "Not run yet: 14 quanta: 14 waiting" in run.state.object
        run.start.clicks += 1
        assert run.start.disabled
        await wait_for(lambda: execution.status is not None and execution.status.running)
        # A run keeps nothing else from being done.
        assert view.desk.busy == ""
        view.plan.curation.toggle(("HSC", 96954), "odd")
        assert view.plan.curation.error == ""
        await wait_for(lambda: not execution.is_running)
        await execution.look()
        assert "Done: 14 quanta: 14 successful" in run.state.object
        status = bench.status(commit)
        assert execution.status is not None
        assert execution.status.table.equals(status)
        for row in status.to_pylist():
            assert all(f'<td class="right">{row[state]:,}</td>' in run.status.object for state in STATES)
        assert "Executed 14 quanta successfully" in execution.log

        await execution.ingest()
        assert "Ingested: 14 quanta: 14 successful" in run.state.object
        assert run.start.disabled
        assert run.ingest.disabled

    asyncio.run(journey())
    assert [entry.python for entry in view.desk.log.entries if entry.kind == "write"][-2:] == [
        "bench.run('u/test/panel/r1')",
        "bench.ingest('u/test/panel/r1')",
    ]


def test_a_run_is_stopped_from_another_panel_and_goes_on(view: CommitView, bench: Bench) -> None:
    assert view.plan.campaign is not None
    commit = view.plan.campaign.commit(view.plan.preview)
    other = CommitView(Desk(bench), view.plan)

    async def journey() -> None:
        for panel in (view, other):
            panel.execution.choose(commit.commit_id)
        view.execution.show(visible=True)
        other.execution.show(visible=True)
        thread = view.execution.start(2)
        assert thread is not None
        await wait_for(lambda: other.execution.is_running)
        assert not other.run.cancel.disabled
        await other.execution.stop()
        assert not other.execution.is_running  # a stop returns when all has ended
        await do_in_thread(thread.join, PATIENCE)
        await wait_for(lambda: not view.execution.is_running)

    asyncio.run(journey())
    assert not bench.runs.watch(commit).read().running


def test_a_read_only_repository_is_looked_at(view: CommitView, bench: Bench) -> None:
    assert view.plan.campaign is not None
    view.plan.campaign.commit(view.plan.preview)
    with open_bench(bench.uri, read_only=True) as closed:
        panel = CommitView(Desk(closed), view.plan)
        panel.execution.list_commits()
        panel.execution.choose(panel.execution.commits[0]["commit_id"])
        asyncio.run(panel.execution.look())
        assert panel.run.start.disabled
        assert "14 waiting" in panel.run.state.object
