"""Compare real pipelines with the stock builder, in a process with a hash seed of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from lsst.daf.butler import Butler, ButlerUserError
from lsst.pipe.base import ScalarError
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilderError

import workbench as wb
from tests.graph.oracle import build_ours, build_stock, iter_differences
from tests.graph.real_pipeline import SHARES, RealPipeline, inputs_of
from workbench.errors import BindingError, WorkbenchError
from workbench.graph import Constraint, Mode, Scope, resolve_expression

_REFUSALS = (QuantumGraphBuilderError, ButlerUserError, ScalarError, FileNotFoundError)


def compare(real: RealPipeline, name: str, share: float, where: str) -> str:
    """Return "equal", "refused" by both, "not bound" by ours, or what differs."""
    pipeline, inputs = real.graph(*name.split(":")), inputs_of(share)
    with Butler.from_config(str(real.root), writeable=False) as butler:
        try:
            stock = build_stock(butler, pipeline, inputs, where=where)
        except _REFUSALS:
            stock = None
        try:
            ours = build_ours(butler, pipeline, inputs, resolve(real, pipeline.tasks, where), engine="")
        except BindingError:
            return "not bound"
        except WorkbenchError as error:
            return "refused" if stock is None or not stock.n_quanta else f"refused by ours: {error}"
        if stock is None:
            return "refused by the stock builder alone"
        return "; ".join(iter_differences(ours.columns, stock)) or "equal"


def resolve(real: RealPipeline, labels: object, where: str) -> tuple[object, ...]:
    """Give a where string to our builder, whose governors stand in it as they do in the stock builder's."""
    if not where:
        return ()
    bench = wb.open(real.root, read_only=True)
    constraint = Constraint(where, Mode.INCLUDE, Scope.GRAPH, where=where)
    return tuple(resolve_expression(bench.registry, constraint, frozenset(labels)))


def main(root: str, graphs: str, wheres: str, *names: str) -> int:
    """Compare every graph with each share of the inputs and each where string."""
    real = RealPipeline(Path(root), Path(graphs))
    failures = 0
    for share in SHARES:
        for where in wheres.split("|"):
            for name in names:
                verdict = compare(real, name, share, where)
                failures += verdict not in ("equal", "refused", "not bound")
                print(f"{name} {share} {where!r}: {verdict}", flush=True)
    return failures


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 1))
