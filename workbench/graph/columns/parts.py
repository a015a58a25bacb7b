"""What a graph in columns is made of: quanta, datasets, the edges between them, datastore records."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from lsst.daf.butler import DimensionGroup

__all__ = [
    "DatasetColumns",
    "DatastoreColumns",
    "EdgeColumns",
    "Mask",
    "QuantumColumns",
    "Rows",
    "Uuids",
    "data_id_schema",
]

Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.int64]
Uuids: TypeAlias = npt.NDArray[np.uint8]


def data_id_schema(dimensions: DimensionGroup) -> dict[str, type[pl.DataType]]:
    """Return the columns of a frame of full data IDs.

    Parameters
    ----------
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the data IDs.

    Returns
    -------
    schema : `dict` [ `str`, `polars.DataType` ]
        Required dimensions, then implied ones, in the order in which quantum
        graph files give values (``data_coordinate_keys``); int64 or string.
    """
    known = dimensions.universe.dimensions
    return {
        name: pl.Int64 if name not in known.names or known[name].primary_key.pytype is int else pl.String
        for name in dimensions.data_coordinate_keys
    }


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class QuantumColumns:
    """The quanta of one task.

    Parameters
    ----------
    data_ids : `polars.DataFrame`
        One row a quantum, with the schema of `data_id_schema`, sorted.  A
        task without dimensions has one quantum and no columns: the number of
        quanta is that of ``uuids``.
    uuids : `numpy.ndarray` of `numpy.uint8`, shape (n_quanta, 16)
        Quantum IDs as bytes.
    """

    data_ids: pl.DataFrame
    uuids: Uuids

    def __len__(self) -> int:
        return len(self.uuids)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class DatasetColumns:
    """The datasets of one type: made in the graph, existing, or both.

    Parameters
    ----------
    data_ids : `polars.DataFrame`
        One row a dataset, with the schema of `data_id_schema`, sorted.  Data
        IDs may repeat, because a calibration is found for a validity range
        that data IDs do not say.
    uuids : `numpy.ndarray` of `numpy.uint8`, shape (n_datasets, 16)
        Dataset IDs as bytes.
    run : `numpy.ndarray` of `numpy.int32`, shape (n_datasets,)
        Index in ``runs``.
    runs : `tuple` [ `str`, ... ]
        Names of RUN collections.
    exists : `numpy.ndarray` of `bool`, shape (n_datasets,), optional
        Which datasets exist already.  Left out, whatever no quantum makes is
        taken to exist.
    """

    data_ids: pl.DataFrame
    uuids: Uuids
    run: npt.NDArray[np.int32]
    runs: tuple[str, ...]
    exists: Mask | None = None

    def __len__(self) -> int:
        return len(self.uuids)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class EdgeColumns:
    """The edges of one connection of one task.

    Parameters
    ----------
    dataset_type : `str`
        Name of the dataset type; the parent's, for a component.
    quantum_row : `numpy.ndarray` of `numpy.int64`, shape (n_edges,)
        Row in the task's `QuantumColumns`.
    dataset_row : `numpy.ndarray` of `numpy.int64`, shape (n_edges,)
        Row in the dataset type's `DatasetColumns`.

    Notes
    -----
    Sorted by quantum row, then dataset row; no pair twice.  As datasets are
    sorted by data ID, that is the order in which the stock builder gives the
    datasets of a quantum.
    """

    dataset_type: str
    quantum_row: Rows
    dataset_row: Rows

    def __len__(self) -> int:
        return len(self.quantum_row)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class DatastoreColumns:
    """Records that one table of one datastore has of existing datasets.

    Parameters
    ----------
    datastore : `str`
        Name of the datastore, such as "FileDatastore@<butlerRoot>".
    record_class : `str`
        Full name of the `StoredDatastoreItemInfo` subclass.
    table : `str`
        Name of the opaque table, such as "file_datastore_records".
    dataset_type : `str`
        Name of the dataset type.
    dataset_row : `numpy.ndarray` of `numpy.int64`, shape (n_records,)
        Row in the type's `DatasetColumns`, sorted; a disassembled composite
        has several records.
    records : `polars.DataFrame`
        One row a record, one column for each key of the record as the
        database has it (``component`` is "__NULL_STRING__", not null).
    """

    datastore: str
    record_class: str
    table: str
    dataset_type: str
    dataset_row: Rows
    records: pl.DataFrame

    def __len__(self) -> int:
        return len(self.dataset_row)
