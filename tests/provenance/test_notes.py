"""Notes that concern a dataset through what it was made of."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.executed import DOUBTFUL, Executed
from workbench.annotations import Annotations
from workbench.errors import UnknownNameError
from workbench.provenance import Provenance
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
