"""Data IDs with pixels of the sky, made in columns as the stock builder makes them one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from lsst.daf.butler import DimensionGroup

from workbench.graph._generators import DataIdPlan, Generation
from workbench.graph.joins.codes import Keys
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import JoinOperand, KeyFilter
from workbench.graph.joins.relation import Relation, join, unique_keys

__all__ = ["GeneratedDataIds", "generate_data_ids"]


class GeneratedDataIds:
    """Data IDs of all dimension groups of a plan.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Joins dimensions.
    plan : `~workbench.graph._generators.DataIdPlan`
        What is made of what.
    joined : `~workbench.graph.joins.relation.Relation`
        Rows of the one query.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ]
        What generated data IDs must pass.
    """

    def __init__(
        self,
        joins: Joins,
        plan: DataIdPlan,
        joined: Relation,
        filters: Sequence[KeyFilter],
    ):
        self._joins = joins
        self._plan = plan
        self._filters = [one for one in filters if not set(one.names) <= set(plan.queried.names)]
        self._rows: dict[DimensionGroup, Relation] = {}
        self._made: dict[DimensionGroup, DataIds] = {}
        for group in plan.roots:
            self._add(group, joined)
        for generation in plan.generations:
            self._add(generation.target, self._generate(generation))

    def project(self, group: DimensionGroup) -> DataIds:
        """Return the data IDs of a group.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Of a task, a dataset type or both.

        Returns
        -------
        data_ids : `~workbench.graph.joins.data_ids.DataIds`
            Always the same object.
        """
        if group not in self._made:
            self._made[group] = self._joins.distinct(self._rows_of(group), group)
        return self._made[group]

    def _rows_of(self, group: DimensionGroup) -> Relation:
        if group in self._rows:
            return self._rows[group]
        codes = self._joins.codes
        return Relation(codes, codes.unpack(list(group.required), np.empty(0, dtype=np.int64)), 0)

    def _add(self, group: DimensionGroup, rows: Relation) -> None:
        """Add data IDs of a group, and of all that is projected from it."""
        required = list(group.required)
        keys = self._keys(rows, group)
        if group in self._rows:
            keys = unique_keys(np.concatenate([self._keys(self._rows[group], group), keys]))
        codes = self._joins.codes
        self._rows[group] = Relation(codes, codes.unpack(required, keys), len(keys))
        children = self._plan.children[group]
        if children:
            # Implied dimensions may be required ones of what is projected.
            whole = self._joins.expand(group, keys).relation
            for child in children:
                self._add(child, whole)

    def _keys(self, rows: Relation, group: DimensionGroup) -> Keys:
        if not rows.n_rows:
            return np.empty(0, dtype=np.int64)
        return unique_keys(rows.keys(list(group.required)))

    def _generate(self, generation: Generation) -> Relation:
        joins = self._joins
        source = self._full_rows(generation.source)
        if generation.other is not None:
            common = generation.source.intersection(generation.other).required
            other = self._full_rows(generation.other)
            # Implied dimensions may be null, and nulls would match nothing.
            made = join(source, other.select(other.names - source.names | set(common)))
        else:
            universe = joins.universe
            pixel = universe.skypix_dimensions[generation.pixel]
            if (known := universe.skypix_dimensions.get(generation.element)) is not None:
                values = np.unique(source.columns[known.name])
                made = joins.spatial.pixels.of_pixels(known, pixel, values)
            else:
                element = universe[generation.element]
                made = joins.spatial.pixels.of_records(element, pixel, [source])
        for one in self._filters:
            made = one.apply(made)
        return made

    def _full_rows(self, group: DimensionGroup) -> Relation:
        rows = self._rows_of(group)
        return self._joins.expand(group, rows.keys(list(group.required))).relation


def generate_data_ids(
    joins: Joins,
    plan: DataIdPlan,
    operands: Sequence[JoinOperand],
    filters: Sequence[KeyFilter],
) -> GeneratedDataIds:
    """Make the data IDs of a plan.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Joins dimensions.
    plan : `~workbench.graph._generators.DataIdPlan`
        What is made of what.
    operands : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.JoinOperand` ]
        Datasets that restrict the one query.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ]
        What data IDs must pass.  Pixels that are let in are joined, as a data
        ID table is.

    Returns
    -------
    data_ids : `GeneratedDataIds`
        Of all groups of the plan.
    """
    universe, codes = joins.universe, joins.codes
    common = universe.commonSkyPix.name
    joined = list(operands)
    asked = plan.queried
    for one in filters:
        group = universe.conform(one.names)
        if one.inside and group.skypix - {common}:
            rows = Relation(codes, codes.unpack(one.names, one.keys), len(one.keys))
            joined.append(JoinOperand.of_datasets(rows, group))
        elif not set(group.skypix) - {common} - set(plan.queried.names):
            asked = asked.union(group)
    return GeneratedDataIds(joins, plan, joins.natural_join(asked, joined, filters), filters)
