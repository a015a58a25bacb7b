"""Looking around in a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from workbench.bench.base import Base, dimension_names
from workbench.query import attach_columns, columns_for, select
from workbench.snapshot import conform, find_element, read_dimension_records, take_snapshot
from workbench.snapshot.browse import list_collections, list_dataset_types, list_elements

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

        Returns
        -------
        records : `pyarrow.Table`
            Sorted by key; times are MJD TAI, regions are encoded bytes.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for an unknown element.
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        """
        if where:
            # Names and syntax are checked first: the message points at the place.
            required = find_element(self.butler.dimensions, element).minimal_group.required
            found = select(self.registry, required, where, bind=bind, membership=self._sets.read_keys)
            if not found.is_butlers:
                return read_dimension_records(self.butler, element, keys=found.keys.slice(offset, limit))
        last = None if limit is None else offset + limit
        return read_dimension_records(self.butler, element, where=where, bind=bind, limit=last).slice(offset)

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
            TAI in days.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression or a column is wrong.
        """
        names = dimension_names(dimensions)
        found = select(self.registry, names, where, bind=bind, membership=self._sets.read_keys)
        return attach_columns(self.registry, found, columns, bind=bind)

    def why_not(
        self,
        dimensions: str | Sequence[str],
        where: str,
        *,
        bind: Mapping[str, object] | None = None,
        **data_id: object,
    ) -> str:
        """Say why an expression selects a data ID, or does not.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What is selected.
        where : `str`
            Expression.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        **data_id : `int` or `str`
            Values of required dimensions, such as ``visit=96954``.

        Returns
        -------
        reason : `str`
            A sentence that names the conjunct which drops it, and the value
            there.  Cheap, however many data IDs there are.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        workbench.errors.UnknownNameError
            Raised if a name is no required dimension.
        """
        names = dimension_names(dimensions)
        known = conform(self.butler.dimensions, names).required
        given = {name: value for name, value in data_id.items() if name in known}
        found = select(self.registry, names, where, bind=bind, membership=self._sets.read_keys, data_id=given)
        return found.why_not(data_id)

    def collections(self) -> pa.Table:
        """List all collections.

        Returns
        -------
        collections : `pyarrow.Table`
            Columns ``name``, ``type``, ``children``, ``dataset_types``,
            ``doc``.
        """
        return list_collections(self.butler)

    def dataset_types(self, collections: Sequence[str] | None = None) -> pa.Table:
        """List dataset types.

        Parameters
        ----------
        collections : `~collections.abc.Sequence` [ `str` ], optional
            Where to count; all by default.

        Returns
        -------
        dataset_types : `pyarrow.Table`
            Columns ``name``, ``dimensions``, ``storage_class``, ``datasets``.
        """
        return list_dataset_types(self.butler, collections)

    def overlaps(self, left: str, right: str) -> pa.Table:
        """Pair the records of two spatial elements whose regions overlap.

        Parameters
        ----------
        left, right : `str`
            Elements such as ``visit`` and ``patch``.

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
        return take_snapshot(self.registry, [], [], [left, right]).overlaps(left, right)

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
