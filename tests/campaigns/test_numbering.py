"""Commits of one campaign at the same time take the next free numbers."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from tests.campaigns.numbered import CAMPAIGN, begin
from workbench.bench import open_bench
from workbench.errors import OutputRunExistsError
from workbench.graph import rename_output_run

CHECKOUT = Path(__file__).resolve().parent.parent.parent
N_AT_ONCE = 4


def test_all_that_commit_at_once_get_a_run(any_repo: Path, tmp_path: Path) -> None:
    """Each has the first number in its preview, and the graphs have nothing in common."""
    go = tmp_path / "go"
    readies = [tmp_path / f"ready{number}" for number in range(N_AT_ONCE)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.numbered", str(any_repo), str(ready), str(go)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for ready in readies
    ]
    while not all(ready.exists() for ready in readies):
        assert all(process.poll() is None for process in processes), processes[0].communicate()
        time.sleep(0.05)
    assert {ready.read_text() for ready in readies} == {f"{CAMPAIGN}/r1"}
    go.touch()
    said = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * N_AT_ONCE, said
    runs = sorted(out.strip() for out, _ in said)
    assert runs == [f"{CAMPAIGN}/r{number}" for number in range(1, N_AT_ONCE + 1)]
    with open_bench(any_repo, read_only=True) as bench:
        seen: set[object] = set()
        for run in runs:
            commit = bench.campaigns.find(run)
            assert commit.record["output_run"] == run
            assert bench.runs.presence(commit).has_record
            with PredictedQuantumGraph.open(str(commit.graph_path)) as reader:
                assert reader.header.output_run == run
                reader.read_quantum_datasets()
                reader.read_init_quanta()
                quanta = [*reader.components.quantum_datasets.values(), *reader.components.init_quanta.root]
            made = {
                (one.run, one.dataset_id)
                for quantum in quanta
                for some in quantum.outputs.values()
                for one in some
            }
            assert {where for where, _ in made} == {run}
            ids = {dataset_id for _, dataset_id in made} | {quantum.quantum_id for quantum in quanta}
            assert not ids & seen
            seen |= ids
        assert bench.campaigns.list().num_rows == N_AT_ONCE


def test_a_name_that_somebody_chose_is_not_changed(butler_repo: Path) -> None:
    with open_bench(butler_repo) as bench:
        named, numbered = (begin(bench, output_run=run) for run in (f"{CAMPAIGN}/r1", None))
        mine, first = named.preview(), numbered.preview()
        assert mine.output_run == first.output_run
        assert numbered.commit(first).run == first.output_run
        with pytest.raises(OutputRunExistsError):
            named.commit(mine)
        # To commit the same preview again is a mistake.
        with pytest.raises(OutputRunExistsError):
            numbered.commit(first)
        assert bench.campaigns.list().num_rows == 1


def test_several_previews_of_one_campaign_are_committed(butler_repo: Path) -> None:
    """Each as it is, in whatever order; the second in the next RUN, since nobody named the first."""
    with open_bench(butler_repo) as bench:
        campaign = begin(bench)
        before = campaign.preview()
        campaign.constrain(where="instrument = 'HSC' AND detector != 42")
        after = campaign.preview()
        assert before.output_run == after.output_run == f"{CAMPAIGN}/r1"
        for number, preview in enumerate((after, before), 1):
            commit = campaign.commit(preview)
            assert commit.run == f"{CAMPAIGN}/r{number}"
            assert sum(commit.record["quanta"].values()) == preview.n_quanta
        assert after.n_quanta < before.n_quanta
        for preview in (after, before):
            with pytest.raises(OutputRunExistsError):
                campaign.commit(preview)


def test_a_renamed_preview_is_the_same_graph(butler_repo: Path) -> None:
    with open_bench(butler_repo) as bench:
        campaign = begin(bench, options={"skip_existing_in": ["HSC/raw/all"]})
        preview = campaign.preview()
        renamed = rename_output_run(preview, f"{CAMPAIGN}/r7")
        assert (preview.output_run, renamed.output_run) == (f"{CAMPAIGN}/r1", f"{CAMPAIGN}/r7")
        assert renamed.columns.header.output_run == f"{CAMPAIGN}/r7"
        renamed.columns.check()
        assert renamed.counts.equals(preview.counts)
        difference = renamed.compare(preview)
        assert (
            difference.is_empty if hasattr(difference, "is_empty") else not str(difference).count("gained: 1")
        )
        assert campaign.commit(renamed).run == f"{CAMPAIGN}/r7"
