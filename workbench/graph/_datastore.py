"""Datastore records of a graph's existing inputs: the Butler's own, or as a server tells them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from lsst.daf.butler import Butler, DataCoordinate, DatasetRef
from lsst.daf.butler.datastore.record_data import DatastoreRecordData
from lsst.daf.butler.datastore.stored_file_info import StoredDatastoreItemInfo
from lsst.daf.butler.direct_butler import DirectButler
from lsst.pipe.base.quantum_graph import PredictedDatasetModel
from lsst.utils.introspection import get_full_type_name

from workbench.errors import ConnectionFailedError
from workbench.graph.columns.graph_columns import DatastoreColumns, GraphColumns

__all__ = ["export_datastore_records", "shows_datastore"]

_DATASTORE = "FileDatastore@<butlerRoot>"
_TABLE = "file_datastore_records"
"""What a repository calls its datastore and the table of its records unless it is configured otherwise."""


def shows_datastore(butler: Butler) -> bool:
    """Tell whether a Butler has the datastore's own records.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.

    Returns
    -------
    shown : `bool`
        `False` for one that a server stands before.
    """
    return isinstance(butler, DirectButler)


def export_datastore_records(butler: Butler, columns: GraphColumns) -> GraphColumns:
    """Give a graph the datastore's records of its existing inputs.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Client of the repository.
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        A graph.

    Returns
    -------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        The same with records, those of init-inputs among its init quanta.

    Notes
    -----
    A server tells paths relative to its datastore, and not what the datastore
    is called: its records are right for a repository of the usual
    configuration whose files are in its own root, and whoever executes the
    graph compares them with the repository's (`workbench.campaigns.commits.commit`).
    Without any, where a server does not tell them.
    """
    producers = columns.producers()
    refs: list[DatasetRef] = []
    place: dict[uuid.UUID, tuple[str, int]] = {}
    for name, datasets in columns.datasets.items():
        dataset_type = columns.pipeline_graph.dataset_types[name].dataset_type
        for row in np.flatnonzero(producers[name] < 0).tolist():
            values = datasets.data_ids.row(row) if datasets.data_ids.width else ()
            data_id = DataCoordinate.from_full_values(dataset_type.dimensions, tuple(values))
            found = uuid.UUID(bytes=datasets.uuids[row].tobytes())
            run = datasets.runs[datasets.run[row]]
            refs.append(DatasetRef(dataset_type, data_id, run, id=found, conform=False))
            place[found] = (name, row)
    made = {model.dataset_id for quantum in columns.init_quanta.root for model in _models(quantum.outputs)}
    empty = DataCoordinate.make_empty(butler.dimensions)
    for quantum in columns.init_quanta.root:
        for model in _models(quantum.inputs):
            if model.dataset_id not in made:
                node = columns.pipeline_graph.dataset_types[model.dataset_type_name]
                refs.append(
                    DatasetRef(node.dataset_type, empty, model.run, id=model.dataset_id, conform=False)
                )
    exported = _export(butler, refs)
    for quantum in columns.init_quanta.root:
        ids = {model.dataset_id for model in _models(quantum.inputs)} - made
        quantum.datastore_records = {
            store: chosen.to_simple()
            for store, records in exported.items()
            if ids and (chosen := records.subset(ids)) is not None
        }
    gathered: dict[tuple[str, str, str, str], list[tuple[int, Mapping[str, Any]]]] = {}
    for store, records in exported.items():
        for dataset_id, by_table in records.records.items():
            if dataset_id not in place:
                continue
            name, row = place[dataset_id]
            for table, infos in by_table.items():
                for info in infos:
                    key = (store, get_full_type_name(info), table, name)
                    gathered.setdefault(key, []).append((row, info.to_record()))
    found_columns = []
    for key in sorted(gathered):
        items = sorted(gathered[key], key=lambda item: item[0])
        frame = pl.DataFrame([dict(record) for _, record in items], infer_schema_length=None)
        rows = np.array([row for row, _ in items], dtype=np.int64)
        found_columns.append(DatastoreColumns(*key, rows, frame))
    return dataclasses.replace(columns, datastore_records=tuple(found_columns))


def _models(side: Mapping[str, Sequence[PredictedDatasetModel]]) -> list[PredictedDatasetModel]:
    return [model for models in side.values() for model in models]


def _export(butler: Butler, refs: Sequence[DatasetRef]) -> Mapping[str, DatastoreRecordData]:
    if shows_datastore(butler):
        found: Mapping[str, DatastoreRecordData] = butler._datastore.export_records(refs)
        return found
    try:
        files = butler._file_transfer_source.get_file_info_for_transfer([ref.id for ref in refs])
    except ConnectionFailedError:
        # An older server, or one of another kind of datastore; one that is gone is heard of at the next
        # question.
        return {}
    records: dict[uuid.UUID, dict[str, list[StoredDatastoreItemInfo]]] = {
        found: {_TABLE: [file.file_info for file in some]} for found, some in files.items() if some
    }
    return {_DATASTORE: DatastoreRecordData(records=records)} if records else {}
