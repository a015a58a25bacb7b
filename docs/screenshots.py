"""Take the screenshots of the documentation from the real application.

Usage: ``python docs/screenshots.py [--all DIRECTORY]``.  A demonstration
repository is made in a temporary directory, the application is served on it,
and Chromium walks through it.  The few pictures that the documentation shows
are written to ``docs/images``; with ``--all``, every view is written to a
directory too, in both themes and at both widths, to be looked at.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from workbench.demo import BAD_LIST, PIPELINE
from workbench.demo.main_job import create

IMAGES = Path(__file__).parent / "images"
WIDTHS = (1280, 800)
THEMES = ("light", "dark")

PICTURES = {
    ("choose", 1280, "light"): "app.png",
    ("browse", 1280, "light"): "browse.png",
    ("explore", 1280, "light"): "explore.png",
    ("explore", 800, "dark"): "explore-dark.png",
    ("preview", 1280, "light"): "preview.png",
    ("what-if", 1280, "light"): "what-if.png",
    ("choose", 800, "dark"): "choose-dark.png",
    ("notes", 1280, "light"): "notes.png",
    ("combine", 1280, "light"): "combine.png",
    ("run", 1280, "light"): "run.png",
}
"""The pictures of the documentation, by view, width and theme."""


def free_port() -> int:
    """Return a TCP port that nobody listens to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(repo: Path) -> Iterator[str]:
    """Serve the application on a repository."""
    port = free_port()
    code = f"from workbench.ui import serve; serve({repo.name!r}, port={port})"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, cwd=repo.parent)
    url = f"http://127.0.0.1:{port}/"
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(url, timeout=10).close()
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.2)
            else:
                break
        yield url
    finally:
        process.terminate()
        process.wait(20)


def enter(page: Page, label: str, text: str) -> None:
    """Fill a field and press Enter."""
    page.get_by_label(label).fill(text)
    page.get_by_label(label).press("Enter")


def walk_editors(page: Page, shoot: Callable[[str], None]) -> None:
    """Show single detectors, notes, sets side by side and versions, and leave the set as it was."""

    def go_to(part: str) -> None:
        page.get_by_role("tablist", name="Parts of").get_by_role("tab", name=part).click()

    page.get_by_role("button", name="detectors of HSC 96954").click()
    page.get_by_text("Detectors of HSC 96954: 6 of 6").wait_for()
    page.get_by_label("Reason for the next edits").fill("hot amplifier")
    page.get_by_role("button", name="Exclude detector 42").click()
    page.get_by_text("Detectors of HSC 96954: 5 of 6").wait_for()
    page.get_by_label("Reason (kept").fill("one hot amplifier")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as cosmos@3").wait_for()
    shoot("detectors")

    go_to("Notes")
    page.get_by_label("About: visits").fill("96980, 96954.42")
    page.get_by_role("button", name="Show notes").click()
    page.get_by_text("0 notes on 2 targets").wait_for()
    page.get_by_label("Text", exact=True).fill("satellite trail across the middle row")
    page.get_by_label("Flag", exact=True).select_option("trailed (never use)")
    page.get_by_label("Tags, separated").fill("trail")
    page.get_by_role("button", name="Preview the note").click()
    page.get_by_text("Will be written: one note on 2").wait_for()
    shoot("note-preview")
    page.get_by_role("button", name="Write it").click()
    page.get_by_text("Noted on 2 targets").wait_for()
    page.get_by_label("About: visits").fill("96980")
    page.get_by_role("button", name="Show notes").click()
    page.get_by_text("1 note on 1 target").wait_for()
    page.get_by_role("button", name="Edit note 1").click()
    page.get_by_label("Links, separated").fill("https://example.org/DM-1234")
    page.get_by_label("Reason for the change").fill("ticket")
    page.get_by_role("button", name="Save the revision").click()
    page.get_by_text("has a revision 2").wait_for()
    page.get_by_role("button", name="revisions of note 1").click()
    page.get_by_text("History of note 1").wait_for()
    page.get_by_label("do this").select_option("add a tag")
    page.get_by_label("Tag or link").fill("night-report")
    page.get_by_role("button", name="Preview the changes").click()
    page.get_by_text("a revision of 1 note").wait_for()
    page.get_by_role("button", name="Show the flags").click()
    shoot("notes")
    write_long_note(page, shoot)

    go_to("Combine sets")
    page.get_by_text("Choose saved sets and compare them").wait_for()
    page.get_by_label("Saved sets (2").select_option(["cosmos@1", "cosmos@2", "cosmos@3"])
    page.get_by_role("button", name="Compare", exact=True).filter(visible=True).click()
    page.get_by_text("3 sets hold").wait_for()
    page.locator(".column").first.click()
    page.get_by_text("are taken into the set").wait_for()
    shoot("combine")
    page.get_by_role("button", name="Undo: take in").filter(visible=True).click()
    page.get_by_text("None of it is taken").wait_for()

    go_to("Versions")
    page.get_by_text("Edit begins from a version").wait_for()
    page.get_by_role("button", name="Compare", exact=True).filter(visible=True).click()
    page.get_by_text("rows gained").wait_for()
    page.get_by_role("button", name="Show the whole session").click()
    shoot("versions")
    page.get_by_role("button", name="Hide the session").click()
    go_to("This set")
    page.get_by_role("button", name="Undo detector 42").click()
    page.get_by_text("Detectors of HSC 96954: 6 of 6").wait_for()
    page.get_by_role("button", name="Close", exact=True).filter(visible=True).click()
    page.get_by_text("8 of 12 visits are in the set").wait_for()
    page.get_by_label("Reason (kept").fill("the amplifier was fine")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as cosmos@4").wait_for()


