"""A snapshot holds what the Butler's own queries give, and can be saved and reopened."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetType

from workbench.errors import SnapshotError, UnknownNameError
from workbench.registry import open_registry
from workbench.snapshot import Snapshot, open_snapshot, read_dimension_records, save_snapshot, take_snapshot

MANY = 1_000_000
"""A limit, even one that leaves out nothing, makes a query of the Butler's, and no read of its tables."""
ELEMENTS = ["visit", "detector", "exposure", "patch", "tract", "visit_detector_region", "visit_definition"]


@pytest.fixture
def snapshot(butler: Butler) -> Snapshot:
    return take_snapshot(butler, ["HSC/defaults"], ["raw", "bias", "later"], ELEMENTS)


def test_records_are_those_of_the_butler(butler: Butler, snapshot: Snapshot) -> None:
    for element in [*ELEMENTS, "band", "physical_filter", "day_obs"]:
        expected = read_dimension_records(butler, element, limit=MANY)
        assert expected.num_rows
        assert snapshot.records(element).equals(expected), element


def test_datasets_are_found_first(butler: Butler, snapshot: Snapshot) -> None:
    found = snapshot.datasets("raw")
    refs = butler.query_datasets("raw", "HSC/defaults", find_first=True, limit=None)
    expected = sorted((*ref.dataId.required_values, ref.id.bytes, ref.run) for ref in refs)
    assert [tuple(row.values())[:-1] for row in found.to_pylist()] == expected
    assert set(found["rank"].to_pylist()) == {0}


def test_calibrations_have_their_ranges(butler: Butler, snapshot: Snapshot) -> None:
    associations = butler.registry.queryDatasetAssociations("bias", ["HSC/calib"])
    expected = sorted(
        (
            *found.ref.dataId.required_values,
            found.ref.id.bytes,
            found.ref.run,
            found.collection,
            *found.timespan.nsec,
        )
        for found in associations
    )
    assert expected
    assert [tuple(row.values())[:-1] for row in snapshot.calibrations("bias").to_pylist()] == expected
    assert snapshot.datasets("bias").num_rows == 0


@pytest.mark.parametrize("pair", [("visit", "patch"), ("visit_detector_region", "patch"), ("tract", "visit")])
def test_overlaps_are_those_of_the_butlers_join(
    butler: Butler, snapshot: Snapshot, pair: tuple[str, str]
) -> None:
    pairs = snapshot.overlaps(*pair)
    with butler.query() as query:
        ids = query.data_ids(butler.dimensions.conform(pairs.schema.names))
        expected = sorted(tuple(data_id[name] for name in pairs.schema.names) for data_id in ids)
    assert expected
    assert sorted(tuple(row.values()) for row in pairs.to_pylist()) == expected


def test_unregistered_dataset_types(butler: Butler, snapshot: Snapshot) -> None:
    assert snapshot.dataset_type("later") is None
    with pytest.raises(UnknownNameError, match="with the dataset type itself"):
        snapshot.datasets("later")
    with pytest.raises(UnknownNameError, match=r"no dataset type 'other'.*bias"):
        snapshot.datasets("other")
    described = DatasetType("later", butler.dimensions.conform(["visit"]), "StructuredDataDict")
    snapshot = take_snapshot(butler, ["HSC/defaults"], [described], [])
    assert snapshot.dataset_type("later") is None
    assert snapshot.datasets("later").num_rows == snapshot.calibrations("later").num_rows == 0
    assert snapshot.datasets("later").schema.names[:2] == ["instrument", "visit"]


def test_the_output_run_need_not_exist(butler: Butler) -> None:
    snapshot = take_snapshot(
        butler, ["HSC/raw"], ["raw"], [], skip_existing_in=["u/me/run", "HSC/calib/bias", "HSC/raw/all"]
    )
    assert snapshot.missing_collections == ("u/me/run",)
    assert snapshot.existing("raw", ["u/me/run"]).num_rows == 0
    assert set(snapshot.existing("raw", ["HSC/calib/bias", "u/me/run", "HSC/raw"])["rank"].to_pylist()) == {1}
    with pytest.raises(UnknownNameError, match="HSC/nowhere"):
        snapshot.existing("raw", ["HSC/nowhere"])


