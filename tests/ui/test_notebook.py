"""The application and its widgets in cells of real notebooks, with every other host out of reach.

JupyterLab and Notebook 7 load widgets as prebuilt extensions.  The classic
notebook loads them by RequireJS from the environment's
``share/jupyter/nbextensions``, and so does VS Code: it cannot be driven here,
and this is the nearest to it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.conftest import free_port, wait_for_server
from tests.ui.keyboard import press_on, tab_to
from tests.ui.threads import read_threads, witness

pytestmark = pytest.mark.browser

NOTEBOOKS = {
    "app": [
        "import panel as pn\npn.extension(inline=True)",
        "import workbench as wb\nwb.app(wb.open('repo'))",
    ],
    "steps": [
        "import panel as pn\npn.extension(inline=True)",
        """import shutil
import workbench as wb
wb.app(wb.open(shutil.copytree('repo', 'steps-repo')))""",
    ],
    "keys": [
        "import panel as pn\npn.extension(inline=True)",
        """import shutil
import workbench as wb
bench = wb.open(shutil.copytree('repo', 'keys-repo'))
wb.app(bench)""",
        "wb.widgets.VisitTable(bench)",
        "wb.widgets.SetEditor(bench)",
    ],
    "widgets": [
        """import ipywidgets
import workbench as wb
bench = wb.open('repo')
cut = wb.widgets.Histogram(bench, 'metrics.psf_fwhm', link='both')
table = wb.widgets.VisitTable(bench, link='both')
sky = wb.widgets.SkyPlot(bench)
groups, _ = bench.groupings.try_rule('fold', bench.select('visit'), wb.folds(2, seed=42))
lanes = wb.widgets.GroupLanes(bench, groups)
held = ipywidgets.Label('nobody held')
def show_held(change):
    now = [key[1] for key, groups in change.new.items() if groups == ('held',)]
    held.value = f'held {now} in {threading.current_thread().name}'
lanes.observe(show_held, 'value')
ipywidgets.link((sky, 'selection'), (lanes, 'selection'))
seen = ipywidgets.Label('nothing yet')
cuts = ipywidgets.Label('no cut yet')
table.observe(lambda change: setattr(seen, 'value', f'table saw {change.new}'), 'selection')
cut.observe(lambda change: setattr(cuts, 'value', f'cut is {change.new}'), 'value')
ipywidgets.link((table, 'selection'), (sky, 'selection'))
ipywidgets.VBox([cut, table, sky, lanes, seen, cuts, held])""",
    ],
    "editors": [
        "import panel as pn\npn.extension(inline=True)",
        """import ipywidgets
import workbench as wb
bench = wb.open('repo')
table = wb.widgets.VisitTable(bench)
editor = wb.widgets.SetEditor(bench, "exposure_time < 250")
notes = wb.widgets.NoteEditor(bench, selection=[('HSC', 96954)])
seen = ipywidgets.Label('nothing yet')
def show(change):
    seen.value = f'{len(editor.selection)} visits by {editor.where!r}, saved as {editor.value!r}'
editor.observe(show, ['selection', 'value'])
ipywidgets.link((editor, 'selection'), (table, 'selection'))
ipywidgets.VBox([seen, editor, table, notes])""",
    ],
    "parts": [
        "import panel as pn\npn.extension(inline=True)",
        """import shutil
