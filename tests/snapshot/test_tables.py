"""What is read from the Butler's tables equals what its public interface gives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from lsst.daf.butler import Butler, Timespan

from tests.snapshot.hostile import DATASET_TYPES, ELEMENTS, FILTERS, INSTRUMENT, SEARCH, make_hostile
from workbench.errors import SnapshotError
from workbench.progress import Progress, silent
from workbench.registry import open_registry
from workbench.snapshot import Snapshot, read_dimension_records, take_snapshot
from workbench.snapshot._butler_schema import opening_tables
from workbench.snapshot.tables import TableReader
from workbench.snapshot.take import make_request, take_public_snapshot

SKIPPED = ["u/none", "r/2", "nothing"]


@pytest.fixture
def hostile(any_repo: Path) -> Iterator[Butler]:
    with Butler.from_config(str(any_repo), writeable=True) as writer:
        make_hostile(writer)
    with Butler.from_config(str(any_repo)) as butler:
        yield butler


@pytest.fixture
def snapshot(hostile: Butler) -> Snapshot:
    return take_snapshot(hostile, SEARCH, DATASET_TYPES, ELEMENTS, skip_existing_in=SKIPPED)


def take_slowly(butler: Butler) -> Snapshot:
    request = make_request(butler.dimensions, SEARCH, DATASET_TYPES, ELEMENTS, SKIPPED)
    return take_public_snapshot(butler, request, "public interface (slower): tested", silent)


def test_every_frame_is_the_same_on_both_paths(hostile: Butler, snapshot: Snapshot) -> None:
    assert snapshot.source == "butler tables"
    slow = take_slowly(hostile)
    assert snapshot.frames.keys() == slow.frames.keys()
    for name, frame in slow.frames.items():
        assert snapshot.frames[name].schema.equals(frame.schema), name
        assert snapshot.frames[name].equals(frame), name
    assert snapshot.describe() == slow.describe()
    assert snapshot.digest == slow.digest
    empty = {name for name, frame in slow.frames.items() if not frame.num_rows}
    assert empty == {"associations/unused", "associations/bias"}


def test_find_first_is_the_butlers(hostile: Butler, snapshot: Snapshot) -> None:
    runs_and_tags = [found.name for found in snapshot.collections if found.type.name in {"RUN", "TAGGED"}]
    for name in ("raw", "flat", "pair", "pixels", "point", "filterless"):
        refs = hostile.query_datasets(name, runs_and_tags, find_first=True, limit=None)
        expected = {(*ref.dataId.required_values, ref.id.bytes, ref.run) for ref in refs}
        found = [tuple(row.values())[:-1] for row in snapshot.datasets(name).to_pylist()]
        assert len(found) == len(refs) > 0, name
        assert set(found) == expected, name
    ranks = set(snapshot.datasets("flat")["rank"].to_pylist())
    assert {snapshot.collections[rank].name for rank in ranks} == {"t/1", "r/1"}


def test_existing_follows_its_own_order(hostile: Butler, snapshot: Snapshot) -> None:
    for collections in (["r/2"], ["r/2", "t/1"], ["inner", "r/2"], ["nothing", "u/none"]):
        found = snapshot.existing("flat", collections)
        known = [name for name in collections if name != "u/none"]
        refs = hostile.query_datasets("flat", known, find_first=True, limit=None, explain=False)
        assert sorted(found["dataset_id"].to_pylist()) == sorted(ref.id.bytes for ref in refs)


def test_overlapping_validity_ranges_are_all_there(hostile: Butler, snapshot: Snapshot) -> None:
    found = snapshot.calibrations("flat")
    expected = [
        (*a.ref.dataId.required_values, a.ref.id.bytes, a.ref.run, a.collection, *a.timespan.nsec)
        for a in hostile.registry.queryDatasetAssociations("flat", ["c/1", "c/2"])
    ]
    assert sorted(tuple(row.values())[:-1] for row in found.to_pylist()) == sorted(expected)
    rank = {name: [c.name for c in snapshot.collections].index(name) for name in ("c/1", "c/2")}
    assert set(zip(found["collection"].to_pylist(), found["rank"].to_pylist(), strict=True)) == set(
        rank.items()
    )


def test_records_are_those_that_people_read(hostile: Butler, snapshot: Snapshot) -> None:
    for element in ELEMENTS:
        assert snapshot.records(element).equals(read_dimension_records(hostile, element, limit=1_000_000)), (
            element
        )
    filters = snapshot.records("physical_filter").to_pylist()
    assert {row["physical_filter"] for row in filters if row["instrument"] == INSTRUMENT} == set(FILTERS)


@pytest.mark.parametrize("pair", [("visit", "patch"), ("visit_detector_region", "tract"), ("htm7", "visit")])
def test_overlaps_are_the_butlers_join(hostile: Butler, snapshot: Snapshot, pair: tuple[str, str]) -> None:
    snapshot = take_snapshot(hostile, SEARCH, [], [*ELEMENTS, "htm7"])
    pairs = snapshot.overlaps(*pair)
    group = hostile.dimensions.conform(pairs.schema.names)
    with hostile.query() as query:
        expected = {data_id.required_values for data_id in query.data_ids(group)}
    assert {tuple(row.values()) for row in pairs.to_pylist()} == expected
    assert len(expected) > 20


def test_an_unknown_manager_is_read_through_the_public_interface(any_repo: Path) -> None:
    with Butler.from_config(str(any_repo)) as butler:
        direct = take_snapshot(butler, ["HSC/defaults"], ["raw"], ["visit"])
        with open_registry(any_repo) as registry:
            url, namespace = registry._location.url, registry._location.namespace
        assert url is not None
        engine = sa.create_engine(url)
        attributes = sa.table("butler_attributes", sa.column("name"), sa.column("value"), schema=namespace)
        with engine.begin() as connection:
            connection.execute(
                attributes.update()
                .where(attributes.c.name.like("version:%ByDimensionsDataset%"))
                .values(value="7.1.0")
            )
        engine.dispose()
        snapshot = take_snapshot(butler, ["HSC/defaults"], ["raw"], ["visit"])
        reason = "its manager of datasets is ByDimensionsDatasetRecordStorageManagerUUID 7.1.0"
        assert snapshot.source == f"public interface (slower): {reason}"
        assert snapshot.digest == direct.digest


def test_inside_the_butlers_transaction_its_writes_are_seen(any_repo: Path) -> None:
    with Butler.from_config(str(any_repo), writeable=True) as butler:
        before = take_snapshot(butler, ["HSC/calib"], ["bias"], [])
        refs = butler.query_datasets("bias", "HSC/calib/bias")
        with butler.transaction():
            butler.registry.decertify("HSC/calib", "bias", Timespan(None, None), dataIds=[refs[0].dataId])
            inside = take_snapshot(butler, ["HSC/calib"], ["bias"], [])
        assert inside.calibrations("bias").num_rows == before.calibrations("bias").num_rows - 1
        with Butler.from_config(str(any_repo)) as other:
            assert take_snapshot(other, ["HSC/calib"], ["bias"], []).digest == inside.digest


def test_one_state_is_seen_while_another_client_writes(any_repo: Path) -> None:
    """A write between two reads of a snapshot does not show in the second."""
    with (
        Butler.from_config(str(any_repo), writeable=True) as writer,
        Butler.from_config(str(any_repo)) as butler,
    ):
        refs = writer.query_datasets("raw", "HSC/raw/all")

        def read(progress: Progress = silent) -> str:
            return take_snapshot(
                butler, ["HSC/defaults"], ["bias", "raw"], ["visit"], progress=progress
            ).digest

        def remove_one() -> None:
            writer.pruneDatasets(refs[:1], disassociate=True, unstore=True, purge=True)

        removal = threading.Thread(target=remove_one)

        def write(stage: str, fraction: float | None = None) -> None:
            if stage == "reading raw":
                removal.start()
                # PostgreSQL lets it through at once; on SQLite its commit waits for us.
                removal.join(timeout=0.5)

        before = read()
        assert read(write) == before
        removal.join()
        assert read() != before


def test_the_public_interface_is_read_until_two_passes_agree(butler_repo: Path) -> None:
    with Butler.from_config(str(butler_repo), writeable=True) as butler:
        refs = iter(butler.query_datasets("raw", "HSC/raw/all"))
        request = make_request(butler.dimensions, ["HSC/defaults"], ["bias", "raw"], [], [])
        removals = 2

        def write(stage: str, fraction: float | None = None) -> None:
            nonlocal removals
            if stage == "reading raw" and removals:
                removals -= 1
                butler.pruneDatasets([next(refs)], disassociate=True, unstore=True, purge=True)

        snapshot = take_public_snapshot(butler, request, "tested", write)
        assert snapshot.digest == take_public_snapshot(butler, request, "tested", silent).digest
        assert snapshot.datasets("raw").num_rows == 70
        removals = 10
        with pytest.raises(SnapshotError, match="changed during each of 6 readings"):
            take_public_snapshot(butler, request, "tested", write)


def test_dataset_types_are_looked_up_at_once(hostile: Butler) -> None:
    """In two statements, however many there are; also those that the repository does not know."""
    known = {found.name: found for found in hostile.registry.queryDatasetTypes()}
    assert len(known) > 2
    statements: list[str] = []
    with opening_tables(hostile) as tables:
        reader = TableReader(tables, hostile.dimensions)
        sa.event.listen(
            tables.connection, "before_cursor_execute", lambda *given: statements.append(str(given[2]))
        )
        reader.expect_dataset_types([*known, "nonsense"])
        assert len(statements) == 2
        assert {name: reader.find_dataset_type(name) for name in known} == known
        assert reader.find_dataset_type("nonsense") is None
        assert len(statements) == 2
