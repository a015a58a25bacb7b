"""An immutable set of data IDs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pyarrow as pa
from lsst.daf.butler import DimensionUniverse

from workbench.presentation import presented
from workbench.sets.content import algebra, operators
from workbench.sets.content.canonical import REASON, make_schema
from workbench.sets.content.origin import WITH_REASON
from workbench.sets.content.provenance import SetProvenance
from workbench.sets.content.set_content import Role, SetContent
from workbench.sets.content.tables import AnyTable, from_any_table
from workbench.snapshot import AnyRelations

if TYPE_CHECKING:
    from lsst.daf.butler import Butler

    from workbench.query import Selection

__all__ = ["DataIdSet", "Role"]


@presented
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DataIdSet(SetContent):
    """Data IDs over one dimension group: sorted, unique, typed, immutable.

    Make one with `from_table`, `workbench.sets.read_set_file`, or by algebra.
    A set holds no connection; `workbench.sets.content.set_content.SetContent` lists what
    it holds.

    Notes
    -----
    Algebra acts on rows.  Between sets of one dimension group ``|``, ``&``,
    ``-`` and ``^`` are what they are for Python's sets; the result has the
    role and reasons of the left operand.  ``|``, ``&`` and ``^`` between an
    include and an exclude set have no meaning and raise
    `~workbench.errors.RoleError`; ``include - exclude`` is the everyday case.

    Of different dimension groups: exposures convert to the visits that they
    are a part of, and back; ``finer - coarser`` and ``finer & coarser`` look
    up the coarser key of each row, the night or filter of a visit included;
    ``visits - pairs`` first expands the visits, so that visits minus
    (detector, visit) pairs are pairs; `join` keeps the dimensions of both.
    Everything else is `~workbench.errors.AmbiguousRelationError`, which says
    how to convert.
    """

    @classmethod
    def from_table(
        cls,
        universe: DimensionUniverse,
        table: AnyTable,
        dimensions: Iterable[str] | None = None,
        role: Role = "include",
        *,
        relations: AnyRelations | None = None,
        butler: Butler | None = None,
        instrument: str | None = None,
        skymap: str | None = None,
        free_columns: Iterable[str] = (),
        unknown: Literal["error", "drop"] = "error",
        provenance: SetProvenance | None = None,
        places: Sequence[int] | None = None,
        source: str = "The table",
    ) -> Self:
        """Make a set of the rows of a table.

        Parameters
        ----------
        universe : `lsst.daf.butler.DimensionUniverse`
            Dimensions of the repository.
        table : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
            One row a data ID, in any order; rows are mappings or
            `lsst.daf.butler.DataCoordinate`.
        dimensions : `~collections.abc.Iterable` [ `str` ], optional
            Dimensions of the set; by default those that the columns name.
        role : `str`, optional
            ``include`` or ``exclude``.
        relations : `workbench.snapshot.AnyRelations`, optional
            What the set converts along.
        butler : `lsst.daf.butler.Butler`, optional
            Repository in which the rows must exist, and against which
            columns of implied dimensions are checked.  Without one, rows are
            not checked and columns of implied dimensions are an error.
        instrument, skymap : `str`, optional
            Value of the dimension where the table has no such column.
        free_columns : `~collections.abc.Iterable` [ `str` ], optional
            Columns to keep beside the keys and the reason.
        unknown : `str`, optional
            ``error`` raises on rows that the repository does not have,
            ``drop`` leaves them out and notes them in the provenance.
        provenance : `SetProvenance`, optional
            Where the rows come from.
        places : `~collections.abc.Sequence` [ `int` ], optional
            Line number of each row, for messages.
        source : `str`, optional
            What is read, for messages.

        Returns
        -------
        data_id_set : `DataIdSet`
            The set; a column ``reason`` or ``comment`` is its reason.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised if there are duplicates, missing values, columns that are
            neither dimensions nor free columns, or implied values that
            contradict the repository.
        workbench.errors.UnknownDataIdError
            Raised if rows do not exist in the repository.
        """
        rows, group, note = from_any_table(
            universe,
            table,
            dimensions,
            butler=butler,
            governors={"instrument": instrument, "skymap": skymap},
            free_columns=free_columns,
            unknown=unknown,
            places=places,
            source=source,
        )
        found = provenance or SetProvenance.now(source="table")
        if note:
            found = replace(found, note="; ".join(filter(None, (found.note, note))))
        return cls(group, role, rows, found, relations=relations)

    @classmethod
    def from_selection(
        cls,
        selection: Selection,
        role: Role = "include",
        *,
        relations: AnyRelations | None = None,
        author: str | None = None,
    ) -> Self:
        """Make a set of what a query selected.

        Parameters
        ----------
        selection : `workbench.query.Selection`
            The result of the query.
        role : `str`, optional
            ``include`` or ``exclude``.
        relations : `workbench.snapshot.AnyRelations`, optional
            What the set converts along.
        author : `str`, optional
            Who selects; by default the user of this process.

        Returns
        -------
        data_id_set : `DataIdSet`
            Its rule is the expression.
        """
        rows = selection.keys.append_column(REASON, pa.nulls(len(selection), pa.string()))
        schema = make_schema(selection.dimensions, {})
        provenance = SetProvenance.now(author=author, source="query", rule=selection.where)
        return cls(selection.dimensions, role, rows.cast(schema), provenance, relations=relations)

    def __or__(self, other: DataIdSet) -> DataIdSet:
        return operators.unite(self, other, "|")

    def __and__(self, other: DataIdSet) -> DataIdSet:
        return operators.intersect(self, other)

    def __sub__(self, other: DataIdSet) -> DataIdSet:
        return operators.subtract(self, other)

    def __xor__(self, other: DataIdSet) -> DataIdSet:
        return operators.unite(self, other, "^")

    def complement(self, of: DataIdSet) -> DataIdSet:
        """Return what another set has and this one has not.

        Parameters
        ----------
        of : `DataIdSet`
            The larger set, such as all that a query selects.

        Returns
        -------
        rest : `DataIdSet`
            ``of - self``.
        """
        return of - self

    def project(self, names: Iterable[str]) -> DataIdSet:
        """Leave dimensions out.

        Parameters
        ----------
        names : `~collections.abc.Iterable` [ `str` ]
            Dimensions to keep, among the required ones.

        Returns
        -------
        data_id_set : `DataIdSet`
            The coarser set; reasons of merged rows are joined, free columns
            do not survive.

        Raises
        ------
        workbench.errors.AmbiguousRelationError
            Raised if a name is not among this set's required dimensions.
        """
        return operators.projected(self, names)

    def expand(self, *names: str) -> DataIdSet:
        """Add dimensions, along the Butler's relations.

        A set of visits expands by ``detector`` to its (visit, detector) pairs,
        a set of tracts by ``visit`` to its pairs with the visits that overlap
        it, a set of nights to its visits; `project` leaves out what is not
        wanted.

        Parameters
        ----------
        *names : `str`
            Dimensions to add.

        Returns
        -------
        data_id_set : `DataIdSet`
            Every row with all that belongs to it, and with its reason; free
            columns do not survive.

        Raises
        ------
        workbench.errors.AmbiguousRelationError
            Raised if the set carries no relation to these dimensions, or the
            Butler cannot join them.
        """
        return operators.expanded(self, names)

    def join(self, other: DataIdSet) -> DataIdSet:
        """Return the data IDs over the dimensions of both sets, by rows that belong together.

        Rows belong together where they agree in the dimensions that both sets
        have, and where the Butler's own relations hold between the others:
        visits join tracts by overlap on the sky, exposures by
        ``visit_definition``, and nights by being of that night.  Visits and
        detectors have no such relation: each visit joins each detector.

        Parameters
        ----------
        other : `DataIdSet`
            A set of the same role.

        Returns
        -------
        data_id_set : `DataIdSet`
            With the reasons of this set, where it has none of the other; free
            columns do not survive.

        Raises
        ------
        workbench.errors.RoleError
            Raised if the roles differ.
        workbench.errors.AmbiguousRelationError
            Raised if a relation is needed, and neither set carries relations.
        """
        return operators.joined(self, other)

    def to_visits(self) -> DataIdSet:
        """Exchange exposures for the visits that they are a part of.

        Returns
        -------
        data_id_set : `DataIdSet`
            The set with visit in place of exposure; itself if it has none.
        """
        return operators.converted(self, "visit")

    def to_exposures(self) -> DataIdSet:
        """Exchange visits for all their exposures.

        Returns
        -------
        data_id_set : `DataIdSet`
            The set with exposure in place of visit; itself if it has none.
        """
        return operators.converted(self, "exposure")

    def diff(self, other: DataIdSet) -> pa.Table:
        """Return what a later set changed.

        Parameters
        ----------
        other : `DataIdSet`
            The later set, of the same dimensions.

        Returns
        -------
        changes : `pyarrow.Table`
            Keys, ``change`` (``added``, ``removed`` or ``reason``),
            ``reason_before`` and ``reason_after``.  Roles and free columns are
            not compared; `record_digest` tells whether they differ.
        """
        right = operators.require_same_group(self, other, "diff")
        return algebra.diff_rows(self.table, right.table, self.dimensions)

    def sample(self, n: int, seed: int) -> DataIdSet:
        """Return some of the rows, drawn without replacement.

        Parameters
        ----------
        n : `int`
            How many rows, or all if there are fewer.
        seed : `int`
            Equal seeds draw equal rows of equal sets.

        Returns
        -------
        data_id_set : `DataIdSet`
            The sample.
        """
        chosen = np.random.default_rng(seed).choice(len(self), min(n, len(self)), replace=False)
        rows = self.table.take(np.sort(chosen))
        return operators.changed(self, f".sample({n}, seed={seed})", rows)

    def with_reason(self, reason: str | None) -> DataIdSet:
        """Give every row one reason.

        Parameters
        ----------
        reason : `str` or `None`
            Why the rows are in the set.

        Returns
        -------
        data_id_set : `DataIdSet`
            The same keys with another reason.
        """
        index = self.table.schema.get_field_index(REASON)
        column = pa.array([reason or None] * len(self), pa.string())
        rows = self.table.set_column(index, self.table.schema.field(REASON), column)
        if self.name is None and self.origin is None and self.table[REASON].null_count == len(self):
            # There was no reason before that anybody could ask for.
            return replace(operators.changed(self, "", rows), origin=None)
        return operators.changed(self, f"{WITH_REASON}{reason!r})", rows)

    def with_role(self, role: Role) -> DataIdSet:
        """Say that the set is for something else.

        Parameters
        ----------
        role : `str`
            ``include`` or ``exclude``.

        Returns
        -------
        data_id_set : `DataIdSet`
            The same rows in another role.
        """
        return replace(operators.changed(self, f".with_role({role!r})"), role=role)

    def with_relations(self, relations: AnyRelations | None) -> DataIdSet:
        """Attach the relations that the set converts along.

        Parameters
        ----------
        relations : `workbench.snapshot.AnyRelations` or `None`
            The frames.

        Returns
        -------
        data_id_set : `DataIdSet`
            The same set, name and version included.
        """
        return replace(self, relations=relations)

    def with_provenance(self, provenance: SetProvenance) -> DataIdSet:
        """Say where the set comes from.

        Parameters
        ----------
        provenance : `SetProvenance`
            The whole provenance.

        Returns
        -------
        data_id_set : `DataIdSet`
            The same content, unsaved.
        """
        return replace(self, provenance=provenance, name=None, version=None)
