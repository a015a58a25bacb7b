"""Where the application is served, and where it refuses to be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from workbench.errors import NotARepositoryError, ServeError
from workbench.ui import serve
from workbench.ui.elements.design import WorkbenchDesign
from workbench.ui.page import _open_session


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "workbench.example.org", "::"])
def test_other_machines_are_not_served_without_authentication(demo_repo: Path, address: str) -> None:
    with pytest.raises(ServeError, match=r"no authentication is configured.*--basic-auth.*tunnel"):
        serve(demo_repo, address=address)


def test_a_port_that_is_taken_is_named(demo_repo: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=str(port)):
            serve(demo_repo, port=port)


def test_what_is_no_repository_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(NotARepositoryError):
        serve(tmp_path)


def test_a_repository_that_is_gone_is_said_without_asking_a_network(tmp_path: Path) -> None:
    said = _open_session(tmp_path, None, installed_only=False)
    assert "There is no Butler repository" in said.objects[0].object  # type: ignore[attr-defined]
    assert all(isinstance(part.design, WorkbenchDesign) for part in said.select())
