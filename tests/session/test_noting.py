"""Notes read, written, revised and taken back, by two people at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from workbench.bench import Bench
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.notes.noting import Noting
from workbench.session.notes.targets import NoteTargets, aim_at_text, aim_at_visits
from workbench.session.notes.wording import Wording

KEY = ("HSC", 96954)


def begin(bench: Bench, author: str, text: str = "96954, 96980") -> Noting:
    noting = Noting(Desk(bench, author=author))
    noting.take_aim(lambda: aim_at_text(bench, text, ["HSC"]))
    return noting


def say(noting: Noting, text: str, flag: str = "", tags: tuple[str, ...] = ()) -> bool:
    noting.prepare(Wording(text, flag, tags))
    return noting.write()


@pytest.fixture
def ana(bench: Bench) -> Noting:
    """One who looks at two visits."""
    return begin(bench, "ana")


@pytest.fixture
def ben(bench: Bench, ana: Noting) -> Noting:
    """Another one, who looks at one of them."""
    return begin(bench, "ben", "visit=96954")


def test_targets_are_read_as_they_are_typed(bench: Bench) -> None:
    dataset = "0191d6a4-0000-7000-8000-000000000000"
    aim = aim_at_text(bench, f"96954 96980.4\ntract=9813, patch=3; HSC/raw/all\n{dataset}", ["HSC"])
    assert aim.targets[:2] == (
        {"instrument": "HSC", "visit": 96954},
        {"instrument": "HSC", "visit": 96980, "detector": 4},
    )
    assert isinstance(aim.targets[2], dict)
    assert set(aim.targets[2]) == {"tract", "patch", "skymap"}
    assert aim.targets[3] == "HSC/raw/all"
    assert str(aim.targets[4]) == dataset
    assert aim.label == "5 targets"


@pytest.mark.parametrize("text", ["", "visit=x", "vizit=3", "96954x"])
def test_what_is_no_target_is_said(bench: Bench, text: str) -> None:
    noting = begin(bench, "ana", text)
    assert noting.aim_error
    assert noting.aim.targets == ()


def test_targets_are_taken_from_the_set(bench: Bench) -> None:
    curation = Curation(Desk(bench))
    curation.refresh()
    curation.choose("band = 'i'")
    noting = Noting(curation.desk)
    n_in = len(bench.select("visit", "band = 'i'"))
    for which, expected in (("in", n_in), ("out", 12 - n_in)):
        noting.take_aim(lambda which=which: aim_at_visits(bench, curation, which))  # type: ignore[misc]
        noting.prepare(Wording("looked at"))
        assert noting.pending is not None
        assert len(noting.pending.targets) == expected
        names: dict[str, object] = {"bench": bench}
        exec(noting.aim.with_line(f"targets = {noting.aim.python}"), names)
        assert len(names["targets"]) == expected  # type: ignore[arg-type]
    noting.take_aim(lambda: aim_at_visits(bench, curation, "hand"))
    assert noting.aim_error == "Nothing was decided by hand yet."


def test_a_note_is_previewed_and_written_once(ana: Noting, bench: Bench) -> None:
    ana.prepare(Wording("satellite", "trailed", ("trail",), ("https://example.org/1",)))
    assert bench.annotations.find().num_rows == 0
    assert ana.pending is not None
    assert ana.pending.severity == "never use"
    assert ana.pending.targets == ("instrument=HSC, visit=96954", "instrument=HSC, visit=96980")
    assert ana.write()
    assert not ana.write()
    (note,) = ana.notes
    assert note.wording == Wording("satellite", "trailed", ("trail",), ("https://example.org/1",))
    assert note.author == "ana"
    assert note.targets == ("instrument=HSC, visit=96954", "instrument=HSC, visit=96980")
    assert not ana.meanwhile
    assert (
        "note_1 = bench.annotations.add([{'instrument': 'HSC', 'visit': 96954}"
        in ana.desk.log.entries[-1].python
    )


@pytest.mark.parametrize(
    ("wording", "message"),
    [
        (Wording(""), "needs a text"),
        (Wording("x", links=("javascript:alert(1)",)), "is no link"),
        (Wording("x", tags=("a,b",)), "is no tag"),
    ],
)
def test_a_note_that_is_wrong_is_said_in_the_preview(ana: Noting, wording: Wording, message: str) -> None:
    ana.prepare(wording)
    assert message in ana.desk.message
    assert ana.pending is None


def test_what_another_wrote_meanwhile_is_shown_before_mine_is_added(
    ana: Noting, ben: Noting, bench: Bench
) -> None:
    ana.prepare(Wording("trailed", "trailed"))
    assert say(ben, "clouds", "suspect")
    assert not ana.write()
    assert [note.wording.text for note in ana.meanwhile] == ["clouds"]
    assert "Others wrote" in ana.desk.message
    assert ana.write()
    assert sorted(bench.annotations.find({"instrument": "HSC", "visit": 96954})["text"].to_pylist()) == [
        "clouds",
        "trailed",
    ]
    ana.has_read()
    assert not ana.meanwhile


def test_a_note_that_another_revised_is_not_overwritten(ana: Noting, ben: Noting, bench: Bench) -> None:
    assert say(ana, "trailed?")
    ben.read_again()
    (mine,), (theirs,) = ana.notes, ben.notes
    assert ben.revise(theirs, dataclasses.replace(theirs.wording, text="surely trailed"), "looked")
    assert not ana.revise(mine, dataclasses.replace(mine.wording, text="fine"), "looked")
    assert "changed by ben" in ana.desk.message
    assert [note.wording.text for note in ana.meanwhile] == ["surely trailed"]
    assert bench.annotations.find()["text"].to_pylist() == ["surely trailed"] * 2
    assert not ana.retract(mine, "wrong")
    assert bench.annotations.find().num_rows == 2
    # Having read theirs, mine goes on top of it.
    assert ana.revise(ana.notes[0], dataclasses.replace(mine.wording, text="fine"), "looked again")
    history = ana.history(mine.note_id)
    assert history is not None
    assert history["text"].to_pylist()[::2] == ["trailed?", "surely trailed", "fine"]


def test_several_notes_are_revised_all_or_none(ana: Noting, ben: Noting, bench: Bench) -> None:
    assert say(ana, "one", "suspect")
    assert say(ana, "two", "suspect", ("old",))
    change: Callable[[Wording], Wording] = lambda words: dataclasses.replace(words, flag="bad")  # noqa: E731
    planned = list(ana.notes)
    ben.read_again()
    assert ben.revise(ben.notes[1], dataclasses.replace(ben.notes[1].wording, text="two!"), "typo")
    assert not ana.change_all(planned, change, "tidied")
    assert set(bench.annotations.find()["flag"].to_pylist()) == {"suspect"}
    assert ana.change_all(ana.notes, change, "tidied")
    found = {(row["text"], row["flag"], row["tags"]) for row in bench.annotations.find().to_pylist()}
    assert found == {("one", "bad", "[]"), ("two!", "bad", '["old"]')}


def test_what_was_written_is_taken_back(ana: Noting, bench: Bench) -> None:
    assert say(ana, "trailed?")
    assert ana.revise(ana.notes[0], Wording("trailed", "trailed"), "looked")
    assert ana.undo_label == "revision of trailed?"
    ana.undo()
    assert ana.notes[0].wording == Wording("trailed?")
    assert ana.undo_label == "note on 2 targets"
    ana.undo()
    assert not ana.notes
    assert ana.undo_label == ""
    assert bench.annotations.find().num_rows == 0


def test_a_retracted_note_stays_in_the_history(ana: Noting) -> None:
    assert say(ana, "trailed")
    note = ana.notes[0]
    assert not ana.retract(note, "")
    assert "needs a reason" in ana.desk.message
    assert ana.retract(note, "it was a star")
    history = ana.history(note.note_id)
    assert history is not None
    assert history["reason"].to_pylist()[-1] == "it was a star"


def test_the_vocabulary_grows(ana: Noting) -> None:
    assert ana.extend_vocabulary("crosstalk", "needs follow-up", "ghosts of bright stars")
    assert ana.vocabulary["crosstalk"] == "needs follow-up"
    assert not ana.extend_vocabulary("crosstalk", "never use", "other")
    assert say(ana, "ghost", "crosstalk")


def test_an_aim_at_nothing_is_nothing() -> None:
    assert NoteTargets().with_line("x") == "x"
    assert NoteTargets(before="y").with_line("x") == "y\nx"


def test_the_python_of_notes_writes_them_again(ana: Noting, bench: Bench) -> None:
    assert say(ana, 'it\'s <b>"trailed"</b>', "trailed", ("a",))
    assert ana.revise(ana.notes[0], Wording("sure", "bad", ("a", "b")), "looked")
    written = [entry.python for entry in ana.desk.log.entries if entry.kind == "write"]
    exec("\n".join(written), {"bench": bench})
    texts = bench.annotations.find()
    assert texts["text"].to_pylist() == ["sure"] * 4
    assert texts["author"].to_pylist() == ["ana"] * 4
