"""Builders that look upstream for too much or too little: `test_spreads` has to fail for each."""

from __future__ import annotations

import pytest
from lsst.daf.butler import Butler, DimensionUniverse

from tests.graph.test_spreads import build, late, made_of
from workbench.errors import BindingError
from workbench.graph.closure import binding
from workbench.graph.proposal import spreads
from workbench.graph.proposal.spreads import Spreads
from workbench.graph.proposal.upstream import Upstream

Patch = pytest.MonkeyPatch


def spread_over_everything(patch: Patch) -> None:
    """Join what a task makes with all records, whatever occurs upstream."""
    patch.setattr(Upstream, "of_task", lambda *_: [])
    patch.setattr(Upstream, "of_inputs", lambda *_: [])


def look_for_tiles(patch: Patch) -> None:
    """Take only those patches that touch a visit of which a tract occurs upstream."""
    patch.setattr(spreads, "_unsaid", lambda _universe, fresh, _near: fresh)


def trust_all_regions(patch: Patch) -> None:
    """Take all observations that touch a tract, as tracts are taken that touch an observation."""

    def unsaid(universe: DimensionUniverse, fresh: frozenset[str], near: frozenset[str]) -> frozenset[str]:
        touched = bool(universe.conform(near).spatial)
        return frozenset() if touched else fresh

    patch.setattr(spreads, "_unsaid", unsaid)


def follow_no_cuts(patch: Patch) -> None:
    patch.setattr(Spreads, "follow", lambda _self, _graph, binding: binding)


def bind_no_outputs(patch: Patch) -> None:
    patch.setattr(binding, "_cut_outputs", lambda *_: False)


SPREAD = {
    "spread over all records": (spread_over_everything, "tracts of visits"),
    "quanta over all records": (spread_over_everything, "quanta of visits"),
    "tiles looked for upstream": (look_for_tiles, "patches that visits touch"),
    "tiles of outputs looked for upstream": (look_for_tiles, "made of patches that visits touch"),
    "visits of all regions": (trust_all_regions, "quanta of visits that touch"),
    "cuts not followed": (follow_no_cuts, "tracts of visits"),
    "quanta not followed": (follow_no_cuts, "quanta of tracts"),
    "outputs not bound": (bind_no_outputs, "with consumers"),
}


@pytest.mark.parametrize("mutation", SPREAD)
def test_spreads_go_red(mutation: str, incomplete_butler: Butler, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, name = SPREAD[mutation]
    tasks = ["products"] if mutation == "outputs not bound" else ["build"]
    constraint = late(incomplete_butler, tasks=tasks)
    right = made_of(build(incomplete_butler, name, constraint).columns)
    mutate(monkeypatch)
    try:
        wrong = made_of(build(incomplete_butler, name, constraint).columns)
    except BindingError:
        assert mutation == "outputs not bound"
        return
    assert wrong != right
