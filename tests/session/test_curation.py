"""The set under construction, against a real repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.bench import Bench
from workbench.demo import BAD_LIST
from workbench.session.curation.curation import Curation
from workbench.session.curation.set_files import SetFiles
from workbench.session.desk.desk import Desk
from workbench.sets import DataIdSet

KEY = ("HSC", 96954)


@pytest.fixture
def curation(bench: Bench) -> Curation:
    """A set that nobody has touched: all visits."""
    made = Curation(Desk(bench))
    made.refresh()
    return made


def rows(curation: Curation) -> DataIdSet:
    assert curation.rows is not None
    return curation.rows


def replayed(curation: Curation, bench: Bench, uploads: Path | None = None) -> DataIdSet:
    """What the Python that is shown gives."""
    names: dict[str, object] = {"bench": bench}
    if uploads is not None:
        names["uploads"] = uploads
    exec(curation.to_python(), names)
    made = names["visits"]
    assert isinstance(made, DataIdSet)
    return made


def test_all_visits_are_in_at_first(curation: Curation) -> None:
    assert len(rows(curation)) == len(curation.visits) == 12
    assert all(curation.verdict(key).included for key in curation.visits.rows)
    assert curation.visits.rows[KEY]["psf_fwhm"] == pytest.approx(0.56, abs=0.01)
    assert len(curation.visits.patches) == 16


def test_a_rule_selects_as_the_bench_does(curation: Curation, bench: Bench) -> None:
    curation.choose("band = 'i' AND metrics.psf_fwhm < 0.9")
    assert rows(curation) == bench.select("visit", "band = 'i' AND metrics.psf_fwhm < 0.9")
    verdict = curation.verdict(("HSC", 59884))
    assert (verdict.included, verdict.why) == (False, "not in the rule")


def test_a_wrong_rule_points_at_the_place_and_changes_nothing(curation: Curation) -> None:
    curation.choose("band = 'i'")
    before = rows(curation)
    curation.choose("bnad = 'i'")
    assert "^" in curation.error
    assert "bnad" in curation.error
    assert rows(curation) is before
    assert curation.draft.where == "band = 'i'"
    curation.choose("band = 'i'")
    assert curation.error == ""


def test_a_click_leaves_out_and_another_takes_in_again(curation: Curation) -> None:
    curation.toggle(KEY, "satellite trail")
    assert len(rows(curation)) == 11
    verdict = curation.verdict(KEY)
    assert (verdict.included, verdict.why, verdict.by_hand) == (False, "by hand: satellite trail", True)
    curation.toggle(KEY, "")
    assert len(rows(curation)) == 12
    assert not curation.verdict(KEY).by_hand


def test_a_visit_that_the_rule_dropped_is_taken_in_by_hand(curation: Curation) -> None:
    curation.choose("band = 'r'")
    curation.toggle(KEY, "needed for the overlap")
    assert dict(zip(("instrument", "visit"), KEY, strict=True)) in rows(curation)
    assert curation.verdict(KEY).included


def test_undo_and_redo_change_the_set(curation: Curation) -> None:
    curation.toggle(KEY, "")
    assert curation.history.undo_label == "leave out visit 96954"
    curation.undo()
    assert len(rows(curation)) == 12
    curation.redo()
    assert len(rows(curation)) == 11


def leave_out_list(curation: Curation) -> None:
    SetFiles(curation.desk, curation).read(str(BAD_LIST), "-", "HSC")


def test_the_python_that_is_shown_gives_the_same_set(curation: Curation, bench: Bench) -> None:
    curation.choose("metrics.psf_fwhm < 0.9")
    leave_out_list(curation)
    curation.toggle(KEY, 'it\'s "quoted"')
    curation.toggle(("HSC", 18202), "wanted")
    assert replayed(curation, bench).record_digest == rows(curation).record_digest
    assert len(rows(curation)) == 9


def test_a_detector_is_left_out_and_its_visit_is_partly_in(curation: Curation, bench: Bench) -> None:
    curation.choose("band = 'i'")
    n_visits = len(rows(curation))
    detector = min(curation.visits.detectors["HSC"])
    curation.toggle((*KEY, detector), "hot amplifier")
    assert len(rows(curation)) == 6 * n_visits - 1
    verdict = curation.verdict(KEY)
    assert (verdict.state, verdict.n_in, verdict.n_detectors) == ("part", 5, 6)
    assert verdict.why == "1 detector by hand"
    assert curation.verdicts.why_detector((*KEY, detector)) == "by hand: hot amplifier"
    assert not curation.verdicts.has_detector((*KEY, detector))
    assert curation.size == f"{6 * n_visits - 1} detectors of {n_visits} visits"
    assert replayed(curation, bench).record_digest == rows(curation).record_digest
    curation.toggle((*KEY, detector), "")
    assert len(rows(curation)) == n_visits


def test_a_detector_of_a_visit_that_is_out_is_taken_in_alone(curation: Curation, bench: Bench) -> None:
    curation.edit([KEY], included=False, reason="clouds")
    detector = max(curation.visits.detectors["HSC"])
    curation.edit([(*KEY, detector)], included=True, reason="in a gap")
    assert curation.verdicts.detectors_in(KEY) == {detector}
    assert curation.verdict(KEY).why == "by hand: clouds; 1 detector by hand"
    assert replayed(curation, bench).record_digest == rows(curation).record_digest


def test_a_list_of_detectors_leaves_visits_partly_in(
    curation: Curation, bench: Bench, tmp_path: Path
) -> None:
    first, second = sorted(curation.visits.detectors["HSC"])[:2]
    path = tmp_path / "amps.csv"
    path.write_text(f"visit,detector,reason\n96954,{first},dead\n96954,{second},dead\n")
    SetFiles(curation.desk, curation).read(str(path), "-", "HSC")
    assert len(rows(curation)) == 70
    assert curation.verdict(KEY).why == "amps.csv: 2 detectors: dead"
    assert curation.verdicts.why_detector((*KEY, first)) == "amps.csv: dead"
    assert curation.verdict(("HSC", 18202)).state == "in"
    assert curation.verdict(("HSC", 18202)).why == ""


def test_several_visits_are_decided_in_one_step(curation: Curation) -> None:
    keys = list(curation.visits.rows)[:3]
    curation.edit(keys, included=False, reason="clouds")
    assert len(rows(curation)) == 9
    assert curation.history.undo_label == f"leave out visit {keys[0][1]} and 2 more"
    curation.undo()
    assert len(rows(curation)) == 12


def test_an_edit_of_a_visit_that_does_not_exist_changes_nothing(curation: Curation) -> None:
    curation.edit([("HSC", 4711)], included=True, reason="")
    assert "4711" in curation.error
    assert len(rows(curation)) == 12
    assert curation.history.undo_label == ""


def test_a_reason_by_hand_replaces_the_one_before(curation: Curation, bench: Bench) -> None:
    bench.save(
        bench.make_set([{"instrument": "HSC", "visit": 96954, "reason": "maybe"}], role="exclude"),
        "bad",
        reason="x",
    )
    curation.load("bad")
    assert rows(curation).role == "exclude"
    curation.edit([KEY], included=True, reason="surely trailed")
    assert rows(curation).table["reason"].to_pylist() == ["surely trailed"]
    assert rows(curation).role == "exclude"
    assert replayed(curation, bench).record_digest == rows(curation).record_digest


def test_a_saved_set_is_left_out_kept_or_taken_in(curation: Curation, bench: Bench) -> None:
    bench.save(bench.select("visit", "band = 'i'"), "deep", reason="x")
    bench.save(bench.select("visit", "band = 'r'", role="exclude"), "red", reason="x")
    curation.apply_saved("&", "deep")
    kept = len(rows(curation))
    assert rows(curation) == bench.load("deep") & bench.load("deep")
    assert curation.verdict(("HSC", 59884)).why == "not in deep@1"
    curation.apply_saved("|", "red")
    assert len(rows(curation)) == kept + len(bench.load("red"))
    assert replayed(curation, bench).record_digest == rows(curation).record_digest
    curation.drop("keep only deep@1")
    assert len(rows(curation)) == 12


def test_the_role_is_chosen_and_saved(curation: Curation, bench: Bench) -> None:
    curation.choose("visit = 96954 AND instrument = 'HSC'")
    curation.set_role("exclude")
    assert curation.history.undo_label == "to exclude"
    saved = curation.save("bad", "trailed")
    assert saved is not None
    assert bench.load("bad").role == "exclude"
    assert replayed(curation, bench).record_digest == saved.record_digest


def test_a_set_of_other_dimensions_is_refused_with_a_sentence(curation: Curation, bench: Bench) -> None:
    bench.save(bench.select("patch", ""), "patches", reason="x")
    curation.load("patches")
    assert "is a set over" in curation.error
    assert len(rows(curation)) == 12


def test_saving_gives_a_version_that_can_be_loaded(curation: Curation, bench: Bench) -> None:
    curation.toggle(KEY, "trailed")
    saved = curation.save("cosmos", "first look")
    assert saved is not None
    assert saved.label == "cosmos@1"
    assert curation.saved is saved
    assert bench.load("cosmos@1").key_digest == saved.key_digest
    curation.choose("band = 'i'")
    assert curation.saved is None
    curation.load("cosmos@1")
    assert curation.saved is not None
    assert rows(curation).label == "cosmos@1"
    curation.undo()
    assert curation.saved is None
    curation.undo()
    assert curation.saved is saved
    curation.redo()
    curation.redo()
    assert curation.to_python() == "visits = bench.load('cosmos@1')"


def test_a_bad_name_is_an_error_and_nothing_is_saved(curation: Curation, bench: Bench) -> None:
    assert curation.save("No Such Name", "why") is None
    assert "No Such Name" in curation.save_error
    assert bench.sets.list().num_rows == 0


def test_a_saved_set_still_says_why_a_visit_was_left_out(curation: Curation, bench: Bench) -> None:
    curation.desk.author = "ana"
    curation.edit([KEY], included=False, reason="worst seeing")
    curation.edit([("HSC", 96980, 42)], included=False, reason="dead")
    saved = curation.save("kept", "two out")
    assert saved is not None
    # As somebody else finds it, in another session.
    other = Curation(Desk(bench, author="ben"))
    other.refresh()
    other.load("kept")
    verdict = other.verdict(KEY)
    assert (verdict.included, verdict.why) == (False, "kept@1: worst seeing (ana)")
    assert other.verdict(("HSC", 96980)).partial
    assert other.verdicts.why_detector(("HSC", 96980, 42)) == "kept@1: dead (ana)"
    assert other.verdicts.why_detector((*KEY, 3)) == "kept@1: worst seeing (ana)"
    assert other.verdicts.why_detector(("HSC", 96980, 41)) == ""
    # It goes on being told of what is made of it.
    other.edit([("HSC", 95104)], included=False, reason="trailed")
    assert other.save("kept", "one more") is not None
    again = Curation(Desk(bench))
    again.refresh()
    again.load("kept")
    assert again.verdict(KEY).why == "kept@2: kept@1: worst seeing (ana)"
    assert again.verdict(("HSC", 95104)).why == "kept@2: trailed (ben)"
