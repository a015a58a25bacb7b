"""Commands run in this process, in a demonstration repository of each module's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.executed import executed
from workbench.cli import main
from workbench.demo.main_job import create

__all__ = ["executed"]

Command = Callable[..., Result]


def workbench(*words: str | Path, exit_code: int = 0) -> Result:
    """Run a command and check its exit code; errors that are not ours are raised."""
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


def workbench_json(*words: str | Path) -> Any:
    """Run a command with ``--json`` and read what it printed."""
    return json.loads(workbench(*words, "--json").stdout)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration repository that the tests of a module share."""
    root = tmp_path_factory.mktemp("cli") / "demo-repo"
    create(root)
    return root
