"""Where our tables live when the Butler's database may not be written."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.postgres import PostgresServer
from tests.registry.conftest import SEEING
from workbench.errors import ConnectionFailedError, ReadOnlyError
from workbench.registry import open_registry

_PR_CAPBSET_DROP = 24
_OVERRIDES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_SCRIPT = """
import sys
from tests.registry.conftest import SEEING
from workbench.registry import open_registry
root, read_only, write = sys.argv[1], sys.argv[2] == "read_only", sys.argv[3] == "write"
with open_registry(root, read_only=read_only) as registry:
    if write:
        registry.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
    rows = sum(table.count() for table in registry.tables().values())
    print(registry.home, registry.butler_writeable, rows, registry.storage_dir)
"""


@pytest.fixture
def shared_repo(butler_repo: Path) -> Iterator[Path]:
    """A repository that nobody may write, with two rows of ours in it."""
    with open_registry(butler_repo) as registry:
        registry.declare(SEEING).append(
            [{"instrument": "HSC", "visit": 1}, {"instrument": "HSC", "visit": 2}]
        )
    for path in (*butler_repo.rglob("*"), butler_repo):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield butler_repo
    for path in (butler_repo, *butler_repo.rglob("*")):
        path.chmod(0o755)


@pytest.fixture
def visitor_home(tmp_path: Path) -> Path:
    """An empty directory for the data of a visitor."""
    home = tmp_path / "visitor"
    home.mkdir()
    return home


def _give_up_override() -> None:
    """Let file permissions apply to root too, from the next program on."""
    library = ctypes.CDLL(None, use_errno=True)
    for capability in _OVERRIDES:
        if library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def run_as_visitor(
    root: Path, home: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Open a repository in a process to which file permissions apply."""
    return subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(root), *options],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"XDG_DATA_HOME": str(home / "data")} | environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_give_up_override if os.geteuid() == 0 else None,
    )


