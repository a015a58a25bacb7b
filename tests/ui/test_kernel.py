"""What a notebook's kernel hears of the browser: in which thread, and in which order."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from workbench.bench import Bench, open_bench
from workbench.session.desk.desk import Desk
from workbench.session.desk.kernel import call_in_main_thread, split_message
from workbench.session.desk.watch import Watch
from workbench.ui.elements.stage import PageStage

CHANGE = {"kind": "ModelChanged", "attr": "value_input", "new": "96954"}
PRESS = {"kind": "MessageSent", "msg_type": "bokeh_event"}


def message(*events: dict[str, str], buffers: dict[int, bytes] | None = None) -> dict[str, object]:
    header = {"msgid": "1", "msgtype": "PATCH-DOC"}
    return {"header": header, "metadata": {}, "content": {"events": list(events)}, "_buffers": buffers or {}}


def test_a_press_comes_after_the_text_before_it() -> None:
    parts = list(split_message(message(CHANGE, CHANGE, PRESS, CHANGE)))
    assert [part["content"]["events"] for part in parts] == [[CHANGE, CHANGE], [PRESS], [CHANGE]]
    # Each is taken apart by whoever assembles it.
    assert all(part["header"]["msgtype"] == "PATCH-DOC" for part in parts)
    assert len({id(part["header"]) for part in parts}) == len(parts)


def test_what_belongs_together_stays_together() -> None:
    for whole in (message(CHANGE), message(), message(CHANGE, PRESS, buffers={0: b"array"})):
        assert list(split_message(whole)) == [whole]


def test_without_a_kernel_it_is_done_at_once_in_any_thread() -> None:
    done: list[str] = []
    call_in_main_thread(lambda: done.append("here"))
    other = threading.Thread(target=lambda: call_in_main_thread(lambda: done.append("there")))
    other.start()
    other.join()
    assert done == ["here", "there"]


def test_what_fails_in_a_cell_is_said_there(bench: Bench) -> None:
    desk = Desk(bench)
    root = PageStage(desk).view
    root._on_msg("of no view", None, message(PRESS))
    assert "KeyError: 'of no view'" in desk.error
    desk.tell("")

    async def divide(_: object) -> None:
        raise ZeroDivisionError("division by zero")

    asyncio.run(desk.guard(divide)(None))
    assert "ZeroDivisionError: division by zero" in desk.error


def test_a_cell_that_outlives_its_repository_says_so_once(demo_repo: Path) -> None:
    async def outlive() -> list[str]:
        opened = open_bench(demo_repo)
        watch = Watch(Desk(opened))
        told: list[str] = []
        watch.param.watch(lambda event: told.append(event.new), "news")
        watch.start()
        opened.close()
        watch._tick()
        watch._tick()
        assert not watch._ticking.running
        return told

    (said,) = asyncio.run(outlive())
    assert "The repository was closed here" in said
    assert "fault" not in said
