"""Looking around in a repository."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

import pyarrow as pa
from lsst.daf.butler import ButlerUserError

from workbench.bench.base import Base, dimension_names
from workbench.errors import UnknownNameError
from workbench.progress import Progress, silent
from workbench.query import attach_columns, butler_where, columns_for, select
from workbench.sets import AskedDataIds, close_governors, list_asked, list_data_ids
from workbench.snapshot import conform, find_element, take_snapshot
from workbench.snapshot.browse import list_collections, list_dataset_types, list_elements
from workbench.snapshot.paging import count_records, read_keyed_records, read_record_page

__all__ = ["Browsing"]


class Browsing(Base):
    """The part of a bench that looks around; nothing here writes."""

    def elements(self) -> pa.Table:
        """Count the records of every dimension element.

        Returns
        -------
        elements : `pyarrow.Table`
            Columns ``element``, ``records``, ``required``, ``spatial``,
            ``temporal``; only elements with records.
        """
        return list_elements(self.butler)

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
            return read_keyed_records(self.butler, element, keys.slice(offset, limit))
        try:
            return read_record_page(
                self.butler,
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
            return count_records(self.butler, element, " AND ".join(conditions), bind)
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

    def _butler_where(self, element: str, where: str, bind: Mapping[str, object] | None) -> list[str] | None:
        return butler_where(self.registry, self._required(element), where, bind)

    def _required(self, element: str) -> Sequence[str]:
        return list(find_element(self.butler.dimensions, element).minimal_group.required)

    def _explain_refusal(self, element: str, where: str, bind: Mapping[str, object] | None) -> None:
        """Raise an error that points at what the Butler did not accept."""
        select(self.registry, self._required(element), where, bind=bind, is_traced=False)

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
            self.registry, required, where, bind=bind, membership=self.sets.read_keys, is_traced=False
        )
        if not order_by:
            return found.keys
        column = order_by.removeprefix("-")
        records = read_keyed_records(self.butler, element, found.keys)
        if column not in records.column_names:
            names = ", ".join(records.column_names)
            raise UnknownNameError(f"{element} records cannot be sorted by {column!r}; columns: {names}.")
        direction: Literal["ascending", "descending"] = (
            "descending" if order_by.startswith("-") else "ascending"
        )
        order = [(column, direction)]
        order.extend((name, "ascending") for name in required if name != column)
        return records.sort_by(order).select(required)

    def query(
        self,
        dimensions: str | Sequence[str],
        where: str = "",
        columns: Sequence[str] = (),
        *,
        bind: Mapping[str, object] | None = None,
    ) -> pa.Table:
        """Select data IDs with columns beside them.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What to select.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        columns : `~collections.abc.Sequence` [ `str` ], optional
            Metadata (``visit.exposure_time``), columns of extension tables
            (``metrics.psf_fwhm``), aggregates (``mean(chips.bias)``).
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        table : `pyarrow.Table`
            Required and implied dimensions, and the columns; times are MJD
            TAI in days.  What is to be said of the condition is in the
            schema's metadata, as a JSON list of sentences named ``notes``.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression or a column is wrong.
        """
        names = dimension_names(dimensions)
        found = select(self.registry, names, where, bind=bind, membership=self.sets.read_keys)
        table = attach_columns(self.registry, found, columns, bind=bind)
        if not found.notes:
            return table
        return table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"notes": json.dumps(found.notes).encode()}
        )

    def why_not(
        self,
        dimensions: str | Sequence[str],
        where: str,
        *data_ids: AskedDataIds,
        bind: Mapping[str, object] | None = None,
        **named: object,
    ) -> str:
        """Say why an expression selects a data ID, or does not; of several, of each.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What is selected.
        where : `str`
            Expression.
        *data_ids : `~workbench.sets.AskedDataIds`
            Mappings, sets, or tables of data IDs.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        **named : `int`, `str` or `~collections.abc.Iterable`
            Values of required dimensions, such as ``visit=96954``; several of
            one dimension are as many data IDs.

        Returns
        -------
        reason : `str`
            A sentence that names the conjunct which drops it, and the value
            there: a line for each data ID, none for an empty set.  Of a set in
            ``in_set`` it says since which version it has the data ID or leaves
            it out, by which set, for what reason, who said so, and from which
            parent.  Cheap for one, however many there are.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        workbench.errors.UnknownNameError
            Raised if a name is no required dimension.
        """
        names = dimension_names(dimensions)
        known = conform(self.butler.dimensions, names).required
        asked = list_asked(self.butler.dimensions, data_ids, named)
        # The evaluation is cut to one data ID; of many, it is cheaper to evaluate once.
        one = asked[0] if len(asked) == 1 else {}
        given = {name: value for name, value in one.items() if name in known}
        found = select(
            self.registry, names, where, bind=bind, membership=self.sets.read_keys, data_id=given or None
        )
        told = [[found.why_not(one), *self.sets.recount(where, one, bind=bind)] for one in asked]
        return "\n".join(" ".join(sentences) for sentences in told)

    def collections(self) -> pa.Table:
        """List all collections.

        Returns
        -------
        collections : `pyarrow.Table`
            Columns ``name``, ``type``, ``children``, ``dataset_types``,
            ``doc``.
        """
        return list_collections(self.butler)

    def dataset_types(
        self, collections: Sequence[str] | None = None, *, data_id: AskedDataIds | None = None
    ) -> pa.Table:
        """List dataset types.

        Parameters
        ----------
        collections : `~collections.abc.Sequence` [ `str` ], optional
            Where to count; all by default.
        data_id : `~workbench.sets.AskedDataIds`, optional
            Count only datasets with these values of dimensions, or with those
            of one of several data IDs; dataset types
            without one of these dimensions are left out.  Exposures belong to
            their visits.

        Returns
        -------
        dataset_types : `pyarrow.Table`
            Columns ``name``, ``dimensions``, ``storage_class``, ``datasets``.
        """
        asked = None
        if data_id is not None:
            asked = close_governors(self.butler, list_data_ids(self.butler.dimensions, [data_id]))
        return list_dataset_types(self.butler, collections, asked)

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
        snapshot = take_snapshot(self.registry, [], [], [left, right], progress=progress)
        return snapshot.overlaps(left, right, progress=progress)

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
        return columns_for(self.registry, dimension_names(dimensions))