LONG = (
    "The trail of a satellite crosses the middle row of detectors from one side to the other; what is "
    "beside it is sharp, but its ghosts fall on the brightest star of the field, and the background around "
    "it is off by several counts. See https://example.org/" + "a-very-long-address/" * 8
)
"""A note that is longer than a line, with a word that is longer than a column."""


def walk_states(page: Page, shoot: Callable[[str], None]) -> None:
    """Show what is empty in a repository without sets, and what is wrong in what was entered."""

    def go_to(step: str) -> None:
        page.get_by_role("tab", name=step).click()

    go_to("Choose")
    page.get_by_text("12 of 12 visits are in the set").wait_for()
    enter(page, "where: visits", "band IN ('i', 'r') AND metrics.psf_fwmh < 0.9")
    page.get_by_text("Did you mean").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Say why this version is saved").wait_for()
    shoot("wrong-rule")
    enter(page, "where: visits", "")
    page.get_by_text("Did you mean").wait_for(state="hidden")
    go_to("Versions")
    page.get_by_text("Edit begins from a version").wait_for()
    page.get_by_role("button", name="Compare", exact=True).filter(visible=True).click()
    shoot("no-versions")
    go_to("This set")
    go_to("Group")
    page.get_by_text("Group a set").wait_for()
    page.get_by_role("button", name="Try", exact=True).click()
    shoot("no-groups")
    go_to("Preview")
    page.get_by_label("Pipeline (path").fill("no/such.yaml")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_role("alert").filter(visible=True).first.wait_for()
    shoot("no-pipeline")
    page.get_by_label("Pipeline (path").fill(PIPELINE)
    go_to("Commit")
    page.get_by_label("Type the name").wait_for()
    shoot("no-commit")


def write_long_note(page: Page, shoot: Callable[[str], None]) -> None:
    """Show a note that is longer than a line."""
    page.get_by_label("About: visits").fill("96980, 96954.42")
    page.get_by_role("button", name="Show notes").click()
    page.get_by_text("1 note on 2 targets").wait_for()
    page.get_by_label("Text", exact=True).fill(LONG)
    page.get_by_role("button", name="Preview the note").click()
    page.get_by_role("button", name="Write it").click()
    page.get_by_text("2 notes on 2 targets").wait_for()
    shoot("long-note")


