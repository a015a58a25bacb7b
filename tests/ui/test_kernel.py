"""What a notebook's kernel hears of the browser: in which thread, and in which order."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import panel as pn
from bokeh.document import Document
from panel.models.comm_manager import CommManager
from pyviz_comms import Comm

from workbench.bench import Bench, open_bench
from workbench.session.desk.desk import Desk
from workbench.session.desk.kernel import call_in_main_thread, split_message
from workbench.session.desk.watch import Watch
from workbench.ui.elements.stage import PageStage

CHANGE = {"kind": "ModelChanged", "attr": "value_input", "new": "96954"}
PRESS = {"kind": "MessageSent", "msg_type": "bokeh_event"}


def message(*events: dict[str, Any], buffers: dict[int, memoryview] | None = None) -> dict[str, Any]:
    header = {"msgid": "1", "msgtype": "PATCH-DOC"}
    return {"header": header, "metadata": {}, "content": {"events": list(events)}, "_buffers": buffers or {}}


def test_a_press_comes_after_the_text_before_it() -> None:
    parts = list(split_message(message(CHANGE, PRESS, CHANGE, buffers={0: memoryview(b"array")})))
    assert [part["content"]["events"] for part in parts] == [[CHANGE], [PRESS], [CHANGE]]
    # Each is taken apart by whoever assembles it.
    assert all(part["header"]["msgtype"] == "PATCH-DOC" for part in parts)
    assert all(part["_buffers"] == {0: b"array"} for part in parts)
    assert len({id(part[taken]) for part in parts for taken in ("header", "_buffers")}) == 2 * len(parts)


def test_what_is_one_stays_one() -> None:
    for whole in (message(CHANGE), message()):
        assert list(split_message(whole)) == [whole]


def test_every_change_of_a_message_is_heard(bench: Bench) -> None:
    stage = PageStage(Desk(bench))
    fields = [pn.widgets.TextInput() for _ in range(3)]
    said, heard = pn.widgets.StaticText(), []
    stage.show(*fields, said)
    document, comm = Document(), Comm()
    root = stage.view._render_model(document, comm)

    def hear(event: Any) -> None:
        heard.append(event.new)
        said.value = f"heard {event.new}"  # so that the page changes as one of them is heard

    for field in fields:
        field.param.watch(hear, "value")
    typed = [f"typed {n}" for n in range(3)]
    # All of it in one message, as a browser sends what happened while the kernel was at work.
    changes = [
        {"kind": "ModelChanged", "model": field._models[root.id][0].ref, "attr": "value", "new": text}
        for field, text in zip(fields, typed, strict=True)
    ]
    stage.view._on_msg(root.id, CommManager(plot_id=root.id, comm_id=comm.id), message(*changes))
    assert heard == typed


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
