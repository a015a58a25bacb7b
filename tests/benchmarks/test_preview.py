"""How long a preview takes beside the stock builder, on a simulated survey."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder

from workbench.demo import PIPELINE, create_repository
from workbench.graph import GraphRequest, build_preview

N_VISITS = int(os.environ.get("WORKBENCH_BENCH_VISITS", "20"))
INPUTS = ("SimCam/defaults",)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a simulated survey of `N_VISITS` visits of 189 detectors."""
    root = tmp_path_factory.mktemp("survey") / "repo"
    create_repository(root, survey=N_VISITS)
    return root


@pytest.mark.bench
def test_preview_beside_the_stock_builder(survey: Path, record_property: pytest.RecordProperty) -> None:
    pipeline = Pipeline.from_uri(PIPELINE)
    with Butler.from_config(str(survey), writeable=False) as butler:
        start = time.process_time()
        builder = AllDimensionsQuantumGraphBuilder(
            pipeline.to_graph(), butler, input_collections=INPUTS, output_run="bench/stock"
        )
        stock = builder.finish(output="bench")
        stock_seconds = time.process_time() - start

        start = time.process_time()
        request = GraphRequest(pipeline.to_graph(), INPUTS, output="bench", output_run="bench/ours")
        preview = build_preview(butler, request, ())
        our_seconds = time.process_time() - start

    print(
        f"\n{N_VISITS} visits, {preview.n_quanta} quanta: stock {stock_seconds:.1f} s of CPU, "
        f"preview {our_seconds:.1f} s, ratio {stock_seconds / our_seconds:.2f}"
    )
    record_property("ratio", stock_seconds / our_seconds)
    assert preview.n_quanta == stock.header.n_quanta
