"""Bad input: a clear message on standard error, an exit code, and nothing changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from tests.cli.conftest import workbench, workbench_json
from workbench.cli.root import EdgeGroup
from workbench.demo import PIPELINE

ECSV = """# %ECSV 1.0
# ---
# datatype:
# - {{name: exposure, datatype: int64}}
{columns}# - {{name: comment, datatype: string}}
# delimiter: ','
# schema: astropy-2.0
exposure,{names}comment
{rows}"""

BAD_LISTS = {
    "unknown": (ECSV.format(columns="", names="", rows="58260,trailed\n1,no such\n"), "unknown_data_id", "1"),
    "duplicate": (
        ECSV.format(columns="", names="", rows="58260,trailed\n58260,again\n"),
        "bad_data_id_table",
        "58260",
    ),
    "stray column": (
        ECSV.format(columns="# - {name: seeing, datatype: float64}\n", names="seeing,", rows="58260,0.7,x\n"),
        "bad_data_id_table",
        "seeing",
    ),
    "empty": (ECSV.format(columns="", names="", rows=""), "empty_set", "empty"),
}


@pytest.mark.parametrize("fault", sorted(BAD_LISTS))
def test_a_bad_list_is_refused(repo: Path, tmp_path: Path, fault: str) -> None:
    text, slug, named = BAD_LISTS[fault]
    path = tmp_path / "list.ecsv"
    path.write_text(text)
    done = workbench("sets", "import", repo, path, "--instrument", "HSC", "--role", "exclude",
                     "--name", "refused", "--reason", "test", exit_code=1)  # fmt: skip
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error ({slug}): ")
    assert named in done.stderr
    assert "refused" not in {row["name"] for row in workbench_json("sets", "list", repo)}


def test_an_empty_list_can_be_allowed(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.ecsv"
    path.write_text(BAD_LISTS["empty"][0])
    workbench("sets", "import", repo, path, "--instrument", "HSC", "--name", "nothing", "--reason", "test",
              "--allow-empty")  # fmt: skip
    assert workbench_json("sets", "show", repo, "nothing")["rows"] == 0


def test_a_typo_in_a_condition_is_pointed_at(repo: Path) -> None:
    where = "instrument = 'HSC' AND metrics.psf_fhwm < 0.9"
    lines = workbench("select", repo, "visit", "--where", where, exit_code=1).stderr.splitlines()
    assert lines[0].startswith("Error (expression): ")
    assert lines[1].strip() == where
    assert lines[2].strip() == "^"
    assert lines[1][lines[2].index("^") :].startswith("metrics.psf_fhwm")
    assert "metrics.psf_fwhm" in "\n".join(lines[3:])


CAMPAIGN = {"campaign": "u/test/refused", "pipeline": PIPELINE, "inputs": ["HSC/defaults"]}


@pytest.mark.parametrize(
    ("change", "slug", "named"),
    [
        ({"output_run": "HSC/raw/all"}, "output_run_exists", "HSC/raw/all"),
        ({"inputs": ["skymaps"]}, "missing_inputs", "raw: no dataset there"),
        ({"inputs": ["HSC/nowhere"]}, "unknown_name", "HSC/nowhere"),
        ({"pipeline": "nowhere.yaml"}, "campaign", "nowhere.yaml"),
        ({"partial": "sometimes"}, "campaign", "sometimes"),
        ({"constrains": []}, "campaign", "constrains"),
        ({"constraints": [{"tasks": "coad", "where": "band = 'i'"}]}, "unknown_name", "coadd"),
        ({"constraints": [{"tasks": "coadd", "include": "nowhere@1"}]}, "unknown_set", "nowhere"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_a_bad_campaign_file_is_refused(
    repo: Path, tmp_path: Path, change: dict[str, object], slug: str, named: str
) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text(yaml.safe_dump(CAMPAIGN | change))
    done = workbench("campaign", "commit", repo, path, exit_code=1)
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error ({slug}): ")
    assert named in done.stderr
    assert workbench_json("commits", repo, "--pending") == []
    assert "u/test/refused" not in {row["name"] for row in workbench_json("collections", repo)}


@pytest.mark.parametrize(
    ("words", "slug", "named"),
    [
        (["sets", "show", "REPO", "nowhere"], "unknown_set", "nowhere"),
        (["sets", "history", "REPO", "nowhere"], "unknown_set", "nowhere"),
        (["select", "REPO", "visit", "--exclude", "nowhere.ecsv"], "unknown_name", "nowhere.ecsv"),
        (["select", "REPO", "vist"], "unknown_name", "visit"),
        (["dimensions", "REPO", "vist"], "unknown_name", "visit"),
        (["dimensions", "REPO", "--where", "visit > 1"], "unknown_name", "ELEMENT"),
        (["columns", "REPO", "vist"], "unknown_name", "visit"),
        (["run", "REPO", "nowhere"], "unknown_name", "nowhere"),
        (["ingest", "REPO", "nowhere"], "unknown_name", "nowhere"),
        (["impact", "REPO", "96954"], "unknown_name", "visit=96954"),
        (["impact", "REPO", "visit=first"], "unknown_name", "int"),
        (["impact", "REPO", "vist=1"], "unknown_name", "visit"),
        (["annotate", "add", "REPO", "HSC/nowhere", "text"], "unknown_name", "HSC/nowhere"),
        (["annotate", "add", "REPO", "HSC/raw", "text", "--flag", "terrible"], "annotation", "terrible"),
        (["export", "bps", "REPO", "nowhere", "bps.yaml"], "unknown_name", "nowhere"),
        (["campaign", "preview", "REPO", "nowhere.yaml"], "campaign", "nowhere.yaml"),
        (["demo", "create", "REPO"], "repository_exists", "overwrite"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_known_is_named(repo: Path, words: list[str], slug: str, named: str) -> None:
    done = workbench(*[str(repo) if word == "REPO" else word for word in words], exit_code=1)
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error ({slug}): ")
    assert named in done.stderr


def test_no_repository(tmp_path: Path) -> None:
    done = workbench("info", tmp_path / "nowhere", exit_code=1)
    assert done.stderr.startswith("Error (not_a_repository): ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["select", "repo", "visit", "--save", "good"], "--reason"),
        (["groups", "make", "repo", "good", "halves"], "one rule"),
        (["groups", "make", "repo", "good", "halves", "years", "--from", __file__], "one rule"),
        (["publish", "repo", "good", "HSC/raw/new"], "--chain"),
        (["impact", "repo"], "DATA_ID"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(words: list[str], missing: str) -> None:
    assert missing in workbench(*words, exit_code=2).stderr


def test_a_real_process_prints_no_traceback(tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "workbench", "info", tmp_path / "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error (not_a_repository): ")
    assert "Traceback" not in done.stderr


@click.group(cls=EdgeGroup)
def edge() -> None:
    """Commands that end badly."""


@edge.command()
def interrupted() -> None:
    """Be interrupted."""
    raise KeyboardInterrupt


@edge.command()
def broken() -> None:
    """Have a fault."""
    raise ZeroDivisionError


def test_an_interrupt_has_the_exit_code_of_one() -> None:
    assert CliRunner().invoke(edge, ["interrupted"]).exit_code == 130


def test_a_fault_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = CliRunner().invoke(edge, ["broken"])
    assert done.exit_code == 1
    (saved,) = tmp_path.rglob("fault-*.txt")
    assert str(saved) in done.output
    assert "raise ZeroDivisionError" in saved.read_text()


def test_an_interrupt_while_the_command_is_loaded_is_no_traceback() -> None:
    code = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'workbench.cli.campaigns':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from workbench.cli import main\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Cancelled.\n")


def test_a_reason_of_nothing_is_refused(repo: Path) -> None:
    where = "instrument = 'HSC' AND visit = 96954"
    for command in (
        ("select", str(repo), "visit", "--where", where, "--reason", "why not"),
        ("sets", "combine", str(repo), "union", "a", "b", "--reason", "why not"),
    ):
        assert "give --save NAME as well" in workbench(*command, exit_code=2).stderr
