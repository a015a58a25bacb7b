"""The reader of predicted quantum graph files into columns."""

from __future__ import annotations

import zipfile
from pathlib import Path

import zstandard
from lsst.pipe.base.pipeline_graph import PipelineGraphReadError, TaskImportMode
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from workbench.errors import GraphFileError
from workbench.graph.columns import GraphColumns
from workbench.graph.components import columns_from_components

__all__ = ["read_graph"]

_DAMAGE = (
    ValueError,  # what pydantic raises, too
    TypeError,
    LookupError,
    EOFError,
    OSError,
    RuntimeError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    PipelineGraphReadError,
)
"""What the stock reader raises for files that are torn, damaged or something else."""


def read_graph(path: Path) -> GraphColumns:
    """Read a predicted quantum graph file.

    Parameters
    ----------
    path : `pathlib.Path`
        A ``.qg`` file, by whichever writer.

    Returns
    -------
    columns : `~workbench.graph.columns.GraphColumns`
        All of the graph.  Its tasks need not be importable.

    Raises
    ------
    workbench.errors.GraphFileError
        Raised if there is no such file, or if it holds something else.

    Notes
    -----
    The stock reader reads it, so that any format is read that the installed
    release knows; this holds the whole graph as objects for a while.
    """
    try:
        with PredictedQuantumGraph.open(str(path), import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
            reader.read_execution_quanta()
            return columns_from_components(reader.components)
    except FileNotFoundError as error:
        raise GraphFileError(f"There is no graph file {path}.") from error
    except _DAMAGE as error:
        raise GraphFileError(
            f"{path} was to be read as a predicted quantum graph, and is none: {error}. Only '.qg' files "
            "that 'workbench graph build' or 'pipetask qgraph' wrote can be read."
        ) from error
