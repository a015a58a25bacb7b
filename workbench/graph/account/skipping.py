"""What is skipped: quanta that ran before, and from which inputs their outputs were made.

To skip is to keep what is there.  Whether it is what this graph would make is
found by making the graph as it would be with nothing skipped, and comparing
that with the committed graphs of the RUNs in which the quanta ran.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.errors import GraphBuildError, GraphFileError, MissingInputsError
from workbench.graph.columns.graph_columns import GraphColumns, Mask, Rows
from workbench.graph.columns.schemas import SKIPPED_SCHEMA, SKIPPING_SCHEMA
from workbench.graph.difference.downstream import follow, match_rows
from workbench.graph.difference.graph_difference import GraphDifference
from workbench.graph.file.reader import read_graph
from workbench.graph.finish.engine import Engine, Origin
from workbench.graph.finish.finished import Finished
from workbench.presentation import presented
from workbench.progress import silent
from workbench.registry import Registry

__all__ = ["Skipping", "find_committed_graphs"]

_SAME, _OTHER, _DOWNSTREAM, _UNKNOWN = "same inputs", "other inputs", "downstream", "not known"


def find_committed_graphs(origin: Origin, runs: set[str]) -> dict[str, Path]:
    """Find the graph files that were committed for RUN collections.

    Parameters
    ----------
    origin : `lsst.daf.butler.Butler` or `~workbench.registry.Registry`
        The repository; without a registry no commit is known.
    runs : `set` [ `str` ]
        RUN collections.

    Returns
    -------
    files : `dict` [ `str`, `pathlib.Path` ]
        The newest of each that was committed here.
    """
    if not isinstance(origin, Registry):
        return {}
    found = {}
    for run in sorted(runs):
        paths = [path for path in origin.journal.read(run=run)["graph_path"].to_pylist() if path]
        if paths:
            found[run] = origin.storage_dir / paths[-1]
    return found


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class Skipping:
    """The skipped quanta of one graph; what is costly of it is found when it is first asked for.

    Parameters
    ----------
    engine : `~workbench.graph.finish.engine.Engine`
        Has the candidates.
    finished : `~workbench.graph.finish.finished.Finished`
        The graph.
    kept, uncut : `numpy.ndarray` of `bool`
        Quanta and input edges that it was finished from.
    unmade : `numpy.ndarray` of `bool` or `None`
        Outputs that are left out of it.
    files : `~collections.abc.Mapping` [ `str`, `pathlib.Path` ]
        Committed graphs by RUN, as they were at the preview.
    """

    engine: Engine
    finished: Finished
    kept: Mask
    uncut: Mask
    unmade: Mask | None
    files: Mapping[str, Path]

    @property
    def n_skipped(self) -> int:
        """Number of skipped quanta (`int`)."""
        return int(self.finished.skipped.sum())

    @functools.cached_property
    def counts(self) -> pa.Table:
        """Skipped quanta of each task by what is known of their outputs (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.SKIPPING_SCHEMA`.
        """
        rows = []
        for label, (states, _) in self._judged.items():
            numbers = {state: int((states == state).sum()) for state in (_OTHER, _DOWNSTREAM, _UNKNOWN)}
            rows.append(
                {
                    "task": label,
                    "skipped": len(states),
                    **{state.replace(" ", "_"): number for state, number in numbers.items()},
                }
            )
        return pa.Table.from_pylist(rows, schema=SKIPPING_SCHEMA)

    @functools.cached_property
    def table(self) -> pa.Table:
        """Skipped quanta whose outputs this graph would make differently (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.SKIPPED_SCHEMA`: those with other
        inputs first, then those downstream of them.
        """
        parts = []
        for label, (states, runs) in self._judged.items():
            frame = self._frame(label)
            names = self.finished.graph.quantum_ids[label].group.required
            texts = [
                ", ".join(f"{name}={row[name]}" for name in names) for row in frame.iter_rows(named=True)
            ] or [""] * len(states)
            parts += [
                {"task": label, "data_id": text, "state": state, "run": run}
                for text, state, run in zip(texts, states.tolist(), runs, strict=True)
                if state in (_OTHER, _DOWNSTREAM)
            ]
        parts.sort(key=lambda row: row["state"] != _OTHER)
        return pa.Table.from_pylist(parts, schema=SKIPPED_SCHEMA)

    def __str__(self) -> str:
        if not self.n_skipped:
            return "Nothing is skipped."
        rows = self.counts.to_pylist()
        total = {name: sum(row[name] for row in rows) for name in SKIPPING_SCHEMA.names if name != "task"}

        def by_task(name: str) -> str:
            return ", ".join(f"{row[name]:,} {row['task']}" for row in rows if row[name])

        said = [f"{total['skipped']:,} quanta ran before and are skipped."]
        if total["other_inputs"]:
            text = (
                f"The outputs of {total['other_inputs']:,} of them were made from other inputs than this "
                f"graph would take: {by_task('other_inputs')}"
            )
            if total["downstream"]:
                text += f"; {total['downstream']:,} more are downstream of these: {by_task('downstream')}"
            runs = sorted({str(run) for run in self.table["run"].to_pylist()})
            said.append(
                f"{text}. They are kept as they are; to make them again, leave {', '.join(runs)} out of "
                "skip_existing_in."
            )
        if total["not_known"]:
            said.append(
                f"From which inputs {total['not_known']:,} of them were made is not known ({self.unknown}): "
                f"{by_task('not_known')}."
            )
        if total["skipped"] and not (total["other_inputs"] or total["not_known"]):
            said.append("All of their outputs were made from the inputs that this graph would take.")
        return " ".join(said)

    @property
    def unknown(self) -> str:
        """Why it is not known of some from which inputs they were made; empty if it is of all (`str`)."""
        _, refusal = self._unskipped
        if refusal:
            return f"the graph without skipping cannot be made: {refusal}"
        without = sorted(
            {run for _, runs in self.finished.ran_in.values() for run in runs} - self.files.keys()
        )
        unread = [
            f"{self.files[run]} cannot be read" for run, graph in self._recorded.items() if graph is None
        ]
        said = [f"no graph of {', '.join(without)} was committed here"] if without else []
        return "; ".join([*said, *unread])

    @functools.cached_property
    def _unskipped(self) -> tuple[GraphColumns | None, str]:
        """Make the graph as it would be if nothing had run, or say why it cannot be made."""
        request = dataclasses.replace(self.finished.request, skip_existing_in=(), datastore_records=False)
        try:
            return self.engine.finish(request, self.kept, self.uncut, silent, unmade=self.unmade).columns, ""
        except (GraphBuildError, MissingInputsError) as error:
            return None, str(error)

    @functools.cached_property
    def _recorded(self) -> dict[str, GraphColumns | None]:
        found: dict[str, GraphColumns | None] = {}
        for run, path in self.files.items():
            try:
                found[run] = read_graph(path)
            except GraphFileError:
                found[run] = None
        return found

    def _frame(self, label: str) -> pl.DataFrame:
        """Return the data IDs of the skipped quanta of a task."""
        numbers, _ = self.finished.ran_in[label]
        graph = self.finished.graph
        return graph.quantum_ids[label].take(numbers - graph.quantum_start[label]).frame

    @functools.cached_property
    def _judged(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Say of the skipped quanta of each task what is known of them, and in which RUN they ran."""
        ran_in = self.finished.ran_in
        whole, _ = self._unskipped
        states = {
            label: np.full(len(numbers), _UNKNOWN, dtype=object) for label, (numbers, _) in ran_in.items()
        }
        if whole is not None:
            self._judge(whole, states)
        return {label: (states[label], tuple(ran_in[label][1])) for label in states}

    def _judge(self, whole: GraphColumns, states: Mapping[str, np.ndarray]) -> None:
        place: dict[str, Rows] = {}
        differs = {label: np.zeros(len(quanta), dtype=np.bool_) for label, quanta in whole.quanta.items()}
        for label in states:
            frame = self._frame(label)
            quanta = whole.quanta.get(label)
            place[label] = (
                np.full(len(states[label]), -1, dtype=np.int64)
                if quanta is None
                else match_rows(quanta.data_ids, frame, len(states[label]))
            )
            # What the graph would no longer have, its hooks say so, is no output that it would make.
            states[label][place[label] < 0] = _OTHER
        for run, recorded in self._recorded.items():
            if recorded is None:
                continue
            difference = GraphDifference(recorded, whole)
            for label, (_, runs) in self.finished.ran_in.items():
                mine = np.array([one == run for one in runs], dtype=np.bool_) & (place[label] >= 0)
                if not mine.any():
                    continue
                changed = difference.find(label, "changed") | difference.find(label, "gained")
                rows = place[label][mine]
                states[label][mine] = np.where(changed[rows], _OTHER, _SAME)
                differs[label][rows] = changed[rows]
        # What runs now makes its outputs anew, so that what was made of the old ones is behind.
        runs_now = {label: np.ones(len(quanta), dtype=np.bool_) for label, quanta in whole.quanta.items()}
        for label, rows in place.items():
            if label in runs_now:
                runs_now[label][rows[rows >= 0]] = False
        reached = follow(whole, {label: mask | runs_now[label] for label, mask in differs.items()})
        for label, rows in place.items():
            if label in reached:
                behind = np.zeros(len(rows), dtype=np.bool_)
                behind[rows >= 0] = reached[label][rows[rows >= 0]]
                states[label][behind & (states[label] == _SAME)] = _DOWNSTREAM
