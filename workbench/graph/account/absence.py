"""Absence: why data IDs are in no candidate quantum, looked up in the repository."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import polars as pl
from lsst.daf.butler import Butler, DataCoordinate, DimensionGroup

from workbench.graph.closure.request import BuildMode, GraphRequest
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint
from workbench.presentation import presented

__all__ = ["Absence", "PublishedRows"]

_CHUNK = 10_000
"""Data IDs that one query joins."""

_PAIR = frozenset(("visit", "exposure"))
"""Dimensions that ``visit_definition`` relates: what has one of them is looked up by the other."""


class PublishedRows(Protocol):
    """Knows which sets are published in which collections."""

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
            To be accounted for, not to bind.
        """
        ...

    def explain(
        self, dataset_type: str, collections: Sequence[str], group: DimensionGroup, keys: pl.DataFrame
    ) -> Sequence[str]:
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
        notes : `~collections.abc.Sequence` [ `str` ]
            Row by row; empty where no published collection leaves it out.
        """
        ...


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class Absence:
    """Says why data IDs are no candidates of a graph.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Client of the repository; nothing is written.
    request : `~workbench.graph.GraphRequest`
        What was asked for; its pipeline is resolved.
    publications : `PublishedRows` or `None`, optional
        What is published, and leaves something out.
    constraints : `tuple` [ `~workbench.graph.ResolvedConstraint`, ... ], optional
        What restricted the one join of the mode ``all-dimensions``.
    """

    butler: Butler
    request: GraphRequest
    publications: PublishedRows | None = None
    constraints: tuple[ResolvedConstraint, ...] = ()

    def describe(self, data_id: Mapping[str, object]) -> str:
        """Say why a data ID is no candidate.

        Parameters
        ----------
        data_id : `~collections.abc.Mapping`
            Dimension values; governors may be left out.

        Returns
        -------
        sentence : `str`
            A sentence or two.
        """
        group = self.butler.dimensions.conform(data_id.keys())
        complete = self._with_governors(data_id, group)
        if not any(self._exists(candidate, group) for candidate in complete):
            return "The repository has no such data ID."
        for one in self.request.groupings:
            same = [each for each in self.request.groupings if each.dimension == one.dimension]
            tables = [share.members for each in same for share in each.shares]
            if one.dimension in data_id and not any(
                data_id[one.dimension] in table[one.dimension] for table in tables
            ):
                labels = ", ".join(each.label for each in same)
                return f"The repository has it, but it is no group of {labels}, by which this graph works."
        if set(group.required) <= set(complete[0]):
            frame = pl.DataFrame([{name: one[name] for name in group.required} for one in complete])
            phrases = [text for text in self.describe_rows(group, frame) if text]
            # Of several governors, one without a fault is the one that was meant.
            if len(phrases) == len(complete):
                return f"The repository has it, but for it there is {phrases[0]}."
        if self.request.mode is BuildMode.ALL_DIMENSIONS:
            for constraint in self.constraints:
                if not any(_lets_through(constraint, candidate) for candidate in complete):
                    name = f"{constraint.mode.value} {constraint.name}"
                    return f"The repository has it, but it was taken by {name}."
        return "The repository has it, but the pipeline's inputs and regions join to no quantum for it."

    def describe_rows(self, group: DimensionGroup, keys: pl.DataFrame) -> list[str]:
        """Say why data IDs are no candidates, row by row.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Their dimensions.
        keys : `polars.DataFrame`
            Values of the required ones.

        Returns
        -------
        phrases : `list` [ `str` ]
            Such as "no raw in HSC/defaults"; empty where nothing is found
            that would be the cause.
        """
        names = list(group.required)
        phrases = [""] * len(keys)
        if not names:
            return phrases
        rows = {row: place for place, row in enumerate(keys.select(names).iter_rows())}
        known = self._find(group, rows, None)
        for row, place in rows.items():
            if row not in known:
                phrases[place] = "no such data ID in the repository"
        for name in self._required_inputs():
            asked = {row: place for row, place in rows.items() if not phrases[place]}
            if not asked or not self._speaks_of(name, group):
                continue
            there = self._find(group, asked, name)
            lacking = [(row, place) for row, place in asked.items() if row not in there]
            if not lacking:
                continue
            notes = self._notes(name, group, keys[[place for _, place in lacking]])
            for (_, place), note in zip(lacking, notes, strict=True):
                where = ", ".join(self.request.inputs)
                phrases[place] = f"no {name} in {where}{f', {note}' if note else ''}"
        left = {row: place for row, place in rows.items() if not phrases[place]}
        for row in self._without_region(group, left):
            phrases[left[row]] = "no region of it in the repository"
        return phrases

    def _notes(self, name: str, group: DimensionGroup, keys: pl.DataFrame) -> Sequence[str]:
        if self.publications is None:
            return [""] * len(keys)
        return self.publications.explain(name, self.request.inputs, group, keys)

    def _required_inputs(self) -> list[str]:
        """Overall inputs that tasks cannot do without, in the order of the pipeline."""
        graph = self.request.pipeline_graph
        names: dict[str, None] = {}
        for task in graph.tasks.values():
            connections = task.get_connections()
            for edge in task.inputs.values():
                if getattr(connections, edge.connection_name).minimum > 0:
                    names[edge.parent_dataset_type_name] = None
        overall = {name for name, _ in graph.iter_overall_inputs()}
        return [name for name in names if name in overall]

    def _speaks_of(self, name: str, group: DimensionGroup) -> bool:
        """Whether a dataset type has the dimensions of the data IDs, or the twin of one."""
        own = set(self.request.pipeline_graph.dataset_types[name].dimensions.names)
        if own & _PAIR:
            own |= _PAIR
        wanted = set(group.required) - set(group.governors)
        return bool(wanted) and wanted <= own

    def _find(
        self, group: DimensionGroup, rows: Iterable[tuple[object, ...]], name: str | None
    ) -> set[tuple[object, ...]]:
        """Return those of the data IDs that exist, or have a dataset of a type in the inputs."""
        found: set[tuple[object, ...]] = set()
        for data_ids in self._chunks(group, rows):
            with self.butler.query() as query:
                joined = query.join_data_coordinates(data_ids)
                if name is not None:
                    joined = joined.join_dataset_search(name, list(self.request.inputs))
                found.update(tuple(data_id.required_values) for data_id in joined.data_ids(group))
        return found

    def _without_region(
        self, group: DimensionGroup, rows: Iterable[tuple[object, ...]]
    ) -> set[tuple[object, ...]]:
        """Return those of visits, or of their detectors, that have no region."""
        wanted, names = set(rows), list(group.required)
        element = "visit_detector_region" if "detector" in names else "visit"
        joined = self.request.pipeline_graph.get_all_dimensions()
        if not wanted or "visit" not in names or not (joined.skypix or "skymap" in joined.names):
            return set()
        own = self.butler.dimensions[element].minimal_group
        if not set(own.required) <= set(names):
            return set()
        places = [names.index(name) for name in own.required]
        have: set[tuple[object, ...]] = set()
        for data_ids in self._chunks(own, {tuple(row[place] for place in places) for row in wanted}):
            with self.butler.query() as query:
                records = query.join_data_coordinates(data_ids).dimension_records(element)
                have.update(tuple(one.dataId.required_values) for one in records if one.region is not None)
        return {row for row in wanted if tuple(row[place] for place in places) not in have}

    def _chunks(
        self, group: DimensionGroup, rows: Iterable[tuple[object, ...]]
    ) -> Iterator[list[DataCoordinate]]:
        wanted, names = list(rows), list(group.required)
        for start in range(0, len(wanted), _CHUNK):
            values = (dict[str, Any](zip(names, row, strict=True)) for row in wanted[start : start + _CHUNK])
            universe = self.butler.dimensions
            yield [DataCoordinate.standardize(one, dimensions=group, universe=universe) for one in values]

    def _exists(self, data_id: Mapping[str, object], group: DimensionGroup) -> bool:
        with self.butler.query() as query:
            return query.where(dict(data_id)).data_ids(group).any()

    def _with_governors(
        self, data_id: Mapping[str, object], group: DimensionGroup
    ) -> list[dict[str, object]]:
        """Give a data ID every value of the governor dimensions that it leaves out."""
        complete: list[dict[str, object]] = [dict(data_id)]
        for name in group.governors:
            if name not in data_id:
                records = self.butler.query_dimension_records(name, explain=False)
                values = [record.dataId[name] for record in records]
                complete = [{**one, name: value} for one in complete for value in values]
        return complete


def _lets_through(constraint: ResolvedConstraint, data_id: Mapping[str, object]) -> bool:
    """Tell whether a constraint lets a data ID through, as far as both speak of the same dimensions."""
    for dimensions, keys in constraint.forms:
        names = [name for name in dimensions.required if name in data_id]
        whole = len(names) == len(dimensions.required)
        # Of what is kept out of several dimensions, others of the same value may be left.
        if set(names) <= set(dimensions.governors) or not (whole or constraint.mode is Mode.INCLUDE):
            continue
        found = not keys.filter(
            [pl.col(name).cast(pl.String) == str(data_id[name]) for name in names]
        ).is_empty()
        return found is (constraint.mode is Mode.INCLUDE)
    return True
