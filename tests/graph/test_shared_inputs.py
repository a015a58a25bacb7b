"""Independent parts of a pipeline that have nothing in common but overall inputs, against the stock builder.

Inputs are incomplete, each in another way, so that the parts join to other
data IDs: where all are complete, rows mixed up with another part's are right.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.incomplete import PARTS, SHARES, VD, Tasks, V, inputs_of
from tests.graph.mocked import DICT, make_pipeline, makes, reads
from tests.graph.oracle import assert_edges_agree, assert_same_graph, build_ours, build_stock
from tests.graph.statements import constraint_on
from workbench.graph import BuildMode, Mode


@pytest.fixture
def butler(incomplete_butler: Butler) -> Butler:
    """Of the repository whose inputs are there in part."""
    return incomplete_butler


def relabelled(tasks: Tasks) -> Tasks:
    """The same in another order of labels, by which parts are found in another order."""
    return {f"n{9 - number}_{label}": task for number, (label, task) in enumerate(reversed(tasks.items()))}


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", PARTS)
def test_parts_share_inputs(butler: Butler, name: str, share: float) -> None:
    for tasks in (PARTS[name], relabelled(dict(PARTS[name])))[: 2 if share == min(SHARES) else 1]:
        ours = build_ours(butler, make_pipeline(tasks), inputs_of(share))
        assert_same_graph(ours.columns, build_stock(butler, make_pipeline(tasks), inputs_of(share)))
        assert ours.n_quanta


@pytest.mark.parametrize(
    "name", ["two tasks, one with another input", "three share two inputs", "prerequisites"]
)
def test_parts_share_inputs_under_constraints(butler: Butler, name: str) -> None:
    """What is looked up is not cut: frames of all detectors serve a quantum of those that are left."""
    where = "instrument = 'HSC' AND visit > 30000"
    visits = [("HSC", record.id) for record in butler.query_dimension_records("visit", where=where)]
    constraints = [
        constraint_on(butler, Mode.INCLUDE, ("visit",), visits, name="late"),
        constraint_on(butler, Mode.EXCLUDE, ("detector",), [("HSC", 50)], name="chip"),
    ]
    ours = build_ours(butler, make_pipeline(PARTS[name]), inputs_of(0.7), constraints)
    where += " AND detector != 50"
    stock = build_stock(butler, make_pipeline(PARTS[name]), inputs_of(0.7), where=where)
    assert_same_graph(ours.columns, stock)


@pytest.mark.parametrize("share", SHARES)
def test_what_ran_before_is_skipped(butler: Butler, share: float) -> None:
    """Only some quanta of one part ran, and only some of what they made is there."""
    tasks: Tasks = {
        "do_one": (V, [reads("x", *VD), reads("z", *V), makes("made_one", *VD, multiple=True)]),
        "then": (V, [reads("made_one", *VD), reads("x", *VD), makes("out1", *V)]),
        "beside": (V, [reads("x", *VD), reads("y", *VD), makes("out2", *V)]),
    }
    options = {"skip_existing_in": (f"in/{share}/before",)}
    ours = build_ours(butler, make_pipeline(tasks), inputs_of(share), **options)
    stock = build_stock(butler, make_pipeline(tasks), inputs_of(share), **options)
    assert_same_graph(ours.columns, stock)
    assert ours.finished.skipped.any()


MOCKED = f"_mock_{DICT}"


class PruneConnections(PipelineTaskConnections, dimensions=V):
    """Drops what is of an odd detector."""

    images = Input(name="x", doc="", storageClass=MOCKED, dimensions=VD, multiple=True)
    visits = Input(name="w", doc="", storageClass=MOCKED, dimensions=V)
    pruned = Output(name="pruned", doc="", storageClass=MOCKED, dimensions=V)

    def adjustQuantum(self, inputs: Any, outputs: Any, label: str, data_id: Any) -> Any:  # noqa: N802
        connection, refs = inputs["images"]
        return {"images": (connection, [ref for ref in refs if ref.dataId["detector"] % 2 == 0])}, {}


class PruneConfig(PipelineTaskConfig, pipelineConnections=PruneConnections):
    pass


class PruneTask(PipelineTask):
    ConfigClass = PruneConfig
    _DefaultName = "prune"

    def run(self, **kwargs: Any) -> Struct:
        return Struct(**kwargs)


def with_hook() -> PipelineGraph:
    graph = make_pipeline(PARTS["two tasks, one with another input"])
    graph.add_task("prune", PruneTask, PruneConfig())
    graph.sort()
    return graph


@pytest.mark.parametrize("share", SHARES)
def test_a_hook_drops_shared_inputs(butler: Butler, share: float) -> None:
    """What ``adjustQuantum`` of one part drops, the other part still reads."""
    ours = build_ours(butler, with_hook(), inputs_of(share))
    assert_same_graph(ours.columns, build_stock(butler, with_hook(), inputs_of(share)))
    read = {
        label: len(edges) for (label, _), edges in ours.columns.inputs.items() if edges.dataset_type == "x"
    }
    assert 0 < read["prune"] < read["one"]


def test_both_modes_give_each_quantum_its_own_visit(butler: Butler) -> None:
    """Said without the stock builder: no edge of two parts leads to another visit."""
    for mode in BuildMode:
        for tasks in PARTS.values():
            if "none" not in str(tasks):
                preview = build_ours(butler, make_pipeline(tasks), inputs_of(0.7), mode=mode)
                assert_edges_agree(preview.columns)


_COMPARE = """
import sys
from lsst.daf.butler import Butler
from tests.graph.incomplete import PARTS, SHARES, VD, Tasks, V, inputs_of
from tests.graph.mocked import make_pipeline
from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.incomplete import PARTS, inputs_of
with Butler.from_config(sys.argv[1], writeable=False) as butler:
    for tasks in list(PARTS.values())[:3]:
        ours = build_ours(butler, make_pipeline(tasks), inputs_of(0.7))
        assert_same_graph(ours.columns, build_stock(butler, make_pipeline(tasks), inputs_of(0.7)))
"""


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_any_hash_seed(incomplete_root: Path, seed: str) -> None:
    """The order in which independent parts are found depends on the hashes of their names."""
    done = subprocess.run(
        [sys.executable, "-c", _COMPARE, str(incomplete_root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-3000:]
