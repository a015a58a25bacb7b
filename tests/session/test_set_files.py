"""Files dropped into a set and taken out of it, in every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.bench import Bench
from workbench.demo import BAD_LIST
from workbench.session.curation.curation import Curation
from workbench.session.curation.set_files import BEGIN, FORMATS, SAVE, SetFiles
from workbench.session.desk.desk import Desk
from workbench.sets import read_set_file, write_set_file


@pytest.fixture
def files(bench: Bench) -> SetFiles:
    """Reads files into a set that nobody has touched."""
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    return SetFiles(desk, curation)


def n_rows(files: SetFiles) -> int:
    rows = files.curation.rows
    assert rows is not None
    return len(rows)


def test_a_list_leaves_out_the_visits_of_its_exposures(files: SetFiles) -> None:
    files.drop([("bad.ecsv", BAD_LIST.read_bytes())], "-", "HSC")
    assert files.outcomes == [("bad.ecsv", "2 rows over instrument, exposure.", False)]
    assert n_rows(files) == 10
    assert files.curation.verdict(("HSC", 58260)).why == "bad.ecsv: i trailed (modelled)"
    assert "bench.read_set(uploads / 'bad.ecsv', instrument='HSC', role='exclude')" in files.desk.hint
    assert files.curation.history.undo_label == "leave out bad.ecsv"
    files.curation.drop("leave out bad.ecsv")
    assert n_rows(files) == 12


def test_an_error_names_the_row_and_the_file_and_changes_nothing(files: SetFiles) -> None:
    good = b"exposure,reason\n58260,trailed\n"
    files.drop([("bad.csv", b"exposure,reason\n4711,none such\n"), ("good.csv", good)], "-", "HSC")
    (name, error, failed), (_, _, fine) = files.outcomes
    assert (name, failed, fine) == ("bad.csv", True, False)
    assert "4711" in error
    assert "tmp" not in error
    assert n_rows(files) == 11
    files.drop([("twice.csv", b"exposure\n58260\n58260\n")], "-", "HSC")
    assert "58260" in files.outcomes[0][1]
    assert files.outcomes[0][2]


def test_files_that_cannot_be_read_are_errors(files: SetFiles, tmp_path: Path) -> None:
    files.read(str(tmp_path / "none.ecsv"), "-", "HSC")
    assert files.outcomes[0][2]
    files.drop([("notes.txt", b"hello"), ("huge.csv", None), ("broken.parquet", b"PAR1")], "-", "HSC")
    assert [failed for *_, failed in files.outcomes] == [True, True, True]
    assert "too large" in files.outcomes[1][1]
    assert n_rows(files) == 12


@pytest.mark.parametrize("suffix", [".json", ".ecsv", ".csv", ".parquet"])
def test_every_format_goes_out_and_comes_in(
    files: SetFiles, bench: Bench, suffix: str, tmp_path: Path
) -> None:
    files.curation.choose("band = 'r'")
    files.curation.edit([("HSC", 96954)], included=True, reason='überlapp, "quoted"')
    rows = files.curation.rows
    assert rows is not None
    label = next(label for label, (ending, style) in FORMATS.items() if (ending, style) == (suffix, "set"))
    made = files.write(label)
    assert made is not None
    filename, content = made
    assert filename == f"visits{suffix}"
    path = tmp_path / filename
    path.write_bytes(content)
    assert read_set_file(path, bench.butler).record_digest == rows.record_digest
    files.curation.choose("")
    files.drop([(filename, content)], BEGIN, "HSC")
    assert n_rows(files) == len(rows)
    assert files.curation.rows is not None
    assert files.curation.rows.key_digest == rows.key_digest


def test_the_lists_of_the_observatory_go_out(files: SetFiles) -> None:
    files.curation.choose("visit = 96954 AND instrument = 'HSC'")
    made = files.write("ECSV, list of bad exposures")
    assert made is not None
    assert "exposure" in made[1].decode()
    made = files.write("ECSV for --data-id-table")
    assert made is not None
    assert "96954" in made[1].decode()


def test_several_files_become_sets_of_their_own(files: SetFiles, bench: Bench, tmp_path: Path) -> None:
    write_set_file(bench.select("visit", "band = 'i'"), tmp_path / "Deep I.json")
    content = (tmp_path / "Deep I.json").read_bytes()
    files.drop([("Deep I.json", content), ("bad.ecsv", BAD_LIST.read_bytes())], SAVE, "HSC")
    assert [outcome for _, outcome, _ in files.outcomes][1] == "2 rows, saved as bad@1."
    assert bench.load("deep-i@1").key_digest == bench.select("visit", "band = 'i'").key_digest
    assert bench.sets.history("bad")["reason"].to_pylist() == ["imported from bad.ecsv"]
    assert n_rows(files) == 12


def test_two_files_of_one_name_are_kept_apart(files: SetFiles) -> None:
    files.drop([("a.csv", b"visit\n96954\n")], "-", "HSC")
    files.drop([("a.csv", b"visit\n96980\n")], "-", "HSC")
    files.drop([("a.csv", b"visit\n96980\n")], "-", "HSC")
    assert set(files.desk.log.uploads) == {"a.csv", "a-2.csv"}
    assert n_rows(files) == 10
