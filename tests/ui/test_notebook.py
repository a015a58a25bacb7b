"""The application in a cell of a real JupyterLab, with every host but this machine out of reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import free_port, wait_for_server

pytestmark = pytest.mark.browser

CELLS = ["import panel as pn\npn.extension(inline=True)", "import workbench as wb\nwb.app(wb.open('repo'))"]


def make_notebook(path: Path) -> None:
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
        for n, code in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


@pytest.fixture
def lab(demo_repo: Path, tmp_path: Path) -> Iterator[str]:
    """URL of a notebook in JupyterLab, which knows nothing of the settings of whoever runs the tests."""
    make_notebook(tmp_path / "app.ipynb")
    port = free_port()
    log = tmp_path / "lab.log"
    private = {
        name: str(tmp_path / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "IPYTHONDIR",
        )
    }
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
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=tmp_path,
            env={**os.environ, **private},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_server(f"http://127.0.0.1:{port}/api", process, log)
        yield f"http://127.0.0.1:{port}/lab/tree/app.ipynb"
    finally:
        process.terminate()
        process.wait(30)


def test_the_application_works_in_a_cell(open_page: Callable[..., Page], lab: str) -> None:
    page = open_page(whole_page_is_ours=False)  # JupyterLab complains of its own sockets now and then
    page.goto(lab)
    expect(page.get_by_text("| Idle")).to_be_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    app = page.locator(".jp-OutputArea-output").last
    expect(app.get_by_text("12 visit records.")).to_be_visible(timeout=120_000)
    app.get_by_role("tab", name="Choose").click()
    app.get_by_role("button", name="Exclude HSC 96954").click()
    expect(app.get_by_text("11 of 12 visits are in the set")).to_be_visible()
    app.get_by_role("tab", name="Preview").click()
    app.get_by_role("button", name="Preview", exact=True).click()
    expect(app.get_by_text("Up to date: ")).to_be_visible()
    app.get_by_role("button", name="Dark theme").click()
    expect(app.get_by_role("button", name="Light theme")).to_be_visible()

    # The figures have followed, too: Bokeh's models are changed by another way than Panel's.
    excluded = page.evaluate(
        """() => [...Bokeh.index.query((view) => view.frame)]
          .flatMap((view) => view.model.renderers)
          .filter((renderer) => renderer.glyph.marker?.value === "x")
          .flatMap((renderer) => [...renderer.data_source.data.key])"""
    )
    assert excluded == ["HSC 96954"]
