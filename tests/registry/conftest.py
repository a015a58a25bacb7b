"""Repositories whose tables are at home beside SQLite, beside PostgreSQL, or in a sidecar."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from workbench.registry import Registry, TableDeclaration, open_registry
from workbench.registry.tables.declaration import Column

SEEING = TableDeclaration(
    "metrics",
    (
        Column("psf_fwhm", "float", unit="arcsec"),
        Column("usable", "bool"),
        Column("measured", "time"),
        Column("extra", "json"),
        Column("dataset", "uuid"),
    ),
    dimensions=("instrument", "visit"),
    current="latest",
)


@dataclasses.dataclass(frozen=True)
class Site:
    """A repository and the place of its tables."""

    kind: str
    root: Path
    sidecar: Path | None = None

    def open(self, *, read_only: bool = False) -> Registry:
        return open_registry(str(self.root), read_only=read_only, sidecar=self.sidecar)

    @property
    def url(self) -> sa.URL:
        """The database in which our tables are."""
        if self.sidecar is not None:
            return sa.URL.create("sqlite", database=str(self.sidecar))
        if self.kind == "sqlite":
            return sa.URL.create("sqlite", database=str(self.root / "gen3.sqlite3"))
        config = yaml.safe_load((self.root / "butler.yaml").read_text())
        return sa.make_url(config["registry"]["db"])

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Execute SQL without anything of ours between."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    def name(self, table: str) -> str:
        """Return the name in SQL of a fixed table of ours."""
        return f"wb_hsc_repo.{table}" if self.kind == "postgres" else f"wb_{table}"

    def list_objects(self) -> set[str]:
        """List every table, view, index and schema there is."""
        if self.sidecar is not None and not self.sidecar.exists():
            return set()
        if self.kind == "postgres":
            query = (
                "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n"
                " ON n.oid = c.relnamespace UNION SELECT nspname FROM pg_namespace"
                " WHERE nspname NOT LIKE 'pg_%%'"
            )
        else:
            query = "SELECT name FROM sqlite_master"
        return {str(name) for (name,) in self.execute(query)}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "sidecar"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """The same repository, with our tables in each of the places they can be."""
    if request.param == "postgres":
        return Site("postgres", request.getfixturevalue("postgres_repo"))
    root = request.getfixturevalue("butler_repo")
    return Site(
        request.param, root, tmp_path / "mine" / "side.sqlite3" if request.param == "sidecar" else None
    )


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> float:
    """Give up on other writers soon, in s."""
    monkeypatch.setattr("workbench.registry.database.engine.LOCK_TIMEOUT", 0.3)
    return 0.3


@pytest.fixture
def other_writer(butler_repo: Path) -> sqlite3.Connection:
    """A connection of another program to the repository's SQLite file."""
    connection = sqlite3.connect(butler_repo / "gen3.sqlite3", isolation_level=None)
    yield connection
    connection.close()
