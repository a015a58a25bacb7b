"""Demand and completeness on a candidate graph made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.graph.toy import make_toy, resolved, visits
from workbench.errors import BindingError
from workbench.graph.binding import UNCUT, bind_constraints
from workbench.graph.closure import Closure, PartialPolicy, Stage, compute_closure, find_roots
from workbench.graph.constraints import Mode, ResolvedConstraint

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


def test_exclusion_upstream_only_is_a_conflict() -> None:
    """Cutting a producer's producer leaves the consumer partial, and says so."""
    closure = close(visits(Mode.EXCLUDE, 1, tasks=["calibrate"]))
    warps, coadds = TOY.nodes_of("warp"), TOY.nodes_of("coadd")
    assert (closure.stage[warps] == Stage.STARVED).sum() == 4
    assert closure.partial[coadds].sum() == 4
    assert kept(closure, "coadd") == 8


@pytest.mark.parametrize(
    ("policy", "n_coadds", "n_partial"),
    [
        (PartialPolicy.DROP, 4, 0),
        (PartialPolicy.ALLOW, 8, 4),
        (PartialPolicy.COMPLETE, 8, 4),
    ],
)
def test_policies_on_partial_coadds(policy: PartialPolicy, n_coadds: int, n_partial: int) -> None:
    closure = close(visits(Mode.EXCLUDE, 1, tasks=["calibrate"]), policy=policy)
    coadds = TOY.nodes_of("coadd")
    assert kept(closure, "coadd") == n_coadds
    assert closure.partial[coadds].sum() == n_partial
    if policy is PartialPolicy.DROP:
        assert (closure.stage[coadds] == Stage.PARTIAL).sum() == 4
        assert not closure.partial.any()


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
    roots = find_roots(TOY, binding)
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
