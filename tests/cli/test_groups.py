"""Groupings on the command line."""

from __future__ import annotations

import os
from pathlib import Path

import astropy.table
import pytest
import yaml
from lsst.daf.butler import Butler

from tests.cli.conftest import workbench, workbench_json
from workbench.demo import GROUPS_PIPELINE, PIPELINE


@pytest.fixture(scope="module")
def grouped(repo: Path) -> Path:
    """A repository with a saved set of all visits, and two halves of it."""
    workbench("select", repo, "visit", "--where", "instrument = 'HSC'", "--save", "all", "--reason", "test")
    workbench("groups", "make", repo, "all", "halves", "folds(2, seed=42)")
    return repo


def test_listed_shown_and_checked(grouped: Path) -> None:
    (row,) = [row for row in workbench_json("groups", "list", grouped) if row["grouping"] == "halves@1"]
    assert (row["groups"], row["parent"]) == (2, "all@1")
    assert "folds(2, seed=42" in workbench("groups", "list", grouped).stdout
    shown = workbench_json("groups", "show", grouped, "halves@1")
    assert [(group["group"], group["set"], group["rows"]) for group in shown["groups"]] == [
        ("fold0", "halves-fold0@1", 6),
        ("fold1", "halves-fold1@1", 6),
    ]
    assert shown["digest"] == row["digest"]
    members = workbench_json("groups", "show", grouped, "halves@1", "--group", "fold0")
    assert len(members) == 6
    assert (
        str(members[0]["visit"]) in workbench("groups", "show", grouped, "halves", "--group", "fold0").stdout
    )
    checked = workbench_json("groups", "check", grouped, "halves@1")
    assert (checked["disjoint"], checked["balanced"], checked["faults"]) == (True, True, [])


def test_what_does_not_hold_is_said_with_exit_code_1(grouped: Path) -> None:
    done = workbench("groups", "check", grouped, "halves@1", "--minimum", "7", exit_code=1)
    assert "smallest: 6" in done.stdout
    assert "2 groups have fewer than 7 members: fold0 (6), fold1 (6)." in done.stderr
    before = workbench_json("groups", "list", grouped)
    words = ["groups", "make", grouped, "all", "yearly", "years", "--balanced"]
    assert done.stderr.startswith("Error (grouping): ")
    for options in ([], ["--dry-run"]):
        done = workbench(*words, *options, exit_code=1)
        assert "The groups have from 3 to 6 members." in done.stderr
    assert workbench_json("groups", "list", grouped) == before


def test_a_dry_run_writes_nothing(grouped: Path) -> None:
    before = workbench_json("groups", "list", grouped)
    found = workbench_json("groups", "make", grouped, "all", "yearly", "years", "--dry-run")
    assert found["grouping"] == "yearly (not saved)"
    assert [group["group"] for group in found["groups"]] == ["2015", "2016", "2017"]
    assert workbench_json("groups", "list", grouped) == before


