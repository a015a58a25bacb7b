"""A finished graph with another output RUN, because somebody took its name."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable

import numpy as np
from lsst.pipe.base.quantum_graph import PredictedInitQuantaModel

from workbench.graph.columns.graph_columns import DatasetColumns, GraphColumns
from workbench.graph.columns.uuids import UuidMint
from workbench.graph.finish.finished import Finished
from workbench.graph.preview import Preview
from workbench.snapshot.reads import Fence

__all__ = ["rename_output_run"]


def rename_output_run(preview: Preview, run: str) -> Preview:
    """Make the preview of the same graph in another output RUN.

    Parameters
    ----------
    preview : `~workbench.graph.Preview`
        The preview, which stays as it is.
    run : `str`
        A RUN that does not exist, as the preview's own did not.

    Returns
    -------
    renamed : `~workbench.graph.Preview`
        With UUIDs of its own for quanta and outputs, so that nothing is lost
        if the first one is committed after all.  All else is shared.
    """
    finished = preview.finished
    request = dataclasses.replace(finished.request, output_run=run)
    content = _Renamed(preview.columns, preview.output_run, run, UuidMint())
    return dataclasses.replace(
        preview,
        finished=dataclasses.replace(finished, request=request, content=content),
        fence=_rename_fence(preview.fence, preview.output_run, run),
    )


def _rename_fence(fence: Fence, before: str, run: str) -> Fence:
    """Look at the new RUN where the old one was looked at: neither existed, so the state is equal."""
    reads = fence.reads
    existing_in = _replace(reads.existing_in, before, run)
    old, new = ", ".join(reads.existing_in), ", ".join(existing_in)
    parts = {
        name.removesuffix(old) + new if old and name.endswith(old) else name: digest
        for name, digest in fence.parts.items()
    }
    return dataclasses.replace(fence, reads=dataclasses.replace(reads, existing_in=existing_in), parts=parts)


def _replace(names: Iterable[str], before: str, after: str) -> tuple[str, ...]:
    return tuple(after if name == before else name for name in names)


class _Renamed:
    """The content of a graph, with other UUIDs and another output RUN."""

    def __init__(self, columns: GraphColumns, before: str, run: str, mint: UuidMint):
        self._columns = columns
        self._before = before
        self._run = run
        self._mint = mint

    def make_columns(self, finished: Finished) -> GraphColumns:  # noqa: ARG002 - its masks are the same
        columns = self._columns
        return dataclasses.replace(
            columns,
            header=columns.header.model_copy(update={"output_run": self._run}),
            quanta={
                label: dataclasses.replace(one, uuids=self._mint.mint(len(one)))
                for label, one in columns.quanta.items()
            },
            datasets={name: self._rename(one) for name, one in columns.datasets.items()},
            init_quanta=self._rename_init(columns.init_quanta),
        )

    def _rename(self, datasets: DatasetColumns) -> DatasetColumns:
        """Give the datasets that the graph makes new UUIDs; those that exist keep theirs."""
        if self._before not in datasets.runs:
            return datasets
        ours = datasets.run == datasets.runs.index(self._before)
        uuids = datasets.uuids.copy()
        uuids[ours] = self._mint.mint(int(np.count_nonzero(ours)))
        return dataclasses.replace(
            datasets, uuids=uuids, runs=_replace(datasets.runs, self._before, self._run)
        )

    def _rename_init(self, quanta: PredictedInitQuantaModel) -> PredictedInitQuantaModel:
        """Do the same for init quanta, some of which read what others write."""
        renamed = quanta.model_copy(deep=True)
        minted: dict[uuid.UUID, uuid.UUID] = {}
        for quantum in renamed.root:
            quantum.quantum_id = self._mint_one()
            for datasets in (*quantum.inputs.values(), *quantum.outputs.values()):
                for dataset in datasets:
                    if dataset.run == self._before:
                        if dataset.dataset_id not in minted:
                            minted[dataset.dataset_id] = self._mint_one()
                        dataset.dataset_id, dataset.run = minted[dataset.dataset_id], self._run
        return renamed

    def _mint_one(self) -> uuid.UUID:
        return uuid.UUID(bytes=self._mint.mint(1).tobytes())
