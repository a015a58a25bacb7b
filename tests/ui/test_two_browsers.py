"""Two people at one repository, and a server that dies while they work."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import free_port, serving, wait_for_server
from tests.ui.threads import read_threads, witness
from workbench.bench import open_bench

pytestmark = pytest.mark.browser

SECONDS = 10_000
"""Milliseconds within which each sees what the other did; it is looked for every two seconds."""


class Server:
    """An application that is started, and killed, as often as a test needs."""

    def __init__(self, repo: Path, log: Path):
        self._repo, self._log = repo, log
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        code = f"from workbench.ui import serve; serve({str(self._repo)!r}, port={self._port})"
        with self._log.open("ab") as output:
            command = [sys.executable, "-c", code]
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        wait_for_server(self.url, self._process, self._log)

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(20)


@pytest.fixture
def server(demo_repo: Path, tmp_path: Path) -> Iterator[Server]:
    """The application on a repository of its own."""
    made = Server(demo_repo, tmp_path / "server.log")
    made.start()
    yield made
    made.kill()


def choose(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("tab", name="Choose").click()
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()


def save(page: Page, reason: str, name: str = "cosmos") -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Reason (kept with the version)").fill(reason)
    page.get_by_role("button", name="Save", exact=True).click()


def leave_out(page: Page, visit: int, left: int) -> None:
    page.get_by_role("button", name=f"Exclude HSC {visit}").click()
    expect(page.get_by_text(f"{left} of 12 visits are in the set")).to_be_visible()


def test_edits_of_both_survive_and_so_does_what_was_saved_before_a_crash(
    open_page: Callable[..., Page], server: Server, demo_repo: Path
) -> None:
    ana, ben = open_page(whole_page_is_ours=False), open_page(whole_page_is_ours=False)
    choose(ana, server.url)
    choose(ben, server.url)
    leave_out(ana, 96954, 11)
    save(ana, "trailed")
    expect(ana.get_by_text("Saved as cosmos@1: 11 visits")).to_be_visible()

    # Ben sees it without doing anything, and goes on from it; his page told Ana nothing of her own.
    expect(ben.get_by_text(re.compile(r"saved cosmos@1 \(11 rows\): trailed"))).to_be_visible(timeout=SECONDS)
    assert not ana.get_by_text("saved cosmos@1 (11 rows)").is_visible()
    ben.get_by_label("or begin from a saved set").select_option("cosmos@1")
    expect(ben.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    leave_out(ben, 96980, 10)
    save(ben, "clouds")
    expect(ben.get_by_text("Saved as cosmos@2: 10 visits")).to_be_visible()

    # Ana edits on: what Ben saved is shown, not overwritten, and taken in.
    leave_out(ana, 18202, 10)
    expect(
        ana.get_by_text(re.compile(r"Since cosmos@1.*cosmos@2 by .*, 10 rows, because: clouds"))
    ).to_be_visible(timeout=SECONDS)
    save(ana, "and another")
    expect(ana.get_by_text("Since cosmos@1")).to_be_visible()
    ana.get_by_role("button", name="Take their changes in here").click()
    expect(ana.get_by_text("9 of 12 visits are in the set")).to_be_visible()
    save(ana, "and another")
    expect(ana.get_by_text("Saved as cosmos@3: 9 visits")).to_be_visible()

    # Notes: Ben looks at a visit on which Ana writes.
    for page in (ana, ben):
        page.get_by_role("tab", name="Notes").click()
        page.get_by_label("About: visits").fill("96954")
        page.get_by_role("button", name="Show notes").click()
        expect(page.get_by_text("0 notes on 1 target")).to_be_visible()
    ana.get_by_label("Text", exact=True).fill("satellite trail")
    ana.get_by_role("button", name="Preview the note").click()
    ana.get_by_role("button", name="Write it").click()
    expect(ana.get_by_text("Noted on 1 target")).to_be_visible()
    expect(ben.get_by_text(re.compile("wrote about .*visit=96954: satellite trail"))).to_be_visible(
        timeout=SECONDS
    )

    # The server dies just when Ben saves: what is on record is whole, with that save or without it.
    ben.get_by_role("tab", name="This set").click()
    leave_out(ben, 19676, 9)
    ben.get_by_label("Reason (kept with the version)").fill("one more")
    ben.get_by_role("button", name="Save mine as the next version").click(no_wait_after=True)
    server.kill()
    server.start()
    with open_bench(demo_repo) as bench:
        versions = bench.sets.history("cosmos").to_pylist()
        assert [row["n_rows"] for row in versions][:3] == [11, 10, 9]
        assert len(versions) in {3, 4}
        for row in versions:
            assert bench.load(f"cosmos@{row['version']}").key_digest == row["key_digest"]
        assert bench.annotations.find()["text"].to_pylist() == ["satellite trail"]
    again = open_page()
    choose(again, server.url)
    again.get_by_label("or begin from a saved set").select_option("cosmos@3")
    expect(again.get_by_text("9 of 12 visits are in the set")).to_be_visible()
    leave_out(again, 19676, 8)
    save(again, "one more", name="afterwards")
    expect(again.get_by_text("Saved as afterwards@1: 8 visits")).to_be_visible()


def test_pages_act_in_one_thread(open_page: Callable[..., Page], demo_repo: Path, tmp_path: Path) -> None:
    log = tmp_path / "threads"
    with serving(demo_repo, before=witness(log)) as (url, _):
        for left in (11, 10):
            page = open_page()
            choose(page, url)
            page.get_by_label("where: visits to take in").fill("visit > 0")
            page.get_by_label("where: visits to take in").press("Enter")
            for visit in (96954, 96980)[: 12 - left]:
                page.get_by_role("button", name=f"Exclude HSC {visit}").click()
            expect(page.get_by_text(f"{left} of 12 visits are in the set")).to_be_visible()
    assert read_threads(log) == {"MainThread"}
