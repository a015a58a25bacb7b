"""Side branches beside consumers that could never run, on the demonstration's visits and tracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.mocked import add_task, connect, insert, makes, reads
from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.statements import constraint_on
from workbench.demo import create_repository
from workbench.errors import MissingInputsError
from workbench.graph import BuildMode, Mode, PartialPolicy, Preview, ResolvedConstraint, Stage
from workbench.graph.engines import columnar
from workbench.graph.joins.operands import StockOnlyError

INPUTS = ("in/x",)
V = ("instrument", "visit")
T = ("skymap", "tract")
TB = ("skymap", "tract", "band")
ONE = ("HSC", 96954)


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    """Every visit has an x, every tract a y, every other tract a z; w is elsewhere."""
    root: Path = tmp_path_factory.mktemp("sides") / "repo"
    create_repository(root)
    with Butler.from_config(str(root), writeable=True) as writer:
        insert(writer, "in/x", "x", V)
        insert(writer, "in/x", "y", T)
        insert(writer, "in/x", "z", T, every=2)
        insert(writer, "in/other", "w", V)
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


def make_lacking(kind: str) -> PipelineGraph:
    """Make a pipeline of a branch that can run, and one that lacks an overall input."""
    graph = PipelineGraph()
    add_task(graph, "a", V, reads("x", *V), makes("made_a", *V))
    wanted = {
        "unregistered": reads("nowhere", *V),
        "deferred": reads("nowhere", *V, deferGraphConstraint=True),
        "registered": reads("w", *V),
        "prerequisite": connect("prerequisite", "w", V, multiple=True, minimum=1),
    }[kind]
    add_task(graph, "lost", V, reads("made_a", *V), wanted, makes("made_lost", *V))
    add_task(graph, "after", V, reads("made_lost", *V), makes("made_after", *V))
    add_task(graph, "side", T, reads("y", *T), makes("made_side", *T))
    graph.sort()
    return graph


@pytest.mark.parametrize("kind", ["unregistered", "deferred", "registered", "prerequisite"])
@pytest.mark.parametrize("tasks", [(), ("a",)])
def test_a_lacking_input_leaves_out_what_needs_it(butler: Butler, kind: str, tasks: tuple[str, ...]) -> None:
    pipeline = make_lacking(kind)
    chosen = constraint_on(butler, Mode.INCLUDE, V, [ONE], tasks=tasks, pipeline=pipeline)
    free, bound = build(butler, pipeline, []), build(butler, pipeline, [chosen])
    assert free.n_quanta_by_task == {"a": 12, "lost": 0, "after": 0, "side": 4}
    assert bound.n_quanta_by_task == {"a": 1, "lost": 0, "after": 0, "side": 4}
    for preview in (free, bound):
        (one,) = preview.lacking
        assert (one.tasks, one.unable, one.collections) == (("lost",), ("lost", "after"), INPUTS)
        assert one.registered is (kind in {"registered", "prerequisite"})
        name = "w" if one.registered else "nowhere"
        assert one.dataset_type == name
        assert str(one) in preview.warnings
        assert "without it lost cannot run, nor after after them" in str(preview)
        absent = [(row["task"], row["dataset_type"]) for row in preview.absent.to_pylist()]
        assert absent == [("lost", name), ("after", name)]
        preview.require_whole()


@pytest.mark.parametrize("kind", ["unregistered", "registered", "prerequisite"])
@pytest.mark.parametrize("task", ["lost", "after"])
def test_a_lacking_input_of_what_is_asked_for_is_refused(butler: Butler, kind: str, task: str) -> None:
    pipeline = make_lacking(kind)
    chosen = constraint_on(butler, Mode.INCLUDE, V, [ONE], tasks=["a", task], pipeline=pipeline)
    with pytest.raises(MissingInputsError, match=rf"asked for and cannot run: {task}\. .*x \(12\).*y \(4\)"):
        build(butler, pipeline, [chosen])


def test_nothing_that_can_run_is_refused(butler: Butler) -> None:
    graph = PipelineGraph()
    add_task(graph, "lost", V, reads("w", *V), makes("made_lost", *V))
    graph.sort()
    with pytest.raises(MissingInputsError, match=r"(?s)w: no dataset there \(in/x\).*cannot run: lost"):
        build(butler, graph, [])


@pytest.mark.parametrize("where", ["", "instrument = 'HSC' AND visit = 96954"])
def test_a_lacking_input_of_a_side_branch_in_one_join(butler: Butler, where: str) -> None:
    """As the stock builder has it, in that mode: both engines leave out the same, and ours says so."""
    pipeline = make_lacking("deferred")
    rows = [constraint_on(butler, Mode.INCLUDE, V, [ONE], pipeline=pipeline)] if where else []
    ours = build_ours(butler, pipeline, INPUTS, rows)
    assert_same_graph(ours.columns, build_stock(butler, pipeline, INPUTS, where=where))
    assert [one.dataset_type for one in ours.lacking] == ["nowhere"]
    assert ours.n_quanta_by_task["lost"] == 0
    assert ours.n_quanta_by_task["a"] == (1 if where else 12)


@pytest.mark.parametrize("mode", BuildMode)
def test_a_lacking_input_over_the_stock_engine(
    butler: Butler, mode: BuildMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the stock builder can do is done by it, and is told the same."""

    def refuse(_: object) -> None:
        raise StockOnlyError("this test")

    monkeypatch.setattr(columnar, "_check", refuse)
    pipeline = make_lacking("deferred")
    preview = build_ours(butler, pipeline, INPUTS, mode=mode, engine="stock builder")
    assert [(one.dataset_type, one.unable) for one in preview.lacking] == [("nowhere", ("lost", "after"))]
    assert preview.n_quanta_by_task == {"a": 12, "lost": 0, "after": 0, "side": 4}
    if mode is BuildMode.PER_TASK:
        chosen = constraint_on(butler, Mode.INCLUDE, V, [ONE], tasks=["lost"], pipeline=pipeline)
        with pytest.raises(MissingInputsError, match="nowhere: not registered"):
            build_ours(butler, pipeline, INPUTS, [chosen], mode=mode, engine="stock builder")


def test_absent_inputs_are_counted(butler: Butler) -> None:
    """Of every other tract there is no z: what reads both of them says how many it lacks."""
    graph = PipelineGraph()
    reads_z = reads("z", *T, minimum=0)
    add_task(graph, "all", ("skymap",), reads("y", *T), reads_z, makes("made_all", "skymap"))
    add_task(graph, "each", T, reads("y", *T), reads_z, makes("made_each", *T))
    graph.sort()
    rows = {row["task"]: row for row in build(butler, graph, []).absent.to_pylist()}
    assert {label: (row["dataset_type"], row["quanta"], row["inputs"]) for label, row in rows.items()} == {
        "all": ("z", 1, 2),
        "each": ("z", 2, 2),
    }
    assert {row["because"] for row in rows.values()} == {"not in the input collections"}