def open_as_visitor(root: Path, home: Path, *options: str, **environment: str) -> list[str]:
    """Open a repository as a visitor; return what the process found."""
    done = run_as_visitor(root, home, *options, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def interrupt_writer(root: Path) -> None:
    """Leave a SQLite database as a writer does that is killed in the middle."""
    file, scratch = root / "gen3.sqlite3", root / "copied"
    journal = file.with_name("gen3.sqlite3-journal")
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("PRAGMA cache_size = 5")  # so that changes go to the file before the end
    writer.execute("BEGIN")
    writer.execute("CREATE TABLE half_done AS SELECT zeroblob(100000) FROM visit")
    shutil.copy(file, scratch)
    left = journal.read_bytes()
    writer.execute("ROLLBACK")
    writer.close()
    scratch.replace(file)
    journal.write_bytes(left)


def test_unwritable_sqlite_gets_a_sidecar(shared_repo: Path, visitor_home: Path) -> None:
    before = (shared_repo / "gen3.sqlite3").read_bytes()
    home, butler_writeable, rows, storage = open_as_visitor(shared_repo, visitor_home, "write", "write")
    assert (home, butler_writeable, rows) == ("sidecar", "False", "1")
    assert Path(storage).is_relative_to(visitor_home / "data" / "campaign-workbench")
    assert [path.name for path in visitor_home.rglob("*.sqlite3")] == ["workbench.sqlite3"]
    assert (shared_repo / "gen3.sqlite3").read_bytes() == before


def test_unwritable_sqlite_shows_tables_of_others_read_only(shared_repo: Path, visitor_home: Path) -> None:
    assert open_as_visitor(shared_repo, visitor_home, "read_only", "")[:3] == ["beside", "False", "2"]
    assert not [*visitor_home.iterdir()]
    open_as_visitor(shared_repo, visitor_home, "write", "write")
    assert open_as_visitor(shared_repo, visitor_home, "read_only", "")[:3] == ["sidecar", "False", "1"]


def test_interrupted_write_is_taken_back(butler_repo: Path) -> None:
    interrupt_writer(butler_repo)
    for read_only in (True, False):
        with open_registry(butler_repo, read_only=read_only) as registry:
            assert len(registry.butler.query_dimension_records("visit", instrument="HSC")) == 12
    assert not (butler_repo / "gen3.sqlite3-journal").exists()


def test_interrupted_write_is_named_to_a_visitor(butler_repo: Path, visitor_home: Path) -> None:
    interrupt_writer(butler_repo)
    for path in (*butler_repo.rglob("*"), butler_repo):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = run_as_visitor(butler_repo, visitor_home, "read_only", "")
    butler_repo.chmod(0o755)
    assert "in the middle of a write. Open it once with write permission" in done.stderr


def test_variable_moves_the_sidecar(shared_repo: Path, visitor_home: Path) -> None:
    place = visitor_home / "elsewhere"
    *_, storage = open_as_visitor(
        shared_repo, visitor_home, "write", "write", WORKBENCH_SIDECAR_DIR=str(place)
    )
    assert Path(storage).is_relative_to(place)
    assert [*visitor_home.iterdir()] == [place]


def test_one_directory_holds_sidecars_of_several_repositories(butler_repo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["cp", "-r", str(butler_repo), str(other)], check=True)
    with open_registry(butler_repo, sidecar=tmp_path / "mine") as registry:
        assert registry.home == "sidecar"
        assert registry.butler_writeable
        registry.declare(SEEING)
    with open_registry(other, sidecar=tmp_path / "mine") as registry:
        assert registry.tables() == {}
    (tmp_path / "link").symlink_to(butler_repo)
    with open_registry(tmp_path / "link", sidecar=tmp_path / "mine") as registry:
        assert [*registry.tables()] == ["metrics"]


def test_sidecar_is_apart(butler_repo: Path, tmp_path: Path) -> None:
    with open_registry(butler_repo, sidecar=tmp_path / "side.db") as registry:
        registry.declare(SEEING)
        assert registry.storage_dir == tmp_path / "storage"
    with open_registry(butler_repo) as registry:
        assert registry.home == "beside"
        assert registry.tables() == {}
        assert registry.storage_dir == butler_repo / "workbench"


def test_a_sidecar_stays_in_use_where_the_repository_can_be_written_later(
    butler_repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        for name in ("may_write_tables", "may_write_butler"):
            patched.setattr(f"workbench.registry.database.home.{name}", lambda *_: False)
        with open_registry(butler_repo) as registry:
            registry.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
    for read_only in (False, True):
        with open_registry(butler_repo, read_only=read_only) as registry:
            assert (registry.home, registry.butler_writeable) == ("sidecar", not read_only)
            assert registry.table("metrics").count() == 1


def test_sidecar_by_sqlite_url(butler_repo: Path, tmp_path: Path) -> None:
    with open_registry(butler_repo, sidecar=f"sqlite:///{tmp_path}/a.db") as registry:
        registry.declare(SEEING)
    assert (tmp_path / "a.db").exists()


def test_sidecar_where_no_directory_can_be(butler_repo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        open_registry(butler_repo, sidecar=tmp_path / "file" / "side.db") as registry,
        pytest.raises(ConnectionFailedError, match=r"cannot be made.*sidecar="),
    ):
        registry.declare(SEEING)


@pytest.mark.postgres
def test_sidecar_in_postgresql(butler_repo: Path, tmp_path: Path, postgres_database: str) -> None:
    other = tmp_path / "other"
    subprocess.run(["cp", "-r", str(butler_repo), str(other)], check=True)
    with (
        open_registry(butler_repo, sidecar=postgres_database) as one,
        open_registry(other, sidecar=postgres_database) as two,
    ):
        assert (one.home, two.home) == ("sidecar", "sidecar")
        one.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
        assert two.tables() == {}
        with one.transaction(), one.writeable_butler(run="u/ana/run"):
            pass  # another database: neither waits for the other


def _connect_as(root: Path, server: PostgresServer, role: str) -> str:
    """Let a repository's configuration name a role; return its database."""
    config = yaml.safe_load((root / "butler.yaml").read_text())
    url: str = config["registry"]["db"].replace("postgres@", f"{role}@")
    config["registry"]["db"] = url
    (root / "butler.yaml").write_text(yaml.safe_dump(config))
    return url.rsplit("/", 1)[1]


@pytest.fixture
def visitor_role(postgres_server: PostgresServer, postgres_repo: Path) -> Iterator[str]:
    """A role that may only read the Butler's tables."""
    postgres_server.execute("CREATE ROLE visitor LOGIN")
    database = _connect_as(postgres_repo, postgres_server, "visitor")
    postgres_server.execute("GRANT USAGE ON SCHEMA hsc_repo TO visitor", database)
    postgres_server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA hsc_repo TO visitor", database)
    yield database
    postgres_server.execute("DROP OWNED BY visitor CASCADE", database)
    postgres_server.execute("DROP ROLE visitor")


@pytest.mark.postgres
def test_postgresql_without_privilege_gets_a_sidecar(postgres_repo: Path, visitor_role: str) -> None:
    with open_registry(postgres_repo) as registry:
        assert (registry.home, registry.butler_writeable) == ("sidecar", False)
        registry.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
        assert registry.table("metrics").count() == 1
        with pytest.raises(ReadOnlyError, match=r"no permission.*script"), registry.writeable_butler():
            pass


@pytest.mark.postgres
def test_postgresql_where_only_our_schema_is_writable(
    postgres_repo: Path, visitor_role: str, postgres_server: PostgresServer
) -> None:
    postgres_server.execute("CREATE SCHEMA wb_hsc_repo AUTHORIZATION visitor", visitor_role)
    with open_registry(postgres_repo) as registry:
        assert (registry.home, registry.butler_writeable) == ("beside", False)
        registry.declare(SEEING)
    postgres_server.execute("ALTER TABLE wb_hsc_repo.declaration OWNER TO postgres", visitor_role)
    with open_registry(postgres_repo) as registry:
        assert registry.home == "sidecar"


@pytest.mark.postgres
def test_postgresql_tables_of_others_are_shown_read_only(
    postgres_repo: Path, postgres_server: PostgresServer
) -> None:
    with open_registry(postgres_repo) as registry:
        registry.declare(SEEING).append([{"instrument": "HSC", "visit": 1}])
    postgres_server.execute("CREATE ROLE onlooker LOGIN")
    database = _connect_as(postgres_repo, postgres_server, "onlooker")
    for schema in ("hsc_repo", "wb_hsc_repo"):
        postgres_server.execute(f"GRANT USAGE ON SCHEMA {schema} TO onlooker", database)
        postgres_server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO onlooker", database)
    with open_registry(postgres_repo, read_only=True) as registry:
        assert (registry.home, registry.table("metrics").count()) == ("beside", 1)
    postgres_server.execute("DROP OWNED BY onlooker CASCADE", database)
    postgres_server.execute("DROP ROLE onlooker")
