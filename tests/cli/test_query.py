"""Questions on the command line, and the same from Python."""

from __future__ import annotations

from pathlib import Path

import workbench as wb
from tests.cli.conftest import workbench, workbench_json

WHERE = "instrument = 'HSC' AND metrics.psf_fwhm < 0.9"


def test_rows_with_columns(repo: Path) -> None:
    columns = ("metrics.psf_fwhm", "visit.exposure_time", "count(annotations.flag)")
    words = [word for name in columns for word in ("--column", name)]
    rows = workbench_json("query", repo, "visit", "--where", WHERE, *words, "--sort", "-metrics.psf_fwhm")
    with wb.open(repo) as bench:
        table = bench.query("visit", WHERE, columns)
        assert sorted(rows, key=lambda row: row["visit"]) == table.to_pylist()
        assert table["visit"].to_pylist() == bench.select("visit", WHERE).table["visit"].to_pylist()
    widths = [row["metrics.psf_fwhm"] for row in rows]
    assert widths == sorted(widths, reverse=True)
    assert {row["count(annotations.flag)"] for row in rows} == {0}
    text = workbench("query", repo, "visit", "--where", WHERE, "--limit", 2).stdout
    assert f"... and {len(rows) - 2} more rows" in text


def test_counts_and_accounts(repo: Path) -> None:
    account = workbench_json("query", repo, "visit", "--where", WHERE, "--explain")
    assert workbench("query", repo, "visit", "--where", WHERE, "--count").stdout == f"{account['n_rows']}\n"
    assert workbench_json("query", repo, "visit", "--where", WHERE, "--count") == {
        "n_rows": account["n_rows"]
    }
    assert [stage["conjunct"] for stage in account["waterfall"]] == WHERE.split(" AND ")
    text = workbench("query", repo, "visit", "--where", "band = 'I'", "--explain").stdout
    assert "note: nothing satisfies \"band = 'I'\"; band is one of 'i', 'r' (Did you mean i?)" in text
    for options in (["--count"], ["--limit", 3]):
        told = workbench("query", repo, "visit", "--where", "visit = 96953", *options).stderr
        assert (
            "note: instrument = 'HSC' was filled in: visit has a meaning within one instrument only" in told
        )
        assert "visit is one of 18202, 19676" in told


def test_reasons(repo: Path) -> None:
    with wb.open(repo) as bench:
        kept = bench.select("visit", WHERE).table["visit"].to_pylist()
        (dropped, *_) = [v for v in bench.select("visit").table["visit"].to_pylist() if v not in kept]
    text = workbench("query", repo, "visit", "--where", WHERE, "--why", f"visit={dropped}").stdout
    assert text.startswith(
        f"visit={dropped} was dropped by 'metrics.psf_fwhm < 0.9': it does not satisfy it (metrics"
    )
    reason = workbench_json("query", repo, "visit", "--where", WHERE, "--why", f"visit={kept[0]}")
    assert reason == {"reason": f"visit={kept[0]} is selected."}


def test_mistakes(repo: Path) -> None:
    text = workbench("query", repo, "visit", "--sort", "metrics.psf_fwhm", exit_code=1).stderr
    assert "no column 'metrics.psf_fwhm' to sort by; there are instrument, visit" in text
    text = workbench("query", repo, "visit", "--column", "annotations.text", exit_code=1).stderr
    assert "'annotations' may have several rows" in text
    assert "Say an aggregate" in text
    text = workbench("query", repo, "visit", "--column", "metrics.psf", exit_code=1).stderr
    assert "Did you mean metrics.psf_fwhm" in text


def test_columns_say_unit_and_scale(repo: Path) -> None:
    columns = [
        "metrics.psf_fwhm",
        "mean(metrics.psf_fwhm)",
        "count(metrics.psf_fwhm)",
        "visit.timespan.begin",
    ]
    shown = [word for name in columns for word in ("--column", name)]
    heading = workbench("query", repo, "visit", "--where", WHERE, *shown).stdout.splitlines()[0]
    assert heading.endswith(
        "metrics.psf_fwhm [arcsec]  mean(metrics.psf_fwhm) [arcsec]  count(metrics.psf_fwhm)"
        "  visit.timespan.begin (TAI)"
    )
