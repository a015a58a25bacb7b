"""Repositories to commit to: beside the Butler's tables, in a sidecar, and where the Butler is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy
import yaml

from tests.butler_server import ButlerServer
from tests.campaigns.committing import Place
from tests.conftest import REPOSITORY_NAMESPACE
from tests.postgres import PostgresServer

POSTGRES = pytest.mark.postgres


@pytest.fixture
def sqlite_place(butler_repo: Path) -> Place:
    """Tables beside the Butler's, on SQLite."""
    return Place(str(butler_repo), None)


@pytest.fixture
def sidecar_place(butler_repo: Path, tmp_path: Path) -> Place:
    """A Butler on SQLite, tables in a sidecar."""
    return Place(str(butler_repo), str(tmp_path / "sidecar"))


@pytest.fixture
def postgres_place(postgres_repo: Path) -> Place:
    """Tables beside the Butler's, on PostgreSQL."""
    return Place(str(postgres_repo), None)


@pytest.fixture
def reader_place(postgres_server: PostgresServer, postgres_repo: Path, tmp_path: Path) -> Place:
    """A Butler on PostgreSQL that we may only read, tables in a sidecar."""
    config = yaml.safe_load((postgres_repo / "butler.yaml").read_text())
    database = sqlalchemy.make_url(config["registry"]["db"]).database
    assert database is not None
    for statement in (
        "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"GRANT USAGE ON SCHEMA {REPOSITORY_NAMESPACE} TO reader",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {REPOSITORY_NAMESPACE} TO reader",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {REPOSITORY_NAMESPACE} GRANT SELECT ON TABLES TO reader",
    ):
        postgres_server.execute(statement, database)
    # The owner's configuration stays beside, for the person who runs the script.
    owner = tmp_path / "owner"
    owner.mkdir()
    (owner / "butler.yaml").write_text(yaml.safe_dump(config | {"root": str(postgres_repo)}))
    config["registry"]["db"] = postgres_server.url(database, "reader")
    (postgres_repo / "butler.yaml").write_text(yaml.safe_dump(config))
    return Place(str(postgres_repo), str(tmp_path / "sidecar"), str(owner))


@pytest.fixture
def served_place(butler_repo: Path, butler_server: ButlerServer, tmp_path: Path) -> Place:
    """A Butler behind a server, tables in a sidecar."""
    return Place(butler_server.serve(butler_repo), str(tmp_path / "sidecar"), str(butler_repo))


@pytest.fixture(params=["served", pytest.param("reader", marks=POSTGRES)])
def script_place(request: pytest.FixtureRequest) -> Place:
    """Every kind of place where the Butler can only be read."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture(params=["sqlite", "sidecar", pytest.param("postgres", marks=POSTGRES)])
def place(request: pytest.FixtureRequest) -> Place:
    """Every kind of place where the Butler can be written."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture(
    params=["sqlite", "sidecar", "served", *(pytest.param(n, marks=POSTGRES) for n in ("postgres", "reader"))]
)
def any_place(request: pytest.FixtureRequest) -> Place:
    """Every kind of place."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found
