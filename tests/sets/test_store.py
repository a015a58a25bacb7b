from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from workbench.errors import BadNameError, EmptySetError, ReadOnlyError, UnknownSetError
from workbench.query import select
from workbench.registry import Registry, open_registry
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot import Relations


@pytest.fixture
def registry(any_uri: str) -> Iterator[Registry]:
    """The twelve visits, on SQLite, on PostgreSQL and behind a Butler server."""
    with open_registry(any_uri) as opened:
        yield opened


def choose(registry: Registry, where: str = "") -> DataIdSet:
    return DataIdSet.from_selection(
        select(registry, ["visit"], where), relations=Relations.read(registry.butler)
    )


def test_what_is_saved_comes_back(registry: Registry) -> None:
    store = SetStore(registry)
    saved = store.save(choose(registry, "band = 'i'"), "cosmos-i", reason="the first", author="ana")
    assert saved.label == "cosmos-i@1"
    loaded = store.load("cosmos-i")
    assert loaded == saved
    assert loaded.label == saved.label
    assert loaded.provenance == saved.provenance
    assert loaded.provenance.author == "ana"
    assert loaded.provenance.rule == "band = 'i'"
    assert loaded.relations is not None
    assert len(loaded.to_exposures()) == 6


def test_versions_are_appended(registry: Registry) -> None:
    store = SetStore(registry)
    first = store.save(choose(registry), "all", reason="all of them")
    second = store.save(first - choose(registry, "band = 'r'"), "all", reason="no r")
    assert second.label == "all@2"
    kept, blue = second.provenance.parents
    assert kept == "all@1"
    assert store.load(blue) == choose(registry, "band = 'r'")
    assert second.provenance.rule == "all@1 - (band = 'r')"
    assert store.load("all@1") == first
    assert store.load("all") == second
    history = store.history("all")
    assert history["version"].to_pylist() == [1, 2]
    assert history["n_rows"].to_pylist() == [12, 6]
    assert history["reason"].to_pylist() == ["all of them", "no r"]
    assert history["key_digest"].to_pylist() == [first.key_digest, second.key_digest]
    assert store.names() == ["all"]


def test_equal_content_is_not_saved_twice(registry: Registry) -> None:
    store = SetStore(registry)
    first = store.save(choose(registry), "all", reason="one", author="ana")
    again = store.save(choose(registry), "all", reason="one", author="ana")
    assert again.label == "all@1"
    assert again.provenance == first.provenance
    assert store.save(store.load("all"), "all", reason="one", author="ana").label == "all@1"
    # Who says it anew, or why, is recorded.
    better = store.save(choose(registry), "all", reason="two", author="ana")
    by_bob = store.save(first, "all", reason="two", author="bob")
    history = store.history("all").select(["version", "reason", "author"]).to_pylist()
    assert [tuple(row.values()) for row in history] == [
        (1, "one", "ana"),
        (2, "two", "ana"),
        (3, "two", "bob"),
    ]
    assert (better.label, by_bob.label) == ("all@2", "all@3")
    assert better == by_bob == first
    # Content that came back is a version of its own.
    store.save(choose(registry, "band = 'i'"), "all", reason="three")
    assert store.save(choose(registry), "all", reason="four").label == "all@5"
    # So is the same content with reasons.
    assert store.save(first.with_reason("because"), "all", reason="five").label == "all@6"


def test_everything_a_set_holds_comes_back(registry: Registry) -> None:
    store = SetStore(registry)
    table = pa.table(
        {
            "visit": [18202, 19676],
            "detector": [41, 42],
            "reason": ["'; DROP TABLE visit; --", None],
            "a": [1.5, None],
            "b": ["x", None],
            "c": [1, None],
            "d": [None, True],
        }
    )
    data_ids = DataIdSet.from_table(
        registry.universe, table, role="exclude", instrument="HSC", free_columns=tuple("abcd")
    )
    saved = store.save(data_ids, "rich", reason="test")
    assert store.load("rich").table == data_ids.table
    assert store.load("rich@1") == saved
    pixels = DataIdSet.from_table(registry.universe, pa.table({"htm7": [253952]}))
    assert store.load(store.save(pixels, "pixels", reason="test").label) == pixels


def test_empty_sets_need_a_word(registry: Registry) -> None:
    store = SetStore(registry)
    empty = choose(registry, "band = 'z'")
    with pytest.raises(EmptySetError, match="allow_empty=True"):
        store.save(empty, "none", reason="test")
    assert store.names() == []
    saved = store.save(empty, "none", reason="test", allow_empty=True)
    assert len(store.load("none")) == 0
    assert store.load("none").key_digest == saved.key_digest


@pytest.mark.parametrize("name", ["", "A", "1a", "a b", "a@1", "ä", "a.b"])
def test_names_have_a_form(registry: Registry, name: str) -> None:
    with pytest.raises(BadNameError, match="small letters"):
        SetStore(registry).save(choose(registry), name, reason="test")


