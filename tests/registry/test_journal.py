"""The journal: states of commits, and names that only one of them may use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.errors import (
    CollectionExistsError,
    CommitError,
    OutputRunExistsError,
    ReadOnlyError,
    UnknownNameError,
)
from workbench.registry import Registry, open_registry
from workbench.registry.database.clock import now
from workbench.registry.journal import COMMIT_SCHEMA, Journal

RUN, TAG = "u/ana/run", "HSC/raw/DM-1"


@pytest.fixture
def registry(any_repo: Path) -> Iterator[Registry]:
    with open_registry(str(any_repo)) as registry:
        yield registry


@pytest.fixture
def journal(registry: Registry) -> Journal:
    return registry.journal


def prepare(
    journal: Journal, commit_id: str, run: str | None = RUN, names: tuple[str, ...] = (RUN, TAG)
) -> float:
    """Prepare a commit."""
    return journal.prepare(
        commit_id,
        kind="graph",
        campaign="u/ana",
        run=run,
        author="ana",
        fence="abc",
        intent={"a": [1, None], "b": "é"},
        names=names,
    )


def test_nothing_was_ever_written(journal: Journal, registry: Registry) -> None:
    assert journal.pending().num_rows == 0
    assert journal.read().schema == COMMIT_SCHEMA
    assert journal.reserved_names() == {}
    assert not journal.is_graph_in_use("d1", except_by="")
    with registry.reading() as connection:
        assert connection is None


def test_prepared_then_committed(journal: Journal) -> None:
    begin = now()
    created = prepare(journal, "c1")
    assert begin <= created <= now()
    assert journal.read().num_rows == 0
    (row,) = journal.pending().to_pylist()
    assert json.loads(row.pop("intent")) == {"a": [1, None], "b": "é"}
    assert row == {
        "commit_id": "c1",
        "state": "prepared",
        "kind": "graph",
        "campaign": "u/ana",
        "run": RUN,
        "author": "ana",
        "created": created,
        "finished": None,
        "fence": "abc",
        "graph_path": None,
        "graph_digest": None,
    }
    assert journal.reserved_names() == {RUN: "c1", TAG: "c1"}

    journal.record_graph("c1", path="graphs/d1.qg", digest="d1")
    assert journal.mark_committed("c1")
    assert not journal.mark_committed("c1")
    (row,) = journal.read(run=RUN).to_pylist()
    assert (row["state"], row["graph_path"], row["graph_digest"]) == ("committed", "graphs/d1.qg", "d1")
    assert row["finished"] >= created
    assert journal.read(commit_id="c1").num_rows == 1
    assert journal.read(commit_id="c2").num_rows == 0
    assert journal.pending().num_rows == 0
    assert journal.reserved_names() == {}


def test_prepared_then_rolled_back(journal: Journal) -> None:
    prepare(journal, "c1")
    journal.record_graph("c1", path="graphs/d1.qg", digest="d1")
    assert journal.is_graph_in_use("d1", except_by="c2")
    assert not journal.is_graph_in_use("d1", except_by="c1")
    assert journal.roll_back("c1")
    assert not journal.roll_back("c1")
    assert not journal.is_graph_in_use("d1", except_by="c2")
    assert journal.reserved_names() == {}
    assert journal.read().num_rows == 0
    assert journal.read(states=["rolled_back"])["commit_id"].to_pylist() == ["c1"]
    prepare(journal, "c2")


def test_names_may_stay_reserved(journal: Journal) -> None:
    prepare(journal, "c1")
    journal.mark_committed("c1", keep_names=True)
    assert journal.reserved_names() == {RUN: "c1", TAG: "c1"}


@pytest.mark.parametrize(
    ("names", "error", "name"),
    [
        ((RUN,), OutputRunExistsError, RUN),
        ((TAG, RUN), OutputRunExistsError, RUN),
        ((TAG,), CollectionExistsError, TAG),
    ],
)
def test_a_reserved_name_is_refused(
    journal: Journal, names: tuple[str, ...], error: type[Exception], name: str
) -> None:
    prepare(journal, "c1")
    with pytest.raises(error, match=f"'{name}' is reserved by the prepared commit c1 of ana") as caught:
        prepare(journal, "c2", run=RUN if RUN in names else None, names=names)
    assert type(caught.value) is error
    assert journal.pending()["commit_id"].to_pylist() == ["c1"]
    assert journal.reserved_names() == {RUN: "c1", TAG: "c1"}


def test_ends_are_final(journal: Journal) -> None:
    prepare(journal, "c1")
    journal.mark_committed("c1")
    with pytest.raises(CommitError, match="is committed"):
        journal.roll_back("c1")
    prepare(journal, "c2")
    journal.roll_back("c2")
    with pytest.raises(CommitError, match="was rolled back by another process"):
        journal.mark_committed("c2")
    with pytest.raises(CommitError, match="was rolled back by another process"):
        journal.record_graph("c2", path="graphs/d2.qg", digest="d2")
    with pytest.raises(UnknownNameError, match="no commit c3"):
        journal.roll_back("c3")


def test_a_commit_that_was_rolled_back_keeps_no_graph(journal: Journal) -> None:
    prepare(journal, "c1")
    journal.record_graph("c1", path="graphs/d1.qg", digest="d1")
    assert journal.is_graph_in_use("d1", except_by="c2")
    assert not journal.is_graph_in_use("d1", except_by="c1")
    journal.roll_back("c1")
    assert not journal.is_graph_in_use("d1", except_by="c2")


def test_commits_come_oldest_first(journal: Journal) -> None:
    for number in (3, 1, 2):
        prepare(journal, f"c{number}", run=None, names=())
        journal.mark_committed(f"c{number}")
    assert journal.read()["commit_id"].to_pylist() == ["c3", "c1", "c2"]


def test_read_only(any_repo: Path, journal: Journal) -> None:
    prepare(journal, "c1")
    with open_registry(str(any_repo), read_only=True) as reader:
        assert reader.journal.pending().num_rows == 1
        for write in (
            lambda: prepare(reader.journal, "c2"),
            lambda: reader.journal.mark_committed("c1"),
            lambda: reader.journal.roll_back("c1"),
        ):
            with pytest.raises(ReadOnlyError):
                write()


def test_a_failed_transaction_leaves_no_half(registry: Registry) -> None:
    """The intent and its names come and go together."""

    def prepare_and_stop() -> None:
        with registry.transaction():
            prepare(registry.journal, "c1")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        prepare_and_stop()
    assert registry.journal.pending().num_rows == 0
    assert registry.journal.reserved_names() == {}
