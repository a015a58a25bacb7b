"""Text that would be more than text: it is stored and given back, or refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsst.daf.butler import DimensionUniverse

import workbench as wb
from workbench.errors import BadDataIdTableError, BadNameError, DeclarationError
from workbench.sets import DataIdSet, classify_reasons, read_set_file, write_set_file

UNIVERSE = DimensionUniverse()
HOSTILE = [
    "'; DROP TABLE wb_x_set_versions; --",
    "\"quoted\", 'and' `so` on",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "!!python/object/apply:os.system ['touch owned']",
    "{{7*7}} ${HOME} %s {0}",
    "😀 \u202egnol\u202c",
    "\\N \\. \\x00",
    "# not a comment",
    " spaces around ",
    "null",
    "NaN",
]
LARGE = "x" * 10_000_000


def _set(reasons: list[str]) -> DataIdSet:
    rows = [{"instrument": "HSC", "visit": n, "reason": text} for n, text in enumerate(reasons)]
    return DataIdSet.from_table(UNIVERSE, rows)


@pytest.mark.parametrize("suffix", [".json", ".ecsv", ".csv", ".parquet"])
def test_reasons_in_files(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(f"hostile{suffix}")
    rows = _set(HOSTILE)
    write_set_file(rows, path)
    assert read_set_file(path, UNIVERSE).table["reason"].to_pylist() == HOSTILE
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".json", ".parquet"])
def test_a_cell_of_ten_megabytes(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"large{suffix}"
    write_set_file(_set([LARGE]), path)
    assert read_set_file(path, UNIVERSE).table["reason"].to_pylist() == [LARGE]


@pytest.mark.parametrize("suffix", [".csv", ".ecsv"])
def test_a_cell_that_lines_do_not_take(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"large{suffix}"
    with pytest.raises(BadDataIdTableError, match="whose readers take up to 131072"):
        write_set_file(_set([LARGE]), path)
    assert not path.exists()
    write_set_file(_set([LARGE[:131_072]]), path)
    assert read_set_file(path, UNIVERSE).table["reason"].to_pylist() == [LARGE[:131_072]]


def test_reasons_in_the_registry(any_repo: Path) -> None:
    with wb.open(any_repo) as bench:
        visits = bench.select("visit", "instrument = 'HSC'").table["visit"].to_pylist()
        reasons = [*HOSTILE[: len(visits) - 1], LARGE]
        rows = [
            {"instrument": "HSC", "visit": v, "reason": text} for v, text in zip(visits, reasons, strict=True)
        ]
        saved = bench.save(bench.make_set(rows), "hostile", reason=HOSTILE[0])
        assert bench.load("hostile").table["reason"].to_pylist() == reasons
        assert bench.load("hostile") == saved
        assert bench.sets.history("hostile")["reason"].to_pylist() == [HOSTILE[0]]
        assert classify_reasons(saved)["reason"].to_pylist() == reasons
        for name in ["x'; DROP", "../x", "<b>", "x" + "\0", "X", ""]:
            with pytest.raises(BadNameError):
                bench.save(saved, name, reason="test")
        with pytest.raises(DeclarationError, match="NUL character"):
            bench.save(saved.with_reason("a\0b"), "nul", reason="test")
        assert "nul" not in bench.sets.list()["name"].to_pylist()


@pytest.mark.parametrize(
    "header",
    [
        "# - {name: visit, datatype: !!python/object/apply:os.system ['touch owned']}",
        "# - !!python/object/new:os.system ['touch owned']",
        "# - {name: visit, datatype: int64, meta: !!python/name:os.system }",
    ],
)
def test_yaml_tags_run_nothing(header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("evil.ecsv")
    path.write_text(f"# %ECSV 1.0\n# ---\n# datatype:\n{header}\n# schema: astropy-2.0\nvisit\n1\n")
    with pytest.raises(BadDataIdTableError):
        read_set_file(path, UNIVERSE, instrument="HSC")
    assert [entry.name for entry in tmp_path.iterdir()] == ["evil.ecsv"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"dataIds": ' + "[" * 100_000,
        '{"dataIds": [{"visit": 1e999}]}',
        '{"dataIds": [{"visit": NaN}]}',
        '{"dataIds": [{"visit": 123456789012345678901234567890}]}',
        '{"dataIds": [{"visit": {"a": 1}}]}',
        '{"dataIds": [{"visit": true}]}',
        '{"dataIds": 5}',
        '{"dataIds": [1]}',
        "null",
        "",
    ],
)
def test_json_that_is_no_set(text: str, tmp_path: Path) -> None:
    path = tmp_path / "no.json"
    path.write_text(text)
    with pytest.raises(BadDataIdTableError):
        read_set_file(path, UNIVERSE, instrument="HSC")


def test_visits_of_rc2(real_inputs: Path, tmp_path: Path) -> None:
    tracts = json.loads((real_inputs / "lists" / "RC2_visits.json").read_text())["visits"]
    assert len(tracts) >= 3
    for tract, visits in tracts.items():
        rows = [{"instrument": "HSC", "visit": visit} for visit in visits]
        kept = DataIdSet.from_table(UNIVERSE, rows)
        assert len(kept) == len(visits)
        for suffix in (".json", ".ecsv", ".csv", ".parquet"):
            path = tmp_path / f"rc2-{tract}{suffix}"
            write_set_file(kept, path)
            assert read_set_file(path, UNIVERSE).key_digest == kept.key_digest
