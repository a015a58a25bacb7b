"""Fixtures that all tests share: real repositories on SQLite and PostgreSQL, real inputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from lsst.daf.butler import Butler, Config

from tests.butler_server import TOKEN, VARIABLE, ButlerServer
from tests.cosmos import fill_repository
from tests.postgres import PostgresServer, find_server_programs
from workbench.bench import Bench, open_bench
from workbench.demo import create_repository, modelled_metrics

REPOSITORY_NAMESPACE = "hsc_repo"


@pytest.fixture(autouse=True)
def _private_user_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep sidecars and credentials of the person who runs the tests out of them."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("user-data")))
    for name in ("WORKBENCH_SIDECAR_DIR", "DAF_BUTLER_REPOSITORY_INDEX", "DAF_BUTLER_REPOSITORIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LSST_DB_AUTH", "/nonexistent/db-auth.yaml")


@pytest.fixture(scope="session")
def _butler_repo_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("master") / "repo"
    Butler.makeRepo(str(root))
    fill_repository(str(root))
    return root


@pytest.fixture
def butler_repo(_butler_repo_master: Path, tmp_path: Path) -> Path:
    """Root of a small Butler repository on SQLite with the twelve HSC visits."""
    return Path(shutil.copytree(_butler_repo_master, tmp_path / "repo"))


@pytest.fixture(scope="session")
def _demo_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    with open_bench(root) as bench:
        bench.metrics.write(modelled_metrics(), source="modelled")
    return root


@pytest.fixture
def demo_repo(_demo_master: Path, tmp_path: Path) -> Path:
    """Root of a demonstration repository with modelled metrics."""
    return Path(shutil.copytree(_demo_master, tmp_path / "repo"))


@pytest.fixture
def bench(demo_repo: Path) -> Iterator[Bench]:
    """An open bench on the demonstration repository."""
    with open_bench(demo_repo) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL server, stopped at the end of the session."""
    programs = find_server_programs()
    if programs is None:
        pytest.fail("these tests need a PostgreSQL server, 14 or newer: apt-get install postgresql")
    server = PostgresServer(programs)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """SQLAlchemy URL of the private PostgreSQL server's maintenance database."""
    return postgres_server.url()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """SQLAlchemy URL of an empty database with btree_gist, dropped after the test."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


def make_postgres_repository(root: Path, url: str, namespace: str | None = None) -> Path:
    """Make a Butler repository whose registry is in PostgreSQL, and fill it."""
    registry = {"db": url} | ({"namespace": namespace} if namespace else {})
    Butler.makeRepo(str(root), config=Config({"registry": registry}), forceConfigRoot=False)
    fill_repository(str(root))
    return root


@pytest.fixture(scope="session")
def _postgres_master(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    name = postgres_server.create_database()
    root = tmp_path_factory.mktemp("master") / "postgres-repo"
    return make_postgres_repository(root, postgres_server.url(name), REPOSITORY_NAMESPACE), name


@pytest.fixture
def postgres_repo(
    postgres_server: PostgresServer, _postgres_master: tuple[Path, str], tmp_path: Path
) -> Iterator[Path]:
    """Root of a small Butler repository whose registry is in PostgreSQL."""
    master, template = _postgres_master
    root = Path(shutil.copytree(master, tmp_path / "postgres-repo"))
    name = postgres_server.create_database(template)
    config = yaml.safe_load((root / "butler.yaml").read_text())
    config["registry"]["db"] = postgres_server.url(name)
    (root / "butler.yaml").write_text(yaml.safe_dump(config))
    yield root
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_repo(request: pytest.FixtureRequest) -> Path:
    """The same small Butler repository, once on SQLite and once on PostgreSQL."""
    root: Path = request.getfixturevalue("butler_repo" if request.param == "sqlite" else "postgres_repo")
    return root


@pytest.fixture(scope="session")
def _session_butler_server() -> Iterator[ButlerServer]:
    server = ButlerServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.directory)


@pytest.fixture
def butler_server(_session_butler_server: ButlerServer, monkeypatch: pytest.MonkeyPatch) -> ButlerServer:
    """The middleware's own Butler server, with the token that it wants in the environment."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    return _session_butler_server


@pytest.fixture(params=["sqlite", "served", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_uri(request: pytest.FixtureRequest) -> str:
    """What opens the same small Butler repository: on SQLite, on PostgreSQL, behind a Butler server."""
    if request.param == "served":
        server: ButlerServer = request.getfixturevalue("butler_server")
        return server.serve(request.getfixturevalue("butler_repo"))
    return str(request.getfixturevalue("butler_repo" if request.param == "sqlite" else "postgres_repo"))


@pytest.fixture(scope="session")
def real_inputs() -> Path:
    """Directory of the real inputs: $WORKBENCH_REAL, by default beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "real"
    path = Path(os.environ.get("WORKBENCH_REAL", default))
    if not path.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"WORKBENCH_REAL: there are no real inputs at {path}")
        pytest.skip(f"WORKBENCH_REAL: there are no real inputs at {path}")
    return path
