"""The extension tables that hold what ran.

``runs`` writes them from provenance graphs; this package only reads them.
Their rows stand for nodes and edges of graphs, not for data IDs, so no
``where`` expression names them.
"""

from __future__ import annotations

import pyarrow as pa

from workbench.registry import Column, TableDeclaration

__all__ = ["PROVENANCE_TABLES", "PROV_DATASET", "PROV_INPUT", "PROV_QUANTUM", "make_schema"]

_COMMIT = Column("commit_id", "str", doc="Commit whose graph this belongs to", nullable=False)

PROV_QUANTUM = TableDeclaration(
    name="prov_quantum",
    columns=(
        _COMMIT,
        Column("quantum_id", "uuid", doc="UUID of the quantum", nullable=False),
        Column("task", "str", doc="Task label", nullable=False),
        Column("data_id", "json", doc="Data ID with implied dimensions", nullable=False),
        Column(
            "status",
            "str",
            doc="successful, failed, blocked (by a failure upstream), aborted, aborted_success or unknown; "
            "of the last attempt (lsst.pipe.base.QuantumAttemptStatus)",
            nullable=False,
        ),
        Column("caveats", "str", doc="Caveats on a success, joined by '|'", nullable=False),
        Column("exception", "str", doc="Type and message of the exception that ended the last attempt"),
        Column("n_attempts", "int", doc="Attempts to run it; 0 if blocked", nullable=False),
        Column("host", "str", doc="Name of the machine of the last attempt"),
        Column("started", "time", "d", doc="Begin of the last attempt, MJD TAI"),
        Column("ended", "time", "d", doc="End of the last attempt, MJD TAI"),
        Column("cpu_time", "float", "s", doc="CPU time of the last attempt"),
        Column("memory", "float", "byte", doc="Peak memory of the process that ran the last attempt"),
    ),
    key=("commit_id", "quantum_id"),
    current="latest",
    doc="Quanta of committed graphs, and what became of them",
    visible=False,
)

PROV_DATASET = TableDeclaration(
    name="prov_dataset",
    columns=(
        _COMMIT,
        Column("dataset_id", "uuid", doc="UUID of the dataset", nullable=False),
        Column("dataset_type", "str", nullable=False),
        Column("data_id", "json", doc="Data ID with implied dimensions", nullable=False),
        Column("run", "str", doc="RUN collection", nullable=False),
        Column("producer", "uuid", doc="Quantum that was to produce it; NULL for an overall input"),
        Column("connection", "str", doc="Output connection of its producer; automatic if it begins with '_'"),
        Column(
            "produced",
            "bool",
            doc="Whether it existed when the run was aggregated; a later removal does not show here",
            nullable=False,
        ),
    ),
    key=("commit_id", "dataset_id"),
    current="latest",
    doc="Datasets that quanta of committed graphs consumed and produced",
    visible=False,
)

PROV_INPUT = TableDeclaration(
    name="prov_input",
    columns=(
        _COMMIT,
        Column("quantum_id", "uuid", nullable=False),
        Column("dataset_id", "uuid", nullable=False),
        Column("connection", "str", doc="Input connection of the task", nullable=False),
        Column("available", "bool", doc="Whether the dataset existed", nullable=False),
        Column(
            "used",
            "bool",
            doc="Whether the quantum's outputs were made with it; NULL if it failed and so left no word",
        ),
    ),
    key=("commit_id", "quantum_id", "dataset_id", "connection"),
    current="latest",
    doc="Inputs that committed graphs predicted for their quanta, and what became of each",
    visible=False,
)

PROVENANCE_TABLES = (PROV_QUANTUM, PROV_DATASET, PROV_INPUT)

_ARROW_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "float": pa.float64(),
    "int": pa.int64(),
    "json": pa.string(),
    "str": pa.string(),
    "time": pa.float64(),
    "uuid": pa.string(),
}


def make_schema(declaration: TableDeclaration) -> pa.Schema:
    """Make the schema of a provenance table's rows.

    Parameters
    ----------
    declaration : `~workbench.registry.TableDeclaration`
        One of `PROVENANCE_TABLES`.

    Returns
    -------
    schema : `pyarrow.Schema`
        The declared columns, without those that the database adds.
    """
    return pa.schema([pa.field(column.name, _ARROW_TYPES[column.type]) for column in declaration.columns])
