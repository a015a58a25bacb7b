"""The writer of predicted quantum graph files.

The file is the one that `lsst.pipe.base.quantum_graph` documents and reads
(format version 1): a zip of zstandard frames, with one frame a quantum and a
table of addresses.  Text is made from columns in bulk, span by span, so that
the memory this takes does not grow with the file.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl
import zstandard
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from lsst.pipe.base.quantum_graph import FORMAT_VERSION, HeaderModel

from workbench.errors import GraphBuildError
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.file.atomic import replacing
from workbench.graph.file.components import components_from_columns
from workbench.graph.file.member_text import iter_dimension_text, iter_thin_text, thin_edges
from workbench.graph.file.quantum_text import Span, iter_spans, quantum_texts
from workbench.presentation import presented
from workbench.progress import Progress, silent

__all__ = ["GraphSize", "measure_graph", "write_graph"]

_FORMAT_VERSION = 1
_INT_SIZE = 8
_LEVEL = 3
_DICTIONARY_SIZE = 32768
_FEWEST_FOR_DICTIONARY = 512  # as the stock writer has it: fewer give no dictionary worth its size
_N_SAMPLES = 1024
_LONGEST_SAMPLE = 16384
_KEPT = 1 << 26
"""Bytes of a member's text that are kept rather than made a second time."""
_N_MEASURED = 20_000
"""Quanta up to which a graph is measured whole, in about a second."""
_N_SAMPLE = 256
"""Quanta of one span whose size stands for the span's."""
_ROW = np.dtype([("uuid", ">u8", (2,)), ("index", ">u8"), ("offset", ">u8"), ("size", ">u8")])


def write_graph(columns: GraphColumns, path: Path, *, progress: Progress = silent) -> None:
    """Write a graph to a file that the stock tools read.  Writes.

    Parameters
    ----------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.
    path : `pathlib.Path`
        Ends in ``.qg``; replaced if it exists.  Missing directories are made.
    progress : `~workbench.progress.Progress`, optional
        Told the fraction of quanta written; may cancel.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if the columns contradict each other.
    workbench.errors.GraphFileError
        Raised if the file cannot be written.
    workbench.errors.OperationCancelledError
        Raised if ``progress`` cancelled.

    Notes
    -----
    All or nothing: the file appears complete and flushed under its name, or
    what was there stays.  Equal columns, header included, give equal bytes.
    Where the installed release has another format version than this module
    knows, its own writer is used, which is slower and holds the whole graph
    as objects.
    """
    if path.suffix != ".qg":
        raise GraphBuildError(f"A graph file was to be called {path.name!r}; its name has to end in '.qg'.")
    columns.check()
    progress("writing the graph file", 0.0)
    with replacing(path) as stream:
        if FORMAT_VERSION != _FORMAT_VERSION:
            _write_as_stock(columns, stream, progress)
        else:
            with zipfile.ZipFile(stream, mode="w", compression=zipfile.ZIP_STORED) as archive:
                _write_members(archive, columns, progress)
    progress("writing the graph file", 1.0)


@presented
@dataclass(frozen=True, slots=True)
class GraphSize:
    """Size of a graph file that is not written yet.

    Parameters
    ----------
    n_bytes : `int`
        Size in bytes.
    measured : `bool`
        Whether it was measured whole; otherwise it is estimated from a
        sample of the quanta.
    """

    n_bytes: int
    measured: bool


def measure_graph(columns: GraphColumns, *, n_measured: int = _N_MEASURED) -> GraphSize:
    """Find out how large the file of a graph will be.

    Parameters
    ----------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.
    n_measured : `int`, optional
        Quanta up to which the file is made, in a temporary place, rather
        than estimated.

    Returns
    -------
    size : `GraphSize`
        Writes nothing that stays.
    """
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "measured.qg"
        if columns.n_quanta <= n_measured or FORMAT_VERSION != _FORMAT_VERSION:
            write_graph(columns, path)
            return GraphSize(path.stat().st_size, measured=True)
        with path.open("wb") as stream:
            with zipfile.ZipFile(stream, mode="w", compression=zipfile.ZIP_STORED) as archive:
                spans, compressor = _write_small_members(archive, columns)
            written = path.stat().st_size
    frames = 0.0
    for span in spans:
        sample = Span(span.label, span.begin, min(span.begin + _N_SAMPLE, span.end))
        _, sizes = _compress(compressor, quantum_texts(columns, sample))
        frames += float(sizes.mean()) * len(span)
    return GraphSize(written + round(frames) + columns.n_quanta * _ROW.itemsize, measured=False)


def _write_as_stock(columns: GraphColumns, stream: BinaryIO, progress: Progress) -> None:
    progress(f"writing the graph file in format {FORMAT_VERSION}, with the slower stock writer")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "stock.qg"
        components_from_columns(columns).write(str(path))
        with path.open("rb") as written:
            shutil.copyfileobj(written, stream)


def _write_members(archive: zipfile.ZipFile, columns: GraphColumns, progress: Progress) -> None:
    spans, compressor = _write_small_members(archive, columns)
    addresses = _write_quanta(archive, columns, spans, compressor, progress)
    archive.writestr(_entry("quanta.addr"), _pack_addresses(addresses))