import ipywidgets
import workbench as wb
from workbench.demo import PIPELINE
bench = wb.open(shutil.copytree('repo', 'parts-repo'))
bench.save(bench.select('visit', "band = 'i'"), 'parts', reason='one band')
visits = bench.save(bench.select('visit', 'exposure_time < 250'), 'parts', reason='short')
bench.group('fold', visits, wb.folds(2, seed=42))
panel = wb.widgets.GraphPreview(bench, 'u/lab/parts', PIPELINE, ['HSC/defaults'], selection=['parts@2'])
await panel.plan.make_preview()
panel.where = "instrument = 'HSC' AND visit != 96954"
await panel.plan.make_preview()
await panel.plan.make_commit()
parts = [
    wb.widgets.SetIntersections(bench, ['parts@1', 'parts@2']),
    wb.widgets.SetVersions(bench, 'parts'),
    wb.widgets.GroupEditor(bench),
    wb.widgets.WaterfallPanel(panel),
    wb.widgets.WhatIfPanel(panel),
    wb.widgets.ComparisonPanel(panel),
    wb.widgets.QuantumBrowser(panel, 'coadd'),
    wb.widgets.RunPanel(bench),
    wb.widgets.SessionReplay(panel),
]
parts[0].value = (('parts@1',),)
seen = []
for part in parts:
    label = ipywidgets.Label('nothing yet')
    def show(change, label=label):
        label.value = f'{type(change.owner).__name__} {change.name} {change.new}'
    part.observe(show, ['version' if part is parts[2] else 'selection' if part is parts[6] else 'value'])
    seen.append(label)
ipywidgets.VBox([*seen, *parts])""",
    ],
}


def make_notebook(path: Path, sources: list[str]) -> None:
    """Write a notebook that has not been run."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell{n}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": code,
        }
        for n, code in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


PRIVATE = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
"""Places of settings, so that a server knows nothing of those of whoever runs the tests."""


