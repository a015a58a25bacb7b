"""Choosing data IDs and keeping what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from workbench.bench.base import Base, dimension_names
from workbench.campaigns import Commit, publish_set
from workbench.names import quote, require_reason
from workbench.progress import Progress, silent
from workbench.query import Selection, select
from workbench.sets import AnyTable, DataIdSet, Role, SetProvenance, read_set_file

__all__ = ["Choosing"]


class Choosing(Base):
    """The part of a bench that makes sets and publishes them."""

    def selection(
        self, dimensions: str | Sequence[str], where: str = "", *, bind: Mapping[str, object] | None = None
    ) -> Selection:
        """Select data IDs and keep the account of each conjunct.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What to select.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        selection : `~workbench.query.Selection`
            Rows, waterfall and ``why_not``.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong; the message points at the place.
        """
        return select(
            self.registry,
            dimension_names(dimensions),
            where,
            bind=bind,
            membership=self.sets.read_keys,
        )

    def select(
        self,
        dimensions: str | Sequence[str],
        where: str = "",
        *,
        bind: Mapping[str, object] | None = None,
        role: Role = "include",
    ) -> DataIdSet:
        """Select data IDs as a set.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            Dimensions of the set.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        role : `str`, optional
            "include" or "exclude".

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Unsaved; it remembers the expression.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong; the message points at the place.
        """
        return self.sets.from_selection(self.selection(dimensions, where, bind=bind), role=role)

    def make_set(
        self,
        rows: AnyTable,
        *,
        dimensions: Sequence[str] | None = None,
        role: Role = "include",
        instrument: str | None = None,
        skymap: str | None = None,
        free_columns: Sequence[str] = (),
        unknown: Literal["error", "drop"] = "error",
        source: str = "table",
    ) -> DataIdSet:
        """Make a set from a table, or from rows.

        Parameters
        ----------
        rows : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
            Dimension columns, and ``reason`` where known; rows are mappings
            or `lsst.daf.butler.DataCoordinate`.
        dimensions : `~collections.abc.Sequence` [ `str` ], optional
            Dimensions of the set; all that the table has by default.  An empty
            list of rows needs them.
        role : `str`, optional
            "include" or "exclude".
        instrument, skymap : `str`, optional
            Value of that column, where the table has none.
        free_columns : `~collections.abc.Sequence` [ `str` ], optional
            Columns to keep beside the keys.
        unknown : `str`, optional
            "error", or "drop" to leave out data IDs that the repository lacks.
        source : `str`, optional
            Where the rows come from, for the provenance.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Unsaved.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised for duplicates and stray columns, which it lists.
        workbench.errors.UnknownDataIdError
            Raised for data IDs that do not exist, which it lists.
        """
        return DataIdSet.from_table(
            self.registry.universe,
            rows,
            dimensions,
            role,
            relations=self.sets.relations,
            butler=self.butler,
            instrument=instrument,
            skymap=skymap,
            free_columns=free_columns,
            unknown=unknown,
            provenance=SetProvenance.now(source=source),
        )

    def read_set(
        self,
        path: str | Path,
        *,
        dimensions: Sequence[str] | None = None,
        instrument: str | None = None,
        role: Role | None = None,
        unknown: Literal["error", "drop"] = "error",
        free_columns: Sequence[str] = (),
    ) -> DataIdSet:
        """Read a set from a file.

        Parameters
        ----------
        path : `str` or `pathlib.Path`
            ECSV, CSV, JSON or Parquet file.
        dimensions : `~collections.abc.Sequence` [ `str` ], optional
            Dimensions of the set, where the columns do not say.
        instrument : `str`, optional
            Value of the instrument column, where the file has none.
        role : `str`, optional
            "include" or "exclude"; by default what the file says, or include.
        unknown : `str`, optional
            "error", or "drop" to leave out data IDs that the repository lacks.
        free_columns : `~collections.abc.Sequence` [ `str` ], optional
            Columns to keep beside the keys.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Unsaved.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised for duplicates and stray columns, which it lists.
        workbench.errors.UnknownDataIdError
            Raised for data IDs that do not exist, which it lists.
        """
        return read_set_file(
            path,
            self.butler,
            dimensions=dimensions,
            instrument=instrument,
            role=role,
            unknown=unknown,
            free_columns=free_columns,
            relations=self.sets.relations,
        )

    def publish(
        self,
        rows: DataIdSet,
        tagged: str,
        *,
        chain: str,
        reason: str,
        dataset_type: str = "raw",
        source: Sequence[str] | None = None,
        allow_empty: bool = False,
        progress: Progress = silent,
    ) -> Commit:
        """Publish a saved set as a TAGGED collection behind a chain.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet`
            A saved set.
        tagged : `str`
            New TAGGED collection, such as "HSC/raw/DM-1234".
        chain : `str`
            CHAINED collection to point at it, such as "HSC/raw".
        reason : `str`
            Why; goes into the collection's documentation.
        dataset_type : `str`, optional
            What to tag.
        source : `~collections.abc.Sequence` [ `str` ], optional
            Collections to search; every RUN with the type by default.
        allow_empty : `bool`, optional
            Accept an empty set.
        progress : `~workbench.progress.Progress`, optional
            Told the step; may cancel before the commit point.

        Returns
        -------
        commit : `~workbench.campaigns.Commit`
            The record.  Writes to the Butler, all or nothing.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if a collection cannot be called so.
        workbench.errors.ReasonRequiredError
            Raised if the reason is empty.
        """
        require_reason(reason, f"{quote(tagged)} is published")
        done = publish_set(
            self.registry,
            rows,
            tagged,
            chain=chain,
            reason=reason,
            dataset_type=dataset_type,
            source=source,
            allow_empty=allow_empty,
            progress=progress,
        )
        self.registry.refresh()
        return done
