"""Outputs in a RUN that are none of its graph's: told by their UUIDs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import pydantic
from lsst.daf.butler import Butler, QuantumBackedButler
from lsst.pipe.base import TaskMetadata

from workbench.errors import ForeignOutputsError
from workbench.progress import Progress, silent
from workbench.runs.predicted import PredictedQuantum, PredictedRun, find_stored
from workbench.snapshot import read_registered

__all__ = ["check_files", "check_registered", "check_run"]

_SHOWN = 3


class _LogExtra(pydantic.BaseModel, extra="ignore"):
    """What the log of a quantum tells of what it wrote, and of those before it in its process."""

    metadata: TaskMetadata | None = None
    previous_process_quanta: list[uuid.UUID] = []


def check_run(butler: Butler, repo: str, predicted: PredictedRun, progress: Progress = silent) -> int:
    """Refuse a RUN in which another graph was executed; writes nothing.

    A graph of equal content has other UUIDs when it is built or copied anew
    (``pipetask update-graph-run``, or BPS that runs it), but writes files of
    the same names.  So what one of them left looks like the outputs of the
    other, and only their UUIDs tell.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        What is registered.
    repo : `str`
        Root or label of the Butler repository.
    predicted : `PredictedRun`
        The graph.
    progress : `~workbench.progress.Progress`, optional
        Told how far; may cancel.

    Returns
    -------
    n_attempted : `int`
        Quanta that have left a log or metadata.

    Raises
    ------
    workbench.errors.ForeignOutputsError
        Raised if there are outputs of another graph.
    """
    progress("checking what is in the RUN", 0.0)
    check_registered(butler, predicted)
    with predicted.make_butler(repo) as datastore:
        done = find_stored(datastore, ((key, one.metadata) for key, one in predicted.quanta.items()))
        rest = ((key, one.log) for key, one in predicted.quanta.items() if key not in done)
        tried = find_stored(datastore, rest)
    check_files(repo, predicted, done, tried, progress)
    return len(done | tried)


def check_registered(butler: Butler, predicted: PredictedRun) -> None:
    """Refuse a RUN in which datasets of other UUIDs are registered; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        What is registered.
    predicted : `PredictedRun`
        The graph; types of dataset that it does not write are left alone.

    Raises
    ------
    workbench.errors.ForeignOutputsError
        Raised if there are such datasets.
    """
    pipeline = predicted.pipeline
    written = {name for name in pipeline.dataset_types if pipeline.producer_of(name) is not None}
    found = read_registered(butler, predicted.run, written)
    foreign = {
        name: ids
        for name, all_ids in found.items()
        if (ids := [one for one in all_ids if one not in predicted.output_ids])
    }
    if foreign:
        n_foreign = sum(map(len, foreign.values()))
        n_all = sum(map(len, found.values()))
        what = ", ".join(f"{len(ids)} {name}" for name, ids in sorted(foreign.items())[:_SHOWN])
        raise ForeignOutputsError(
            _describe(predicted, f"{n_foreign} of {n_all} outputs that the Butler has in it ({what}, ...)")
        )


def check_files(
    repo: str,
    predicted: PredictedRun,
    done: Iterable[uuid.UUID],
    tried: Iterable[uuid.UUID],
    progress: Progress = silent,
) -> None:
    """Refuse what quanta have left, if it names UUIDs of another graph; writes nothing.

    Parameters
    ----------
    repo : `str`
        Root or label of the Butler repository.
    predicted : `PredictedRun`
        The graph.
    done, tried : `~collections.abc.Iterable` [ `uuid.UUID` ]
        Quanta that have left metadata, and those that have left a log only.
    progress : `~workbench.progress.Progress`, optional
        Told how far; may cancel.

    Raises
    ------
    workbench.errors.ForeignOutputsError
        Raised if there are such quanta.
    """
    done, tried = list(done), list(tried)
    read = [predicted.quanta[key] for key in (*done, *tried)]
    refs = [one.metadata for one in read[: len(done)]] + [one.log for one in read[len(done) :] if one.log]
    foreign: list[PredictedQuantum] = []
    with predicted.make_butler(repo, [ref.id for ref in refs]) as butler:
        for number, one in enumerate(read):
            if number % 100 == 0:
                progress(f"checking what {number:,} of {len(read):,} quanta have left", 0.0)
            try:
                ids = _read_metadata(butler, one) if number < len(done) else _read_log(butler, one)
            except FileNotFoundError:
                continue  # an execution that is under way tries this quantum again
            if not all(found in predicted.output_ids or found in predicted.quanta for found in ids):
                foreign.append(one)
    if foreign:
        first = foreign[0]
        raise ForeignOutputsError(
            _describe(
                predicted,
                f"what {len(foreign)} of {len(read)} quanta have left in it "
                f"(such as {first.label} {dict(first.metadata.dataId.required)})",
            )
        )


def _read_metadata(butler: QuantumBackedButler, quantum: PredictedQuantum) -> list[uuid.UUID]:
    return _list_outputs(butler.get(quantum.metadata))


def _read_log(butler: QuantumBackedButler, quantum: PredictedQuantum) -> list[uuid.UUID]:
    assert quantum.log is not None, "it was found"
    extra = _LogExtra.model_validate(butler.get(quantum.log).extra)
    outputs = [] if extra.metadata is None else _list_outputs(extra.metadata)
    return [*outputs, *extra.previous_process_quanta]


def _list_outputs(metadata: TaskMetadata) -> list[uuid.UUID]:
    """List the UUIDs of what a quantum wrote; ``run-qbb`` records them."""
    if "quantum.outputs" not in metadata:
        return []
    return [uuid.UUID(str(value)) for value in metadata.getArray("quantum.outputs")]


def _describe(predicted: PredictedRun, what: str) -> str:
    return (
        f"In {predicted.run}, {what} are not of the graph {predicted.path}: their UUIDs are of "
        "another graph, such as the copy that 'pipetask update-graph-run' or BPS makes without the exported "
        "'updateQuantumGraph'. Nothing was done, since two graphs must not mix in one RUN. "
        "Commit the campaign again, which takes a new RUN, and run that; "
        f"'butler remove-runs' takes {predicted.run} away if nobody needs it."
    )
