"""Dataset IDs and runs of everything in a candidate graph, given when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.columns.graph_columns import Mask, Rows, Uuids
from workbench.graph.columns.uuids import UuidMint

__all__ = ["Identities", "read_uuids"]


class Identities:
    """Gives each dataset its ID and its RUN collection.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The datasets.
    table_of : `~collections.abc.Callable`
        Gives the table whose rows are the sources of an overall input.
    output_run : `str`
        RUN collection of what is new.
    mint : `~workbench.graph.columns.uuids.UuidMint`
        Makes the IDs of what is new.
    """

    def __init__(
        self,
        graph: CandidateGraph,
        table_of: Callable[[str], pa.Table],
        output_run: str,
        mint: UuidMint,
    ):
        self._graph = graph
        self._table_of = table_of
        self._output_run = output_run
        self._mint = mint
        self._made: dict[str, tuple[Uuids, npt.NDArray[np.int32], tuple[str, ...]]] = {}
        self._existing: Mapping[str, pa.Table] = {}
        self._existing_row: Rows | None = None

    def use_existing(self, tables: Mapping[str, pa.Table], row: Rows) -> None:
        """Take the IDs of some outputs from datasets that exist.

        Parameters
        ----------
        tables : `~collections.abc.Mapping` [ `str`, `pyarrow.Table` ]
            By dataset type.
        row : `numpy.ndarray` of `numpy.int64`, shape (n_datasets,)
            Row of the type's table, or -1.
        """
        self._existing, self._existing_row = tables, row

    def exists(self, name: str) -> Mask:
        """Tell which datasets of a type exist already.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        exists : `numpy.ndarray` of `bool`, shape (n,)
            Overall inputs, and outputs that `use_existing` told of.
        """
        span = self._graph.dataset_span(name)
        exists = self._graph.source[span] >= 0
        return exists if self._existing_row is None else exists | (self._existing_row[span] >= 0)

    def of(self, name: str) -> tuple[Uuids, npt.NDArray[np.int32], tuple[str, ...]]:
        """Return IDs and runs of the datasets of a type.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        uuids : `numpy.ndarray` of `numpy.uint8`, shape (n, 16)
            The same whenever they are asked for; zero for an overall input
            that does not exist.
        run : `numpy.ndarray` of `numpy.int32`, shape (n,)
            Index in ``runs``.
        runs : `tuple` [ `str`, ... ]
            Names of RUN collections.
        """
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def runs_made_by(self, quanta: Rows, name: str) -> tuple[str, ...]:
        """Return the RUN of the one dataset of a type that each of some quanta makes.

        Parameters
        ----------
        quanta : `numpy.ndarray` of `numpy.int64`
            Numbers of quanta of the task that makes the type.
        name : `str`
            Dataset type name, such as that of the task's metadata.

        Returns
        -------
        runs : `tuple` [ `str`, ... ]
            One for each quantum.
        """
        _, run, runs = self.of(name)
        makers = self._graph.producer[self._graph.dataset_span(name)]
        order = np.argsort(makers, kind="stable")
        rows = order[np.searchsorted(makers[order], quanta)]
        return tuple(runs[place] for place in run[rows].tolist())

    def _make(self, name: str) -> tuple[Uuids, npt.NDArray[np.int32], tuple[str, ...]]:
        span = self._graph.dataset_span(name)
        if self._graph.dataset_types[name].producer is None:
            rows = self._graph.source[span]
            return self._read(self._table_of(name), rows)
        n_rows = span.stop - span.start
        uuids = self._mint.mint(n_rows)
        run = np.zeros(n_rows, dtype=np.int32)
        runs: tuple[str, ...] = (self._output_run,)
        if self._existing_row is not None and (self._existing_row[span] >= 0).any():
            rows = self._existing_row[span]
            found = np.flatnonzero(rows >= 0)
            known, places, names = self._read(self._existing[name], rows[found])
            uuids[found] = known
            runs = (self._output_run, *names)
            run[found] = places + 1
        return uuids, run, runs

    @staticmethod
    def _read(table: pa.Table, rows: Rows) -> tuple[Uuids, npt.NDArray[np.int32], tuple[str, ...]]:
        everything = read_uuids(table)
        names = pl.Series(table["run"].cast(pa.string()), dtype=pl.String)
        runs = names.unique().sort()
        if not len(table):
            return np.zeros((len(rows), 16), np.uint8), np.zeros(len(rows), np.int32), ("",)
        places = runs.search_sorted(names).to_numpy().astype(np.int32)
        at = np.maximum(rows, 0)
        uuids = everything[at]
        uuids[rows < 0] = 0
        return uuids, places[at], tuple(runs)


def read_uuids(table: pa.Table) -> Uuids:
    """Read the dataset IDs of a table.

    Parameters
    ----------
    table : `pyarrow.Table`
        With ``dataset_id``, of 16 bytes each.

    Returns
    -------
    uuids : `numpy.ndarray` of `numpy.uint8`, shape (n, 16)
        Bytes in network order.
    """
    parts = [np.empty((0, 16), dtype=np.uint8)]
    for chunk in table["dataset_id"].chunks:
        data = np.frombuffer(memoryview(chunk.buffers()[1] or b""), dtype=np.uint8)
        parts.append(data[chunk.offset * 16 : (chunk.offset + len(chunk)) * 16].reshape(-1, 16))
    return np.concatenate(parts)