def walk_preview(page: Page, shoot: Callable[[str], None]) -> None:
    """Look into a preview: tasks, quanta and what is around one, why not, what if, and the one before."""

    def go_to(part: str) -> None:
        page.get_by_role("tablist", name="Parts of the preview").get_by_role("tab", name=part).click()

    shoot("preview")
    page.get_by_role("button", name="sharpCoadd: ").first.click()
    page.get_by_role("heading", name="Quanta of sharpCoadd").wait_for()
    page.get_by_role("button", name="Around ").first.click()
    page.get_by_role("heading", name="Around sharpCoadd").wait_for()
    shoot("neighbourhood")
    page.get_by_role("button", name="Close", exact=True).filter(visible=True).click()

    go_to("Why not?")
    page.get_by_text("Of all candidates, the first fall").wait_for()
    enter(page, "Data ID, such as", "visit=58260")
    page.get_by_text("calibrate: 0 of 6 quanta kept").wait_for()
    shoot("why-not")

    go_to("What if?")
    enter(page, "Visit in or out", "96954")
    page.get_by_text("Tried: instrument=HSC").wait_for()
    shoot("what-if")
    page.get_by_role("button", name="Discard").click()
    page.get_by_text("Nothing is tried now").wait_for()

    go_to("Compare")
    page.get_by_role("button", name="Compare graphs").click()
    page.get_by_text("From preview 1").wait_for()
    shoot("compare")
    go_to("Tasks")


def cut(page: Page, label: str, low: str, high: str) -> None:
    """Type a cut beside a plot."""
    for end, value in (("from", low), ("to", high)):
        field = page.get_by_label(f"Cut in {label} {end}").first
        field.fill(value)
        field.press("Enter")


