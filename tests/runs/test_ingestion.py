"""Bringing back what ran: into the Butler, and into the provenance tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from astropy.time import Time
from lsst.daf.butler import Butler

from tests.demo.conftest import build_graph
from tests.executed import BROKEN, Executed
from workbench.errors import ReadOnlyError, RunError
from workbench.provenance import Provenance
from workbench.registry import open_registry
from workbench.runs import ingest_graph, read_provenance, read_provenance_graph


def test_outputs_are_in_the_butler(executed: Executed) -> None:
    with Butler.from_config(str(executed.root)) as butler:
        refs = butler.query_datasets("deep_coadd", collections="u/test/good", limit=None)
        assert {(ref.dataId["tract"], ref.dataId["band"]) for ref in refs} == {(3, "i")}
        assert all(butler.stored(ref) for ref in refs)
        assert refs[0].run == executed.good.commit.run


def test_counts_quanta_by_status(executed: Executed) -> None:
    assert executed.good.ingest.counts == {"successful": 48}
    assert executed.failed.ingest.counts == executed.failed.run.counts


def test_reads_status_time_and_host(executed: Executed) -> None:
    with open_registry(str(executed.root), read_only=True) as registry:
        quanta = Provenance(registry).quanta(executed.good.commit.commit_id).to_pandas()
    assert len(quanta) == 48
    assert (quanta["status"] == "successful").all()
    assert (quanta["n_attempts"] == 1).all()
    assert (quanta["ended"] > quanta["started"]).all()
    assert quanta["host"].nunique() == 1
    now = Time.now().tai.mjd
    assert (now - quanta["ended"]).between(0, 0.5).all()  # days: tests may run slowly
    assert (quanta["cpu_time"] > 0).all()
    assert (quanta["memory"] > 1e6).all()


def test_records_failures_and_what_they_blocked(executed: Executed) -> None:
    commit = executed.failed.commit.commit_id
    with open_registry(str(executed.root), read_only=True) as registry:
        provenance = Provenance(registry)
        failed = provenance.quanta(commit, status="failed").to_pandas()
        blocked = provenance.quanta(commit, status="blocked").to_pandas()
        missing = provenance.datasets(commit, produced=False, dataset_type="visit_summary").to_pandas()
        inputs = provenance.inputs(blocked["quantum_id"][0]).to_pandas()
        failed_inputs = provenance.inputs(failed["quantum_id"][0]).to_pandas()
    assert set(failed["task"]) == {"calibrate"}
    assert failed["exception"].str.contains("Error").all()
    assert list(blocked["task"]) == ["summarizeVisit"]
    assert f'"visit": {BROKEN}' in blocked["data_id"][0]
    assert blocked["started"].isna().all()
    assert list(blocked["n_attempts"]) == [0]
    assert len(missing) == 1
    assert not inputs["used"].any()
    assert (~inputs["available"]).sum() == len(failed)
    assert failed_inputs["used"].isna().any()


def test_a_second_ingest_adds_nothing(executed: Executed) -> None:
    commit = executed.good.commit
    with open_registry(str(executed.root)) as registry:
        before = {name: table.count(current=False) for name, table in registry.tables().items()}
        again = ingest_graph(registry, commit.graph_path, commit_id=commit.commit_id)
        after = {name: table.count(current=False) for name, table in registry.tables().items()}
    assert again.counts == executed.good.ingest.counts
    assert again.n_datasets == executed.good.ingest.n_datasets
    assert again.n_new_rows == 0
    assert after == before


def test_reads_an_ingested_graph_again_without_adding_rows(executed: Executed) -> None:
    commit = executed.good.commit
    with open_registry(str(executed.root)) as registry:
        ref = registry.butler.find_dataset("run_provenance", collections=[commit.run])
        uri = registry.butler.getURI(ref)
        result = read_provenance(registry, uri.ospath, commit_id=commit.commit_id)
    assert result.counts == executed.good.ingest.counts
    assert result.n_new_rows == 0


def test_frames_hold_no_init_outputs_and_all_edges(executed: Executed) -> None:
    with Butler.from_config(str(executed.root)) as butler:
        ref = butler.find_dataset("run_provenance", collections=[executed.good.commit.run])
        frames = read_provenance_graph(butler.getURI(ref))
    types = set(frames.datasets["dataset_type"].to_pylist())
    assert {"raw", "bias", "detector_stats", "calibrate_log", "calibrate_metadata"} <= types
    assert "calibrate_config" not in types
    datasets = set(frames.datasets["dataset_id"].to_pylist())
    quanta = set(frames.quanta["quantum_id"].to_pylist())
    assert set(frames.inputs["dataset_id"].to_pylist()) <= datasets
    assert set(frames.inputs["quantum_id"].to_pylist()) <= quanta
    assert set(frames.datasets["producer"].drop_null().to_pylist()) <= quanta


def test_resumes_after_dying_between_butler_and_tables(executed: Executed, tmp_path: Path) -> None:
    root = Path(shutil.copytree(executed.root, tmp_path / "repo"))
    commit = executed.failed.commit
    graph = shutil.copy(commit.graph_path, tmp_path / "failed.qg")
    with open_registry(str(root)) as registry:
        for name in ("prov_quantum", "prov_dataset", "prov_input"):
            registry.table(name).drop()
        result = ingest_graph(registry, graph, commit_id=commit.commit_id)
        assert result.counts == executed.failed.ingest.counts
        assert result.n_new_rows == sum(
            registry.table(name).count() for name in ("prov_quantum", "prov_dataset", "prov_input")
        )


def test_refuses_to_ingest_what_never_ran(executed: Executed, tmp_path: Path) -> None:
    root = Path(shutil.copytree(executed.root, tmp_path / "repo"))
    graph = tmp_path / "never.qg"
    build_graph(
        root,
        graph,
        "u/test/never",
        inputs="HSC/defaults",
        where="instrument = 'HSC' AND visit = 18202 AND detector = 41",
        tasks="calibrate",
    )
    with open_registry(str(root)) as registry:
        with pytest.raises(RunError, match=r"None of the 1 quanta of .* was executed"):
            ingest_graph(registry, graph, commit_id="0" * 32)
        assert not registry.butler.collections.query("u/test/never*")
    assert [path.name for path in tmp_path.glob("*.qg")] == ["never.qg"]


def test_a_read_only_registry_gets_the_commands(executed: Executed, tmp_path: Path) -> None:
    graph = shutil.copy(executed.good.commit.graph_path, tmp_path / "good.qg")
    with (
        open_registry(str(executed.root), read_only=True) as registry,
        pytest.raises(ReadOnlyError, match="butler aggregate-graph"),
    ):
        ingest_graph(registry, graph, commit_id="another")