def test_unknown_sets_list_those_there_are(registry: Registry) -> None:
    store = SetStore(registry)
    with pytest.raises(UnknownSetError, match="No set has been saved yet"):
        store.load("some")
    assert store.names() == []
    assert store.list().num_rows == 0
    store.save(choose(registry), "all", reason="test")
    with pytest.raises(UnknownSetError, match=r"'some'.*There are: all"):
        store.load("some")
    with pytest.raises(UnknownSetError, match=r"versions of 'all' are 1\."):
        store.load("all@2")
    with pytest.raises(BadNameError, match="no version"):
        store.load("all@x")
    with pytest.raises(UnknownSetError):
        store.history("some")


def test_sets_are_members_in_queries(registry: Registry) -> None:
    store = SetStore(registry)
    store.save(choose(registry), "all", reason="test")
    store.save(choose(registry, "band = 'i'"), "all", reason="test")
    where = "in_set('all@1') AND NOT in_set('all')"
    found = select(registry, ["visit"], where, membership=store.read_keys)
    assert len(found) == 6
    assert set(found.table["band"].to_pylist()) == {"r"}


def test_rows_join_in_sql(registry: Registry) -> None:
    SetStore(registry).save(choose(registry), "all", reason="test")
    table = registry.table("set_rows_instrument_visit")
    assert table.declaration.dimensions == ("instrument", "visit")
    assert table.count(where={"set_name": "all", "visit": [18202, 19676]}) == 2
    assert not table.declaration.visible


def test_threads_never_get_the_same_version(registry: Registry) -> None:
    store = SetStore(registry)
    whole = choose(registry)
    store.save(whole, "all", reason="test")
    labels: list[str] = []

    def save(seed: int) -> None:
        labels.append(SetStore(registry).save(whole.sample(6, seed=seed), "all", reason=str(seed)).label)

    threads = [threading.Thread(target=save, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(labels) == [f"all@{version}" for version in range(2, 8)]
    history = store.history("all")
    assert history["version"].to_pylist() == list(range(1, 8))
    for version in range(1, 8):
        assert len(store.load(f"all@{version}")) == (12 if version == 1 else 6)


def save_some(uri: str, worker: int, n_saves: int) -> None:
    with open_registry(uri) as registry:
        data_ids = choose(registry)
        for number in range(n_saves):
            sample = data_ids.sample(6, seed=100 * worker + number)
            SetStore(registry).save(sample, "all", reason=f"{worker}.{number}")


def test_processes_never_get_the_same_version(registry: Registry) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=save_some, args=(registry.uri, worker, 4)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    history = SetStore(registry).history("all")
    assert history["version"].to_pylist() == list(range(1, 13))
    assert len(set(history["reason"].to_pylist())) == 12


def test_read_only(any_repo: Path) -> None:
    with open_registry(str(any_repo), read_only=True) as registry:
        with pytest.raises(ReadOnlyError):
            SetStore(registry).save(choose(registry), "all", reason="test")
        assert SetStore(registry).names() == []


def test_versions_are_compared_and_restored(registry: Registry) -> None:
    store, good = SetStore(registry), choose(registry)
    first = store.save(good, "good", reason="first")
    bad = good.sample(3, seed=1).with_role("exclude")
    store.save(first - bad, "good", reason="second")
    assert store.diff("good@1", "good@2")["change"].to_pylist() == ["removed"] * 3
    restored = store.restore("good@1", reason="after all", author="ana")
    assert (restored.label, restored.provenance.author) == ("good@3", "ana")
    assert restored.key_digest == first.key_digest
    assert restored.provenance.parents == ("good@1", "good@2")
    assert store.history("good")["reason"].to_pylist() == ["first", "second", "after all"]
    assert store.restore("good@3", reason="again").label == "good@3"
    with pytest.raises(BadNameError, match="names no version"):
        store.restore("good", reason="x")
    with pytest.raises(UnknownSetError, match="versions of 'good' are 1, 2, 3"):
        store.restore("good@9", reason="x")


def test_saved_sets_join_in_sql(any_repo: Path) -> None:
    """Rows have real dimension columns: the Butler's own visit table joins with them."""
    with open_registry(any_repo) as registry:
        rows = DataIdSet.from_selection(select(registry, ["visit"], "instrument = 'HSC' AND band = 'i'"))
        SetStore(registry).save(rows, "blue", reason="test")
        postgres = "sqlite" not in (any_repo / "butler.yaml").read_text()
        theirs, ours = ("hsc_repo.visit", "wb_hsc_repo.") if postgres else ("visit", "wb_")
        query = (
            f"SELECT v.id, v.physical_filter FROM {theirs} v JOIN {ours}v_set_rows_instrument_visit s"
            " ON s.instrument = v.instrument AND s.visit = v.id"
            " WHERE s.set_name = 'blue' AND s.set_version = 1 ORDER BY v.id"
        )
        with registry.reading() as connection:
            assert connection is not None
            found = connection.exec_driver_sql(query).all()
    assert [visit for visit, _ in found] == rows.table["visit"].to_pylist()
    assert {name for _, name in found} == {"HSC-I", "HSC-I2"}
