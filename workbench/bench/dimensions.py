"""The dimensions of a repository: their records, and those that it is given beside its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
from lsst.daf.butler import ButlerUserError

from workbench.arguments import checked
from workbench.campaigns import read_commits
from workbench.errors import UnknownNameError
from workbench.exports import write_plan_script
from workbench.groupings import Grouping, load_grouping, to_group_table
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.provenance.tables import PROV_QUANTUM
from workbench.query import butler_where, columns_for, select
from workbench.registry import Registry
from workbench.registry.dimensions.dynamic import DynamicDimension, read_dynamic_dimensions
from workbench.registry.dimensions.extending import UniverseOutcome, extend_dimensions, revert_dimensions
from workbench.registry.dimensions.group_records import (
    GROUP_DIMENSION,
    insert_group_records,
    plan_group_records,
)
from workbench.registry.dimensions.members import insert_members, plan_members, read_members
from workbench.registry.dimensions.universe_plan import (
    UniversePlan,
    list_stale_keys,
    plan_extension,
    plan_reversion,
)
from workbench.sets import SetStore
from workbench.snapshot import find_element, take_snapshot
from workbench.snapshot.browse import list_elements
from workbench.snapshot.paging import count_records, read_keyed_records, read_record_page

__all__ = ["Dimensions", "dimension_names"]

_TYPES: dict[str, pa.DataType] = {
    "name": pa.string(),
    "key": pa.string(),
    "parent": pa.string(),
    "relations": pa.list_(pa.string()),
    "records": pa.int64(),
    "dataset_types": pa.list_(pa.string()),
    "doc": pa.string(),
}


@checked
@presented
class Dimensions:
    """The dimension elements of a repository, with their records, and its dynamic dimensions.

    A dynamic dimension is a data ID key that the repository's static
    configuration lacks.  Extending makes it real for every Butler client,
    with no change of the client: it adds to the repository's universe, in one
    transaction, or does nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    """

    def __init__(self, registry: Registry):
        self._registry = registry
        self._sets = SetStore(registry)

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def elements(self) -> pa.Table:
        """Count the records of every dimension element.

        Returns
        -------
        elements : `pyarrow.Table`
            Columns ``element``, ``records``, ``required``, ``spatial``,
            ``temporal``; only elements with records.
        """
        return list_elements(self._registry.butler)

    def records(
        self,
        element: str,
        where: str = "",
        *,
        bind: Mapping[str, object] | None = None,
        limit: int | None = None,
        offset: int = 0,
        order_by: str = "",
        keys: pa.Table | None = None,
    ) -> pa.Table:
        """Read dimension records.

        Parameters
        ----------
        element : `str`
            Dimension element, such as ``visit``.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        limit : `int`, optional
            At most so many rows.
        offset : `int`, optional
            Rows to leave out before.
        order_by : `str`, optional
            Column to sort by before the key; with a minus sign, descending.
        keys : `pyarrow.Table`, optional
            Only the records of these required dimensions, in their order, as
            `record_keys` gives them; instead of an expression and an order.

        Returns
        -------
        records : `pyarrow.Table`
            Sorted; times are MJD TAI, regions are encoded bytes.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for an unknown element, or a column that it has not.
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        """
        # Names and syntax are checked first: the message points at the place.
        conditions = [] if keys is not None else self._butler_where(element, where, bind)
        if conditions is None:
            keys = self.record_keys(element, where, bind=bind, order_by=order_by)
        if keys is not None:
            return read_keyed_records(self._registry.butler, element, keys.slice(offset, limit))
        try:
            return read_record_page(
                self._registry.butler,
                element,
                where=" AND ".join(conditions or ()),
                bind=bind,
                order_by=order_by,
                limit=limit,
                offset=offset,
            )
        except ButlerUserError:
            self._explain_refusal(element, where, bind)
            raise

    def count(self, element: str, where: str = "", *, bind: Mapping[str, object] | None = None) -> int:
        """Count dimension records; in the database, unless our tables or sets have a say.

        Parameters
        ----------
        element : `str`
            Dimension element, such as ``visit``.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        n_records : `int`
            How many `records` gives without a limit.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for an unknown element.
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        """
        conditions = self._butler_where(element, where, bind)
        if conditions is None:
            return self.record_keys(element, where, bind=bind).num_rows
        try:
            return count_records(self._registry.butler, element, " AND ".join(conditions), bind)
        except ButlerUserError:
            self._explain_refusal(element, where, bind)
            raise

    def check_where(self, element: str, where: str, *, bind: Mapping[str, object] | None = None) -> bool:
        """Check names and syntax of an expression, without reading what it selects.

        Parameters
        ----------
        element : `str`
            Dimension element whose records it is to select.
        where : `str`
            Expression.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        is_for_butler : `bool`
            Whether the database answers it alone: it then finds a page of
            records without reading the others.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong; the message points at the place.
        """
        return self._butler_where(element, where, bind) is not None

    def record_keys(
        self,
        element: str,
        where: str = "",
        *,
        bind: Mapping[str, object] | None = None,
        order_by: str = "",
    ) -> pa.Table:
        """Read the keys of dimension records, all at once.

        Parameters
        ----------
        element : `str`
            Dimension element, such as ``visit``.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        order_by : `str`, optional
            Column to sort by before the key; with a minus sign, descending.

        Returns
        -------
        keys : `pyarrow.Table`
            Required dimensions, sorted.  `records` reads pages of them.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for an unknown element, or a column that it has not.
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        """
        required = self._required(element)
        found = select(
            self._registry, required, where, bind=bind, membership=self._sets.read_keys, is_traced=False
        )
        if not order_by:
            return found.keys
        column = order_by.removeprefix("-")
        records = read_keyed_records(self._registry.butler, element, found.keys)
        if column not in records.column_names:
            names = ", ".join(records.column_names)
            raise UnknownNameError(f"{element} records cannot be sorted by {column!r}; columns: {names}.")
        direction: Literal["ascending", "descending"] = (
            "descending" if order_by.startswith("-") else "ascending"
        )
        order = [(column, direction)]
        order.extend((name, "ascending") for name in required if name != column)
        return records.sort_by(order).select(required)

    def columns(self, dimensions: str | Sequence[str]) -> list[str]:
        """List the names that a ``where`` may use.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What is to be selected.

        Returns
        -------
        columns : `list` [ `str` ]
            Dimensions, their metadata, and columns of extension tables.
        """
        return columns_for(self._registry, dimension_names(dimensions))

    def overlaps(self, left: str, right: str, *, progress: Progress = silent) -> pa.Table:
        """Pair the records of two spatial elements whose regions overlap.

        Parameters
        ----------
        left, right : `str`
            Elements such as ``visit`` and ``patch``.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; it cancels by raising
            `~workbench.errors.OperationCancelledError`.

        Returns
        -------
        pairs : `pyarrow.Table`
            Required dimensions of both, sorted, as the Butler joins them.
            Pairs that were computed are kept beside the repository.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the two cannot be joined by overlap.
        """
        snapshot = take_snapshot(self._registry, [], [], [left, right], progress=progress)
        return snapshot.overlaps(left, right, progress=progress)

    def status(self) -> pa.Table:
        """List the dynamic dimensions; never writes.

        Returns
        -------
        dimensions : `pyarrow.Table`
            ``name``, ``key``, ``parent``, ``relations``, ``records``,
            ``dataset_types`` and ``doc``.
        """
        butler = self._registry.butler
        types = list(butler.registry.queryDatasetTypes())
        with butler.query() as query:
            rows = [
                {
                    "name": name,
                    "key": one.key,
                    "parent": one.parent,
                    "relations": list(one.relations),
                    "records": query.dimension_records(name).count(),
                    "dataset_types": sorted(kind.name for kind in types if name in kind.dimensions),
                    "doc": one.doc,
                }
                for name, one in read_dynamic_dimensions(butler.dimensions).items()
            ]
        return pa.Table.from_pylist(rows, schema=pa.schema(_TYPES))

    def stale_keys(self) -> list[str]:
        """List keys in the file templates that a killed process left behind; never writes.

        Returns
        -------
        names : `list` [ `str` ]
            Harmless; `revert` takes them out, and so does the next `extend`.
        """
        return list_stale_keys(self._registry)

    def in_flight(self) -> list[str]:
        """List commits whose graph may still be executed or ingested; never writes.

        Returns
        -------
        commits : `list` [ `str` ]
            The RUN of each, with its identifier.
        """
        tables = self._registry.tables()
        quanta = tables.get(PROV_QUANTUM.name)
        found = []
        for row in read_commits(self._registry, pending=True).to_pylist():
            is_prepared = row["state"] == "prepared" and row["run"] is not None
            # Graph files may be cleared away; then nobody can execute them either.
            has_graph = row["graph_path"] is not None and Path(row["graph_path"]).is_file()
            ingested = quanta is not None and quanta.count(where={"commit_id": row["commit_id"]}) > 0
            if (is_prepared or has_graph) and not ingested:
                found.append(f"{row['run']} ({row['commit_id'][:8]})")
        return found

    def plan_extend(self, *dimensions: DynamicDimension) -> UniversePlan:
        """Plan to extend the repository; never writes.

        Parameters
        ----------
        *dimensions : `~workbench.registry.dimensions.dynamic.DynamicDimension`
            What it shall have.

        Returns
        -------
        plan : `~workbench.registry.dimensions.universe_plan.UniversePlan`
            What would be made, what would befall others, and the words that
            confirm it.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if a dimension cannot be added; lists why.
        workbench.errors.ReadOnlyError
            Raised if the repository is remote or read-only.
        """
        return plan_extension(self._registry, dimensions)

    def extend(
        self,
        *dimensions: DynamicDimension,
        confirmation: str = "",
        despite_in_flight: bool = False,
        progress: Progress = silent,
    ) -> UniverseOutcome:
        """Add dimensions to the repository, for every Butler client.

        Parameters
        ----------
        *dimensions : `~workbench.registry.dimensions.dynamic.DynamicDimension`
            What it shall have; those that it has already are left as they are.
        confirmation : `str`, optional
            The words of the plan, such as "extend pair".
        despite_in_flight : `bool`, optional
            Go on although graphs were committed and not brought back.
        progress : `~workbench.progress.Progress`, optional
            Told each step; may cancel.

        Returns
        -------
        outcome : `~workbench.registry.dimensions.extending.UniverseOutcome`
            What was added.  Writes to the Butler, all or nothing; ``butler``
            is a new one afterwards.

        Raises
        ------
        workbench.errors.ConfirmationError
            Raised without the words; lists what would break for others.
        workbench.errors.GraphsInFlightError
            Raised if graphs of ours are in flight.
        workbench.errors.DimensionError
            Raised if a dimension cannot be added; lists why.
        workbench.errors.ReadOnlyError
            Raised if the repository is remote or read-only.
        """
        return extend_dimensions(
            self._registry,
            dimensions,
            confirmation=confirmation,
            in_flight=self.in_flight(),
            despite_in_flight=despite_in_flight,
            progress=progress,
        )

    def plan_revert(self, *names: str) -> UniversePlan:
        """Plan to take dimensions back; never writes.

        Parameters
        ----------
        *names : `str`
            Dynamic dimensions.

        Returns
        -------
        plan : `~workbench.registry.dimensions.universe_plan.UniversePlan`
            What would go, and the words that confirm it.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if one is no dynamic dimension.
        """
        return plan_reversion(self._registry, names)

    def revert(
        self,
        *names: str,
        confirmation: str = "",
        despite_in_flight: bool = False,
        progress: Progress = silent,
    ) -> UniverseOutcome:
        """Take dimensions back that nothing uses.

        Parameters
        ----------
        *names : `str`
            Dynamic dimensions.
        confirmation : `str`, optional
            The words of the plan, such as "revert pair".
        despite_in_flight : `bool`, optional
            Go on although graphs were committed and not brought back.
        progress : `~workbench.progress.Progress`, optional
            Told each step; may cancel.

        Returns
        -------
        outcome : `~workbench.registry.dimensions.extending.UniverseOutcome`
            What was taken back.  Writes to the Butler, all or nothing.

        Raises
        ------
        workbench.errors.DimensionInUseError
            Raised if anything uses them; lists what.
        workbench.errors.ConfirmationError
            Raised without the words.
        workbench.errors.GraphsInFlightError
            Raised if graphs of ours are in flight.
        """
        return revert_dimensions(
            self._registry,
            names,
            confirmation=confirmation,
            in_flight=self.in_flight(),
            despite_in_flight=despite_in_flight,
            progress=progress,
        )

    def insert(
        self,
        dimension: str,
        grouping: Grouping | str,
        members: pa.Table | None = None,
        *,
        script: str | Path | None = None,
        progress: Progress = silent,
    ) -> pa.Table:
        """Insert the groups of a grouping's version, for good.

        Parameters
        ----------
        dimension : `str`
            A dynamic dimension, which holds their members too; or the Butler's
            own "group", which holds their names alone.
        grouping : `~workbench.groupings.Grouping` or `str`
            A saved grouping, or name and version, such as "folds@3".
        members : `pyarrow.Table`, optional
            Column ``group`` and the required dimensions of a relation, one
            row a member; or of the dimension's parent alone.  By default the
            grouping's own.
        script : `str` or `pathlib.Path`, optional
            Script to write instead, for somebody who may write the Butler.
        progress : `~workbench.progress.Progress`, optional
            Told each step; may cancel.

        Returns
        -------
        keys : `pyarrow.Table`
            The key of each group.  Writes to the Butler, all or nothing, or
            the script alone.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if members do not fit, or the version has others already.
        workbench.errors.GroupingError
            Raised if the grouping was never saved.
        workbench.errors.ReadOnlyError
            Raised if the Butler cannot be written, and no script is asked for.
        """
        if members is None:
            found = load_grouping(self._registry, grouping) if isinstance(grouping, str) else grouping
            grouping, members = found, to_group_table(found)
        label = grouping if isinstance(grouping, str) else grouping.label
        if script is not None:
            butler = self._registry.butler
            planned = (
                plan_group_records(butler, label, members)
                if dimension == GROUP_DIMENSION
                else plan_members(butler, dimension, label, members)
            )
            purpose = f"Insert the groups of {label} into the dimension {dimension}."
            write_plan_script(planned.plan, script, repo=self._registry.writeable_uri, purpose=purpose)
            return planned.keys
        if dimension == GROUP_DIMENSION:
            return insert_group_records(self._registry, label, members, progress=progress)
        return insert_members(self._registry, dimension, label, members, progress=progress)

    def members(self, dimension: str, grouping: str, relation: str | None = None) -> pa.Table:
        """Read the groups of a grouping's version; never writes.

        Parameters
        ----------
        dimension : `str`
            A dynamic dimension.
        grouping : `str`
            Name and version, such as "folds@3".
        relation : `str`, optional
            Also their members in this relation, such as "visit".

        Returns
        -------
        members : `pyarrow.Table`
            Groups and keys, with members one row each.
        """
        return read_members(self._registry.butler, dimension, grouping, relation)

    def _butler_where(self, element: str, where: str, bind: Mapping[str, object] | None) -> list[str] | None:
        return butler_where(self._registry, self._required(element), where, bind)

    def _required(self, element: str) -> Sequence[str]:
        return list(find_element(self._registry.butler.dimensions, element).minimal_group.required)

    def _explain_refusal(self, element: str, where: str, bind: Mapping[str, object] | None) -> None:
        """Raise an error that points at what the Butler did not accept."""
        select(self._registry, self._required(element), where, bind=bind, is_traced=False)


def dimension_names(dimensions: str | Sequence[str]) -> list[str]:
    """Accept one dimension name where several are meant.

    Parameters
    ----------
    dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
        One name or several.

    Returns
    -------
    names : `list` [ `str` ]
        Always a list.
    """
    return [dimensions] if isinstance(dimensions, str) else list(dimensions)
