"""Commands on metrics."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import workbench, workbench_json


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "quick.csv"
    path.write_text("visitId,psfFwhm,remark\n18202,0.7,=cmd()\n19676,0.9,\x1b[2J\n")
    return path


def test_a_file(repo: Path, csv: Path) -> None:
    words = [
        "metrics",
        "import",
        repo,
        csv,
        "--table",
        "quick",
        "--instrument",
        "HSC",
        "--map",
        "visitId=visit",
    ]
    done = workbench_json(*words, "--unit", "psf_fwhm=arcsec", "--author", "ana")
    assert (done["rows"], done["written"], done["new_columns"]) == (2, 2, ["psf_fwhm", "remark"])
    assert "unchanged: 2" in workbench(*words, "--unit", "psf_fwhm=arcsec").stdout
    rows = workbench_json("metrics", "show", repo, "quick")
    assert [(row["visit"], row["psf_fwhm"], row["author"]) for row in rows] == [
        (18202, 0.7, "ana"),
        (19676, 0.9, "ana"),
    ]
    shown = workbench("metrics", "show", repo, "quick", "--limit", "1").stdout
    assert "psf_fwhm [arcsec]" in shown
    assert "=cmd()" in shown
    assert "... and 1 more rows" in shown
    assert "\x1b" not in workbench("metrics", "show", repo, "quick").stdout
    csv.write_text("visit,psf_fwhm\n18202,600\n")
    workbench(
        "metrics", "import", repo, csv, "--table", "quick", "--instrument", "HSC", "--unit", "psf_fwhm=mas"
    )
    history = workbench_json("metrics", "history", repo, "instrument=HSC,visit=18202", "--table", "quick")
    assert [row["psf_fwhm"] for row in history] == pytest.approx([0.7, 0.6])
    assert [row["remark"] for row in history] == ["=cmd()", "=cmd()"]
    between = (history[0]["recorded"] + history[1]["recorded"]) / 2
    before = workbench_json("metrics", "show", repo, "quick", "--as-of", f"{between:.12f}")
    assert before[0]["psf_fwhm"] == 0.7
    assert len(workbench_json("metrics", "show", repo, "quick", "--all")) == 3
    assert workbench_json("metrics", "show", repo, "quick", "--as-of", "2001-01-01T00:00:00") == []
    columns = {
        row["column"]: row for row in workbench_json("metrics", "list", repo) if row["table"] == "quick"
    }
    assert (columns["psf_fwhm"]["unit"], columns["psf_fwhm"]["rows"]) == ("arcsec", 2)
    chosen = workbench_json(
        "select", repo, "visit", "--where", "instrument = 'HSC' AND quick.psf_fwhm < 0.65"
    )
    assert [row["visit"] for row in chosen["data_ids"]] == [18202]


def test_a_query(repo: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "consdb.db") as connection:
        connection.execute("CREATE TABLE visit1_quicklook (visit_id BIGINT, seeing REAL)")
        connection.execute("INSERT INTO visit1_quicklook VALUES (18202, 0.7), (5, 0.8)")
    connection.close()
    done = workbench_json(
        "metrics", "import-sql", repo, "SELECT * FROM visit1_quicklook", "--url",
        f"sqlite:///{tmp_path}/consdb.db?password=s3cret", "--table", "visit1_quicklook",
        "--instrument", "HSC", "--map", "visit_id=visit", "--unit", "seeing=arcsec", "--drop-unknown",
    )  # fmt: skip
    assert (done["rows"], done["written"]) == (1, 1)
    assert "visit=5" in done["notes"][0]
    (row,) = workbench_json("metrics", "show", repo, "visit1_quicklook")
    assert "s3cret" not in row["source"]
    assert row["source"].endswith("consdb.db: SELECT * FROM visit1_quicklook")


def test_datasets(repo: Path) -> None:
    words = ["metrics", "import-datasets", repo, "raw", "HSC/raw/all", "--table", "raws"]
    done = workbench_json(*words, "--where", "instrument = 'HSC' AND exposure = 18202")
    assert done["written"] == done["rows"] > 0
    rows = workbench_json("metrics", "show", repo, "raws")
    assert {row["exposure"] for row in rows} == {18202}
    assert {row["source"] for row in rows} == {"raw in HSC/raw/all"}
    refused = workbench("metrics", "import-datasets", repo, "nothing", "HSC/raw/all", exit_code=1)
    assert "Error (unknown_name)" in refused.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["import", "REPO", "quick.txt"], "a file ends in .csv"),
        (["import", "REPO", "/nonexistent/quick.csv"], "cannot be read"),
        (["import", "REPO", "CSV", "--map", "visit"], "is no name and value"),
        (["import", "REPO", "CSV", "--map", "visitId=visit"], "which data IDs of visit need"),
        (["import-sql", "REPO", "SELECT 1", "--url", "nonsense"], "cannot be read"),
        (["show", "REPO", "nothing"], "nothing"),
        (["show", "REPO", "--as-of", "yesterday"], "is no time"),
        (["history", "REPO", "detector=1"], "'detector' is none"),
    ],
)
def test_errors_say_what_to_do(repo: Path, csv: Path, words: list[str], message: str) -> None:
    given = [{"REPO": str(repo), "CSV": str(csv)}.get(word, word) for word in words]
    refused = workbench("metrics", *given, exit_code=1)
    assert message in refused.stderr
