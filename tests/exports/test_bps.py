"""BPS submissions of committed graphs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.executed import Executed
from workbench.errors import CampaignError
from workbench.exports import write_bps_yaml


def test_the_submission_points_at_the_graph(executed: Executed, tmp_path: Path) -> None:
    commit = executed.good.commit
    path = write_bps_yaml(commit.graph_path, tmp_path / "bps.yaml", repo=str(executed.root), name="cosmos")
    submission = yaml.safe_load(path.read_text())
    assert submission["qgraphFile"] == str(commit.graph_path)
    payload = submission["payload"]
    assert payload["butlerConfig"] == str(executed.root)
    assert payload["outputRun"] == commit.run
    assert payload["output"] == "u/test/good"
    assert payload["inCollection"] == "HSC/defaults"
    assert submission["campaign"] == payload["payloadName"] == "cosmos"


def test_commands_are_found_without_eups(executed: Executed, tmp_path: Path) -> None:
    path = write_bps_yaml(
        executed.good.commit.graph_path, tmp_path / "bps.yaml", repo=str(executed.root), name="x", cores=3
    )
    submission = yaml.safe_load(path.read_text())
    assert "${" not in path.read_text().replace("${PWD}", "")
    assert submission["runQuantumCommand"].startswith("pipetask {runPreCmdOpts} run-qbb ")
    init = submission["pipetask"]["pipetaskInit"]["runQuantumCommand"]
    assert init.startswith("pipetask {initPreCmdOpts} pre-exec-init-qbb ")
    assert submission["finalJob"]["command1"].startswith("butler {finalPreCmdOpts} aggregate-graph ")
    assert submission["site"]["local"]["cores"] == 3


def test_the_graph_is_copied_byte_for_byte(executed: Executed, tmp_path: Path) -> None:
    """BPS's own command gives other UUIDs: what it ran could not be brought back."""
    path = write_bps_yaml(
        executed.good.commit.graph_path, tmp_path / "bps.yaml", repo=str(executed.root), name="x"
    )
    command = yaml.safe_load(path.read_text())["updateQuantumGraph"]
    copy = tmp_path / "copy.qg"
    words = command.format(inputQgraphFile=executed.good.commit.graph_path, qgraphFile=copy).split()
    subprocess.run(words, check=True)
    assert copy.read_bytes() == executed.good.commit.graph_path.read_bytes()
    with pytest.raises(CampaignError, match="updateQuantumGraph, which the graph itself fixes"):
        write_bps_yaml(
            executed.good.commit.graph_path,
            path,
            repo="r",
            name="x",
            settings={"updateQuantumGraph": "pipetask update-graph-run"},
        )


def test_settings_of_a_facility_replace_the_defaults(executed: Executed, tmp_path: Path) -> None:
    settings = {"wmsServiceClass": "lsst.ctrl.bps.htcondor.HTCondorService", "computeSite": "s3df"}
    path = write_bps_yaml(
        executed.good.commit.graph_path, tmp_path / "bps.yaml", repo="r", name="x", settings=settings
    )
    submission = yaml.safe_load(path.read_text())
    assert {name: submission[name] for name in settings} == settings


def test_the_graph_fixes_what_it_fixes(executed: Executed, tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="payload, which the graph itself fixes"):
        write_bps_yaml(
            executed.good.commit.graph_path,
            tmp_path / "bps.yaml",
            repo="r",
            name="x",
            settings={"payload": {}},
        )
    with pytest.raises(CampaignError, match="There is no graph file"):
        write_bps_yaml(tmp_path / "none.qg", tmp_path / "bps.yaml", repo="r", name="x")
    assert not list(tmp_path.iterdir())
