from __future__ import annotations

import contextlib
import itertools
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsst.daf.butler import Butler, DimensionUniverse

from tests.sets.conftest import MakeVisits
from workbench.errors import BadDataIdTableError, UnknownDataIdError, WorkbenchError
from workbench.sets import DataIdSet, SetProvenance, read_set_file, write_set_file

SUFFIXES = (".csv", ".ecsv", ".json", ".parquet")
UNIVERSE = DimensionUniverse()
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"), max_size=12
)


@pytest.fixture
def rich(universe: DimensionUniverse) -> DataIdSet:
    """A set with everything that a set can hold."""
    table = pa.table(
        {
            "visit": [3, 1, 2],
            "detector": [1, 2, 3],
            "reason": ["trailed, badly", 'a "quoted" one', None],
            "seeing": [0.75, None, 1e-7],
            "count": [1, 2, None],
            "ok": [True, False, None],
            "who": ["=cmd()", " spaced ", "<b>"],
        }
    )
    provenance = SetProvenance("ana", 61366.5, "by hand", "a - b", ("a@1", "b@2"), "noted: 'x'")
    return DataIdSet.from_table(
        universe,
        table,
        role="exclude",
        instrument="HSC",
        free_columns=("seeing", "count", "ok", "who"),
        provenance=provenance,
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_content_comes_back(
    rich: DataIdSet, tmp_path: Path, universe: DimensionUniverse, suffix: str
) -> None:
    path = tmp_path / f"set{suffix}"
    write_set_file(rich, path)
    # CSV has no place for role, provenance and the names of free columns.
    given_apart = {"role": "exclude", "free_columns": rich.free_columns} if suffix == ".csv" else {}
    back = read_set_file(path, universe, **given_apart)  # type: ignore[arg-type]
    assert back.table == rich.table
    assert back.record_digest == rich.record_digest
    if suffix != ".csv":
        assert back.provenance == rich.provenance
        assert back.role == "exclude"


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(rows=st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.none() | TEXT, max_size=5))
def test_any_reasons_come_back(tmp_path: Path, suffix: str, rows: dict[int, str | None]) -> None:
    columns = {
        "instrument": pa.array(["HSC"] * len(rows), pa.string()),
        "exposure": pa.array(list(rows), pa.int64()),
        "reason": pa.array(list(rows.values()), pa.string()),
    }
    data_ids = DataIdSet.from_table(UNIVERSE, pa.table(columns))
    path = tmp_path / f"any{suffix}"
    write_set_file(data_ids, path)
    assert read_set_file(path, UNIVERSE).record_digest == data_ids.record_digest


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_sets_come_back(
    make_visits: MakeVisits, tmp_path: Path, universe: DimensionUniverse, suffix: str
) -> None:
    path = tmp_path / f"empty{suffix}"
    write_set_file(make_visits([]), path)
    back = read_set_file(path, universe)
    assert len(back) == 0
    assert back.key_digest == make_visits([]).key_digest


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_line_breaks_survive_where_they_can(make_visits: MakeVisits, tmp_path: Path, suffix: str) -> None:
    data_ids = make_visits([1, 2], ["one\ntwo", "three\r\nfour"])
    path = tmp_path / f"set{suffix}"
    write_set_file(data_ids, path)
    assert read_set_file(path, UNIVERSE) == data_ids


def test_ecsv_refuses_line_breaks_in_a_sentence(make_visits: MakeVisits, tmp_path: Path) -> None:
    data_ids = make_visits([1], ["one\ntwo"])
    with pytest.raises(BadDataIdTableError, match="holds a line break"):
        write_set_file(data_ids, tmp_path / "set.ecsv")
    assert not list(tmp_path.iterdir())


