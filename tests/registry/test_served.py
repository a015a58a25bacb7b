"""A repository behind the middleware's own Butler server: opened, and failing in a sentence."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest
from lsst.daf.butler import ButlerConfig

from tests.butler_server import TOKEN, VARIABLE, ButlerServer
from tests.registry.conftest import SEEING
from workbench.errors import ConnectionFailedError, NotARepositoryError, ReadOnlyError
from workbench.registry import Registry, open_registry
from workbench.registry.database._served import make_served_butler
from workbench.snapshot import RepositoryRelations

ROW = {"instrument": "HSC", "visit": 1}
VISITS = pa.table({"instrument": ["HSC"], "visit": [18202]})


@pytest.fixture
def url(butler_server: ButlerServer, butler_repo: Path) -> str:
    """What a client opens."""
    return butler_server.serve(butler_repo)


@pytest.fixture
def served(url: str, tmp_path: Path) -> Iterator[Registry]:
    """The repository, opened as a client does."""
    with open_registry(url, sidecar=tmp_path / "sidecar") as registry:
        yield registry


def test_our_tables_are_in_a_sidecar(served: Registry) -> None:
    assert (served.home, served.butler_writeable) == ("sidecar", False)
    served.declare(SEEING).append([ROW])
    assert served.table("metrics").count() == 1
    with pytest.raises(ReadOnlyError, match=r"Butler server.*script"), served.writeable_butler():
        pass


def test_what_reads_the_repository_anew_asks_the_server(served: Registry, butler_repo: Path) -> None:
    served.refresh()
    served.reopen()
    assert served.butler.collections.query("HSC/raw/all") == ["HSC/raw/all"]
    with open_registry(butler_repo) as direct:
        assert served.universe == direct.universe
        for registry in (served, direct):
            rows = registry.butler.query_data_ids(["exposure"])
            assert len(rows) == 12
        pairs = [
            RepositoryRelations(registry.uri).visits_with_detectors(VISITS).sort_by("detector")
            for registry in (served, direct)
        ]
        assert pairs[0].equals(pairs[1])


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("500", r"has failed \(500 Internal Server Error\): try again later"),
        ("503", r"has failed \(503 Service Unavailable\)"),
        ("401", r"(does not accept your access token|configuration) .*401"),
        ("403", r"(does not let you in|configuration) .*403 Forbidden"),
        ("404", r"(404 Not Found|There is no Butler repository)"),
        ("login", r"(302 Found|redirects)"),
        ("garbage", r"(text/html where data were asked|no configuration of a Butler)"),
    ],
)
def test_a_server_that_fails_is_a_sentence(
    served: Registry, butler_server: ButlerServer, fault: str, sentence: str
) -> None:
    served.declare(SEEING).append([ROW])
    with butler_server.failing(fault):
        for ask in (
            lambda: served.butler.collections.query("*"),
            lambda: served.butler.query_data_ids(["visit"]),
            lambda: open_registry(served.uri),
            lambda: RepositoryRelations(served.uri).visits_with_detectors(VISITS),
        ):
            with pytest.raises((ConnectionFailedError, NotARepositoryError), match=sentence) as caught:
                ask()
            assert len(str(caught.value)) < 500
    assert served.table("metrics").count() == 1
    assert len(served.butler.query_data_ids(["visit"])) == 12


def test_tokens(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "another")
    with pytest.raises(ConnectionFailedError, match=rf"does not accept your access token .*{VARIABLE}"):
        open_registry(url)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ConnectionFailedError, match=rf"wants an access token, .* none: .*{VARIABLE}"):
        open_registry(url)


def test_a_server_that_goes_away(butler_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    server = ButlerServer()
    server.start()
    try:
        with open_registry(server.serve(butler_repo), sidecar=tmp_path / "sidecar") as registry:
            registry.declare(SEEING).append([ROW])
            with server.failing("cut"), pytest.raises(ConnectionFailedError, match="does not answer"):
                registry.butler.query_data_ids(["visit"])
            with pytest.raises(ConnectionFailedError, match=r"does not answer .*kept in the sidecar"):
                registry.butler.query_data_ids(["visit"])
            with pytest.raises(ConnectionFailedError, match="does not answer"):
                open_registry(registry.uri)
            assert registry.table("metrics").count() == 1
    finally:
        server.stop()
        shutil.rmtree(server.directory)


def test_a_server_that_is_silent(
    url: str, butler_server: ButlerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.registry.database._served.TIMEOUT", httpx2.Timeout(2.0))
    with (
        open_registry(url, sidecar=tmp_path) as registry,
        butler_server.failing("hang"),
        pytest.raises(ConnectionFailedError, match="has not answered in time"),
    ):
        registry.butler.query_data_ids(["visit"])


def test_a_server_that_is_none(
    url: str, butler_server: ButlerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ButlerConfig(url)
    with butler_server.failing("other"), pytest.raises(ConnectionFailedError, match="not answer as a Butler"):
        make_served_butler(config, url)


def test_a_server_without_this_repository(url: str) -> None:
    with pytest.raises(NotARepositoryError, match="There is no Butler repository"):
        open_registry(f"{url}/elsewhere")


def test_without_the_package(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.delitem(sys.modules, make_served_butler.__module__)
    with pytest.raises(ConnectionFailedError, match=r"package httpx2 .*campaign-workbench\[remote\]"):
        open_registry(url)
