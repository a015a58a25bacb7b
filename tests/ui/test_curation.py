"""The set under construction, against a real repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.bench import Bench
from workbench.demo import BAD_LIST
from workbench.sets import DataIdSet
from workbench.ui.curation import Curation
from workbench.ui.desk import Desk
from workbench.ui.draft import key_from_text, key_text

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


def replayed(curation: Curation, bench: Bench) -> DataIdSet:
    """What the Python that is shown gives."""
    names: dict[str, object] = {"bench": bench}
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


def test_a_list_leaves_out_the_visits_of_its_exposures(curation: Curation) -> None:
    curation.read_list("bad.ecsv", BAD_LIST.read_bytes(), "HSC")
    assert len(rows(curation)) == 10
    assert curation.verdict(("HSC", 58260)).why == "bad.ecsv: i trailed (modelled)"
    curation.drop_list("bad.ecsv")
    assert len(rows(curation)) == 12


def test_a_bad_list_is_an_error_that_names_the_row(curation: Curation) -> None:
    curation.read_list("bad.csv", b"exposure,reason\n4711,none such\n", "HSC")
    assert curation.desk.message_kind == "error"
    assert "4711" in curation.desk.message
    assert len(rows(curation)) == 12


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


def test_the_python_that_is_shown_gives_the_same_set(curation: Curation, bench: Bench) -> None:
    curation.choose("metrics.psf_fwhm < 0.9")
    curation.read_path(str(BAD_LIST), "HSC")
    curation.toggle(KEY, 'it\'s "quoted"')
    curation.toggle(("HSC", 18202), "wanted")
    assert replayed(curation, bench).key_digest == rows(curation).key_digest
    assert len(rows(curation)) == 9


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
    assert curation.to_python() == "visits = bench.load('cosmos@1')"


def test_a_bad_name_is_an_error_and_nothing_is_saved(curation: Curation, bench: Bench) -> None:
    assert curation.save("No Such Name", "why") is None
    assert curation.desk.message_kind == "error"
    assert bench.sets().num_rows == 0


def test_a_missing_file_is_an_error(curation: Curation, tmp_path: Path) -> None:
    curation.read_path(str(tmp_path / "none.ecsv"), "HSC")
    assert curation.desk.message_kind == "error"
    assert len(rows(curation)) == 12


def test_keys_survive_as_text() -> None:
    assert key_from_text(key_text(("DECam wide", 7))) == ("DECam wide", 7)
