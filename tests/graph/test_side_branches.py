"""Side branches beside consumers that could never run, on the demonstration's visits and tracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.mocked import add_task, insert, makes, reads
from tests.graph.oracle import build_ours
from tests.graph.statements import constraint_on
from workbench.demo import create_repository
from workbench.graph import BuildMode, Mode, PartialPolicy, Preview, ResolvedConstraint, Stage

INPUTS = ("in/x",)
V = ("instrument", "visit")
T = ("skymap", "tract")
TB = ("skymap", "tract", "band")
ONE = ("HSC", 96954)


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    """Every visit has an x, every tract a y, every other tract a z; nothing has a w."""
    root: Path = tmp_path_factory.mktemp("sides") / "repo"
    create_repository(root)
    with Butler.from_config(str(root), writeable=True) as writer:
        insert(writer, "in/x", "x", V)
        insert(writer, "in/x", "y", T)
        insert(writer, "in/x", "z", T, every=2)
    with Butler.from_config(str(root)) as reader:
        yield reader


def make(consumer: str) -> PipelineGraph:
    """Make a pipeline of two parts, the second perhaps with what can never, or partly, run."""
    graph = PipelineGraph()
    add_task(graph, "a", V, reads("x", *V), makes("made_a", *V))
    add_task(graph, "side", T, reads("y", *T), makes("made_side", *T))
    hungry = {
        "none": None,
        "never enough": reads("made_side", *T, minimum=2),
        "one step further": reads("made_side", *T),
        "half": reads("made_side", *T),
    }[consumer]
    if hungry is not None:
        more = [reads("z", *T)] if consumer == "half" else []
        add_task(graph, "hungry", TB, hungry, *more, makes("made_hungry", *TB))
    if consumer == "one step further":
        add_task(graph, "later", TB, reads("made_hungry", *TB, minimum=2), makes("made_later", *TB))
    graph.sort()
    return graph


def build(butler: Butler, pipeline: PipelineGraph, constraints: Sequence[ResolvedConstraint]) -> Preview:
    return build_ours(
        butler, pipeline, INPUTS, constraints, mode=BuildMode.PER_TASK, policy=PartialPolicy.COMPLETE
    )


@pytest.mark.parametrize("consumer", ["none", "never enough", "one step further", "half"])
@pytest.mark.parametrize(("mode", "n_visits"), [(Mode.INCLUDE, 1), (Mode.EXCLUDE, 11)])
@pytest.mark.parametrize("whole_graph", [False, True])
def test_a_constraint_elsewhere_leaves_a_side_branch_as_it_is(
    butler: Butler, consumer: str, mode: Mode, n_visits: int, whole_graph: bool
) -> None:
    pipeline = make(consumer)
    free = build(butler, pipeline, [])
    assert free.n_quanta_by_task["side"] == 4
    tasks = () if whole_graph else ("a",)
    cut = constraint_on(butler, mode, V, [ONE], tasks=tasks, pipeline=pipeline)
    bound = build(butler, pipeline, [cut])
    assert bound.n_quanta_by_task == free.n_quanta_by_task | {"a": n_visits}


def test_a_side_branch_falls_with_consumers_that_could_run(butler: Butler) -> None:
    """All consumers of one tract are cut, and nothing needs what is made for them."""
    pipeline = make("half")
    chosen = constraint_on(butler, Mode.INCLUDE, V, [ONE], tasks=["a"], pipeline=pipeline)
    rows = build(butler, pipeline, [chosen]).quanta("hungry", stage=Stage.KEPT).to_pylist()
    tract = rows[0]["tract"]
    cut = [(row["band"], row["skymap"], tract) for row in rows if row["tract"] == tract]
    gone = constraint_on(butler, Mode.EXCLUDE, TB, cut, pipeline=pipeline)
    preview = build(butler, pipeline, [chosen, gone])
    assert [row["tract"] for row in preview.quanta("side", stage=Stage.NOT_DEMANDED).to_pylist()] == [tract]
    assert preview.n_quanta_by_task["side"] == 3
