"""Transactions on our tables: all or nothing, one writer at a time, also the first."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.registry.conftest import SEEING, Site
from workbench.errors import RepositoryLockedError
from workbench.registry import Registry


class _PowerCutError(Exception):
    """What ends a transaction in the middle."""


def _power_cut() -> AbstractContextManager[object]:
    return pytest.raises(_PowerCutError)


_ROW = {"instrument": "HSC", "visit": 1}
_FIRST_WRITER = """
import sys
from pathlib import Path
from tests.registry.conftest import SEEING, Site
kind, root, sidecar, visit = sys.argv[1:]
with Site(kind, Path(root), Path(sidecar) if sidecar else None).open() as registry:
    print("ready", flush=True)
    sys.stdin.readline()
    registry.declare(SEEING).append([{"instrument": "HSC", "visit": int(visit)}])
"""


def test_first_write_makes_the_tables(site: Site) -> None:
    before = site.list_objects()
    with site.open() as registry, registry.transaction() as connection:
        connection.execute(sa.select(registry.schema.commit))
    made = site.list_objects() - before
    for name in ("alembic_version", "declaration", "commit", "reserved_name"):
        assert site.name(name) in made


def test_butler_is_unaware_of_our_tables(site: Site) -> None:
    with site.open() as registry:
        registry.declare(SEEING).append([_ROW])
        with registry.writeable_butler(run="u/ana/run") as butler:
            assert len(butler.query_datasets("raw", collections="HSC/defaults")) == 72


def test_failed_first_write_leaves_nothing(site: Site) -> None:
    before = site.list_objects()
    with site.open() as registry:
        with _power_cut(), registry.transaction():
            registry.declare(SEEING).append([_ROW])
            raise _PowerCutError
        assert registry.tables() == {}
    assert site.list_objects() == before


def test_transaction_is_all_or_nothing(site: Site) -> None:
    with site.open() as registry:
        table = registry.declare(SEEING)
        with _power_cut(), registry.transaction() as connection:
            table.append([_ROW])
            table.append([_ROW | {"visit": 2}], connection)
            assert table.count() == 2  # the thread sees what it wrote
            raise _PowerCutError
        assert table.count() == 0


def test_inner_transaction_is_a_savepoint(site: Site) -> None:
    with site.open() as registry:
        table = registry.declare(SEEING)
        with registry.transaction() as outer:
            table.append([_ROW])
            with _power_cut(), registry.transaction() as inner:
                assert inner is outer
                table.append([_ROW | {"visit": 2}])
                raise _PowerCutError
        assert table.read(columns=["visit"]).to_pydict() == {"visit": [1]}


def test_second_writer_is_told_of_the_first(site: Site, short_wait: float) -> None:
    with site.open() as first, site.open() as second:
        table = first.declare(SEEING)
        same = second.table("metrics")
        with first.transaction():
            table.append([_ROW])
            with pytest.raises(RepositoryLockedError, match="locked by another writer"):
                same.append([_ROW])
            assert same.count() == 0  # readers do not wait
        assert same.count() == 1
        same.append([_ROW])


def test_writers_of_one_process_take_turns(site: Site) -> None:
    with site.open() as registry:
        table = registry.declare(SEEING)

        def write_many(start: int) -> None:
            for visit in range(start, start + 10):
                table.append([_ROW | {"visit": visit}])

        threads = [threading.Thread(target=write_many, args=(start,)) for start in (0, 10, 20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert table.count() == 30


@pytest.mark.parametrize("attempt", range(2))
def test_two_processes_do_their_first_write_at_once(site: Site, attempt: int) -> None:
    arguments = [site.kind, str(site.root), str(site.sidecar or "")]
    checkout = Path(__file__).resolve().parents[2]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _FIRST_WRITER, *arguments, str(visit)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for visit in (1, 2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
    with site.open(read_only=True) as registry:
        assert sorted(registry.table("metrics").read().column("visit").to_pylist()) == [1, 2]
    assert site.execute(f"SELECT count(*) FROM {site.name('alembic_version')}") == [(1,)]


def test_butler_is_refused_inside_our_transaction(butler_repo: Path) -> None:
    with Site("sqlite", butler_repo).open() as registry, registry.transaction():
        _assert_refused(registry)


def _assert_refused(registry: Registry) -> None:
    with pytest.raises(RepositoryLockedError, match="End the transaction first"), registry.writeable_butler():
        pass


def test_our_write_inside_the_butlers_transaction_is_refused(butler_repo: Path, short_wait: float) -> None:
    with Site("sqlite", butler_repo).open() as registry:
        table = registry.declare(SEEING)
        with registry.writeable_butler() as butler, butler.transaction():
            butler.collections.register("u/ana/run")
            with pytest.raises(RepositoryLockedError, match="locked by another writer"):
                table.append([_ROW])


def test_foreign_keys_hold(site: Site) -> None:
    with site.open() as registry, pytest.raises(sa.exc.IntegrityError), registry.transaction() as connection:
        connection.execute(sa.insert(registry.schema.reserved_name).values(name="u/x", commit_id="none"))
