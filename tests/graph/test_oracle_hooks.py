"""Hooks, prerequisites, skipping and clobbering, against the stock builder."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler, CollectionType
from lsst.pipe.base.quantum_graph_builder import OutputExistsError

from tests.graph.hooked import LOST_VISIT, make_pipeline
from tests.graph.oracle import OUTPUT_RUN, assert_same_graph, build_ours, build_stock
from workbench.errors import GraphBuildError, MissingInputsError
from workbench.graph import BuildMode

INPUTS = ("HSC/defaults",)


@pytest.mark.parametrize("hooks", ["", "quiet", "reject", "drop", "unmake", "reject drop unmake"])
def test_hooks(demo_butler: Butler, hooks: str) -> None:
    ours = build_ours(demo_butler, make_pipeline(hooks), INPUTS)
    assert_same_graph(ours.columns, build_stock(demo_butler, make_pipeline(hooks), INPUTS))
    called = {row["task"]: row for row in ours.hooks.to_pylist() if row["hook"] == "adjustQuantum"}
    assert called.keys() == ({"measure", "gather"} if hooks else {"gather"})
    counts = {row["task"]: row for row in ours.counts.to_pylist()}
    assert (counts["measure"]["hooks"] > 0) == ("reject" in hooks)
    # The visit that lost detectors has too few tables to be gathered, where the hook still counts.
    assert (counts["gather"]["hooks"] > 0) == ("reject" in hooks and "drop" not in hooks)


@pytest.mark.parametrize(
    ("hooks", "mode"),
    [
        ("together", BuildMode.PER_TASK),
        ("together keep none", BuildMode.PER_TASK),
        ("together keep", BuildMode.ALL_DIMENSIONS),
        ("together drop reject", BuildMode.ALL_DIMENSIONS),
    ],
)
def test_quanta_adjusted_together(demo_butler: Butler, hooks: str, mode: BuildMode) -> None:
    """Only the task that does it takes Python; the columnar builder does the rest."""
    ours = build_ours(demo_butler, make_pipeline(hooks), INPUTS, mode=mode, datastore_records=True)
    stock = build_stock(demo_butler, make_pipeline(hooks), INPUTS, records=True)
    assert_same_graph(ours.columns, stock)
    (row,) = (row for row in ours.hooks.to_pylist() if row["hook"] == "adjust_all_quanta")
    assert (row["task"], row["calls"]) == ("gather", 12)
    assert row["seconds"] > 0
    counts = {row["dataset_type"]: row["datasets"] for row in ours.datasets.to_pylist()}
    assert counts == {name: len(columns) for name, columns in ours.columns.datasets.items()}
    assert ours.n_quanta_by_task["gather"] < 12


def test_lookups_say_how_many_and_how_long(demo_butler: Butler) -> None:
    ours = build_ours(demo_butler, make_pipeline(), INPUTS)
    rows = [row for row in ours.hooks.to_pylist() if row["hook"] != "adjustQuantum"]
    assert [(row["task"], row["hook"], row["calls"]) for row in rows] == [
        ("gather", "found: lookup function", 12)
    ]
    assert rows[0]["seconds"] > 0


@pytest.fixture
def repo(demo_root: Path, tmp_path: Path) -> Path:
    """A repository of one's own."""
    shutil.copytree(demo_root, tmp_path / "repo")
    return tmp_path / "repo"


@pytest.fixture
def butler(repo: Path) -> Iterator[Butler]:
    with Butler.from_config(str(repo), writeable=True) as butler:
        yield butler


def insert_outputs(
    butler: Butler, run: str, *, visits: set[int], without: frozenset[str] = frozenset()
) -> None:
    """Put outputs of measure for some visits into a run, without files."""
    pipeline = make_pipeline()
    pipeline.resolve(butler.registry)
    pipeline.register_dataset_types(butler)
    butler.collections.register(run, CollectionType.RUN)
    graph = build_stock(butler, pipeline, INPUTS, output_run="u/never")
    for name in ("table", "image", "measure_metadata", "measure_log"):
        frame = graph.datasets[name].data_ids
        ids = [row for row in frame.to_dicts() if row["visit"] in visits and name not in without]
        dataset_type = butler.get_dataset_type(name)
        required = dataset_type.dimensions.required
        data_ids = [butler.registry.expandDataId({key: row[key] for key in required}) for row in ids]
        butler.registry.insertDatasets(dataset_type, data_ids, run=run)
    for name in ("measure_setup", "measure_config", "packages"):
        butler.registry.insertDatasets(name, [butler.registry.expandDataId()], run=run)


