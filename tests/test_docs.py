"""What the README and the documentation say is there is there, and works."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from workbench.cli import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "extensions").glob("*.md")])
GENERATED = {ROOT / "docs" / "_build", ROOT / "docs" / "api"}


def iter_commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from iter_commands(inner, f"{path} {name}")


COMMANDS = dict(iter_commands(main, "workbench"))


def test_links_between_pages_lead_somewhere() -> None:
    links = [
        (page, target)
        for page in PAGES
        if GENERATED.isdisjoint(page.parents)
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    ]
    assert links
    assert [(page.name, target) for page, target in links if not (page.parent / target).exists()] == []


def test_make_targets_that_pages_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {name for page in PAGES for name in re.findall(r"`make (\w+)`", page.read_text())}
    assert named
    assert [name for name in sorted(named) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_command_says_what_it_does_and_what_its_options_mean(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_pages_read_off_the_code_name_every_command(tmp_path: Path) -> None:
    script = f"import generate, pathlib; generate.write_pages(pathlib.Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT / "docs", check=True)
    text = (tmp_path / "commands_text.md").read_text()
    assert [path for path in COMMANDS if f"`{path}`" not in text] == []
    assert "DataIdSet" in (tmp_path / "workbench.sets.rst").read_text()


def test_the_quick_start_of_the_readme_runs(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code
    create = [sys.executable, "-c", "from workbench.cli import main; main()", "demo", "create", "demo-repo"]
    subprocess.run(create, cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", code[1]], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ quanta in 8 tasks", done.stdout)
    assert list((tmp_path / "demo-repo" / "workbench" / "graphs").glob("*.qg"))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_pages_for_developers_name_files_that_exist(page: str) -> None:
    """Paths in code marks are of this repository; a bare one is of the package."""
    text = (ROOT / page).read_text()
    named = {
        word for word in re.findall(r"`([\w./_-]+/[\w./_-]*)`", text) if not word.startswith(("/", ".."))
    }
    made = {"docs/_build/", ".venv/bps", ".venv/bin/pre-commit"}
    places = (ROOT, ROOT / "workbench")
    missing = {word for word in named - made if not any((place / word).exists() for place in places)}
    assert named
    assert missing == set()
