"""The log of a session, and what a replay needs of it."""

from __future__ import annotations

from workbench.session.desk.log import SessionLog


def replayed(*actions: tuple[str, str]) -> list[str]:
    log = SessionLog()
    for kind, python in actions:
        log.record(kind, python)  # type: ignore[arg-type]
    return [entry.python for entry in log.to_replay()]


def test_a_change_stands_for_those_before_it() -> None:
    assert replayed(("change", "1"), ("look", "a"), ("change", "2"), ("change", "3")) == ["a", "3"]


def test_a_change_that_was_used_stays() -> None:
    actions = [("change", "1"), ("write", "save"), ("change", "2"), ("write", "save"), ("change", "3")]
    assert replayed(*actions) == ["1", "save", "2", "save", "3"]


def test_a_look_is_repeated_only_after_something_was_written() -> None:
    assert replayed(("look", "a"), ("look", "a"), ("write", "w"), ("look", "a")) == ["a", "w", "a"]


def test_files_of_one_name_are_kept_apart() -> None:
    log = SessionLog()
    assert log.keep_upload("dir/a.csv", b"1") == "a.csv"
    assert log.keep_upload("a.csv", b"1") == "a.csv"
    assert log.keep_upload("a.csv", b"2") == "a-2.csv"
    assert log.keep_upload("a.csv", b"2") == "a-2.csv"
    assert log.uploads == {"a.csv": b"1", "a-2.csv": b"2"}
