"""What takes long is done in a thread: it can be cancelled, and what was there before stays; no browser."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from workbench.bench import Bench
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.ui.app import make_application
from workbench.ui.explore.explore_view import ExploreView
from workbench.ui.groups.group_view import GroupView

# Views name widgets as all releases of Panel take it.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture
def desk(bench: Bench) -> Desk:
    """A desk to which nothing is short."""
    bench.save(bench.select("visit"), "all", reason="to be grouped")
    return Desk(bench, author="ana", most_at_once=0)


@pytest.fixture
def groups(desk: Desk) -> GroupView:
    """The page of groups, with two folds of the set, made in a thread."""
    view = GroupView(desk, Curation(desk))
    view.refresh()
    view.try_rule()  # where no event loop runs, it is done now
    assert desk.hint.startswith("grouping, check = bench.groupings.try_rule('fold'")
    return view


async def wait_for(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


def run(desk: Desk, *steps: Callable[[], Awaitable[None] | None]) -> None:
    """Do steps while an event loop runs, and wait for the work that they begin."""

    async def journey() -> None:
        for step in steps:
            waited = step()
            if waited is not None:
                await waited
        await asyncio.sleep(0)
        await wait_for(lambda: not desk.busy)
        await asyncio.sleep(0)

    asyncio.run(journey())


def cancel_at_once(desk: Desk) -> None:
    """Cancel the next long work as soon as it is under way."""

    def cancel(event: object) -> None:
        if desk.busy:
            desk.cancel()
            desk.param.unwatch(watcher)

    watcher = desk.param.watch(cancel, "busy")


def test_groups_made_in_a_thread_are_those_made_at_once(groups: GroupView, bench: Bench) -> None:
    short = GroupView(Desk(bench, author="ana"), Curation(groups.desk))
    short.refresh()
    short.try_rule()
    one, other = groups.regrouping, short.regrouping
    assert one.grouping is not None
    assert other.grouping is not None
    assert one.grouping.digest == other.grouping.digest
    assert one.check == other.check
    assert groups.balance.sentences.object == short.balance.sentences.object
    assert "patch" in groups.balance.sentences.object
    assert len(groups.sky.content) == len(short.sky.content) > 0
    assert groups.desk.hint == short.desk.hint
    logged = [[(entry.kind, entry.python) for entry in view.desk.log.entries] for view in (groups, short)]
    assert logged[0] == logged[1]


def test_a_cancelled_try_leaves_the_groups_before_it(groups: GroupView, desk: Desk) -> None:
    before, detail, hint = groups.regrouping.grouping, groups.lanes.detail, desk.hint
    entries = len(desk.log.entries)
    said: list[str] = []
    groups.work.state.param.watch(lambda event: said.append(event.new), "object")
    cancel_at_once(desk)
    run(desk, lambda: setattr(groups.form.fields["n"], "value", 3))
    assert "Grouping was cancelled; nothing was left behind." in desk.message
    assert any("Grouping: " in text for text in said)
    assert said[-1] == ""
    assert groups.work.cancel.disabled
    assert (groups.regrouping.grouping, groups.lanes.detail, desk.hint) == (before, detail, hint)
    assert len(desk.log.entries) == entries
    assert not groups.error.visible
    run(desk, groups.try_rule)
    assert groups.regrouping.lane_keys == ("fold0", "fold1", "fold2")
    groups.regrouping.undo()
    assert groups.regrouping.grouping is before


def test_what_is_asked_last_counts(groups: GroupView, desk: Desk) -> None:
    def ask(n: int) -> None:
        groups.form.fields["n"].value = n

    busy: list[str] = []
    desk.param.watch(lambda event: busy.append(event.new), "busy")
    run(desk, lambda: ask(3), lambda: asyncio.sleep(0.02), lambda: ask(4), groups.try_rule, lambda: ask(5))
    assert groups.regrouping.lane_keys == tuple(f"fold{n}" for n in range(5))
    # Those in between were never begun.
    assert [text for text in busy if text] == ["Grouping", "Grouping"]


def test_errors_of_long_work_are_said_beside_the_fields(groups: GroupView, desk: Desk) -> None:
    before = groups.regrouping.grouping
    run(desk, lambda: setattr(groups.form.rule, "value", "sweeps"))
    assert "puts no row of all@1 into any group" in groups.error.object
    assert groups.regrouping.grouping is before


def test_a_move_is_made_at_once_unless_work_is_under_way(groups: GroupView, desk: Desk) -> None:
    grouping = groups.regrouping.grouping
    assert grouping is not None
    visit = grouping.members("fold0")["visit"][0].as_py()
    move = '{"do": "move", "members": [0], "to": "fold1", "from": "fold0", "revision": %d, "number": %d}'
    groups.lanes.request = move % (groups.regrouping.revision, 1)
    moved = groups.regrouping.grouping
    assert moved is not None
    assert visit in moved.members("fold1")["visit"].to_pylist()

    async def move_meanwhile() -> None:
        await wait_for(lambda: desk.busy == "Grouping")
        groups.lanes.request = move % (groups.regrouping.revision, 2)
        assert "Grouping is under way" in groups.error.object
        assert groups.regrouping.grouping is moved

    run(desk, groups.try_rule, move_meanwhile)
    assert not groups.error.visible
    assert groups.regrouping.grouping is not moved


def test_a_cancelled_save_writes_nothing(groups: GroupView, desk: Desk, bench: Bench) -> None:
    groups.reason.value = "as tried"
    rows = bench.registry.last_rows()
    cancel_at_once(desk)
    run(desk, groups._save)
    assert "Save of the groups was cancelled" in desk.message
    assert bench.groupings.list().num_rows == 0
    assert bench.registry.last_rows() == rows
    assert groups.regrouping.saved is None
    run(desk, groups._save)
    assert groups.regrouping.saved is not None
    assert bench.groupings.load("fold@1").digest == groups.regrouping.saved.digest
    run(desk, groups._open)
    assert groups.regrouping.current is not None
    assert groups.regrouping.current.python == "grouping = bench.groupings.load('fold@1')"


def test_a_cancelled_explore_is_empty_and_opened_again(desk: Desk, bench: Bench) -> None:
    explorer = ExploreView(desk, SharedSelection())
    cancel_at_once(desk)
    run(desk, explorer.open)
    assert "Reading of the visits was cancelled" in desk.message
    assert (len(explorer.rows), explorer.sky.content, explorer.table.content) == (0, b"", b"")
    run(desk, explorer.open)
    assert len(explorer.rows) == bench.dimensions.count("visit")
    assert explorer.sky.content
    assert desk.hint == 'bench.query("visit")'
    shown = explorer.rows
    run(desk, explorer.open)
    assert explorer.rows is shown
    # A wrong expression, or one that was cancelled, leaves what is shown.
    run(desk, lambda: setattr(explorer.where, "value", "nonsense ="))
    assert explorer.error.visible
    cancel_at_once(desk)
    run(desk, lambda: setattr(explorer.where, "value", "band = 'i'"))
    assert explorer.rows is shown
    run(desk, explorer.read)
    assert 0 < len(explorer.rows) < len(shown)
    assert not explorer.error.visible


def test_pages_turned_to_during_long_work_are_filled_when_it_ends(bench: Bench, demo_repo: Path) -> None:
    bench.save(bench.select("visit"), "all", reason="to be grouped")
    application = make_application(bench)
    desk = application.desk
    desk.most_at_once = 0

    async def turn() -> None:
        await wait_for(lambda: bool(desk.busy))
        application.steps.active = 3
        assert application.groups.rows.options == []

    run(desk, application.explorer.open, turn)
    assert application.groups.rows.options == ["all@1"]
    assert len(application.explorer.rows) == bench.dimensions.count("visit")


def test_work_is_long_by_its_rows_or_by_the_visits_of_the_repository(bench: Bench) -> None:
    desk = Desk(bench)
    assert not desk.is_long()
    assert not desk.is_long(2000)
    assert desk.is_long(2001)
    desk.most_at_once = bench.dimensions.count("visit") - 1
    assert desk.is_long()
