"""What a page says, read until it says what it should: a page is drawn a moment after its data change."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["expect_equal"]

T = TypeVar("T")

_PATIENCE = 20.0
"""How long to wait for a page on a loaded machine, in s."""


def expect_equal(read: Callable[[], T], wanted: T) -> None:
    """Read until what is read is what is wanted; fail with the last that was read."""
    until = time.monotonic() + _PATIENCE
    while (found := read()) != wanted and time.monotonic() < until:
        time.sleep(0.05)
    assert found == wanted
