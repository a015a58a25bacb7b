"""The reader of predicted quantum graph files into columns."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import zstandard
from lsst.pipe.base.pipeline_graph import PipelineGraphReadError, TaskImportMode
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphReader

from workbench.errors import GraphFileError, WorkbenchError
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.file.components import columns_from_components

__all__ = ["opening_graph", "read_graph"]

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
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
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
    with opening_graph(path) as reader:
        reader.read_execution_quanta()
        return columns_from_components(reader.components)


@contextlib.contextmanager
def opening_graph(path: Path) -> Iterator[PredictedQuantumGraphReader]:
    """Open a predicted quantum graph file to read parts of it.

    Parameters
    ----------
    path : `pathlib.Path`
        A ``.qg`` file, by whichever writer.

    Yields
    ------
    reader : `lsst.pipe.base.quantum_graph.PredictedQuantumGraphReader`
        The stock reader.  The classes of the tasks need not be importable,
        as they often are not where a campaign is watched.

    Raises
    ------
    workbench.errors.GraphFileError
        Raised if there is no such file, or if it holds something else; also
        where that shows only inside of the block.
    """
    try:
        _check_addresses(path)
        with PredictedQuantumGraph.open(str(path), import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
            yield reader
    except WorkbenchError:
        raise
    except FileNotFoundError as error:
        raise GraphFileError(f"There is no graph file {path}.") from error
    except _DAMAGE as error:
        raise GraphFileError(
            f"{path} was to be read as a predicted quantum graph, and is none: {error}. Only '.qg' files "
            "that 'workbench graph build' or 'pipetask qgraph' wrote can be read."
        ) from error


def _check_addresses(path: Path) -> None:
    """Refuse tables of addresses that are cut: the stock reader waits for their end for ever."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".addr"):
                continue
            with archive.open(member) as stream:
                width = int.from_bytes(stream.read(1))
                n_rows, n_addresses = (int.from_bytes(stream.read(width)) for _ in range(2))
            # A UUID, an index, and for each address an offset and a size.
            n_bytes = 1 + 2 * width + n_rows * (16 + width + 2 * width * n_addresses)
            if member.file_size < n_bytes:
                raise ValueError(
                    f"{member.filename} has {member.file_size:,} bytes where {n_rows:,} rows need {n_bytes:,}"
                )