def visits_of(butler: Butler) -> list[int]:
    return sorted(int(record.id) for record in butler.query_dimension_records("visit", explain=False))


@pytest.mark.parametrize("n_visits", [3, 12])
@pytest.mark.parametrize("without", [frozenset(), frozenset({"image"})])
def test_skipping_what_ran(butler: Butler, n_visits: int, without: frozenset[str]) -> None:
    insert_outputs(butler, "u/before", visits=set(visits_of(butler)[:n_visits]), without=without)
    options = {"skip_existing_in": ("u/before",)}
    ours = build_ours(butler, make_pipeline(), INPUTS, **options)
    assert_same_graph(ours.columns, build_stock(butler, make_pipeline(), INPUTS, **options))
    counts = {row["task"]: row for row in ours.counts.to_pylist()}
    assert counts["measure"]["skipped"] == 6 * n_visits


def test_going_on_in_the_same_run(butler: Butler) -> None:
    insert_outputs(butler, OUTPUT_RUN, visits={LOST_VISIT})
    options = {"skip_existing_in": (OUTPUT_RUN,)}
    ours = build_ours(butler, make_pipeline(), INPUTS, **options)
    assert_same_graph(ours.columns, build_stock(butler, make_pipeline(), INPUTS, **options))
    assert ours.n_quanta_by_task["measure"] == 66


def test_clobbering(butler: Butler) -> None:
    insert_outputs(butler, OUTPUT_RUN, visits={LOST_VISIT}, without=frozenset({"measure_metadata"}))
    with pytest.raises(OutputExistsError):
        build_stock(butler, make_pipeline(), INPUTS, skip_existing_in=(OUTPUT_RUN,))
    with pytest.raises(GraphBuildError, match=r"6 image datasets are in the output run .*clobber=True"):
        build_ours(butler, make_pipeline(), INPUTS, skip_existing_in=(OUTPUT_RUN,))
    ours = build_ours(butler, make_pipeline(), INPUTS, clobber=True)
    assert_same_graph(ours.columns, build_stock(butler, make_pipeline(), INPUTS, clobber=True))


def test_clobbering_beside_what_is_skipped(butler: Butler) -> None:
    """What was found in the way is of the rows after those of what was skipped, and keeps its own IDs."""
    first, second, *_, last = visits_of(butler)
    insert_outputs(butler, "u/before", visits={first, second})
    insert_outputs(butler, OUTPUT_RUN, visits={last}, without=frozenset({"measure_metadata"}))
    options = {"skip_existing_in": ("u/before",), "clobber": True}
    ours = build_ours(butler, make_pipeline(), INPUTS, **options)
    assert_same_graph(ours.columns, build_stock(butler, make_pipeline(), INPUTS, **options))
    images = ours.columns.datasets["image"]
    ids = [uuid.UUID(bytes=one.tobytes()) for one in images.uuids]
    known = dict(zip(images.data_ids.select("visit", "detector").rows(), ids, strict=True))
    for run, visits in (("u/before", {first, second}), (OUTPUT_RUN, {last})):
        there = {
            (ref.dataId["visit"], ref.dataId["detector"]): ref.id
            for ref in butler.query_datasets("image", [run], explain=False, limit=None)
        }
        assert there == {key: one for key, one in known.items() if key[0] in visits}
    # Others than those of the RUN are new.
    assert len(set(ids)) == len(ids) == 72


def test_missing_prerequisite_names_who_lacks_it(butler: Butler) -> None:
    """Only one epoch of biases is there: visits of the other have none."""
    butler.collections.register("u/calib", CollectionType.CALIBRATION)
    refs = butler.query_datasets("bias", ["HSC/calib/DM-0/20150101"], find_first=True, explain=False)
    butler.collections.register("u/tagged", CollectionType.TAGGED)
    butler.registry.associate("u/tagged", [ref for ref in refs if ref.dataId["detector"] != 50])
    inputs = ("HSC/raw/all", "u/tagged", "skymaps")
    lacking = r"measure.bias \(bias\) is missing for 12 quanta.*detector=50"
    with pytest.raises(MissingInputsError, match=lacking):
        build_ours(butler, make_pipeline("", "measure"), inputs)
    with pytest.raises(FileNotFoundError):
        build_stock(butler, make_pipeline("", "measure"), inputs)
