"""Commands on a repository behind the middleware's own Butler server."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.butler_server import VARIABLE, ButlerServer
from workbench.cli import main


def call(*arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and all that it printed."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_commands_and_tokens(
    butler_repo: Path, butler_server: ButlerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = butler_server.serve(butler_repo)
    for command in (("info", url), ("collections", url), ("doctor", url), ("dimensions", "status", url)):
        code, printed = call(*command)
        assert code == 0, printed
    code, printed = call("dimensions", "extend", url, "pair", "--key", "int")
    assert (code, printed.count("\n")) == (1, 1), printed
    assert "it is served by a Butler server" in printed
    for token, sentence in (("", "there is none"), ("another", "does not accept your access token")):
        monkeypatch.setenv(VARIABLE, token)
        code, printed = call("collections", url)
        assert (code, printed.count("\n")) == (1, 1), printed
        assert printed.startswith("Error (connection_failed): ")
        assert sentence in printed