@pytest.mark.parametrize("ending", ["ecsv", "csv", "parquet"])
def test_groups_go_through_files(grouped: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"halves.{ending}"
    assert "rows: 12" in workbench("groups", "export", "table", grouped, "halves@1", path).stdout
    first = workbench_json("groups", "show", grouped, "halves@1")
    again = workbench_json("groups", "make", grouped, "all", f"from-{ending}", "--from", path, "--no-sets")
    assert again["digest"] == first["digest"]
    assert [group["set"] for group in again["groups"]] == [None, None]


def test_the_rules_are_listed(grouped: Path) -> None:
    listed = {row["rule"].partition("(")[0]: row for row in workbench_json("groups", "rules")}
    assert listed["folds"]["rule"] == "folds(n, seed, by=('band',))"
    assert listed["pairs"]["rule"].startswith("pairs(focus='', max_gap=300.0, max_separation=60.0,")
    text = workbench("groups", "rules").stdout
    assert "Focus sweeps" in text
    assert "There is no rule 'halve'" in workbench("groups", "make", grouped, "all", "x", "halve",
                                                   exit_code=1).stderr  # fmt: skip


def test_pairs_and_selections_are_put(grouped: Path, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("visit,group_key,role\n96862,96862,extra\n96860,96862,intra\n")
    workbench("groups", "make", grouped, "all", "couple", "--from", table, "--disjoint", "--minimum", "2")
    put = workbench_json("groups", "export", "pairs", grouped, "couple", "--run", "u/ana/pairs")
    assert (put["dataset_type"], put["datasets"], put["script"]) == ("donutVisitPairTable", 1, None)
    script = tmp_path / "put.py"
    words = ["groups", "export", "visits", grouped, "halves@1", "fold0", "--dataset-type", "halfVisits"]
    put = workbench_json(*words, "--run", "u/ana/half", "--script", script)
    assert put["script"] == str(script)
    assert os.access(script, os.X_OK)
    done = workbench(*words, "--run", "u/ana/half", "--form", "visits")
    assert "run: u/ana/half" in done.stdout
    with Butler.from_config(str(grouped)) as butler:
        pair = butler.get("donutVisitPairTable", instrument="HSC", collections="u/ana/pairs")
        assert (pair["extra"].tolist(), pair["intra"].tolist()) == ([96862], [96860])
        assert len(butler.query_datasets("halfVisits", "u/ana/half")) == put["datasets"] > 0


@pytest.fixture(scope="module")
def lowered(grouped: Path) -> Path:
    """The same repository, with the halves in a dimension of their own and in the Butler's."""
    words = ["--key", "string", "--relation", "visit", "--confirm", "extend half"]
    workbench("dimensions", "extend", grouped, "half", *words)
    done = workbench("groups", "lower", grouped, "halves@1", "half", exit_code=0)
    assert "halves@1-fold0" in done.stdout
    keys = workbench_json("groups", "lower", grouped, "halves@1", "group")
    assert [(row["group"], row["name"]) for row in keys] == [
        ("fold0", "halves@1-fold0"),
        ("fold1", "halves@1-fold1"),
    ]
    return grouped


def test_a_campaign_file_names_groups(lowered: Path, tmp_path: Path) -> None:
    campaign = {
        "campaign": "u/ana/halves",
        "pipeline": GROUPS_PIPELINE,
        "inputs": ["HSC/defaults"],
        "constraints": [{"where": "skymap = 'cosmos_rings' AND tract = 3 AND patch = 1"}],
        "groups": [
            {"by": "halves@1", "tasks": "halfCoadd"},
            {"by": "halves@1", "tasks": "differencePair", "way": "group"},
            {"by": "halves@1", "tasks": "coadd", "way": "suffix"},
        ],
    }
    (tmp_path / "halves.yaml").write_text(yaml.safe_dump(campaign))
    found = workbench_json("campaign", "preview", lowered, tmp_path / "halves.yaml")
    assert [(row["grouping"], row["way"], row["groups_in_graph"]) for row in found["groupings"]] == [
        ("halves@1", "extend", 2),
        ("halves@1", "group", 2),
        ("halves@1", "suffix", 2),
    ]
    text = workbench("campaign", "preview", lowered, tmp_path / "halves.yaml").stdout
    assert "groupings" in text
    assert "coadd_fold1" in text
    campaign["groups"] = [{"by": "halves@1", "tasks": "coadd", "way": "extend"}]
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(campaign))
    done = workbench("campaign", "preview", lowered, tmp_path / "wrong.yaml", exit_code=1)
    assert done.stderr.startswith("Error (grouping): To group coadd (")


def test_a_run_a_group_is_previewed_and_committed_one_by_one(lowered: Path, tmp_path: Path) -> None:
    campaign = {
        "campaign": "u/ana/apart",
        "pipeline": f"{PIPELINE}#calibrate",
        "inputs": ["HSC/defaults"],
        "groups": [{"by": "halves@1", "way": "run"}],
    }
    (tmp_path / "apart.yaml").write_text(yaml.safe_dump(campaign))
    parts = workbench_json("campaign", "preview", lowered, tmp_path / "apart.yaml")
    assert [part["campaign"] for part in parts] == ["u/ana/apart/fold0", "u/ana/apart/fold1"]
    assert [part["groupings"][0]["members_in_graph"] for part in parts] == [6, 6]
    done = workbench_json("campaign", "commit", lowered, tmp_path / "apart.yaml")
    assert [part["run"] for part in done] == ["u/ana/apart/fold0/r1", "u/ana/apart/fold1/r1"]
    text = workbench("campaign", "preview", lowered, tmp_path / "apart.yaml").stdout
    assert "u/ana/apart/fold0/r2" in text
    assert "u/ana/apart/fold1/r2" in text


def test_the_table_of_groups_is_one_for_pipetask(lowered: Path, tmp_path: Path) -> None:
    workbench("groups", "export", "data-ids", lowered, "halves@1", tmp_path / "groups.ecsv")
    table = astropy.table.Table.read(tmp_path / "groups.ecsv")
    assert table.colnames == ["instrument", "group", "visit"]
    assert len(table) == 12
    assert set(table["group"]) == {"halves@1-fold0", "halves@1-fold1"}