def walk(page: Page, shoot: Callable[[str], None]) -> None:
    """Do the main job by hand, with a picture of every view."""

    def go_to(step: str) -> None:
        page.get_by_role("tab", name=step).click()

    page.get_by_text("12 visit records.").wait_for()
    walk_states(page, shoot)
    go_to("Browse")
    page.get_by_role("treeitem", name="HSC/defaults").click()
    page.get_by_text("types in HSC/defaults").wait_for()
    page.get_by_role("button", name="About HSC 96954").click()
    page.get_by_text("visit HSC 96954").wait_for()
    shoot("browse")
    page.get_by_label("where (the Butler's grammar").press_sequentially("band = 'i' AND metr")
    page.get_by_role("option", name="metrics.psf_fwhm").wait_for()
    shoot("complete")
    page.get_by_label("where (the Butler's grammar").fill("")

    go_to("Explore")
    page.get_by_text("0 of 12 visits selected.").wait_for()
    cut(page, "psf fwhm", "0.55", "0.85")
    cut(page, "night", "20160101", "20180101")
    page.get_by_text("visits selected: psf fwhm from 0.55 to 0.85; night").wait_for()
    plane = page.get_by_role("region", name="Focal plane").locator("canvas")
    box = plane.bounding_box() or {"width": 0, "height": 0}
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    page.get_by_text("'detector': detector").wait_for()
    shoot("explore")

    go_to("Choose")
    enter(page, "where: visits", "band IN ('i', 'r') AND metrics.psf_fwhm < 0.9")
    page.get_by_text("11 of 12 visits are in the set").wait_for()
    page.locator("input[type=file]").set_input_files(BAD_LIST)
    page.get_by_text("9 of 12 visits are in the set").wait_for()
    page.get_by_label("Name", exact=True).fill("cosmos")
    page.get_by_label("Reason (kept").fill("seeing cut, bad list")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as cosmos@1").wait_for()
    page.get_by_label("Reason for the next edits").fill("satellite trail")
    page.get_by_role("button", name="Exclude HSC 96980").click()
    page.get_by_text("8 of 12 visits are in the set").wait_for()
    page.get_by_label("Reason (kept").fill("seeing cut, bad list, one trail")
    shoot("choose")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as cosmos@2").wait_for()
    walk_editors(page, shoot)

    go_to("Group")
    page.get_by_label("Set to group").select_option("cosmos@2")
    page.get_by_role("button", name="Try", exact=True).click()
    page.get_by_text("2 groups of 4 members").wait_for()
    lanes = page.get_by_role("group", name="Lanes")
    lanes.focus()
    for key in ("ArrowRight", "ArrowRight", "Space", "Alt+ArrowDown"):
        lanes.press(key)
    page.get_by_text("The groups have from 3 to 5 members.").wait_for()
    shoot("groups-edited")
    page.get_by_label("Rule", exact=True).select_option("best seeing: deep and sharp")
    page.get_by_text("to 8 visits").wait_for()
    page.get_by_label("Why (kept with the grouping)").fill("coadds of the sharpest")
    page.get_by_role("button", name="Save groups").click()
    page.get_by_text("Saved as seeing@1").wait_for()
    shoot("group")

    go_to("Preview")
    page.get_by_label("Scope").select_option("task sharpCoadd")
    page.get_by_label("Set", exact=True).select_option(index=1)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_text("Up to date: ").wait_for()
    go_to("Choose")
    page.get_by_role("button", name="Undo HSC 96980").click()
    page.get_by_text("9 of 12 visits are in the set").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as cosmos@5").wait_for()
    go_to("Preview")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_text("against the preview before").wait_for()
    walk_preview(page, shoot)

    go_to("Commit")
    page.get_by_text("Ready: every check has passed").wait_for()
    run = page.get_by_label("Type the name").get_attribute("placeholder") or ""
    page.get_by_label("Type the name").fill(run)
    shoot("confirm")
    page.get_by_role("button", name="Commit", exact=True).click()
    page.get_by_text("Not run yet: ").wait_for()
    page.get_by_role("button", name="Write the BPS file").click()
    page.get_by_text("bps submit ").wait_for()
    shoot("commit")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text(re.compile(r"Running: .* successful")).wait_for()
    page.get_by_role("button", name="Show the log").click()
    shoot("run")
    if page.get_by_role("button", name="Cancel the run").is_enabled():
        page.get_by_role("button", name="Cancel the run").click()
    page.get_by_text(re.compile("^(Stopped: |Done: |The run was stopped)")).first.wait_for()
    shoot("stopped")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--all", type=Path, metavar="DIRECTORY", help="write every view there, to be looked at"
    )
    everything: Path | None = parser.parse_args().all
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        master = Path(directory) / "master"
        create(master)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width in WIDTHS:
            for theme in THEMES:
                wanted = {view for view, *where in PICTURES if where == [width, theme]}
                if not wanted and everything is None:
                    continue
                repo = Path(directory) / f"{width}-{theme}" / "demo-repo"
                shutil.copytree(master, repo)
                with served(repo) as url:
                    page = browser.new_page(viewport={"width": width, "height": 860})
                    page.set_default_timeout(120_000)  # ms; a shared machine pauses now and then
                    page.goto(f"{url}?theme={theme}")
                    walk(page, _camera(page, width, theme, everything))
                    page.close()
        browser.close()


def _camera(page: Page, width: int, theme: str, everything: Path | None) -> Callable[[str], None]:
    def shoot(view: str) -> None:
        page.wait_for_timeout(800)  # figures are drawn after the text
        page.mouse.move(0, 0)
        if everything is not None:
            everything.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=everything / f"{view}-{width}-{theme}.png", full_page=True)
        if (name := PICTURES.get((view, width, theme))) is not None:
            page.screenshot(path=IMAGES / name, full_page=True)

    return shoot


if __name__ == "__main__":
    main()
