"""A demonstration repository, the application served on it, and a browser that sees this machine alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from panel.config import panel_extension
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright

import workbench

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PACKAGE = Path(workbench.__file__).parent
PATIENCE = 60_000  # ms; a shared machine pauses now and then


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `pn.extension` leaves behind, without which no view of Panel becomes an ipywidget."""
    monkeypatch.setattr(panel_extension, "_loaded", True)


def free_port() -> int:
    """A TCP port that nobody listens to now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for_server(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended early:\n{log.read_text()}"
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"no answer from {url}:\n{log.read_text()}")


@pytest.fixture(scope="session")
def served_repo(_demo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of the demonstration repository that is served, to all tests of a session."""
    return Path(shutil.copytree(_demo_master, tmp_path_factory.mktemp("served") / "repo"))


@contextmanager
def serving(repo: Path, *, uri: str = "", before: str = "") -> Iterator[tuple[str, Path]]:
    """URL and log of the application, served by a process of its own as `workbench serve` does.

    Where the repository is opened by another URI, that of its Butler server, there is a sidecar beside it.
    Other code may be run before.
    """
    port = free_port()
    log = repo.parent / "server.log"
    opened = f"{uri!r}, sidecar={str(repo.parent / 'sidecar')!r}" if uri else repr(str(repo))
    code = f"{before}\nfrom workbench.ui import serve; serve({opened}, port={port})"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=output, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_for_server(url, process, log)
        yield url, log
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def served(served_repo: Path) -> Iterator[str]:
    """URL of the application on the repository that is served to all."""
    with serving(served_repo) as (url, log):
        yield url
    # A page that closes while it is written to makes the server complain, which is no error of ours.
    assert str(PACKAGE) not in log.read_text(), log.read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: while it is there, an event loop runs, which other tests could not bear."""
    program = shutil.which(os.environ.get("CHROMIUM", "chromium")) or shutil.which("google-chrome")
    if program is None:
        pytest.fail("these tests need Chromium: apt-get install chromium, or its path in $CHROMIUM")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages that reach this machine alone; what else they ask for, or log as errors, fails the test."""
    complaints: list[str] = []
    contexts = []

    def guard(route: Route) -> None:
        if route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text} ({message.location})")

    def opener(*, width: int = 1280, whole_page_is_ours: bool = True) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.route("**/*", guard)
        if whole_page_is_ours:
            page.on("console", listen)
            page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not complaints
