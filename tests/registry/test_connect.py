"""Opening what can be opened, and saying in a sentence why the rest cannot."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
import yaml
from lsst.daf.butler import Butler, Config

from tests.postgres import PostgresServer
from tests.registry.conftest import SEEING, Site
from workbench.errors import (
    ConnectionFailedError,
    NewerSchemaError,
    NotARepositoryError,
    ReadOnlyError,
    RepositoryLockedError,
)
from workbench.registry import open_registry


def test_opens_read_only_butler(site: Site) -> None:
    with site.open() as registry:
        assert not registry.butler.isWriteable()
        assert registry.universe is registry.butler.dimensions
        assert registry.butler_writeable
        assert registry.home == ("sidecar" if site.kind == "sidecar" else "beside")
        assert len(registry.butler.query_dimension_records("visit", instrument="HSC")) == 12


@pytest.mark.parametrize("read_only", [True, False])
def test_opening_and_reading_create_nothing(site: Site, read_only: bool) -> None:
    before = site.list_objects()
    files = {*site.root.rglob("*")}
    with site.open(read_only=read_only) as registry:
        assert registry.tables() == {}
        with registry.reading() as connection:
            assert connection is None
    assert site.list_objects() == before
    assert {*site.root.rglob("*")} == files
    assert site.sidecar is None or not site.sidecar.parent.exists()


def test_read_only_open_refuses_writes(site: Site) -> None:
    with site.open() as registry:
        registry.declare(SEEING)
    before = site.list_objects()
    with site.open(read_only=True) as registry:
        assert not registry.butler_writeable
        table = registry.declare(SEEING)  # it is there: nothing to write
        with pytest.raises(ReadOnlyError, match="without read_only=True"):
            table.append([{"instrument": "HSC", "visit": 1}])
        with pytest.raises(ReadOnlyError, match="without read_only=True"), registry.transaction():
            pass
        with pytest.raises(ReadOnlyError, match="without read_only=True"), registry.writeable_butler():
            pass
    assert site.list_objects() == before


def test_path_forms_are_one_repository(butler_repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAF_BUTLER_REPOSITORIES", json.dumps({"cosmos": str(butler_repo)}))
    monkeypatch.chdir(butler_repo.parent)
    for uri in (butler_repo, str(butler_repo / "butler.yaml"), "cosmos", "repo", f"{butler_repo}/"):
        with open_registry(uri) as registry:
            assert registry.uri == str(butler_repo)


def test_unknown_label_lists_labels(butler_repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAF_BUTLER_REPOSITORIES", json.dumps({"cosmos": str(butler_repo)}))
    with pytest.raises(NotARepositoryError, match="Known labels are cosmos"):
        open_registry("cosmso")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(NotARepositoryError, match=r"no directory with a butler\.yaml"):
        open_registry(tmp_path)
    with pytest.raises(NotARepositoryError, match="There is no Butler repository"):
        open_registry(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("text", ["- 1\n", "- 1\n-2: [\n", "cls: some.other.Butler\n"])
def test_file_that_is_no_configuration(tmp_path: Path, text: str) -> None:
    (tmp_path / "butler.yaml").write_text(text)
    with pytest.raises(NotARepositoryError):
        open_registry(tmp_path)


def test_unsupported_files_and_schemes(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    with pytest.raises(NotARepositoryError, match="no Butler repository"):
        open_registry(tmp_path / "notes.md")
    with pytest.raises(NotARepositoryError, match="no Butler repository"):
        open_registry("gopher://example.org/repo")


def test_repository_without_its_database(butler_repo: Path) -> None:
    (butler_repo / "gen3.sqlite3").unlink()
    with pytest.raises(NotARepositoryError, match="does not exist"):
        open_registry(butler_repo)
    assert not (butler_repo / "gen3.sqlite3").exists()


def test_database_without_butler_tables(butler_repo: Path) -> None:
    (butler_repo / "gen3.sqlite3").unlink()
    sqlite3.connect(butler_repo / "gen3.sqlite3").close()
    with pytest.raises(NotARepositoryError, match="holds no Butler tables"):
        open_registry(butler_repo)


def test_database_that_is_none(butler_repo: Path) -> None:
    (butler_repo / "gen3.sqlite3").write_text("no database" * 1000)
    with pytest.raises(NotARepositoryError, match="no SQLite database"):
        open_registry(butler_repo)


def test_newer_workbench_tables(site: Site) -> None:
    with site.open() as registry:
        registry.declare(SEEING)
    site.execute(f"UPDATE {site.name('alembic_version')} SET version_num = '9999'")
    for read_only in (True, False):
        with pytest.raises(NewerSchemaError, match=r"'9999'.*Upgrade"):
            site.open(read_only=read_only)


def test_tables_that_become_newer_while_open(site: Site) -> None:
    with site.open() as registry:
        table = registry.declare(SEEING)
        site.execute(f"UPDATE {site.name('alembic_version')} SET version_num = '9999'")
        with pytest.raises(NewerSchemaError, match="'9999'"):
            table.append([{"instrument": "HSC", "visit": 1}])


def test_newer_butler_schema(butler_repo: Path, other_writer: sqlite3.Connection) -> None:
    other_writer.execute(
        "UPDATE butler_attributes SET value = '99.0.0' WHERE name LIKE 'version:%Collection%'"
    )
    with pytest.raises(NewerSchemaError, match="another release of lsst-daf-butler"):
        open_registry(butler_repo)


def test_locked_against_readers(
    butler_repo: Path, other_writer: sqlite3.Connection, short_wait: float
) -> None:
    other_writer.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with pytest.raises(RepositoryLockedError, match="locked by another writer"):
        open_registry(butler_repo)
    assert time.monotonic() - started < 20 * short_wait


def test_locked_against_writers(
    butler_repo: Path, other_writer: sqlite3.Connection, short_wait: float
) -> None:
    other_writer.execute("BEGIN IMMEDIATE")
    with open_registry(butler_repo) as registry:
        with pytest.raises(RepositoryLockedError, match="locked by another writer"):
            registry.declare(SEEING)
        with (
            pytest.raises(RepositoryLockedError, match="locked by another writer"),
            registry.writeable_butler(),
        ):
            pass
        other_writer.execute("ROLLBACK")
        registry.declare(SEEING)


@pytest.mark.postgres
def test_postgresql_does_not_answer(postgres_repo: Path) -> None:
    config = yaml.safe_load((postgres_repo / "butler.yaml").read_text())
    config["registry"]["db"] = "postgresql://ana:secret@127.0.0.1:1/butler"
    (postgres_repo / "butler.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ConnectionFailedError, match="does not answer") as caught:
        open_registry(postgres_repo)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:1/butler" in str(caught.value)


@pytest.mark.postgres
def test_postgresql_without_butler_schema(postgres_database: str, tmp_path: Path) -> None:
    (tmp_path / "butler.yaml").write_text(
        yaml.safe_dump({"registry": {"db": postgres_database, "namespace": "no"}})
    )
    with pytest.raises(NotARepositoryError, match="no Butler tables in schema 'no'"):
        open_registry(tmp_path)


@pytest.mark.postgres
def test_credentials_as_the_butler_finds_them(
    postgres_server: PostgresServer, postgres_repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_server.execute("CREATE ROLE somebody LOGIN SUPERUSER")
    config = yaml.safe_load((postgres_repo / "butler.yaml").read_text())
    config["registry"]["db"] = config["registry"]["db"].replace("postgres@", "")
    (postgres_repo / "butler.yaml").write_text(yaml.safe_dump(config))
    known = [{"url": "postgresql://127.0.0.1/*", "username": "somebody", "password": "unused"}]
    monkeypatch.setenv("LSST_DB_AUTH_CREDENTIALS", json.dumps(known))
    with open_registry(postgres_repo) as registry:
        registry.declare(SEEING)
        assert registry.home == "beside"


@pytest.mark.postgres
def test_two_repositories_in_one_database(postgres_database: str, tmp_path: Path) -> None:
    for namespace in ("one", "two"):
        config = Config({"registry": {"db": postgres_database, "namespace": namespace}})
        Butler.makeRepo(str(tmp_path / namespace), config=config, forceConfigRoot=False)
    with open_registry(tmp_path / "one") as one, open_registry(tmp_path / "two") as two:
        one.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
        assert two.tables() == {}
        two.declare(SEEING)
        assert (one.table("metrics").count(), two.table("metrics").count()) == (1, 0)


def test_writeable_butler_is_seen_after_refresh(site: Site) -> None:
    with site.open() as registry:
        with registry.writeable_butler(run="u/ana/made") as butler:
            assert butler.isWriteable()
        registry.refresh()
        assert "u/ana/made" in registry.butler.collections.query("*")


def test_moved_repository_keeps_its_tables(butler_repo: Path, tmp_path: Path) -> None:
    with open_registry(butler_repo) as registry:
        registry.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
    shutil.move(butler_repo, tmp_path / "moved")
    with open_registry(tmp_path / "moved") as registry:
        assert registry.table("metrics").count() == 1
