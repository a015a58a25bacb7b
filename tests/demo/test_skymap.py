"""Sky maps in rings."""

from __future__ import annotations

import dataclasses

import pytest
from lsst.sphgeom import CONTAINS, DISJOINT, UnitVector3d

from workbench.demo.observations import read_hsc_observations
from workbench.demo.skymap import COSMOS_RINGS, make_survey_rings


def test_patches_tile_their_tract() -> None:
    for tract in range(COSMOS_RINGS.n_tracts):
        region = COSMOS_RINGS.tract_region(tract)
        patches = list(COSMOS_RINGS.iter_patches(tract))
        assert [patch for patch, *_ in patches] == list(range(4))
        assert {(x, y) for _, x, y, _ in patches} == {(0, 0), (1, 0), (0, 1), (1, 1)}
        center = region.getCentroid()
        for *_, patch_region in patches:
            # A patch shares its outer edges with the tract: step inside, away from rounding.
            inside = [UnitVector3d(vertex + center * 1e-9) for vertex in patch_region.getVertices()]
            assert all(region.contains(vertex) for vertex in inside)
        assert any(patch_region.contains(center) for *_, patch_region in patches)


def test_neighbouring_tracts_overlap() -> None:
    regions = [COSMOS_RINGS.tract_region(tract) for tract in range(COSMOS_RINGS.n_tracts)]
    for one in regions:
        for other in regions:
            assert not one.relate(other) & DISJOINT


def test_every_detector_of_every_visit_is_covered() -> None:
    patches = [
        region for tract in range(COSMOS_RINGS.n_tracts) for *_, region in COSMOS_RINGS.iter_patches(tract)
    ]
    for observation in read_hsc_observations():
        for outline in observation.outlines.values():
            assert not any(outline.relate(patch) & CONTAINS for patch in patches)
            for vertex in outline.getVertices():
                assert any(patch.contains(vertex) for patch in patches)


def test_hash_tells_maps_apart() -> None:
    assert COSMOS_RINGS.hash == dataclasses.replace(COSMOS_RINGS).hash
    assert COSMOS_RINGS.hash != dataclasses.replace(COSMOS_RINGS, border=0.006).hash


@pytest.mark.parametrize(("width", "n_columns"), [(0.1, 1), (1.5, 1), (1.6, 2), (6.0, 4)])
def test_survey_map_is_wide_enough(width: float, n_columns: int) -> None:
    skymap = make_survey_rings("rings", 40.0, -37.0, width, 1.0)
    assert (skymap.n_rings, skymap.n_columns) == (1, n_columns)