@contextmanager
def serve_notebooks(place: Path, module: str) -> Iterator[str]:
    """Serve the notebooks of a directory; give the root of the server."""
    port = free_port()
    log = place / f"{module}.log"
    options = [
        "--no-browser",
        "--allow-root",
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--IdentityProvider.token=",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=place,
            env={**os.environ, **{name: str(place / name.lower()) for name in PRIVATE}},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_server(f"http://127.0.0.1:{port}/api", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def place(_demo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the notebooks and a repository."""
    made = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(_demo_master, made / "repo")
    for name, sources in NOTEBOOKS.items():
        make_notebook(made / f"{name}.ipynb", [witness(f"{name}.threads"), *sources])
    return made


@pytest.fixture(scope="module")
def lab(place: Path) -> Iterator[str]:
    """URL of JupyterLab's notebooks."""
    with serve_notebooks(place, "jupyterlab") as root:
        yield f"{root}/lab/tree"


def run(open_page: Callable[..., Page], url: str) -> tuple[Page, Locator]:
    """Run all cells of a notebook; return the page and the last output."""
    page = open_page(whole_page_is_ours=False)  # JupyterLab complains of its own sockets now and then
    page.goto(f"{url}?reset")
    expect(page.get_by_text("| Idle")).to_be_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    return page, page.locator(".jp-OutputArea-output").last


def test_the_application_works_in_a_cell(open_page: Callable[..., Page], lab: str, place: Path) -> None:
    page, app = run(open_page, f"{lab}/app.ipynb")
    expect(app.get_by_text("12 visit records.")).to_be_visible(timeout=120_000)
    app.get_by_role("tab", name="Choose").click()
    app.get_by_role("button", name="Exclude HSC 96954").click()
    expect(app.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    # What is typed is heard before the press that follows at once.
    numbers = app.get_by_label("Visits by number")
    for left, press in ((10, "Leave these out"), (11, "Take these in")) * 4:
        numbers.press("Control+a")
        page.keyboard.type("96980")
        app.get_by_role("button", name=press).press("Enter")
        expect(app.get_by_text(f"{left} of 12 visits are in the set")).to_be_visible()
    app.get_by_role("tab", name="Preview").click()
    app.get_by_role("button", name="Preview", exact=True).click()
    expect(app.get_by_text("Up to date: ")).to_be_visible()
    app.get_by_role("button", name="Dark theme").click()
    expect(app.get_by_role("button", name="Light theme")).to_be_visible()

    # The drawings have followed, too.
    excluded = page.evaluate(
        """() => [...campaignWorkbenchHubs.values()]
          .filter((hub) => hub.link.startsWith("members-"))
          .flatMap((hub) => [...hub.values("visit")].filter((_, row) => !hub.selected[row]))"""
    )
    assert excluded == [96954]
    assert read_threads(place / "app.threads") == {"MainThread"}


def test_every_step_is_walked_in_a_cell(open_page: Callable[..., Page], lab: str) -> None:
    _, app = run(open_page, f"{lab}/steps.ipynb")
    expect(app.get_by_text("12 visit records.")).to_be_visible(timeout=120_000)
    app.get_by_role("tab", name="Explore").click()
    app.get_by_label("Select HSC 96954").first.click()
    expect(app.get_by_text("1 visit selected.")).to_be_visible()
    app.get_by_label("Reason for the edit").fill("trailed")
    app.get_by_role("button", name="Leave it out of the set").click()
    expect(app.get_by_text("Left out: 11 visits in the set.")).to_be_visible()

    app.get_by_role("tab", name="Choose").click()
    app.get_by_label("Name", exact=True).first.fill("lab")
    app.get_by_label("Reason (kept").first.fill("trailed")
    app.get_by_role("button", name="Save", exact=True).first.click()
    expect(app.get_by_text("Saved as lab@1")).to_be_visible()
    app.get_by_role("tab", name="Notes").click()
    app.get_by_role("button", name="Selected in Explore").click()
    app.get_by_label("Text", exact=True).fill("a trail")
    app.get_by_role("button", name="Preview the note").click()
    app.get_by_role("button", name="Write it").click()
    expect(app.get_by_text("Noted on")).to_be_visible()

    app.get_by_role("tab", name="Group").click()
    app.get_by_label("Set to group").select_option("lab@1")
    app.get_by_role("button", name="Try", exact=True).click()
    expect(app.get_by_text("2 groups of 5 to 6 visits")).to_be_visible()
    app.get_by_label("Why (kept with the grouping)").fill("halves")
    app.get_by_role("button", name="Save groups").click()
    expect(app.get_by_text("Saved as fold@1")).to_be_visible()

    app.get_by_role("tab", name="Preview").click()
    app.get_by_role("button", name="Preview", exact=True).click()
    expect(app.get_by_text("Up to date: ")).to_be_visible()
    app.get_by_role("tab", name="What if?").click()
    app.get_by_label("Visit in or out").fill("96980")
    app.get_by_role("button", name="Try it in or out").click()
    expect(app.get_by_text("Tried: instrument=HSC, visit=96980 out of lab@1")).to_be_visible()
    app.get_by_role("button", name="Discard").click()

    app.get_by_role("tab", name="Commit").click()
    expect(app.get_by_text("Ready: every check has passed")).to_be_visible()
    confirmation = app.get_by_label("Type the name")
    confirmation.fill(confirmation.get_attribute("placeholder") or "")
    app.get_by_role("button", name="Commit", exact=True).click()
    expect(app.get_by_text("Not run yet: ")).to_be_visible()
    app.get_by_role("button", name="Run", exact=True).click()
    expect(app.get_by_text(re.compile("^Done: "))).to_be_visible(timeout=240_000)


def cells_of(page: Page) -> list[str]:
    """What stands in the cells of the notebook, as JupyterLab itself has it."""
    shown = page.locator(".jp-Notebook .jp-Cell .jp-InputArea-editor .cm-content")
    return [text.replace("\u200b", "") for text in shown.all_text_contents()]


def type_commands(page: Page) -> None:
    """Press the keys that delete, insert, cut, move and run cells in command mode, where the focus is."""
    for key in ("d", "d", "a", "b", "x", "m", "y", "j", "k", "Shift+m", "ArrowDown", "ArrowUp", "0", "0"):
        page.keyboard.press(key)


def test_a_campaign_is_previewed_in_a_cell_by_keyboard_alone(
    open_page: Callable[..., Page], lab: str
) -> None:
    page, _ = run(open_page, f"{lab}/keys.ipynb")
    app, table, editor = (page.locator(".jp-Notebook .jp-CodeCell").nth(number) for number in (2, 3, 4))
    expect(editor.get_by_role("button", name="Exclude HSC 18202")).to_be_visible(timeout=120_000)
    expect(app.get_by_text("12 visit records.")).to_be_visible()
    cells = cells_of(page)
    assert len(cells) == 5

    # Keys on buttons, boxes and tabs are no commands of the notebook: it stays as it is.
    for stop in (
        app.get_by_role("tab", name="Browse"),
        app.get_by_role("button", name="About HSC 18202"),
        table.get_by_label("Select HSC 18202").last,
        editor.get_by_role("button", name="Exclude HSC 18202"),
    ):
        stop.focus()
        type_commands(page)
        expect(stop).to_be_focused()
        assert cells_of(page) == cells

    app.get_by_role("tab", name="Browse").focus()
    page.keyboard.press("ArrowRight")
    expect(app.get_by_text("0 of 12 visits selected.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(app.get_by_text("12 of 12 visits are in the set")).to_be_visible()
    press_on(page, "where: visits to take in", "metrics.psf_fwhm < 0.9")
    expect(app.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    press_on(page, "Reason for the next edits", "a dad, axed", key="")
    expect(app.get_by_label("Reason for the next edits")).to_have_value("a dad, axed")
    press_on(page, "Exclude HSC 96954")
    expect(app.get_by_text("10 of 12 visits are in the set")).to_be_visible()
    expect(app.get_by_role("button", name="Undo HSC 96954")).to_be_focused()

    tab_to(page, "3\nChoose", key="Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(app.get_by_label("Rule", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(app.get_by_role("button", name="Preview", exact=True)).to_be_visible()
    press_on(page, re.compile("Preview$"))
    expect(app.get_by_text("Up to date: ")).to_be_visible()
    expect(app.get_by_role("button", name="Preview", exact=True)).to_be_focused()
    press_on(page, "calibrate: 60 of 72 kept", key="ArrowDown")
    page.keyboard.press("Enter")
    expect(app.get_by_role("heading", name="Quanta of summarizeVisit")).to_be_visible()

    assert cells_of(page) == cells


def test_a_cell_observes_what_is_selected_in_widgets(open_page: Callable[..., Page], lab: str) -> None:
    _, output = run(open_page, f"{lab}/widgets.ipynb")
    table = output.get_by_role("region", name="Visits", exact=True).last
    table.get_by_label("Select HSC 96954").click(timeout=120_000)
    expect(output.get_by_text("table saw (('HSC', 96954),)")).to_be_visible()
    # By a link of traits, through the kernel; and by the views' own, in the page.
    expect(output.get_by_text("1 of 12 visits selected; they cover")).to_be_visible()
    expect(output.get_by_text("psf fwhm: 1 selected visit, ")).to_be_visible()
    expect(output.get_by_text("2 groups of 6 members; 0 in no group; 1 selected.")).to_be_visible()
    output.get_by_label("Move selected to group").fill("held")
    output.get_by_label("Move selected to group").press("Enter")
    expect(output.get_by_text("held [96954] in MainThread")).to_be_visible()

    output.get_by_label("Cut in psf fwhm to").fill("0.6")
    output.get_by_label("Cut in psf fwhm to").press("Enter")
    expect(output.get_by_text("cut is ((-inf, 0.6),)")).to_be_visible()
    expect(output.get_by_text("5 of 12 visits selected; they cover")).to_be_visible()
    expect(
        output.get_by_text(re.compile(r"table saw \(\('HSC', \d+\)(, \('HSC', \d+\)){4}\)"))
    ).to_be_visible()


def test_an_editor_in_a_cell_is_observed_and_linked(
    open_page: Callable[..., Page], lab: str, place: Path
) -> None:
    _, output = run(open_page, f"{lab}/editors.ipynb")
    leave_out = output.get_by_role("button", name="Exclude HSC 96954")
    leave_out.click(timeout=120_000)
    expect(output.get_by_text("9 visits by 'exposure_time < 250', saved as ''")).to_be_visible()
    expect(output.get_by_text("9 of 12 visits are in the set")).to_be_visible()
    # The table shows the visits of the set, by a link of traits.
    expect(output.get_by_label("Select HSC 96954").last).not_to_be_checked()
    expect(output.get_by_label("Select HSC 96980").last).to_be_checked()
    output.get_by_label("Name", exact=True).first.fill("from-a-cell")
    output.get_by_label("Reason (kept").first.fill("trailed")
    output.get_by_role("button", name="Save", exact=True).first.click()
    expect(output.get_by_text("saved as 'from-a-cell@1'")).to_be_visible()
    expect(output.get_by_text("0 notes on the selection: 1 row")).to_be_visible()
    assert read_threads(place / "editors.threads") == {"MainThread"}


def test_parts_in_a_cell_are_observed(open_page: Callable[..., Page], lab: str) -> None:
    _, output = run(open_page, f"{lab}/parts.ipynb")
    # What was changed before the widget was displayed.
    expect(output.get_by_text("2 are taken into the set")).to_be_visible(timeout=120_000)
    output.get_by_role("button", name="Take what is in every set").click()
    expect(output.get_by_text("SetIntersections value (('parts@1', 'parts@2'),)")).to_be_visible()
    output.get_by_role("button", name="Compare", exact=True).last.click()
    expect(output.get_by_text("SetVersions value ('parts@1', 'parts@2')")).to_be_visible()
    expect(output.get_by_text(re.compile("^From parts@1 to parts@2: "))).to_be_visible()
    output.get_by_role("button", name="Open", exact=True).click()
    expect(output.get_by_text("GroupEditor version fold@1")).to_be_visible()
    expect(output.get_by_text(re.compile("^2 groups of 5 members"))).to_be_visible()

    output.get_by_label("Data ID, such as").fill("visit=96954")
    output.get_by_role("button", name="Why?").click()
    expect(output.get_by_text("WaterfallPanel value {'visit': 96954}")).to_be_visible()
    output.get_by_role("button", name="Try without it").click()
    expect(output.get_by_text("WhatIfPanel value {'without': 0}")).to_be_visible()
    expect(output.get_by_text(re.compile("^Tried: "))).to_be_visible()
    output.get_by_role("button", name="Compare graphs").click()
    expect(output.get_by_text(re.compile("^ComparisonPanel value [a-z]"))).to_be_visible()
    output.get_by_role("button", name="Around").first.click()
    expect(output.get_by_text(re.compile(r"^QuantumBrowser selection \(\('coadd', "))).to_be_visible()
    expect(output.get_by_text(re.compile("^SessionReplay value preview.neighbourhood"))).to_be_visible()
    # It looks by itself.
    expect(output.get_by_text(re.compile("^RunPanel value {'successful': 0, "))).to_be_visible()
    expect(output.get_by_text(re.compile("^Not run yet: "))).to_be_visible()


def check_a_widget(output: Locator) -> None:
    """Select in a table; the kernel hears of it, and the other views follow."""
    table = output.get_by_role("region", name="Visits", exact=True).last
    table.get_by_label("Select HSC 96954").click(timeout=120_000)
    expect(output.get_by_text("table saw (('HSC', 96954),)")).to_be_visible()
    expect(output.get_by_text("1 of 12 visits selected; they cover")).to_be_visible()


def test_widgets_work_in_notebook_7(open_page: Callable[..., Page], place: Path) -> None:
    with serve_notebooks(place, "notebook") as root:
        page = open_page(whole_page_is_ours=False)
        page.goto(f"{root}/notebooks/widgets.ipynb?reset")
        expect(page.get_by_role("button", name="Python 3 (ipykernel)")).to_be_visible()
        expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        check_a_widget(page.locator(".jp-OutputArea-output").last)


def test_widgets_work_where_require_js_loads_them(open_page: Callable[..., Page], place: Path) -> None:
    with serve_notebooks(place, "nbclassic") as root:
        page = open_page(whole_page_is_ours=False)
        page.goto(f"{root}/nbclassic/notebooks/widgets.ipynb")
        expect(page.locator("#kernel_indicator_icon.kernel_idle_icon")).to_be_visible()
        page.locator("#celllink").click()
        page.locator("#run_all_cells").click()
        check_a_widget(page.locator(".output_area").last)
