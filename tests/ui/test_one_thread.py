"""What a served page does: in one thread, beside which long work goes on."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from workbench.session.desk.threads import do_in_thread
from workbench.ui.one_thread import OneThread


def test_what_a_library_hands_to_other_threads_is_done_in_the_loops_own() -> None:
    there: contextvars.ContextVar[str] = contextvars.ContextVar("there")

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(OneThread())
        there.set("of the request")

        def act() -> tuple[threading.Thread, asyncio.AbstractEventLoop, str]:
            return threading.current_thread(), asyncio.get_running_loop(), there.get()

        given = await loop.run_in_executor(None, act)
        assert given == (threading.main_thread(), loop, "of the request")
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, divmod, 1, 0)

        # Long work goes on beside all the same, and knows where it was begun.
        thread, name = await do_in_thread(lambda: (threading.current_thread(), there.get()))
        assert thread is not threading.main_thread()
        assert name == "of the request"
        with pytest.raises(ZeroDivisionError):
            await do_in_thread(divmod, 1, 0)

    asyncio.run(serve())