@pytest.mark.parametrize(
    ("collections", "types", "elements", "match"),
    [
        (["HSC/nowhere"], [], [], "HSC/nowhere"),
        (["HSC/*"], [], [], "pattern"),
        (["HSC/raw"], ["raw.wcs"], [], "Name its parent, 'raw'"),
        (["HSC/raw"], [], ["visitt"], "visit_definition"),
    ],
)
def test_what_cannot_be_asked_for(
    butler: Butler, collections: list[str], types: list[str], elements: list[str], match: str
) -> None:
    with pytest.raises(UnknownNameError, match=match):
        take_snapshot(butler, collections, types, elements)


def test_saved_and_reopened(butler: Butler, snapshot: Snapshot, tmp_path: Path) -> None:
    path = save_snapshot(snapshot, tmp_path / "a" / "snapshot")
    assert save_snapshot(snapshot, path) == path
    for universe in (butler.dimensions, None):
        opened = open_snapshot(path, universe)
        assert opened.digest == snapshot.digest
        assert opened.collections == snapshot.collections
        assert opened.dataset_types == snapshot.dataset_types
        for element in ELEMENTS:
            assert opened.records(element).equals(snapshot.records(element))
        assert opened.datasets("raw").equals(snapshot.datasets("raw"))
        assert opened.overlaps("visit", "patch").equals(snapshot.overlaps("patch", "visit"))
    other = take_snapshot(butler, ["HSC/defaults"], ["raw"], [])
    with pytest.raises(SnapshotError, match="another snapshot"):
        save_snapshot(other, path)
    assert sorted(child.name for child in path.parent.iterdir()) == ["snapshot"]


def test_damaged_files_are_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no saved snapshot"):
        open_snapshot(tmp_path)
    path = save_snapshot(snapshot, tmp_path / "snapshot")
    frame = path / "records%2Fvisit.arrow"
    content = frame.read_bytes()
    frame.write_bytes(content[: len(content) // 2])
    with pytest.raises(SnapshotError, match="damaged: records/visit"):
        open_snapshot(path)
    table = snapshot.stored_records("visit").slice(1)
    with pa.OSFile(str(frame), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(SnapshotError, match="was changed"):
        open_snapshot(path)


def test_digest_sees_every_kind_of_change(butler_repo: Path) -> None:
    with Butler.from_config(str(butler_repo), writeable=True) as butler:

        def digest() -> str:
            snapshot = take_snapshot(butler, ["HSC/defaults"], ["raw", "bias"], ["visit"])
            return snapshot.digest

        seen = [digest()]
        assert digest() == seen[0]
        butler.collections.register("tag", CollectionType.TAGGED)
        assert digest() == seen[0]
        butler.collections.redefine_chain("HSC/raw", ["tag", "HSC/raw/all"])
        seen.append(digest())
        refs = butler.query_datasets("raw", "HSC/raw/all")
        butler.registry.associate("tag", refs[:1])
        seen.append(digest())
        butler.pruneDatasets(refs[-1:], disassociate=True, unstore=True, purge=True)
        seen.append(digest())
        record = next(iter(butler.query_dimension_records("visit", limit=1)))
        changed = type(record)(**{**record.toDict(), "target_name": "another"})
        butler.registry.syncDimensionData("visit", changed, update=True)
        seen.append(digest())
        assert len(set(seen)) == len(seen)


def test_overlaps_are_kept_beside_the_repository(butler_repo: Path) -> None:
    with open_registry(butler_repo) as registry:
        first = take_snapshot(registry, ["HSC/raw"], [], ["visit", "patch"]).overlaps("visit", "patch")
        (kept,) = (registry.storage_dir / "overlaps").iterdir()
        again = take_snapshot(registry, ["HSC/raw"], [], ["visit", "patch"])
        assert again.overlaps("visit", "patch").equals(first)
        rows = pa.ipc.open_file(pa.py_buffer(kept.read_bytes())).read_all()
        with pa.OSFile(str(kept), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows.slice(1))
        again = take_snapshot(registry, ["HSC/raw"], [], ["visit", "patch"])
        assert again.overlaps("visit", "patch").num_rows == first.num_rows - 1
        kept.write_bytes(b"not Arrow")
        again = take_snapshot(registry, ["HSC/raw"], [], ["visit", "patch"])
        assert again.overlaps("visit", "patch").equals(first)
