"""Remedies: the edits that give back what constraints took, each tried before it is advised."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import numpy as np
import polars as pl

from workbench.graph.account.occurrences import DataId, Occurrence, find_occurrences, find_outcomes
from workbench.graph.account.tables import PreviewTables
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT, Binding
from workbench.graph.closure.closure import Closure, Stage, compute_closure
from workbench.graph.closure.request import BuildMode
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint
from workbench.graph.finish.members import decode_rows
from workbench.graph.proposal.overall import find_unable
from workbench.presentation import presented
from workbench.sets import describe_data_ids, merge_data_ids

__all__ = ["Remedy", "find_remedies"]

_MOST_TRIED = 10**8
"""Edges times constraints up to which every constraint is tried, not the named causes alone."""

_MOST_ASKED = 32
"""Data IDs up to which each is judged by its own cause."""

_MOST_ADVICE = 3
"""Causes other than constraints of which it is said what to do."""


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Remedy:
    """One edit that gives back what a constraint took.

    Parameters
    ----------
    kind : `str`
        "toggle" to change rows of the constraint's set, "without" to take
        the constraint away.
    constraint : `int`
        Position of the constraint in ``preview.binding.constraints``.
    name : `str`
        What previews call it, such as "exclude bad@1".
    data_ids : `tuple` [ `~collections.abc.Mapping`, ... ]
        The rows to change.
    sentence : `str`
        The edit in words; all that have to be made together have the same.
    together : `tuple` [ `int`, ... ], optional
        Positions of the constraints that have to be edited as well, where
        this edit alone gives nothing back.
    """

    kind: Literal["toggle", "without"]
    constraint: int
    name: str
    data_ids: tuple[DataId, ...]
    sentence: str
    together: tuple[int, ...] = ()

    @property
    def data_id(self) -> DataId:
        """The row to change; of several, the values by dimension (`~collections.abc.Mapping`)."""
        return merge_data_ids(self.data_ids)


def find_remedies(
    preview: PreviewTables, data_ids: Sequence[DataId], occurrences: Sequence[Occurrence]
) -> tuple[tuple[Remedy, ...], str]:
    """Find the edits of constraints that give data IDs back, or else what does.

    Parameters
    ----------
    preview : `~workbench.graph.account.tables.PreviewTables`
        The preview.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        What was asked.
    occurrences : `~collections.abc.Sequence` [ `Occurrence` ]
        Candidates that have them.

    Returns
    -------
    remedies : `tuple` [ `Remedy`, ... ]
        Those of the first task first; of several data IDs one for all that
        fell by the same cause.  Each was tried on the candidates: it keeps
        more of them, by itself or together with others that it names.
    advice : `str`
        What else gives those back of which no constraint is the cause.
    """
    if len(data_ids) == 1:
        remedies = _find_for(preview, data_ids, occurrences)
        return remedies, "" if remedies else _find_advice(preview, occurrences)
    found: list[Remedy] = []
    advice: list[str] = []
    for alike, mine in _divide_by_cause(preview, data_ids, {one.task for one in occurrences}):
        remedies = _find_for(preview, alike, mine)
        found += remedies
        if not remedies and (other := _find_advice(preview, mine)):
            advice.append(f"Of {describe_data_ids(alike)}: {other}")
    return tuple(found), " ".join(advice[:_MOST_ADVICE])


def _divide_by_cause(
    preview: PreviewTables, data_ids: Sequence[DataId], tasks: Collection[str]
) -> Iterator[tuple[list[DataId], list[Occurrence]]]:
    """Put together data IDs of the same dimensions that fell by the same constraints at the same stages."""
    alike: dict[tuple[object, ...], list[DataId]] = {}
    for one in data_ids:
        key: tuple[object, ...] = (frozenset(one),)
        # Of very many, each by itself would take too long: one edit has to serve all.
        if len(data_ids) <= _MOST_ASKED:
            mine = [each for each in find_occurrences(preview.graph, [one]) if each.task in tasks]
            trial = _Trial(preview, mine)
            if trial.all_kept:
                continue
            key = (*key, frozenset(trial.causes()), trial.stages())
        alike.setdefault(key, []).append(one)
    for group in alike.values():
        yield group, [each for each in find_occurrences(preview.graph, group) if each.task in tasks]


def _find_for(
    preview: PreviewTables, data_ids: Sequence[DataId], occurrences: Sequence[Occurrence]
) -> tuple[Remedy, ...]:
    """Find the edits that give back data IDs of one cause."""
    trial = _Trial(preview, occurrences)
    if not any(data_ids) or trial.all_kept or preview.request.mode is BuildMode.ALL_DIMENSIONS:
        return ()
    found: list[_Edit] = []
    failed: dict[int, list[_Edit]] = {}
    for position in trial.suspects():
        if preview.binding.constraints[position].of_grouping:
            continue
        edits = list(_edits(preview, position, data_ids, occurrences))
        worked = [edit for edit in edits if trial.helps([edit])]
        if worked:
            found.append(worked[0])
        else:
            failed[position] = edits
    if found:
        return tuple(_make(preview, data_ids, [edit]) for edit in found)
    return _find_joint(preview, data_ids, trial, [edits[0] for edits in failed.values()])


def _find_advice(preview: PreviewTables, occurrences: Sequence[Occurrence]) -> str:
    """Say what else gives a data ID back, of the first task at which some fell; empty if none did."""
    for occurrence in occurrences:
        stages, _, nodes = find_outcomes(preview.causes, occurrence)
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
            return f"It first fell at {label}: {preview.causes.of_quantum(quantum)}."


def _find_lacking(preview: PreviewTables, quantum: int) -> str:
    """Name the overall input for want of which a quantum could never run."""
    graph, causes = preview.graph, preview.causes
    label = graph.task_of(quantum)
    edges = causes.edges_into(quantum)
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
    data_ids: tuple[DataId, ...]
    edited: ResolvedConstraint | None


class _Trial:
    """The candidates of a data ID, and how many of them edits would keep."""

    def __init__(self, preview: PreviewTables, occurrences: Sequence[Occurrence]):
        self._preview = preview
        self._occurrences = occurrences
        self._kept = self._count(preview.binding, preview.closure)
        self.all_kept = self._kept == sum(len(one.numbers) for one in occurrences)

    def _count(self, binding: Binding, closure: Closure) -> int:
        graph, kept = self._preview.graph, closure.kept
        number = 0
        for one in self._occurrences:
            if one.is_quanta:
                number += int(kept[one.numbers].sum())
                continue
            makers = graph.edge_producer[one.numbers]
            there = graph.exists[graph.edge_dataset[one.numbers]] | ((makers >= 0) & kept[makers])
            live = there & kept[graph.edge_quantum[one.numbers]] & (binding.edge_cut[one.numbers] == UNCUT)
            number += int(live.sum())
        return number

    def stages(self) -> frozenset[int]:
        """Where candidates fell."""
        found = [find_outcomes(self._preview.causes, one)[0] for one in self._occurrences]
        return frozenset(np.unique(np.concatenate(found)).tolist()) - {int(Stage.KEPT)}

    def causes(self) -> dict[int, None]:
        """Constraints that are named as the cause, in the order of the tasks."""
        causes, found = self._preview.causes, dict[int, None]()
        for one in self._occurrences:
            stages, cuts, nodes = find_outcomes(self._preview.causes, one)
            found.update(dict.fromkeys(np.unique(cuts[stages == Stage.CONSTRAINT]).tolist()))
            numbers, starving = causes.starved
            starved = nodes[stages == Stage.STARVED]
            if len(starved):
                some = starving[np.searchsorted(numbers, starved)].any(axis=0)
                found.update(dict.fromkeys(np.flatnonzero(some).tolist()))
        return found

    def suspects(self) -> list[int]:
        """Constraints that may be the cause, the named causes first."""
        found = self.causes()
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
    preview: PreviewTables, data_ids: Sequence[DataId], trial: _Trial, edits: list[_Edit]
) -> tuple[Remedy, ...]:
    """Find edits that only together give something back."""
    if len(edits) < 2 or not trial.helps(edits):
        return ()
    for edit in list(edits):
        rest = [one for one in edits if one is not edit]
        if len(rest) > 1 and trial.helps(rest):
            edits = rest
    made = [_make(preview, data_ids, [edit, *(one for one in edits if one is not edit)]) for edit in edits]
    # They are one advice, in one sentence.
    return tuple(dataclasses.replace(one, sentence=made[0].sentence) for one in made)


def _make(preview: PreviewTables, data_ids: Sequence[DataId], edits: Sequence[_Edit]) -> Remedy:
    """Put edits into words; the first is the remedy, and the others have to come with it."""
    parts = []
    asked = describe_data_ids(data_ids)
    for edit in edits:
        what = describe_data_ids(edit.data_ids)
        if what == asked:
            what = "it" if len(data_ids) == 1 else "them"
        constraint = preview.binding.constraints[edit.position]
        name = preview.causes.name_constraint(edit.position)
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
        preview.causes.name_constraint(first.position),
        first.data_ids,
        f"To restore {asked}, {', and '.join(parts)}{joint}.",
        tuple(edit.position for edit in others),
    )


def _edits(
    preview: PreviewTables, position: int, data_ids: Sequence[DataId], occurrences: Sequence[Occurrence]
) -> Iterator[_Edit]:
    """Yield the edits of a constraint that may help, the smaller one first."""
    constraint = preview.binding.constraints[position]
    asked = set(data_ids[0])  # All have the same dimensions.
    given = asked - set(constraint.forms[0][0].universe.governor_dimensions.names)
    # One edit of rows: some rows of the set, or a part of one.
    for group, table in constraint.forms:
        keys = set(group.required) - set(group.governors)
        if not (constraint.is_set and given and (given <= keys or keys <= given)):
            continue
        # Of a finer data ID the row as a whole: a part of it might not bind where the set does.
        names = [name for name in data_ids[0] if name in group.required]
        rows = _tabulate(data_ids, names, table)
        if len(data_ids) > 1:
            # To change what is in the set as it should be would be the contrary.
            how: Literal["semi", "anti"] = "semi" if constraint.mode is Mode.EXCLUDE else "anti"
            rows = rows.join(table, on=names, how=how, maintain_order="left")
            occurrences = list(find_occurrences(preview.graph, rows.to_dicts()))
        if rows.height:
            toggled = tuple(rows.to_dicts())
            yield _Edit("toggle", position, toggled, _toggle(preview.graph, constraint, toggled, occurrences))
        break
    yield _Edit("without", position, tuple(data_ids), None)


def _tabulate(data_ids: Sequence[DataId], names: Sequence[str], like: pl.DataFrame) -> pl.DataFrame:
    """Put values of data IDs into a table, each row once, of the types of another."""
    columns = [pl.Series(name, [one[name] for one in data_ids], dtype=like.schema[name]) for name in names]
    return pl.DataFrame(columns).unique(maintain_order=True)


def _toggle(
    graph: CandidateGraph,
    constraint: ResolvedConstraint,
    data_ids: Sequence[DataId],
    occurrences: Sequence[Occurrence],
) -> ResolvedConstraint:
    """Take data IDs out of the rows of an exclude set, or add them to those of an include set."""
    forms = []
    for group, keys in constraint.forms:
        names = list(group.required)
        if constraint.mode is Mode.EXCLUDE:
            shared = [name for name in names if name in data_ids[0]]
            telling = [name for name in shared if name not in group.governors]
            mine = keys.clear()
            if telling:
                mine = keys.join(_tabulate(data_ids, shared, keys), on=shared, how="semi")
            elif constraint.links is not None:
                # The other form of exposures and visits.
                own = [name for name in constraint.links.columns if name in data_ids[0]]
                links = constraint.links
                mine = links.join(_tabulate(data_ids, own, links), on=own, how="semi").select(names)
            forms.append((group, keys.join(mine, on=names, how="anti")))
            continue
        rows = [_read_rows(graph, one, names) for one in occurrences]
        more = [frame.select(keys.columns).cast(keys.schema) for frame in rows if frame is not None]
        forms.append((group, pl.concat([keys, *more]).unique(maintain_order=True)))
    return dataclasses.replace(constraint, forms=tuple(forms))


def _read_rows(graph: CandidateGraph, occurrence: Occurrence, names: Sequence[str]) -> pl.DataFrame | None:
    """Return the values of dimensions that candidates have, or `None` if they lack one."""
    ids = graph.quantum_ids[occurrence.task]
    if occurrence.is_quanta:
        if not set(names) <= set(ids.group.names):
            return None
        relation = ids.relation.take(occurrence.numbers - graph.quantum_start[occurrence.task])
        return decode_rows(relation, names)
    both = set(ids.group.names) | set(graph.dataset_ids[occurrence.seen_as].group.names)
    if not set(names) <= both:
        return None
    relation = graph.edge_relation(occurrence.seen_as, occurrence.task, names)
    return decode_rows(
        relation.take(occurrence.numbers - graph.blocks[occurrence.task, occurrence.seen_as].start), names
    )
