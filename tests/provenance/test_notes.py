"""Notes that concern a dataset through what it was made of."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.executed import DOUBTFUL, Executed, commit_campaign
from workbench.annotations import Annotations
from workbench.bench import Bench
from workbench.campaigns import Campaign
from workbench.demo import PIPELINE
from workbench.errors import BindingError, UnknownNameError
from workbench.provenance import Provenance
from workbench.provenance.committed import CommittedGraphs
from workbench.provenance.lineage import Lineage
from workbench.provenance.notes import inherit_notes
from workbench.registry import Registry, open_registry


@pytest.fixture
def registry(executed: Executed, tmp_path: Path) -> Iterator[Registry]:
    with open_registry(shutil.copytree(executed.root, tmp_path / "repo").as_posix()) as registry:
        yield registry


def find_coadd(registry: Registry, name: str, patch: int) -> uuid.UUID:
    ref = registry.butler.find_dataset(
        name, skymap="cosmos_rings", tract=3, patch=patch, band="i", collections=["u/test/good"]
    )
    assert ref is not None
    return ref.id


def split_detectors(registry: Registry, patch: int) -> tuple[int, int]:
    """Return a detector of visit 18202 that is in its warp of a patch, and one that is not."""
    warp = registry.butler.find_dataset(
        "warp_stats",
        instrument="HSC",
        visit=18202,
        skymap="cosmos_rings",
        tract=3,
        patch=patch,
        collections=["u/test/good"],
    )
    assert warp is not None
    upstream = Provenance(registry).upstream(warp.id).to_pylist()
    inside = {
        json.loads(row["data_id"])["detector"]
        for row in upstream
        if row["name"] == "detector_stats" and row["distance"] == 1
    }
    return min(inside), min({41, 42, 49, 50, 57, 58} - inside)


def test_notes_are_visible_from_derived_datasets(executed: Executed, registry: Registry) -> None:
    notes = Annotations(registry)
    deep, sharp = (find_coadd(registry, name, 3) for name in ("deep_coadd", "sharp_coadd"))
    notes.add({"instrument": "HSC", "visit": DOUBTFUL}, "doubtful")
    inside, outside = split_detectors(registry, 3)
    notes.add({"instrument": "HSC", "visit": 18202, "detector": inside}, "of one detector")
    notes.add({"instrument": "HSC", "visit": 18202, "detector": outside}, "of a detector off the patch")
    notes.add({"instrument": "HSC", "visit": 23682}, "another visit")
    notes.add(deep, "the deep coadd itself")
    notes.add(executed.good.commit.run or "", "the run")
    notes.add({"skymap": "cosmos_rings", "tract": 3, "patch": 1}, "another patch")
    raw = registry.butler.find_dataset(
        "raw", instrument="HSC", exposure=18202, detector=41, collections=["HSC/raw/all"]
    )
    notes.add(raw, "a raw")

    def texts(dataset_id: uuid.UUID) -> set[str]:
        return set(Provenance(registry).notes(dataset_id)["text"].to_pylist())

    assert texts(deep) == {"of one detector", "the deep coadd itself", "the run", "a raw"}
    # The deep coadd left the doubtful visit out; the sharp coadd took it, and left the other.
    assert "doubtful" in texts(sharp)
    assert "of one detector" not in texts(sharp)
    found = Provenance(registry).notes(deep).to_pylist()
    assert [row["distance"] for row in found] == sorted(row["distance"] for row in found)
    assert found[0]["distance"] == 0


def test_a_retracted_note_is_not_inherited(registry: Registry) -> None:
    notes = Annotations(registry)
    coadd = find_coadd(registry, "deep_coadd", 3)
    note = notes.add(coadd, "odd")
    notes.retract(note.note_id, "it is fine")
    assert Provenance(registry).notes(coadd).num_rows == 0


def test_unknown_datasets_have_no_notes(registry: Registry) -> None:
    with pytest.raises(UnknownNameError, match="Ingest the commit"):
        Provenance(registry).notes(uuid.uuid4())


def test_before_anything_ran_the_committed_graph_tells(registry: Registry) -> None:
    commit = commit_campaign(
        registry,
        "u/test/waiting",
        PIPELINE,
        f"instrument = 'HSC' AND skymap = 'cosmos_rings' AND tract = 3 AND visit IN (18202, {DOUBTFUL})",
        doubtful=True,
    )
    notes = Annotations(registry)
    notes.add({"instrument": "HSC", "visit": DOUBTFUL}, "doubtful")
    notes.add({"instrument": "HSC", "visit": 18202}, "taken")
    notes.add({"instrument": "HSC", "visit": 23682}, "not in this graph")
    notes.add("HSC/raw/all", "the raws")
    patch = {"skymap": "cosmos_rings", "tract": 3, "patch": 3, "band": "i"}

    def texts(dataset_type: str) -> list[str]:
        found = Provenance(registry).notes(dataset_type=dataset_type, data_id=patch, run=commit.run)
        return sorted(found["text"].to_pylist())

    # The deep coadd of this commit leaves the doubtful visit out; nothing of it exists yet.
    assert registry.butler.query_datasets("deep_coadd", commit.run or "", explain=False) == []
    assert texts("deep_coadd") == ["taken", "the raws"]
    # The sharp coadd chooses among all visits when it runs.
    assert texts("sharp_coadd") == ["doubtful", "taken", "the raws"]
    newest = Provenance(registry).notes(dataset_type="deep_coadd", data_id=patch)
    assert sorted(newest["text"].to_pylist()) == ["taken", "the raws"]


def test_the_committed_graph_tells_what_the_run_then_confirms(executed: Executed, registry: Registry) -> None:
    notes = Annotations(registry)
    notes.add({"instrument": "HSC", "visit": DOUBTFUL}, "doubtful")
    notes.add({"instrument": "HSC", "visit": 18202}, "taken")
    coadd = find_coadd(registry, "deep_coadd", 3)
    after = Provenance(registry).notes(coadd)
    quanta, datasets, inputs = CommittedGraphs(registry).read(())
    lineage = Lineage.from_frames(quanta, datasets, inputs)
    current = notes.find()
    dimensions = tuple(name for name in current.column_names if name in registry.universe.dimensions.names)
    before = inherit_notes(current, dimensions, lineage, datasets, [str(coadd)])
    assert before["text"].to_pylist() == after["text"].to_pylist() == ["taken"]
    assert (
        CommittedGraphs(registry)
        .read({executed.good.commit.commit_id, executed.failed.commit.commit_id})[0]
        .is_empty()
    )


def test_a_dataset_named_by_its_data_id_must_be_one(registry: Registry) -> None:
    provenance = Provenance(registry)
    with pytest.raises(UnknownNameError, match="datasets are deep_coadd tract=3"):
        provenance.notes(dataset_type="deep_coadd", data_id={"tract": 3})
    with pytest.raises(UnknownNameError, match=r"dataset types are .*deep_coadd"):
        provenance.notes(dataset_type="shallow_coadd", data_id={"tract": 3})


def test_a_flag_constrains_a_graph_only_where_a_constraint_says_so(registry: Registry) -> None:
    where = "instrument = 'HSC' AND visit IN (18202, 19676)"

    def make_campaign() -> Campaign:
        campaign = Campaign(registry, "u/test/flagged", f"{PIPELINE}#visit-level", ["HSC/defaults"])
        return campaign.constrain(where=where)

    before = make_campaign().preview().n_quanta_by_task
    Annotations(registry).add({"instrument": "HSC", "visit": 18202}, "trailed", flag="bad")
    assert make_campaign().preview().n_quanta_by_task == before
    with pytest.raises(BindingError, match="leaves open whether it speaks of visits"):
        make_campaign().constrain(where="NOT annotations.flag = 'bad'")
    bench = Bench(registry)
    clean = bench.save(bench.select("visit", "NOT annotations.flag = 'bad'"), "clean", reason="flags")
    preview = make_campaign().constrain(include=clean).preview()
    assert preview.n_quanta_by_task["summarizeVisit"] == before["summarizeVisit"] - 1
    cut = {row["constraint"]: row["quanta_cut"] for row in preview.constraints.to_pylist()}
    assert cut["clean@1 (NOT annotations.flag = 'bad')"] > 0
    assert "annotations.flag = 'bad'" in str(preview.explain(visit=18202))
