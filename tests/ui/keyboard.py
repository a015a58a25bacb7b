"""A page by keyboard alone."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page

FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.getAttribute("aria-label") || at?.labels?.[0]?.innerText || at?.innerText || "";
}"""
"""Name of what is in focus, in whatever shadow it is."""

_PATIENCE = 45.0
"""How long to go round a page on which something may still have to appear, in s."""


def focused(page: Page) -> str:
    """The accessible name of what has the focus."""
    return str(page.evaluate(FOCUSED)).strip()


def tab_to(page: Page, name: str | re.Pattern[str], key: str = "Tab") -> None:
    """Press Tab until something is in focus whose name begins so, or matches."""
    pattern = re.compile(re.escape(name)) if isinstance(name, str) else name
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        page.keyboard.press(key)
        if pattern.match(focused(page)):
            return
    pytest.fail(f"{key} does not lead to {pattern.pattern!r}; it is at {focused(page)!r}")
