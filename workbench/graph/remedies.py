"""Remedies: the edits that give back what constraints took, each tried before it is advised."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl

from workbench.graph.binding import UNCUT, Binding
from workbench.graph.candidates import CandidateGraph
from workbench.graph.closure import Closure, Stage, compute_closure
from workbench.graph.constraints import Mode, ResolvedConstraint
from workbench.graph.members import decode_rows
from workbench.graph.overall import find_unable
from workbench.graph.request import BuildMode
from workbench.graph.sightings import Sighting, find_fates
from workbench.graph.tables import PreviewTables
from workbench.presentation import presented
from workbench.sets import describe_data_ids

__all__ = ["Remedy", "find_advice", "find_remedies"]

_MOST_TRIED = 10**8
"""Edges times constraints up to which every constraint is tried, not the named causes alone."""


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Remedy:
    """One edit that gives back what a constraint took.

    Parameters
    ----------
    kind : `str`
        "toggle" to change one row of the constraint's set, "without" to take
        the constraint away.
    constraint : `int`
        Position of the constraint in ``preview.binding.constraints``.
    name : `str`
        What previews call it, such as "exclude bad@1".
    data_id : `~collections.abc.Mapping`
        The row to change.
    sentence : `str`
        The edit in words.
    together : `tuple` [ `int`, ... ], optional
        Positions of the constraints that have to be edited as well, where
        this edit alone gives nothing back.
    """

    kind: Literal["toggle", "without"]
    constraint: int
    name: str
    data_id: Mapping[str, object]
    sentence: str
    together: tuple[int, ...] = ()


def find_remedies(
    preview: PreviewTables, data_id: Mapping[str, object], sightings: Sequence[Sighting]
) -> tuple[Remedy, ...]:
    """Find the edits of constraints that give a data ID back.

    Parameters
    ----------
    preview : `~workbench.graph.tables.PreviewTables`
        The preview.
    data_id : `~collections.abc.Mapping`
        What was asked.
    sightings : `~collections.abc.Sequence` [ `Sighting` ]
        Candidates that have it.

    Returns
    -------
    remedies : `tuple` [ `Remedy`, ... ]
        Those of the first task first.  Each was tried on the candidates: it
        keeps more of them, by itself or together with others that it names.
    """
    trial = _Trial(preview, sightings)
    if not data_id or trial.all_kept or preview.request.mode is BuildMode.ALL_DIMENSIONS:
        return ()
    found: list[_Edit] = []
    failed: dict[int, list[_Edit]] = {}
    for position in trial.suspects():
        if preview.binding.constraints[position].of_grouping:
            continue
        edits = list(_edits(preview, position, data_id, sightings))
        worked = [edit for edit in edits if trial.helps([edit])]
        if worked:
            found.append(worked[0])
        else:
            failed[position] = edits
    if found:
        return tuple(_make(preview, data_id, [edit]) for edit in found)
    return _find_joint(preview, data_id, trial, [edits[0] for edits in failed.values()])


def find_advice(preview: PreviewTables, sightings: Sequence[Sighting]) -> str:
    """Say what else gives a data ID back, where no constraint took it.

    Parameters
    ----------
    preview : `~workbench.graph.tables.PreviewTables`
        The preview.
    sightings : `~collections.abc.Sequence` [ `Sighting` ]
        Candidates that have it.

    Returns
    -------
    sentence : `str`
        For the first task at which some fell; empty if none did.
    """
    for sighting in sightings:
        stages, _, nodes = find_fates(preview.blame, sighting)
        fallen = np.flatnonzero(stages != Stage.KEPT)
        if len(fallen):
            return _advise(preview, Stage(int(stages[fallen[0]])), int(nodes[fallen[0]]))
    return ""


def _advise(preview: PreviewTables, stage: Stage, quantum: int) -> str:
    label = preview.graph.task_of(quantum)
    match stage:
        case Stage.NO_INPUTS:
            return f"To restore it, add a collection that holds {_find_lacking(preview, quantum)} for it."
        case Stage.NOT_DEMANDED:
            return (
                f"Nothing that is asked for needs it. To have it too, ask for the task {label} by an include "
                "constraint that holds it and all else that the task is to process."
            )
        case Stage.PARTIAL:
            return "To restore it, choose partial='complete' or partial='allow'."
        case Stage.SKIPPED:
            where = ", ".join(preview.request.skip_existing_in)
            return f"To run it again, leave the collection that has it out of skip_existing_in ({where})."
        case Stage.HOOK:
            return (
                "No constraint gives it back: the task's own hooks or the builder's last checks removed it."
            )
        case _:
            return f"It first fell at {label}: {preview.blame.of_quantum(quantum)}."


def _find_lacking(preview: PreviewTables, quantum: int) -> str:
    """Name the overall input for want of which a quantum could never run."""
    graph, blame = preview.graph, preview.blame
    label = graph.task_of(quantum)
    edges = blame.edges_into(quantum)
    makers = graph.edge_producer[edges]
    never = (makers >= 0) & (preview.closure.stage[makers] == Stage.NO_INPUTS)
    for name, minimum in graph.tasks[label].minimum.items():
        block = graph.blocks.get((label, name), slice(0, 0))
        mine = (edges >= block.start) & (edges < block.stop)
        if int((mine & ~never).sum()) >= minimum:
            continue
        if (mine & never).any():
            return _find_lacking(preview, int(makers[mine & never][0]))
        return name
    unable = [one.dataset_type for one in preview.lacking if label in one.unable]
    return ", ".join(unable) or "its inputs"


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Edit:
    """A constraint as it would be, or `None` without it."""

    kind: Literal["toggle", "without"]
    position: int
    data_id: Mapping[str, object]
    edited: ResolvedConstraint | None


class _Trial:
    """The candidates of a data ID, and how many of them edits would keep."""

    def __init__(self, preview: PreviewTables, sightings: Sequence[Sighting]):
        self._preview = preview
        self._sightings = sightings
        self._kept = self._count(preview.binding, preview.closure)
        self.all_kept = self._kept == sum(len(one.numbers) for one in sightings)

    def _count(self, binding: Binding, closure: Closure) -> int:
        graph, kept = self._preview.graph, closure.kept
        number = 0
        for one in self._sightings:
            if one.is_quanta:
                number += int(kept[one.numbers].sum())
                continue
            makers = graph.edge_producer[one.numbers]
            there = graph.exists[graph.edge_dataset[one.numbers]] | ((makers >= 0) & kept[makers])
            live = there & kept[graph.edge_quantum[one.numbers]] & (binding.edge_cut[one.numbers] == UNCUT)
            number += int(live.sum())
        return number

    def suspects(self) -> list[int]:
        """Constraints that may be the cause, the named causes first."""
        blame, found = self._preview.blame, dict[int, None]()
        for one in self._sightings:
            stages, cuts, nodes = find_fates(self._preview.blame, one)
            found.update(dict.fromkeys(np.unique(cuts[stages == Stage.CONSTRAINT]).tolist()))
            numbers, causes = blame.starved
            starved = nodes[stages == Stage.STARVED]
            if len(starved):
                some = causes[np.searchsorted(numbers, starved)].any(axis=0)
                found.update(dict.fromkeys(np.flatnonzero(some).tolist()))
        every = range(len(self._preview.binding.constraints))
        if self._preview.graph.n_edges * len(every) <= _MOST_TRIED:
            found.update(dict.fromkeys(every))
        return list(found)

    def helps(self, edits: Sequence[_Edit]) -> bool:
        """Whether edits keep more of the candidates."""
        preview = self._preview
        changed = {edit.position: edit.edited for edit in edits}
        constraints = [
            edited
            for position, one in enumerate(preview.binding.constraints)
            if (edited := changed.get(position, one)) is not None
        ]
        binding = preview.bind(constraints)
        unable = find_unable(preview.lacking)
        closure = compute_closure(preview.graph, binding, preview.policy, unable)
        return self._count(binding, closure) > self._kept


def _find_joint(
    preview: PreviewTables, data_id: Mapping[str, object], trial: _Trial, edits: list[_Edit]
) -> tuple[Remedy, ...]:
    """Find edits that only together give something back."""
    if len(edits) < 2 or not trial.helps(edits):
        return ()
    for edit in list(edits):
        rest = [one for one in edits if one is not edit]
        if len(rest) > 1 and trial.helps(rest):
            edits = rest
    return tuple(
        _make(preview, data_id, [edit, *(other for other in edits if other is not edit)]) for edit in edits
    )


def _make(preview: PreviewTables, data_id: Mapping[str, object], edits: Sequence[_Edit]) -> Remedy:
    """Put edits into words; the first is the remedy, and the others have to come with it."""
    parts = []
    asked = describe_data_ids([data_id])
    for edit in edits:
        row = describe_data_ids([edit.data_id])
        what = "it" if row == asked else row
        constraint = preview.binding.constraints[edit.position]
        name = preview.blame.name_constraint(edit.position)
        if edit.kind == "without":
            change = "narrow" if constraint.mode is Mode.EXCLUDE else "widen"
            parts.append(f"take the constraint {name} away, or {change} it")
        elif constraint.mode is Mode.EXCLUDE:
            parts.append(f"take {what} out of {constraint.name}")
        else:
            parts.append(f"add {what} to {constraint.name}")
    first, *others = edits
    joint = ": one alone is not enough" if others else ""
    return Remedy(
        first.kind,
        first.position,
        preview.blame.name_constraint(first.position),
        dict(first.data_id),
        f"To restore {asked}, {', and '.join(parts)}{joint}.",
        tuple(edit.position for edit in others),
    )


def _edits(
    preview: PreviewTables, position: int, data_id: Mapping[str, object], sightings: Sequence[Sighting]
) -> Iterator[_Edit]:
    """Yield the edits of a constraint that may help, the smaller one first."""
    constraint = preview.binding.constraints[position]
    given = set(data_id) - set(constraint.forms[0][0].universe.governor_dimensions.names)
    # One edit of rows: some rows of the set, or a part of one.
    for group, _ in constraint.forms:
        keys = set(group.required) - set(group.governors)
        if constraint.is_set and given and (given <= keys or keys <= given):
            # Of a finer data ID the row as a whole: a part of it might not bind where the set does.
            row = {name: value for name, value in data_id.items() if name in group.required}
            yield _Edit("toggle", position, row, _toggle(preview.graph, constraint, row, sightings))
            break
    yield _Edit("without", position, data_id, None)


def _toggle(
    graph: CandidateGraph,
    constraint: ResolvedConstraint,
    data_id: Mapping[str, object],
    sightings: Sequence[Sighting],
) -> ResolvedConstraint:
    """Take a data ID out of the rows of an exclude set, or add it to those of an include set."""
    forms = []
    for group, keys in constraint.forms:
        names = list(group.required)
        if constraint.mode is Mode.EXCLUDE:
            shared = [name for name in names if name in data_id]
            telling = [name for name in shared if name not in group.governors]
            is_it = pl.all_horizontal(pl.lit(True), *(pl.col(name) == data_id[name] for name in shared))
            mine = keys.filter(is_it) if telling else keys.clear()
            if not telling and constraint.links is not None:
                # The other form of exposures and visits.
                own = [name for name in constraint.links.columns if name in data_id]
                mine = constraint.links.filter(
                    pl.all_horizontal(pl.lit(True), *(pl.col(name) == data_id[name] for name in own))
                ).select(names)
            forms.append((group, keys.join(mine, on=names, how="anti")))
            continue
        rows = [_read_rows(graph, one, names) for one in sightings]
        more = [frame.select(keys.columns).cast(keys.schema) for frame in rows if frame is not None]
        forms.append((group, pl.concat([keys, *more]).unique(maintain_order=True)))
    return dataclasses.replace(constraint, forms=tuple(forms))


def _read_rows(graph: CandidateGraph, sighting: Sighting, names: Sequence[str]) -> pl.DataFrame | None:
    """Return the values of dimensions that candidates have, or `None` if they lack one."""
    ids = graph.quantum_ids[sighting.task]
    if sighting.is_quanta:
        if not set(names) <= set(ids.group.names):
            return None
        relation = ids.relation.take(sighting.numbers - graph.quantum_start[sighting.task])
        return decode_rows(relation, names)
    both = set(ids.group.names) | set(graph.dataset_ids[sighting.seen_as].group.names)
    if not set(names) <= both:
        return None
    relation = graph.edge_relation(sighting.seen_as, sighting.task, names)
    return decode_rows(
        relation.take(sighting.numbers - graph.blocks[sighting.task, sighting.seen_as].start), names
    )