def _write_small_members(
    archive: zipfile.ZipFile, columns: GraphColumns
) -> tuple[list[Span], zstandard.ZstdCompressor]:
    """Write all but the frames of the quanta; return how those are to be made."""
    spans = list(iter_spans(columns))
    dictionary = _train(columns, spans)
    compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary)

    def write_block(name: str, text: str) -> None:
        archive.writestr(_entry(f"{name}.json.zst"), compressor.compress(text.encode()))

    write_block("header", _fill_header(columns).model_dump_json())
    if dictionary is not None:
        archive.writestr(_entry("compression_dict"), dictionary.as_bytes())
    pipeline = SerializedPipelineGraph.serialize(columns.pipeline_graph)
    write_block("pipeline_graph", pipeline.model_dump_json())
    edges = thin_edges(columns)
    _write_pieces(archive, "thin_graph", compressor, lambda: iter_thin_text(columns, edges))
    _write_pieces(archive, "dimension_data", compressor, lambda: iter_dimension_text(columns))
    write_block("init_quanta", columns.init_quanta.model_dump_json())
    return spans, compressor


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry without the time of day, so that equal content gives equal bytes."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16
    return entry


def _fill_header(columns: GraphColumns) -> HeaderModel:
    return columns.header.model_copy(
        update={
            "version": _FORMAT_VERSION,
            "graph_type": "predicted",
            "int_size": _INT_SIZE,
            "n_quanta": columns.n_quanta,
            "n_datasets": columns.n_datasets,
            "n_task_quanta": columns.n_quanta_by_task,
        }
    )


def _train(columns: GraphColumns, spans: list[Span]) -> zstandard.ZstdCompressionDict | None:
    """Train a compression dictionary on some quanta of every task."""
    if columns.n_quanta < _FEWEST_FOR_DICTIONARY:
        return None
    samples: list[bytes | bytearray | memoryview[int]] = []
    for label, quanta in columns.quanta.items():
        own = [span for span in spans if span.label == label]
        wanted = max(_N_SAMPLES * len(quanta) // columns.n_quanta, _N_SAMPLES // 64)
        for span in own[:: max(len(own) // 8, 1)]:
            n = max(wanted // min(len(own), 8), 1)
            some = Span(label, span.begin, min(span.begin + n, span.end))
            samples += [text[:_LONGEST_SAMPLE].encode() for text in quantum_texts(columns, some)]
    try:
        return zstandard.train_dictionary(_DICTIONARY_SIZE, samples, level=_LEVEL)
    except zstandard.ZstdError:
        # Too few or too equal samples: a dictionary would not help.
        return None


def _write_pieces(
    archive: zipfile.ZipFile,
    name: str,
    compressor: zstandard.ZstdCompressor,
    make: Callable[[], Iterator[bytes]],
) -> None:
    """Write a member as one frame, with the size that readers want at its beginning."""
    kept: list[bytes] = []
    size = 0
    for piece in make():
        size += len(piece)
        if size <= _KEPT:
            kept.append(piece)
        else:
            kept.clear()
    pieces: Iterable[bytes] = kept if size <= _KEPT else make()
    frame = compressor.compressobj(size=size)
    with archive.open(_entry(f"{name}.json.zst"), mode="w", force_zip64=True) as stream:
        for piece in pieces:
            stream.write(frame.compress(piece))
        stream.write(frame.flush())


def _write_quanta(
    archive: zipfile.ZipFile,
    columns: GraphColumns,
    spans: list[Span],
    compressor: zstandard.ZstdCompressor,
    progress: Progress,
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Write the frames of all quanta; return their addresses."""
    n, done, position = columns.n_quanta, 0, 0
    addresses = np.zeros(n, dtype=_ROW)
    with archive.open(_entry("quantum_datasets.mb"), mode="w", force_zip64=True) as stream:
        for span in spans:
            progress("writing the graph file", done / n)
            block, sizes = _compress(compressor, quantum_texts(columns, span))
            stream.write(block)
            rows = addresses[done : done + len(span)]
            rows["uuid"] = columns.quanta[span.label].uuids[span.begin : span.end].view(">u8")
            rows["size"] = sizes
            rows["offset"] = position + np.cumsum(sizes) - sizes
            done += len(span)
            position += len(block)
    return addresses


def _compress(compressor: zstandard.ZstdCompressor, texts: pl.Series) -> tuple[bytes, npt.NDArray[np.int64]]:
    """Compress texts into frames, each after its length; return them and their sizes."""
    array = texts.rechunk().to_arrow()
    _, offset_buffer, content = array.buffers()
    assert offset_buffer is not None, "a series of strings has offsets"
    assert content is not None, "a series of strings has content"
    offsets = np.frombuffer(memoryview(offset_buffer), dtype=np.int64)[: len(array) + 1]
    segments = np.stack([offsets[:-1], np.diff(offsets)], axis=1).astype(np.uint64)
    frames = compressor.multi_compress_to_buffer(
        zstandard.BufferWithSegments(memoryview(content), segments.tobytes()), threads=2
    )
    pieces: list[bytes] = []
    for number in range(len(frames)):
        frame = frames[number]
        pieces += (len(frame).to_bytes(_INT_SIZE, "big"), frame.tobytes())
    sizes = np.fromiter(map(len, pieces[1::2]), dtype=np.int64, count=len(array)) + _INT_SIZE
    return b"".join(pieces), sizes


def _pack_addresses(addresses: np.ndarray[tuple[int], np.dtype[np.void]]) -> bytes:
    """Return the address table: a header, then rows sorted by UUID."""
    order = np.lexsort((addresses["uuid"][:, 1], addresses["uuid"][:, 0]))
    table = addresses[order]
    same = (table["uuid"][1:] == table["uuid"][:-1]).all(axis=1)
    if same.any():
        raise GraphBuildError(
            f"{int(same.sum())} quanta share their UUID with another; this is a defect of what built the "
            "graph. Nothing was written."
        )
    table["index"] = np.arange(len(table))
    header = bytes([_INT_SIZE]) + len(table).to_bytes(_INT_SIZE, "big") + (1).to_bytes(_INT_SIZE, "big")
    return header + table.tobytes()
