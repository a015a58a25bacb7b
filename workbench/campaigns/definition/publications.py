"""Published collections among the inputs of a graph: what they hold, and what they leave out, and why."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence

import polars as pl
from lsst.daf.butler import CollectionType, DimensionGroup

from workbench.errors import WorkbenchError
from workbench.graph import Constraint, Mode, ResolvedConstraint, Scope, resolve_set
from workbench.registry import Registry
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot import RepositoryRelations

__all__ = ["Publications", "Published"]

_DEEPEST = 20
"""How many sets made from sets are followed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Published:
    """A collection that a commit published.

    Parameters
    ----------
    tagged : `str`
        The TAGGED collection.
    dataset_type : `str`
        What was tagged.
    label : `str`
        The set that selects it, such as "cosmos-i@3".
    reason : `str`
        Why it was published.
    """

    tagged: str
    dataset_type: str
    label: str
    reason: str


class Publications:
    """What was published, and is read by campaigns.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def find(self, collections: Sequence[str]) -> list[Published]:
        """Find the published collections that a search of some collections reads.

        Parameters
        ----------
        collections : `~collections.abc.Sequence` [ `str` ]
            Input collections; chains are followed.

        Returns
        -------
        published : `list` [ `Published` ]
            In the order of the search.
        """
        read = self._registry.butler.collections.query_info(list(collections), flatten_chains=True)
        tagged = [one.name for one in read if one.type is CollectionType.TAGGED]
        if not tagged:
            return []
        known = {one.tagged: one for one in self._iter_all()}
        return [known[name] for name in tagged if name in known]

    def _iter_all(self) -> Iterator[Published]:
        for row in self._registry.journal.read().to_pylist():
            publication = json.loads(row["intent"]).get("publication")
            if publication:
                yield Published(
                    publication["tagged"],
                    publication["dataset_type"],
                    publication["set"],
                    publication["reason"],
                )

    def resolve(self, collections: Sequence[str], labels: frozenset[str]) -> tuple[ResolvedConstraint, ...]:
        """Read the sets that are published among some collections.

        Parameters
        ----------
        collections : `~collections.abc.Sequence` [ `str` ]
            Input collections.
        labels : `frozenset` [ `str` ]
            Labels of the tasks that read them.

        Returns
        -------
        sets : `tuple` [ `~workbench.graph.ResolvedConstraint`, ... ]
            Named by collection and set; to be accounted for, not to bind.
        """
        found = []
        for one in self.find(collections):
            rows = self._load(one.label)
            if rows is not None:
                constraint = Constraint(
                    f"{one.tagged} ({one.label})", Mode.INCLUDE, Scope.GRAPH, set_label=one.label
                )
                found.append(resolve_set(constraint, rows, labels))
        return tuple(found)

    def explain(
        self, dataset_type: str, collections: Sequence[str], group: DimensionGroup, keys: pl.DataFrame
    ) -> list[str]:
        """Say which published collection leaves data IDs out, by which set and for which reason.

        Parameters
        ----------
        dataset_type : `str`
            What is looked for.
        collections : `~collections.abc.Sequence` [ `str` ]
            Where.
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions of the data IDs.
        keys : `polars.DataFrame`
            The data IDs, of which there is no such dataset there.

        Returns
        -------
        notes : `list` [ `str` ]
            Such as "left out of HSC/raw/DM-1 (good@2) by bad@1: clouds", row
            by row; empty where no published collection leaves it out.
        """
        notes = [""] * len(keys)
        published = [one for one in self.find(collections) if one.dataset_type == dataset_type]
        if not published or not group.required:
            return notes
        names = list(group.required)
        asked = DataIdSet.from_table(
            self._registry.universe,
            keys.select(names).to_arrow(),
            names,
            relations=RepositoryRelations(self._registry.uri),
        )
        for one in published:
            rows = self._load(one.label)
            if rows is None:
                continue
            held = _keys_in(asked, rows, names)
            causes = dict[tuple[object, ...], str]()
            self._trace(asked, rows, names, causes, 0)
            for place, row in enumerate(keys.select(names).iter_rows()):
                if row not in held and not notes[place]:
                    notes[place] = f"left out of {one.tagged} ({one.label}){causes.get(row, '')}"
        return notes

    def _trace(
        self,
        asked: DataIdSet,
        rows: DataIdSet,
        names: list[str],
        causes: dict[tuple[object, ...], str],
        depth: int,
    ) -> None:
        """Find which of the sets that a set was made from took data IDs out, and for which reason."""
        if depth > _DEEPEST:
            return
        for label in rows.provenance.parents:
            parent = self._load(label)
            if parent is None:
                continue
            if parent.role == "exclude":
                for row, reason in _reasons(asked, parent, names).items():
                    text = f" by {label}" + (f" ({reason})" if reason else "")
                    causes.setdefault(row, text)
            else:
                self._trace(asked, parent, names, causes, depth + 1)

    def _load(self, label: str) -> DataIdSet | None:
        try:
            return SetStore(self._registry).load(label)
        except WorkbenchError:
            # Renamed or lost: what it held is not known any more.
            return None


def _keys_in(asked: DataIdSet, rows: DataIdSet, names: list[str]) -> set[tuple[object, ...]]:
    """Return those of the asked data IDs of which a set holds some part."""
    try:
        both = asked & rows.with_role(asked.role)
    except WorkbenchError:
        return set()
    frame = pl.DataFrame(pl.from_arrow(both.keys))
    if not set(names) <= set(frame.columns):
        return set()
    return set(frame.select(names).iter_rows())


def _reasons(asked: DataIdSet, rows: DataIdSet, names: list[str]) -> dict[tuple[object, ...], str]:
    """Return which of the asked data IDs a set holds, with the reasons that it gives."""
    reasons = dict.fromkeys(_keys_in(asked, rows, names), "")
    named = rows
    if "visit" in names and "visit" not in rows.dimensions.names and "exposure" in rows.dimensions.names:
        named = rows.to_visits()
    table = pl.DataFrame(pl.from_arrow(named.table))
    shared = [name for name in names if name in table.columns]
    if "reason" not in table.columns or not shared:
        return reasons
    known = table.filter(pl.col("reason").is_not_null()).unique(subset=shared, maintain_order=True)
    by_key = {tuple(row[name] for name in shared): row["reason"] for row in known.to_dicts()}
    places = [names.index(name) for name in shared]
    return {row: by_key.get(tuple(row[place] for place in places), "") for row in reasons}
