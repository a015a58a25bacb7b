"""Demand and completeness on a candidate graph made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.graph.toy import make_toy, resolved, visits
from workbench.errors import BindingError
from workbench.graph.account.causes import Causes
from workbench.graph.closure.binding import UNCUT, bind_constraints
from workbench.graph.closure.closure import Closure, PartialPolicy, Stage, compute_closure
from workbench.graph.closure.demand import find_demand
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint

TOY = make_toy()


def close(*constraints: ResolvedConstraint, policy: PartialPolicy = PartialPolicy.COMPLETE) -> Closure:
    return compute_closure(TOY, bind_constraints(TOY, constraints), policy)


def kept(closure: Closure, label: str) -> int:
    return int(closure.kept[TOY.nodes_of(label)].sum())


def counts(closure: Closure) -> dict[str, int]:
    return {label: kept(closure, label) for label in TOY.tasks}


ALL = {"calibrate": 8, "summarize": 4, "qa": 4, "warp": 12, "coadd": 8, "mosaic": 4, "force": 12}


def test_without_constraints_everything_is_kept() -> None:
    closure = close()
    assert counts(closure) == {
        "calibrate": 8,
        "summarize": 4,
        "qa": 4,
        "warp": 12,
        "coadd": 8,
        "mosaic": 4,
        "force": 12,
    }
    assert not closure.partial.any()
    assert closure.roots == frozenset()


def test_tract_constraint_keeps_whole_visits() -> None:
    """Tract slicing: the coadds of one tract demand whole visits, not slices."""
    tract0 = resolved(Mode.INCLUDE, ("tract",), [("sky", 0)], tasks=["coadd"])
    closure = close(tract0)
    # Visits 1, 2 and 4 touch tract 0; each keeps both detectors, for its summary.
    assert kept(closure, "coadd") == 4
    assert kept(closure, "warp") == 6
    assert kept(closure, "summarize") == 3
    assert kept(closure, "calibrate") == 6
    assert not closure.partial[TOY.nodes_of("summarize")].any()
    # The side branch follows what is there and adds nothing.
    assert kept(closure, "qa") == 3


def test_excluded_inputs_do_not_make_partial() -> None:
    closure = close(visits(Mode.EXCLUDE, 1))
    assert kept(closure, "calibrate") == 6
    assert kept(closure, "warp") == 8
    assert kept(closure, "coadd") == 8
    assert not closure.partial.any()


def test_two_coadds_of_different_visits() -> None:
    """A task whose dimensions lack the visit is cut at its input edges."""
    binding = bind_constraints(TOY, [visits(Mode.INCLUDE, 2, 4, tasks=["coadd"])])
    assert (binding.quantum_cut == UNCUT).all()
    cut = TOY.edges_between("warped", "coadd")
    assert (binding.edge_cut[cut] != UNCUT).sum() == 6
    closure = compute_closure(TOY, binding, PartialPolicy.COMPLETE)
    # Tract 1 has no i-band visit left: those coadds starve, by a constraint.
    assert kept(closure, "coadd") == 6
    starved = TOY.nodes_of("coadd")[closure.stage[TOY.nodes_of("coadd")] == Stage.STARVED]
    assert len(starved) == 2
    assert kept(closure, "warp") == 6
    assert not closure.partial[TOY.nodes_of("coadd")].any()


@pytest.mark.parametrize("policy", PartialPolicy)
def test_what_falls_by_a_constraint_is_excluded_all_the_way_down(policy: PartialPolicy) -> None:
    """A warp whose detectors a constraint took is excluded by it: the coadds without it are whole."""
    binding = bind_constraints(TOY, [visits(Mode.EXCLUDE, 1, tasks=["calibrate"], name="bad")])
    closure = compute_closure(TOY, binding, policy)
    warps = TOY.nodes_of("warp")
    fallen = warps[closure.stage[warps] == Stage.STARVED]
    assert len(fallen) == 4
    assert kept(closure, "coadd") == 8
    assert not closure.partial.any()
    causes = Causes(TOY, binding, closure, closure.stage)
    assert {causes.of_quantum(int(warp)) for warp in fallen} == {"too few inputs left by exclude bad"}
    edges = TOY.edges_between("warped", "coadd")
    assert set(TOY.edge_producer[edges[causes.took(edges)]].tolist()) == set(fallen.tolist())


def test_two_constraints_starve_together() -> None:
    """Each leaves one detector; only both are the cause, and what took nothing that mattered is none."""
    detectors = [
        resolved(Mode.EXCLUDE, ("visit", "detector"), [("Cam", detector, 1)], name=f"d{detector}")
        for detector in (0, 1)
    ]
    other = resolved(Mode.EXCLUDE, ("visit", "detector"), [("Cam", 1, 2)], name="other")
    binding = bind_constraints(TOY, [other, *detectors])
    closure = compute_closure(TOY, binding, PartialPolicy.COMPLETE)
    causes = Causes(TOY, binding, closure, closure.stage)
    (summary,) = TOY.nodes_of("summarize")[closure.stage[TOY.nodes_of("summarize")] == Stage.STARVED]
    assert causes.starved_by(int(summary)) == [1, 2]
    assert causes.of_quantum(int(summary)) == "too few inputs left by exclude d0, exclude d1"
    numbers, causes = causes.starved
    assert causes[:, 0].sum() == 0
    assert len(numbers) == (closure.stage == Stage.STARVED).sum()


def test_missing_is_what_fell_for_want_of_demand() -> None:
    """The detectors of a visit that the coadds do not take, below them: nobody cut them."""
    best = visits(Mode.INCLUDE, 2, 3, 4, tasks=["coadd"])
    closure = close(best, policy=PartialPolicy.ALLOW)
    makers = TOY.edge_producer[closure.missing_edge]
    assert len(makers)
    assert (closure.stage[makers] == Stage.NOT_DEMANDED).all()
    assert {TOY.task_of(int(maker)) for maker in makers} == {"calibrate"}
    dropped = close(best, policy=PartialPolicy.DROP)
    assert not dropped.partial.any()
    assert (dropped.stage == Stage.PARTIAL).any()


def test_downstream_completion_grows_upstream() -> None:
    """A consumer below the roots gets all of its inputs, and growth is counted."""
    one_patch = resolved(Mode.INCLUDE, ("patch",), [("sky", 0, 0)], tasks=["warp"])
    full = close(one_patch)
    assert kept(full, "warp") == 3
    assert kept(full, "force") >= 5
    drop = close(one_patch, policy=PartialPolicy.DROP)
    assert full.growth >= drop.growth == 1.0


def test_include_names_a_root_even_upstream() -> None:
    """Calibration of more visits than are coadded: both are asked for."""
    closure = close(
        visits(Mode.INCLUDE, 1, 2, 3, tasks=["calibrate"]), visits(Mode.INCLUDE, 2, tasks=["coadd"])
    )
    assert closure.roots == {"calibrate", "coadd"}
    assert kept(closure, "calibrate") == 6
    assert kept(closure, "warp") == 2


def test_graph_scope_demands_what_feels_most() -> None:
    tract = resolved(Mode.INCLUDE, ("tract",), [("sky", 0)])
    chosen = visits(Mode.INCLUDE, 1, 2, 3)
    binding = bind_constraints(TOY, [chosen, tract])
    roots = find_demand(TOY, binding, frozenset(TOY.tasks)).roots
    assert "qa" not in roots
    assert not roots & {"calibrate", "summarize", "warp"}
    closure = compute_closure(TOY, binding, PartialPolicy.COMPLETE)
    # Visit 3 touches tract 1 alone.
    assert kept(closure, "summarize") == 2


def test_conjuncts_take_the_blame_in_order() -> None:
    first = visits(Mode.EXCLUDE, 1, name="first")
    second = visits(Mode.EXCLUDE, 1, 2, name="second")
    binding = bind_constraints(TOY, [first, second])
    cut = binding.quantum_cut[TOY.nodes_of("summarize")]
    assert np.bincount(cut + 1).tolist() == [2, 1, 1]


def test_unbound_constraint_names_the_nearest_task() -> None:
    with pytest.raises(BindingError, match=r"binds to nothing.*nearest task that it could bind is 'coadd'"):
        close(visits(Mode.INCLUDE, 1, tasks=["mosaic"]))
    with pytest.raises(BindingError, match=r"No task of the pipeline has them"):
        close(resolved(Mode.INCLUDE, ("subfilter",), [("i", 1)]))


def test_dataset_type_scope_cuts_edges_to_consumers() -> None:
    closure = close(visits(Mode.EXCLUDE, 1, dataset_type="warped"))
    assert kept(closure, "coadd") == 8
    assert not closure.partial[TOY.nodes_of("coadd")].any()
    # Nothing needs the warps of visit 1 any more.
    assert kept(closure, "warp") == 8
    assert kept(closure, "summarize") == 4


def test_task_named_by_an_exclusion_keeps_the_rest() -> None:
    """One coadd of chosen visits, one of all but some: neither starves the other."""
    force = visits(Mode.INCLUDE, 2, tasks=["qa"])
    closure = close(force, visits(Mode.EXCLUDE, 1, tasks=["coadd"]))
    assert closure.roots == {"qa", "coadd"}
    assert kept(closure, "coadd") == 8
    assert kept(closure, "qa") == 1
    assert kept(closure, "warp") == 8


def test_task_that_only_serves_a_root_is_not_demanded() -> None:
    tract0 = resolved(Mode.INCLUDE, ("tract",), [("sky", 0)], tasks=["coadd"])
    closure = close(tract0, visits(Mode.EXCLUDE, 1, tasks=["warp", "coadd"]))
    assert closure.roots == {"coadd"}
    assert kept(closure, "warp") == 4
