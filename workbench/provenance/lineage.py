"""The graph of what ran as integer arrays, and its traversal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from lsst.daf.butler import DataIdValue

from workbench.sets import same_dimensions

__all__ = ["UNREACHED", "Lineage"]

UNREACHED = -1
"""Distance of a node that a traversal does not reach."""

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Datasets, quanta and the edges along which data flowed.

    A dataset that one commit wrote and another read is one node, so that a
    traversal crosses runs.

    Parameters
    ----------
    nodes : `polars.DataFrame`
        One row a node: ``id``, ``is_quantum`` and ``data_id`` (JSON).
    tail, head : `numpy.ndarray`
        Positions in ``nodes`` of the ends of each predicted edge, in the
        direction of the data: from input to quantum, from quantum to output.
    flows : `numpy.ndarray`
        Whether data flowed along each edge.
    """

    nodes: pl.DataFrame
    tail: Codes
    head: Codes
    flows: Mask

    @classmethod
    def from_frames(cls, quanta: pl.DataFrame, datasets: pl.DataFrame, inputs: pl.DataFrame) -> Lineage:
        """Make the graph of provenance rows.

        Parameters
        ----------
        quanta, datasets, inputs : `polars.DataFrame`
            Rows of ``prov_quantum``, ``prov_dataset`` and ``prov_input``.

        Returns
        -------
        lineage : `Lineage`
            Data flows from an input that was used, or, where that is not
            known, that was available.
        """
        nodes = pl.concat(
            [
                quanta.select(pl.col("quantum_id").alias("id"), pl.lit(True).alias("is_quantum"), "data_id"),
                datasets.select(
                    pl.col("dataset_id").alias("id"), pl.lit(False).alias("is_quantum"), "data_id"
                ),
            ]
        ).unique("id", keep="first", maintain_order=True)
        edges = pl.concat(
            [
                inputs.select(
                    pl.col("dataset_id").alias("tail"),
                    pl.col("quantum_id").alias("head"),
                    pl.coalesce("used", "available").alias("flows"),
                ),
                datasets.drop_nulls("producer").select(
                    pl.col("producer").alias("tail"),
                    pl.col("dataset_id").alias("head"),
                    pl.lit(True).alias("flows"),
                ),
            ]
        )
        positions = nodes.select("id", pl.int_range(pl.len()).alias("position"))
        edges = edges.join(positions, left_on="tail", right_on="id").join(
            positions, left_on="head", right_on="id", suffix="_head"
        )
        return cls(
            nodes, edges["position"].to_numpy(), edges["position_head"].to_numpy(), edges["flows"].to_numpy()
        )

    def find(self, node_id: str) -> Mask:
        """Find a node.

        Parameters
        ----------
        node_id : `str`
            UUID of a quantum or dataset.

        Returns
        -------
        mask : `numpy.ndarray`
            True at the node, if it is there.
        """
        return (self.nodes["id"] == node_id).to_numpy()

    def find_absent(self, data_ids: Sequence[Mapping[str, DataIdValue]]) -> list[dict[str, DataIdValue]]:
        """Find the data IDs that no node has.

        Parameters
        ----------
        data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
            Values by dimension.

        Returns
        -------
        absent : `list` [ `dict` ]
            Those of them.
        """
        absent: list[dict[str, DataIdValue]] = []
        for names, rows in same_dimensions(data_ids).items():
            columns = [pl.col("data_id").str.json_path_match(f"$.{name}").alias(name) for name in names]
            there = set(self.nodes.select(columns).unique().iter_rows())
            absent += [
                dict(zip(names, row, strict=True)) for row in rows if tuple(map(str, row)) not in there
            ]
        return absent

    def measure_downstream(self, start: Mask) -> Codes:
        """Measure how far all nodes are downstream of some.

        Parameters
        ----------
        start : `numpy.ndarray`
            Mask of the nodes to begin at.

        Returns
        -------
        distance : `numpy.ndarray`
            Number of quanta on the shortest way from a start to a node, the
            node itself included; `UNREACHED` where there is no way.
        """
        return self._measure(start, self.tail[self.flows], self.head[self.flows], self._all_nodes())

    def measure_upstream(self, start: Mask) -> Codes:
        """Measure how far all nodes are upstream of some.

        Parameters
        ----------
        start : `numpy.ndarray`
            Mask of the nodes to begin at.

        Returns
        -------
        distance : `numpy.ndarray`
            As in `measure_downstream`.
        """
        return self._measure(start, self.head[self.flows], self.tail[self.flows], self._all_nodes())

    def measure_containment(self, data_ids: Sequence[Mapping[str, DataIdValue]]) -> Codes:
        """Measure how far all nodes that contain one of some data IDs are from its own.

        Parameters
        ----------
        data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
            Values by dimension.

        Returns
        -------
        distance : `numpy.ndarray`
            0 for nodes whose own data ID has all of the values; `UNREACHED`
            for those that contain none of the data IDs.

        Notes
        -----
        What a node depends on is more than what it contains: a list of
        selected visits depends on all that were considered.  So a node whose
        own data ID has another value contains nothing of this one, and of
        the inputs of a quantum those decide that tell most of the given
        dimensions apart: for a coadd its warps, not the list of visits.
        """
        nearest = np.full(len(self.nodes), UNREACHED, dtype=np.int64)
        for names, rows in same_dimensions(data_ids).items():
            values = self.nodes.select(
                pl.col("data_id").str.json_path_match(f"$.{name}").alias(name) for name in names
            )
            for given in _split(names, rows):
                distance = self._measure_alike(values, given)
                nearer = (distance != UNREACHED) & ((nearest == UNREACHED) | (distance < nearest))
                nearest[nearer] = distance[nearer]
        return nearest

    def _measure_alike(self, values: pl.DataFrame, given: Mapping[str, Sequence[str]]) -> Codes:
        """Measure the containment of data IDs that differ in one dimension at most.

        Nodes with one of their values are where the walks of all of them
        begin, and nodes with another value end each: so one walk does.
        """
        has = [pl.col(name).is_in(list(wanted)) for name, wanted in given.items()]
        equal = values.select(pl.all_horizontal(has).fill_null(False)).to_series().to_numpy()
        unequal = (
            values.select(pl.any_horizontal(~one for one in has).fill_null(False)).to_series().to_numpy()
        )
        n_resolved = (
            values.select(pl.sum_horizontal(pl.col(name).is_not_null() for name in given))
            .to_series()
            .to_numpy()
            .astype(np.int64)
        )
        finest = np.zeros(len(self.nodes), dtype=np.int64)
        np.maximum.at(finest, self.head, n_resolved[self.tail])
        decisive = self.flows & (n_resolved[self.tail] == finest[self.head])
        return self._measure(equal, self.tail[decisive], self.head[decisive], ~unequal)

    def _all_nodes(self) -> Mask:
        return np.ones(len(self.nodes), dtype=np.bool_)

    def _measure(self, start: Mask, tail: Codes, head: Codes, allowed: Mask) -> Codes:
        """Walk from ``start`` to nodes that are ``allowed``, all of one distance at once."""
        is_quantum = self.nodes["is_quantum"].to_numpy()
        distance = np.where(start, 0, UNREACHED)
        frontier = start
        while frontier.any():
            follow = frontier[tail]
            candidates = distance[tail[follow]] + is_quantum[head[follow]]
            nearest = np.full(len(distance), np.iinfo(np.int64).max)
            np.minimum.at(nearest, head[follow], candidates)
            frontier = allowed & (distance == UNREACHED) & (nearest < np.iinfo(np.int64).max)
            distance[frontier] = nearest[frontier]
        return distance


def _split(names: Sequence[str], rows: Sequence[Sequence[DataIdValue]]) -> Iterator[dict[str, list[str]]]:
    """Split data IDs into parts, in each of which all dimensions but one have one value."""
    columns = list(zip(*rows, strict=True))
    varying = max(range(len(names)), key=lambda position: len(set(columns[position])))
    parts: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows:
        parts[tuple(str(value) for at, value in enumerate(row) if at != varying)].append(str(row[varying]))
    others = [name for at, name in enumerate(names) if at != varying]
    for fixed, some in parts.items():
        yield {**{name: [value] for name, value in zip(others, fixed, strict=True)}, names[varying]: some}
