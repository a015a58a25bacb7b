"""Give a graph file the datastore records of the repository in which it is executed.

Only the standard library and ``lsst`` are imported here, because the source of
this file is a part of the scripts that commits leave.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from lsst.daf.butler import Butler


def prepare_graph(butler: Butler, script: str, name: str, digest: str) -> None:
    """Compare a graph's datastore records with the repository's; attach them to a copy if they differ.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository in which the graph will be executed.
    script : `str`
        File beside which the graph file is.
    name, digest : `str`
        Name of the graph file, and its SHA-256 in hex.
    """
    graph = Path(script).resolve().with_name(name)
    if not graph.is_file():
        print(f"Put the graph file {name} beside this script and run it again, before the graph is executed.")
        return
    if hashlib.sha256(graph.read_bytes()).hexdigest() != digest:
        raise SystemExit(f"{graph} is not the file that was committed; get that one, and run this again.")
    attached = attach_records(butler, graph)
    print("To execute it:")
    for command in ("pre-exec-init-qbb", "run-qbb"):
        print(f"    pipetask {command} REPOSITORY {attached or graph}")


def attach_records(butler: Butler, graph: Path) -> Path | None:
    """Attach datastore records to a copy of a graph, where it has others than the repository.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository in which the graph will be executed.
    graph : `pathlib.Path`
        A predicted graph file; stays as it is.

    Returns
    -------
    attached : `pathlib.Path` or `None`
        The copy, beside it; `None` if none is needed.
    """
    from lsst.daf.butler.datastore.record_data import DatastoreRecordData
    from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

    with PredictedQuantumGraph.open(str(graph)) as reader:
        reader.read_all()
        components = reader.components
    quanta = [*components.init_quanta.root, *components.quantum_datasets.values()]
    made = {ref.dataset_id for quantum in quanta for refs in quantum.outputs.values() for ref in refs}
    read = [{ref.dataset_id for refs in one.inputs.values() for ref in refs} - made for one in quanta]
    inputs = butler.get_many_datasets(set().union(*read))
    exported = butler._datastore.export_records(inputs)
    differs = False
    for quantum, ids in zip(quanta, read, strict=True):
        wanted = {
            store: chosen
            for store, records in exported.items()
            if ids and (chosen := records.subset(ids)) is not None
        }
        held = {
            store: DatastoreRecordData.from_simple(records)
            for store, records in quantum.datastore_records.items()
        }
        if {store: data.records for store, data in held.items()} != {
            store: data.records for store, data in wanted.items()
        }:
            differs = True
            quantum.datastore_records = {store: data.to_simple() for store, data in wanted.items()}
    if not differs:
        return None
    attached = graph.with_name(f"{graph.stem}.attached.qg")
    components.write(str(attached))
    return attached
