"""Random small pipelines on random parts of a small survey, against the stock builder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, reject, settings
from hypothesis import strategies as st
from lsst.daf.butler import Butler, ButlerUserError
from lsst.pipe.base import ScalarError
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilderError

from tests.graph import small_survey as survey
from tests.graph.mocked import Connection, connect, make_pipeline
from tests.graph.oracle import OUTPUT_RUN, assert_same_graph, build_ours, build_stock
from tests.graph.small_survey import name_of
from tests.graph.statements import constraint_on
from workbench.errors import WorkbenchError
from workbench.graph import Mode, Preview
from workbench.graph.columns.graph_columns import GraphColumns

Group = tuple[str, ...]
REFUSALS = (QuantumGraphBuilderError, ButlerUserError, ScalarError, FileNotFoundError, NotImplementedError)
"""What the stock builder raises for what cannot be built."""


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    root = tmp_path_factory.mktemp("random") / "repo"
    survey.make_survey(root, OUTPUT_RUN)
    with Butler.from_config(str(root), writeable=False) as butler:
        yield butler


@dataclasses.dataclass(frozen=True)
class Constraint:
    """Rows of some dimensions, let in or kept out, and the same for the stock builder."""

    names: Group
    rows: tuple[tuple[object, ...], ...]
    mode: Mode

    @property
    def where(self) -> str:
        governors = {"instrument": survey.CAMERA, "skymap": survey.SKYMAP}
        # The stock expression takes exponential memory for NOT before a disjunction.
        equal, inner, outer = ("=", " AND ", " OR ") if self.mode is Mode.INCLUDE else ("!=", " OR ", " AND ")
        alternatives = []
        for row in self.rows:
            pairs = [pair for pair in zip(self.names, row, strict=True) if pair[0] not in governors]
            alternatives.append(f"({inner.join(f'{name} {equal} {value!r}' for name, value in pairs)})")
        given = [f"{name} = {governors[name]!r}" for name in self.names if name in governors]
        return " AND ".join([*given, f"({outer.join(alternatives)})"])


@dataclasses.dataclass(frozen=True)
class Case:
    """One pipeline, what it is built from and how."""

    tasks: dict[str, tuple[Group, list[Connection]]]
    inputs: tuple[str, ...]
    constraint: Constraint | None
    options: dict[str, Any]

    def pipeline(self) -> PipelineGraph:
        return make_pipeline(self.tasks)


@st.composite
def read(draw: st.DrawFn, groups: Sequence[Group], made: Sequence[tuple[str, Group]]) -> Connection:
    """Draw a regular input: of an earlier task mostly, where there is one."""
    multiple = draw(st.sampled_from([True] * 8 + [False]))
    options: dict[str, Any] = {
        "multiple": multiple,
        "minimum": draw(st.sampled_from([1, 1, 1, 0, 2] if multiple else [1, 0])),
        "deferLoad": draw(st.booleans()),
    }
    if made and draw(st.sampled_from([True, True, False])):
        name, group = draw(st.sampled_from(made))
        return connect("input", name, group, **options)
    group = draw(st.sampled_from(groups))
    options["deferGraphConstraint"] = draw(st.sampled_from([False, False, True]))
    if draw(st.sampled_from([False, False, True])):
        return connect("input", name_of("img", group) + ".wcs", group, storage="Wcs", **options)
    return connect("input", name_of("src", group), group, **options)


@st.composite
def look_up(draw: st.DrawFn, task: Group) -> Connection:
    """Draw a prerequisite; pixels of the sky only for tasks with regions, whose stock lookup is quick."""
    options: dict[str, Any] = {
        "multiple": draw(st.sampled_from([True, True, True, False])),
        "minimum": draw(st.sampled_from([0, 0, 0, 1])),
    }
    if draw(st.booleans()):
        group = draw(st.sampled_from(survey.CALIBRATIONS))
        return connect("prerequisite", name_of("cal", group), group, isCalibration=True, **options)
    known = survey.GROUPS if {"visit", "tract"} & set(task) else survey.PLAIN
    group = draw(st.sampled_from([group for group in known if group]))
    return connect("prerequisite", name_of("ref", group), group, **options)


def _distinct(connections: Sequence[Connection]) -> list[Connection]:
    """Take each dataset type once: two connections of one type must agree in more than is drawn here."""
    return list({options["name"].split(".")[0]: (kind, options) for kind, options in connections}.values())


@st.composite
def pipelines(draw: st.DrawFn) -> dict[str, tuple[Group, list[Connection]]]:
    groups = draw(st.sampled_from([survey.PLAIN] * 5 + [survey.PIXELS]))
    # Every third pipeline falls into parts that share no more than their overall inputs.
    parted = draw(st.sampled_from([True, False, False]))
    if parted:
        groups = tuple(draw(st.lists(st.sampled_from(groups), min_size=1, max_size=3, unique=True)))
    tasks: dict[str, tuple[Group, list[Connection]]] = {}
    made: list[tuple[str, Group]] = []
    setups: list[str] = []
    for number in range(draw(st.integers(1, 5))):
        group = draw(st.sampled_from(groups))
        label = name_of(f"do{number}", group)
        mine = [one for one in made if not parted or one[0].startswith(f"made{number - 2}_")]
        found = [draw(read(groups, mine)) for _ in range(draw(st.integers(0 if number else 1, 3)))]
        found += [draw(look_up(group)) for _ in range(draw(st.sampled_from([0, 0, 1, 2])))]
        found = _distinct(found)
        if setups and draw(st.booleans()):
            found.append(connect("init_input", draw(st.sampled_from(setups))))
        if draw(st.booleans()):
            setups.append(f"setup_{label}")
            found.append(connect("init_output", setups[-1]))
        wider = draw(st.sampled_from([group, group, *(each for each in groups if set(each) > set(group))]))
        for each in dict.fromkeys([group, wider]):
            output = name_of(f"made{number}", each)
            found.append(connect("output", output, each, multiple=each != group))
            made.append((output, each))
        tasks[label] = (group, found)
    return tasks


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    names = draw(
        st.sampled_from(
            [
                ("skymap", "tract"),
                ("instrument", "visit"),
                ("instrument", "detector"),
                ("band",),
                ("instrument", "detector", "visit"),
                ("skymap", "tract", "patch"),
                ("instrument", "physical_filter"),
            ]
        )
    )
    rows = draw(st.lists(st.sampled_from(survey.iter_rows(names)), min_size=1, max_size=4, unique=True))
    return Constraint(names, tuple(rows), draw(st.sampled_from(list(Mode))))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tasks = draw(pipelines())
    chosen = draw(st.lists(st.sampled_from(survey.COLLECTIONS), min_size=1, max_size=4, unique=True))
    inputs = tuple(dict.fromkeys([*chosen, draw(st.sampled_from(["run/a", "calib/1"])), "run/a"]))
    options: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {},
                {"skip_existing_in": (survey.BEFORE,)},
                {"skip_existing_in": (survey.BEFORE,), "output_run": OUTPUT_RUN, "clobber": True},
                {"output_run": OUTPUT_RUN, "clobber": True},
                {"skip_existing_in": (OUTPUT_RUN, survey.BEFORE), "output_run": OUTPUT_RUN, "clobber": True},
            ]
        )
    )
    names = frozenset().union(*(group for group, _ in tasks.values()))
    constraint = draw(st.one_of(st.none(), constraints()))
    if constraint is not None and not names >= set(constraint.names):
        constraint = None
    return Case(tasks, inputs, constraint, {"output_run": "u/oracle/fresh", **options})


def build_both(butler: Butler, case: Case) -> tuple[Preview, GraphColumns] | None:
    """Build by both; `None` where both refuse, or find nothing."""
    bound = []
    options = dict(case.options)
    if case.constraint is not None:
        one = case.constraint
        bound = [constraint_on(butler, one.mode, one.names, one.rows)]
        options["where"] = one.where
    try:
        stock = build_stock(butler, case.pipeline(), case.inputs, **options)
    except REFUSALS as error:
        note(f"the stock builder refuses: {error!r}")
        with pytest.raises(WorkbenchError):
            build_ours(butler, case.pipeline(), case.inputs, bound, engine="", **case.options)
        return None
    except (KeyError, AssertionError):
        # A defect of the stock builder, not a word on the pipeline.
        reject()
    if not stock.n_quanta:
        try:
            ours = build_ours(butler, case.pipeline(), case.inputs, bound, engine="", **case.options)
        except WorkbenchError:
            return None
        assert not ours.n_quanta
        return None
    return build_ours(butler, case.pipeline(), case.inputs, bound, engine="", **case.options), stock


@settings(max_examples=settings.default.max_examples // 4, suppress_health_check=list(HealthCheck))
@given(cases())
def test_random_pipelines(butler: Butler, case: Case) -> None:
    note(f"{case.inputs} {case.constraint} {case.options}")
    both = build_both(butler, case)
    if both is not None:
        ours, stock = both
        assert_same_graph(ours.columns, stock)