def test_json_has_one_data_id_a_line(make_visits: MakeVisits, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    write_set_file(make_visits([2, 1], ["ü", None]), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines.index('"dataIds": [')
    assert lines[first + 1 :] == [
        '{"instrument": "HSC", "visit": 1},',
        '{"instrument": "HSC", "visit": 2, "reason": "ü"}',
        "]",
        "}",
    ]


def test_rows_are_checked_against_the_repository(butler: Butler, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("visit,reason\n18202,good\n\n7,unknown\n")
    with pytest.raises(UnknownDataIdError, match=r"line 4: instrument='HSC', visit=7"):
        read_set_file(path, butler, instrument="HSC")
    kept = read_set_file(path, butler, instrument="HSC", unknown="drop")
    assert len(kept) == 1
    assert "visit=7" in kept.provenance.note
    assert kept.provenance.source == "visits.csv"


def test_sets_of_a_repository_convert_at_once(butler: Butler, visits: DataIdSet, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("exposure,comment\n18202,trailed\n")
    bad = read_set_file(path, butler, instrument="HSC", role="exclude")
    assert len(visits.with_relations(None) - bad) == 11


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "visit\n5\n6\n5\n", r"line 4: instrument='HSC', visit=5, as line 2"),
        ("a.csv", "visit,vsit\n5,6\n", r"'vsit' \(did you mean 'visit'\?\)"),
        ("a.csv", "visit\n5\nx\n", r"line 3: visit = 'x'"),
        ("a.csv", "visit,reason\n5\n", r"line 2 has 1 fields, and the header has 2"),
        ("a.csv", "", "is empty"),
        ("a.csv", "visit,visit\n1,2\n", "several columns called 'visit'"),
        ("a.csv", "reason,comment,visit\na,b,1\n", "keep one of them"),
        ("a.csv", "visit\n1\0\n", "NUL"),
        ("a.csv", b"visit\n\xff\n", "not UTF-8"),
        ("a.json", "[]", "expected an object"),
        ("a.json", "{", "not readable JSON"),
        ("a.json", '{"dataIds": [{"visit": NaN}]}', "NaN is no JSON number"),
        ("a.json", '{"dataIds": [{"visit": [1]}]}', "data ID 1 is not an object of plain values"),
        ("a.json", '{"dataIds": [{"visit": 1}], "extra": 1}', "unknown parts 'extra'"),
        ("a.json", '{"dimensions": "visit", "dataIds": []}', "'dimensions' is not a list"),
        ("a.json", '{"dimensions": ["visit"], "role": "both", "dataIds": []}', "'role' is 'both'"),
        (
            "a.json",
            '{"dimensions": ["visit"], "provenance": 3, "dataIds": []}',
            "'provenance' is not a mapping",
        ),
        (
            "a.json",
            '{"dimensions": ["visit"], "provenance": {"time": "x"}, "dataIds": []}',
            "time is not a number",
        ),
        ("a.json", '{"dataIds": [\n{"visit": 1},\n{"visit": 1}\n]}', "line 3: .*as line 2"),
        ("a.json", "[" * 100_000, "not readable JSON"),
        ("a.parquet", "PAR1", "not a readable Parquet"),
        ("a.ecsv", "visit\n1\n", "not a readable ECSV"),
        ("a.txt", "visit\n1\n", "in no format that holds a set"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    universe: DimensionUniverse, tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadDataIdTableError, match=message):
        read_set_file(path, universe, instrument="HSC")


def test_missing_file_is_missing(universe: DimensionUniverse, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        with pytest.raises(FileNotFoundError):
            read_set_file(tmp_path / f"none{suffix}", universe)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(noise=st.binary(max_size=40), keep=st.integers(0, 600))
def test_damaged_files_are_refused_in_a_sentence(
    tmp_path: Path, suffix: str, noise: bytes, keep: int
) -> None:
    whole = tmp_path / f"whole{suffix}"
    if not whole.exists():
        table = pa.table({"visit": [1, 2, 3], "reason": ["a", "b", "c"]})
        write_set_file(DataIdSet.from_table(UNIVERSE, table, instrument="HSC"), whole)
    data = whole.read_bytes()
    broken = tmp_path / f"broken{suffix}"
    broken.write_bytes(data[:keep] + noise + data[keep + len(noise) :])
    # Damage may go unnoticed, as in a reason; all else is one of our errors.
    with contextlib.suppress(WorkbenchError):
        read_set_file(broken, UNIVERSE, instrument="HSC")


def test_styles_of_writing(make_visits: MakeVisits, tmp_path: Path) -> None:
    path = tmp_path / "table.ecsv"
    write_set_file(make_visits([1], ["why"]), path, style="data_id_table")
    assert path.read_text().splitlines()[-2:] == ["instrument,visit", "HSC,1"]
    with pytest.raises(BadDataIdTableError, match=r"form 'excluded_visits'.*\.ecsv \(excluded_visits\)"):
        write_set_file(make_visits([1]), tmp_path / "a.csv", style="excluded_visits")
    with pytest.raises(BadDataIdTableError, match="to_exposures"):
        write_set_file(make_visits([1]), path, style="excluded_visits")


def test_a_failed_write_leaves_the_file(make_visits: MakeVisits, tmp_path: Path) -> None:
    path = tmp_path / "set.ecsv"
    write_set_file(make_visits([1]), path)
    before = path.read_bytes()
    with pytest.raises(BadDataIdTableError):
        write_set_file(make_visits([2], ["a\nb"]), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["set.ecsv"]


def test_the_butler_takes_our_data_id_table(butler: Butler, visits: DataIdSet, tmp_path: Path) -> None:
    import astropy.table

    path = tmp_path / "table.ecsv"
    write_set_file(visits.sample(3, seed=1), path, style="data_id_table")
    table = astropy.table.Table.read(path)
    with butler.query() as query:
        found = query.join_data_coordinate_table(table).data_ids(["visit"])
        assert {row["visit"] for row in found} == set(table["visit"].tolist())


def _real_lists(real_inputs: Path) -> list[Path]:
    history = real_inputs / "lists" / "LSSTCam-bad-history"
    lists = [real_inputs / "lists" / "LSSTComCam-bad.ecsv", *sorted(history.glob("*.ecsv"))]
    assert len(lists) == 4
    return lists


def test_real_lists_are_written_as_they_were(real_inputs: Path, tmp_path: Path) -> None:
    for path in _real_lists(real_inputs):
        data_ids = read_set_file(path, UNIVERSE, instrument="LSSTCam", role="exclude")
        copy = Path(shutil.copy(path, tmp_path))
        write_set_file(data_ids, copy, style="excluded_visits")
        assert copy.read_bytes() == path.read_bytes()
        copy.unlink()
        write_set_file(data_ids, copy, style="excluded_visits")
        theirs = path.read_text().splitlines()
        # One list is not sorted everywhere and lacks its last newline.
        assert copy.read_text().splitlines() == theirs[:8] + sorted(theirs[8:])


def test_revisions_of_a_real_list_change_the_lines_that_changed(real_inputs: Path, tmp_path: Path) -> None:
    _, *revisions = _real_lists(real_inputs)
    for before, after in itertools.pairwise(revisions):
        copy = Path(shutil.copy(before, tmp_path))
        data_ids = read_set_file(after, UNIVERSE, instrument="LSSTCam", role="exclude")
        write_set_file(data_ids, copy, style="excluded_visits")
        assert read_set_file(copy, UNIVERSE, instrument="LSSTCam", role="exclude") == data_ids
        kept = [line for line in before.read_text().splitlines() if line in after.read_text().splitlines()]
        assert [line for line in copy.read_text().splitlines() if line in kept] == kept


def test_a_list_is_edited_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.ecsv"
    rows = [{"instrument": "HSC", "exposure": n, "reason": f"why {n}"} for n in (3, 5, 7)]
    write_set_file(DataIdSet.from_table(UNIVERSE, rows, role="exclude"), path, style="excluded_visits")
    text = path.read_text().replace("5, why", "5,   why").replace("# schema", "# # a remark\n# schema")
    path.write_text(text.removesuffix("\n"))
    rows[2]["reason"] = "because, after all"
    rows += [{"instrument": "HSC", "exposure": n, "reason": "new"} for n in (1, 6, 9)]
    write_set_file(DataIdSet.from_table(UNIVERSE, rows[1:], role="exclude"), path, style="excluded_visits")
    assert "# # a remark\n" in path.read_text()
    assert path.read_text().splitlines()[9:] == [
        "1, new",
        "5,   why 5",
        "6, new",
        '7, "because, after all"',
        "9, new",
    ]


@pytest.mark.parametrize(
    "line",
    [
        '5,"a ""quoted"" word"',
        '5, "a, b"',
        '5,""',
        "+5, plus",
        "2025_04, underscore",
        "\u0665, of another script",
        "0005, padded",
        '"5", in quotes',
    ],
)
def test_a_line_stays_however_it_was_written(line: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.ecsv"
    rows = [{"instrument": "HSC", "exposure": 7, "reason": "why"}]
    write_set_file(DataIdSet.from_table(UNIVERSE, rows, role="exclude"), path, style="excluded_visits")
    path.write_text(path.read_text().replace("7, why", f"{line}\n7, why"))
    before = path.read_bytes()
    read = read_set_file(path, UNIVERSE, instrument="HSC", role="exclude")
    assert len(read) == 2
    write_set_file(read, path, style="excluded_visits")
    assert path.read_bytes() == before


def test_real_lists_are_equal_in_every_format(real_inputs: Path, tmp_path: Path) -> None:
    source = real_inputs / "lists" / "LSSTComCam-bad.ecsv"
    data_ids = read_set_file(source, UNIVERSE, instrument="LSSTComCam", role="exclude")
    assert len(data_ids) == 158
    for suffix in SUFFIXES:
        path = tmp_path / f"bad{suffix}"
        write_set_file(data_ids, path)
        assert read_set_file(path, UNIVERSE, role="exclude").record_digest == data_ids.record_digest


def test_large_files(make_visits: MakeVisits, tmp_path: Path) -> None:
    data_ids = make_visits(range(50_000))
    for suffix in SUFFIXES:
        path = tmp_path / f"large{suffix}"
        write_set_file(data_ids, path)
        assert read_set_file(path, UNIVERSE).key_digest == data_ids.key_digest
        shutil.copy(path, tmp_path / f"copy{suffix}")
