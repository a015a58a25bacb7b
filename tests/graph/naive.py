"""Demand and completeness as plain sets: the words of docs/concepts.md, without a thought for speed.

Quanta and datasets are numbers of a candidate graph, edges are triples of
quantum, dataset and number; nothing here is shared with `workbench.graph.closure.closure`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT, Binding
from workbench.graph.closure.closure import PartialPolicy
from workbench.graph.constraints.constraint import Mode, Scope


@dataclasses.dataclass(frozen=True)
class Kept:
    """What plain sets keep, and what they call the rest."""

    kept: set[int]
    viable: set[int]
    living: set[int]
    missing: set[int]
    """Edges of kept quanta."""

    excluded: set[int]
    """Edges of kept quanta."""

    absent: set[int]
    """Edges of kept quanta."""


class PlainSets:
    """The candidates and cuts of one graph."""

    def __init__(self, graph: CandidateGraph, binding: Binding):
        self.graph, self.binding = graph, binding
        self.quanta = set(range(graph.n_quanta))
        self.task = {q: graph.task_of(q) for q in self.quanta}
        self.maker = {d: int(q) for d, q in enumerate(graph.producer) if q >= 0}
        self.edges = [(int(q), int(d)) for q, d in zip(graph.edge_quantum, graph.edge_dataset, strict=True)]
        self.exists = {d for d, there in enumerate(graph.exists) if there}
        self.kind = {}
        for name in graph.dataset_ids:
            span = graph.dataset_span(name)
            self.kind.update(dict.fromkeys(range(span.start, span.stop), name))
        self.uncut = {e for e in range(len(self.edges)) if binding.edge_cut[e] == UNCUT}
        self.into: dict[int, list[int]] = {q: [] for q in self.quanta}
        self.of_type: dict[tuple[int, str], list[int]] = {}
        for e, (q, d) in enumerate(self.edges):
            self.into[q].append(e)
            self.of_type.setdefault((q, self.kind[d]), []).append(e)

    def there(self, e: int, made_by: set[int]) -> bool:
        dataset = self.edges[e][1]
        return dataset in self.exists or self.maker.get(dataset, -1) in made_by

    def could_run(self, allowed: set[int], edges: set[int]) -> set[int]:
        """Greatest part of ``allowed`` that has its least number of each input."""
        alive = set(allowed)
        while True:
            fallen = {
                q
                for q in alive
                for name, least in self.graph.tasks[self.task[q]].minimum.items()
                if sum(e in edges and self.there(e, alive) for e in self.of_type.get((q, name), ())) < least
            }
            if not fallen:
                return alive
            alive -= fallen

    def causes(self, q: int, living: set[int]) -> set[int]:
        """Constraints, first come, first blamed, that took the inputs of which ``q`` has too few."""
        found: set[int] = set()
        for name, least in self.graph.tasks[self.task[q]].minimum.items():
            mine = self.of_type.get((q, name), [])
            if sum(e in self.uncut and self.there(e, living) for e in mine) >= least:
                continue
            for e in mine:
                maker = self.maker.get(self.edges[e][1])
                if e not in self.uncut:
                    found.add(int(self.binding.edge_cut[e]))
                elif maker is None or maker in living or maker not in self.could_ever:
                    continue
                elif self.binding.quantum_cut[maker] != UNCUT:
                    found.add(int(self.binding.quantum_cut[maker]))
                else:
                    found |= self.causes(maker, living)
        return found

    def producers(self, q: int, within: set[int]) -> set[int]:
        made = {self.maker.get(self.edges[e][1], -1) for e in self.into[q] if e in self.uncut}
        return made & within

    def closed(self, wanted: Iterable[int], within: set[int]) -> set[int]:
        """Add all of their own inputs' producers, again and again."""
        done: set[int] = set()
        queue = list(wanted)
        while queue:
            q = queue.pop()
            if q not in done:
                done.add(q)
                queue += self.producers(q, within)
        return done

    def keep(self, policy: PartialPolicy) -> Kept:
        self.could_ever = viable = self.could_run(self.quanta, set(range(len(self.edges))))
        uncut = {q for q in viable if self.binding.quantum_cut[q] == UNCUT}
        living = self.could_run(uncut, self.uncut)
        roots = self.roots({self.task[q] for q in viable})
        if roots is None:
            used = {self.maker.get(self.edges[e][1], -1) for q in viable for e in self.into[q]}
            kept = self.closed(living - used, living)
        else:
            kept = self.from_roots(roots, living, viable, policy)
        read = [e for q in kept for e in self.into[q]]
        missing = {e for e in read if e in self.uncut and self.there(e, living) and not self.there(e, kept)}
        excluded = {
            e for e in read if e not in self.uncut or (self.there(e, viable) and not self.there(e, living))
        }
        absent = {e for e in read if e in self.uncut and not self.there(e, viable)}
        return Kept(kept, viable, living, missing, excluded, absent)

    def roots(self, able: set[str]) -> set[str] | None:
        """Tasks that are demanded; `None` where all ends are."""
        binding, tasks = self.binding, self.graph.tasks
        stated = list(zip(binding.constraints, binding.bound_tasks, strict=True))
        includes = [(one, labels) for one, labels in stated if one.mode is Mode.INCLUDE]
        roots = {label for one, labels in includes if one.scope is Scope.TASKS for label in labels}
        feels = {
            label: {
                place
                for place, (one, labels) in enumerate(includes)
                if one.scope is Scope.GRAPH and label in ((set(labels) & able) or labels)
            }
            for label in tasks
        }
        most = {a for a in tasks if feels[a] and not any(feels[a] < feels[b] for b in tasks)}
        roots |= {label for label in most if not tasks[label].downstream & most}
        if not roots:
            return None
        spared = {
            label
            for one, labels in stated
            if one.mode is Mode.EXCLUDE and one.scope is Scope.TASKS
            for label in labels
        }
        return roots | {label for label in spared if not tasks[label].downstream & (roots | spared)}

    def from_roots(
        self, roots: set[str], living: set[int], viable: set[int], policy: PartialPolicy
    ) -> set[int]:
        tasks = self.graph.tasks
        above = {up for label in roots for up in tasks[label].upstream}
        below = {down for label in roots for down in tasks[label].downstream} - above - roots
        side = set(tasks) - above - roots - below
        fed = {q for q in living if self.task[q] in roots}
        kept = self.closed(fed, living)

        def lacks(q: int) -> bool:
            return any(
                e in self.uncut and self.there(e, living) and not self.there(e, kept) for e in self.into[q]
            )

        def has_any(q: int) -> bool:
            return not self.into[q] or any(e in self.uncut and self.there(e, kept) for e in self.into[q])

        def grow(could: Callable[[int], bool]) -> bool:
            more = {q for q in living - kept if could(q)}
            kept.update(more)
            return bool(more)

        def is_side(q: int) -> bool:
            return self.task[q] in side and not lacks(q) and has_any(q)

        if policy is not PartialPolicy.COMPLETE:
            while grow(is_side):
                pass
        for label in tasks:
            if label in below:
                mine = {q for q in living if self.task[q] == label and self.producers(q, fed)}
                if policy is PartialPolicy.DROP:
                    mine = {q for q in mine if not lacks(q)}
                fed |= mine
                kept |= self.closed(mine, living) if policy is PartialPolicy.COMPLETE else mine
            if policy is not PartialPolicy.COMPLETE:
                while grow(is_side):
                    pass
        while grow(is_side):
            pass
        for label in reversed(list(tasks)):
            for q in [q for q in kept if self.task[q] == label and label in side]:
                users = {
                    user
                    for e, (user, d) in enumerate(self.edges)
                    if e in self.uncut and self.maker.get(d) == q
                }
                if users & viable and not users & kept:
                    kept.discard(q)
        return kept
