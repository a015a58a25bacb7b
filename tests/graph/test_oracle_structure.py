"""The structure of a real pipeline on incomplete inputs, against the stock builder.

Its facts are part of the tests, so that this runs where the real inputs are
not; `tests/graph/test_oracle.py` has whole pipelines.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.real_pipeline import INPUTS, SHARES, fill, inputs_of, thin
from tests.graph.statements import constraint_on
from tests.graph.structure import STEPS, make_structure
from workbench.graph import Mode


@pytest.fixture(scope="module")
def butler(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    """The demonstration, with the inputs of 33 tasks of the real pipeline, and parts of them."""
    root = Path(shutil.copytree(demo_root, tmp_path_factory.mktemp("structure") / "repo"))
    with Butler.from_config(str(root), writeable=True) as butler:
        butler.collections.register("HSC/raw/all")
        whole = set()
        for steps in (STEPS, *((step,) for step in STEPS)):
            graph = make_structure(steps)
            fill(butler, graph)
            whole.update(name for name, node in graph.dataset_types.items() if node.is_prerequisite)
        thin(butler, whole, INPUTS[:1])
    with Butler.from_config(str(root), writeable=False) as butler:
        yield butler


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        *(((step,), share) for step, share in zip(STEPS, SHARES, strict=True)),
        (("measure-visits",), 0.9),
        (("measure-visits",), 0.7),
        (("coadd-tracts",), 0.7),
        (STEPS, 0.9),
    ],
)
def test_structure(butler: Butler, steps: tuple[str, ...], share: float) -> None:
    inputs = inputs_of(share)
    ours = build_ours(butler, make_structure(steps), inputs)
    assert_same_graph(ours.columns, build_stock(butler, make_structure(steps), inputs))
    assert ours.n_quanta


def test_structure_under_constraints(butler: Butler) -> None:
    """A tract and some detectors, as in the where strings that people write."""
    (skymap,) = (record.name for record in butler.query_dimension_records("skymap"))
    constraints = [
        constraint_on(butler, Mode.INCLUDE, ("tract",), [(skymap, 0)], name="tract"),
        constraint_on(butler, Mode.EXCLUDE, ("detector",), [("HSC", 49), ("HSC", 50)], name="chips"),
    ]
    inputs, steps = inputs_of(0.7), STEPS[1:]
    ours = build_ours(butler, make_structure(steps), inputs, constraints)
    where = f"instrument = 'HSC' AND skymap = '{skymap}' AND tract = 0 AND detector NOT IN (49, 50)"
    assert_same_graph(ours.columns, build_stock(butler, make_structure(steps), inputs, where=where))
    assert ours.n_quanta
