"""`bps submit` with Parsl executes a committed graph, which is then retried, watched and ingested.

Needs the extra ``bps``, as `make bps` installs it; where it is not installed,
`tests/exports/test_bps.py` still checks what is handed to BPS.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.cli.conftest import workbench, workbench_json
from workbench.demo import PIPELINE, create_repository

VISIT, RUN = 96954, "u/bps/r1"


@pytest.mark.as_run
@pytest.mark.timeout(1800)
def test_bps_runs_what_was_committed(tmp_path: Path) -> None:
    """One of three quanta fails; it is run again here, and all of it is brought back."""
    pytest.importorskip("lsst.ctrl.bps.parsl", reason="the extra bps is not installed: pip install '.[bps]'")
    bps = shutil.which("bps", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert bps is not None
    repo, campaign = tmp_path / "repo", tmp_path / "campaign.yaml"
    create_repository(repo)
    campaign.write_text(
        f"campaign: u/bps\npipeline: {PIPELINE}#visit-level\ninputs: [HSC/defaults]\n"
        f"constraints:\n- where: instrument = 'HSC' AND visit = {VISIT} AND detector IN (41, 42)\n"
    )
    committed = workbench_json("campaign", "commit", repo, campaign)
    graph = Path(committed["graph"])
    submission = tmp_path / "submit.yaml"
    workbench("export", "bps", repo, RUN, submission)

    # The raw of one detector is not there for a while.
    with Butler.from_config(str(repo)) as butler:
        ref = butler.find_dataset(
            "raw", instrument="HSC", exposure=VISIT, detector=41, collections=["HSC/defaults"]
        )
        raw = Path(butler.getURI(ref).ospath)
    away = raw.rename(tmp_path / raw.name)
    # As after `cd`: BPS asks the variable, too, where it is.
    path = os.pathsep.join([str(Path(bps).parent), os.environ["PATH"]])
    submitted = subprocess.run(
        [bps, "submit", submission],
        cwd=tmp_path,
        env=os.environ | {"PWD": str(tmp_path), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    copies = list((tmp_path / "submit").rglob("*_orig.qg"))
    assert len(copies) == 1, submitted.stderr[-2000:]
    (copy,) = copies
    executed = copy.with_name(copy.name.replace("_orig", ""))
    assert executed.read_bytes() == graph.read_bytes()

    tasks = {row["task"]: row for row in workbench_json("status", repo, RUN)["tasks"]}
    assert (tasks["calibrate"]["successful"], tasks["calibrate"]["failed"]) == (1, 1)
    assert tasks["summarizeVisit"]["blocked"] == 1
    away.rename(raw)
    assert workbench_json("run", repo, RUN)["counts"] == {"successful": 3}
    done = workbench_json("ingest", repo, RUN)
    assert {row["status"] for row in done["quanta"]} == {"successful"}
    status = workbench_json("status", repo, RUN)
    assert status["ingested"]
    assert [row["successful"] for row in status["tasks"]] == [2, 1]
    outputs = workbench_json("impact", repo, f"visit={VISIT}")
    assert {row["exists"] for row in outputs} == {"stored"}
    assert [row["dataset_type"] for row in outputs] == ["detector_stats", "detector_stats", "visit_summary"]
    assert "damages: 0" in workbench("doctor", repo).stdout
