"""Drafts of sets and their history."""

from __future__ import annotations

from workbench.session.curation.draft import HandEdit, SetDraft
from workbench.session.curation.history import History

KEY = ("HSC", 96954)


def test_an_edit_is_made_and_taken_back() -> None:
    first = SetDraft(where="band = 'i'")
    edited = first.with_edits({KEY: HandEdit(False, "trailed"), (*KEY, 4): HandEdit(True)})
    left = [{"instrument": "HSC", "visit": 96954, "reason": "trailed"}]
    assert edited.edited(included=False, detectors=False) == left
    taken = [{"instrument": "HSC", "visit": 96954, "detector": 4, "reason": None}]
    assert edited.edited(included=True, detectors=True) == taken
    assert edited.edited(included=True, detectors=False) == []
    assert first.edits == {}
    assert edited.with_edits({KEY: None, (*KEY, 4): None}).edits == {}


def test_undo_and_redo_walk_along_the_changes() -> None:
    history = History(SetDraft())
    assert (history.undo_label, history.redo_label) == ("", "")
    history.record("one", SetDraft(where="1"))
    history.record("two", SetDraft(where="2"))
    assert history.undo_label == "two"
    assert history.undo().where == "1"
    assert (history.undo_label, history.redo_label) == ("one", "two")
    assert history.redo().where == "2"
    assert history.redo().where == "2"


def test_a_new_change_forgets_what_was_undone() -> None:
    history = History(SetDraft())
    history.record("one", SetDraft(where="1"))
    history.undo()
    history.record("other", SetDraft(where="other"))
    assert history.redo_label == ""
    assert history.undo().where == ""
    assert history.undo().where == ""
