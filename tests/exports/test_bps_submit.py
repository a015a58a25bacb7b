"""`bps submit` with Parsl runs a graph file of ours; needs the extra ``bps``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.cli.conftest import workbench
from workbench.demo import PIPELINE, create_repository
from workbench.exports import write_bps_yaml

VISIT = 96954


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_bps_runs_a_graph(tmp_path: Path) -> None:
    """Each quantum is a process, and the final job registers what they made."""
    pytest.importorskip("lsst.ctrl.bps.parsl", reason="the extra bps is not installed: pip install '.[bps]'")
    bps = shutil.which("bps", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert bps is not None
    repo, campaign, graph = tmp_path / "repo", tmp_path / "campaign.yaml", tmp_path / "graph.qg"
    create_repository(repo)
    campaign.write_text(
        f"campaign: u/bps\npipeline: {PIPELINE}#visit-level\ninputs: [HSC/defaults]\n"
        f"constraints:\n- where: instrument = 'HSC' AND visit = {VISIT}\n"
    )
    workbench("graph", "build", repo, campaign, graph)
    before = graph.read_bytes()
    submission = write_bps_yaml(graph, tmp_path / "submit.yaml", repo=str(repo), name="demo")
    done = subprocess.run(
        [bps, "submit", str(submission)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert graph.read_bytes() == before
    with Butler.from_config(str(repo), writeable=False) as butler:
        (found,) = butler.query_datasets("visit_summary", "u/bps")
        assert found.dataId["visit"] == VISIT
        assert len(butler.query_datasets("detector_stats", "u/bps")) == 6
