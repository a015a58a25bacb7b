"""What a notebook's kernel hears of the browser: in which thread, and in which order."""

from __future__ import annotations

import threading

from workbench.ui.kernel import call_in_main_thread, split_message

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
