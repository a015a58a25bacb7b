"""What a set of data IDs holds: rows, role, reasons, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import DataCoordinate, DimensionGroup

from workbench.errors import BadDataIdTableError, RoleError, UnknownNameError
from workbench.sets.content.canonical import make_schema, type_keys
from workbench.sets.content.codes import contains, encode_rows
from workbench.sets.content.conversion import describe
from workbench.sets.content.digests import compute_key_digest, compute_record_digest
from workbench.sets.content.provenance import SetProvenance
from workbench.sets.content.tables import AnyTable, to_arrow, to_astropy
from workbench.snapshot import AnyRelations, key_names

if TYPE_CHECKING:
    import astropy.table
    import pandas as pd

    from workbench.sets.content.origin import Origin

__all__ = ["Role", "SetContent"]

Role = Literal["include", "exclude"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SetContent:
    """The immutable content of a set of data IDs.

    Attributes
    ----------
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the rows; only the required ones are keys.
    role : `str`
        What the set is for: ``include`` or ``exclude``.
    table : `pyarrow.Table`
        Required dimensions in universe order, ``reason``, free columns by
        name; rows in the order of their keys.
    provenance : `SetProvenance`
        Where the set comes from.
    name : `str` or `None`
        Name that it was saved under.
    version : `int` or `None`
        Version that it was saved as.
    relations : `workbench.snapshot.AnyRelations` or `None`
        What it converts along; no part of its content.
    digests : `dict` [ `str`, `str` ]
        Digests computed so far; read `key_digest` and `record_digest`.
    origin : `workbench.sets.content.origin.Origin` or `None`
        The steps that made it from other sets; `None` where it was read or
        selected.  No part of its content.
    """

    dimensions: DimensionGroup
    role: Role
    table: pa.Table
    provenance: SetProvenance = field(default_factory=SetProvenance)
    name: str | None = None
    version: int | None = None
    relations: AnyRelations | None = None
    digests: dict[str, str] = field(default_factory=dict)
    origin: Origin | None = None

    def __post_init__(self) -> None:
        if self.role not in ("include", "exclude"):
            raise RoleError(f"A set's role is 'include' or 'exclude', not {self.role!r}.")
        names = self.table.schema.names
        free = {n: self.table.schema.field(n).type for n in names[len(self.key_names) + 1 :]}
        if self.table.schema != make_schema(self.dimensions, free):
            raise TypeError(
                f"Columns {names} are not those of a set of {describe(self.dimensions)}: "
                "use DataIdSet.from_table."
            )

    def _shown_facts(self) -> dict[str, object]:
        return {
            "set": f"{self.label}, {self.role}",
            "rows": f"{len(self):,} x {describe(self.dimensions)}",
            "author": self.provenance.author or None,
            "rule": self.provenance.rule or None,
            "key digest": self.key_digest[:12],
        }

    def _shown_rows(self) -> pa.Table:
        return self.table

    @property
    def key_names(self) -> tuple[str, ...]:
        """Required dimensions in universe order."""
        return key_names(self.dimensions)

    @property
    def free_columns(self) -> tuple[str, ...]:
        """Columns beside keys and reason."""
        return tuple(self.table.schema.names[len(self.key_names) + 1 :])

    @property
    def keys(self) -> pa.Table:
        """Key columns only."""
        return self.table.select(list(self.key_names))

    @property
    def label(self) -> str:
        """``name@version``, or ``(unsaved)``."""
        return "(unsaved)" if self.name is None else f"{self.name}@{self.version}"

    @property
    def key_digest(self) -> str:
        """SHA-256 of the keys, in hexadecimal."""
        if "key" not in self.digests:
            self.digests["key"] = compute_key_digest(self.table, self.key_names)
        return self.digests["key"]

    @property
    def record_digest(self) -> str:
        """SHA-256 of keys, role, reasons and free columns, in hexadecimal."""
        if "record" not in self.digests:
            self.digests["record"] = compute_record_digest(self.table, self.key_names, self.role)
        return self.digests["record"]

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[dict[str, int | str]]:
        return self.data_ids()

    def __contains__(self, data_id: Mapping[str, object] | DataCoordinate) -> bool:
        """Tell whether a data ID is in the set; it may have more dimensions."""
        if isinstance(data_id, DataCoordinate):
            data_id = dict(data_id.mapping)
        if not isinstance(data_id, Mapping):
            raise BadDataIdTableError(
                f"{data_id!r} is no data ID: it is a mapping with {', '.join(self.key_names)}, or a "
                "DataCoordinate."
            )
        if missing := [name for name in self.key_names if name not in data_id]:
            raise UnknownNameError(
                f"The data ID {dict(data_id)} has no {', '.join(missing)}; a set of "
                f"{describe(self.dimensions)} has the keys {', '.join(self.key_names)}."
            )
        mask = np.ones(len(self), bool)
        for name in self.key_names:
            value, column = data_id[name], self.table[name]
            if not _may_equal(value, column.type):
                return False
            mask &= pc.equal(column, pa.scalar(value, column.type)).to_numpy()
        return bool(mask.any())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SetContent):
            return NotImplemented
        return bool(self.dimensions == other.dimensions and self.record_digest == other.record_digest)

    def __hash__(self) -> int:
        return hash(self.record_digest)

    def __repr__(self) -> str:
        return (
            f"DataIdSet({self.label}, {self.role}, {len(self)} x {describe(self.dimensions)}, "
            f"{self.key_digest[:12]})"
        )

    @property
    def sizes(self) -> dict[str, int]:
        """Number of distinct values of each key dimension (`dict` [`str`, `int`])."""
        return {name: int(pc.count_distinct(self.table[name]).as_py()) for name in self.key_names}

    def count_by(self, *names: str) -> pa.Table:
        """Count the rows for each value of some dimensions.

        Parameters
        ----------
        *names : `str`
            Key dimensions, such as ``detector``, or free columns.

        Returns
        -------
        counts : `pyarrow.Table`
            The columns, and ``n_rows``; in the order of the columns.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such column; lists those there are.
        """
        known = [*self.key_names, *self.free_columns]
        if unknown := [name for name in names if name not in known]:
            raise UnknownNameError(
                f"The set {self.label} cannot be counted by {', '.join(map(repr, unknown))}; "
                f"its columns are {', '.join(known)}."
            )
        counts = self.table.group_by([*names]).aggregate([([], "count_all")])
        counts = counts.rename_columns([*names, "n_rows"])
        return counts.sort_by([(name, "ascending") for name in names]) if names else counts

    def contains(self, table: AnyTable) -> npt.NDArray[np.bool_]:
        """Tell which rows of a table are in the set.

        Parameters
        ----------
        table : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
            Has the key columns of the set among its own; a data ID may occur
            several times.

        Returns
        -------
        mask : `numpy.ndarray` of bool, shape (n_rows,)
            True where the key of the row is in the set.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if a key column is missing.
        workbench.errors.BadDataIdTableError
            Raised if a value is missing or has the wrong type; lists the rows.
        """
        arrow = to_arrow(table)
        if missing := [name for name in self.key_names if name not in arrow.column_names]:
            raise UnknownNameError(
                f"The table has no column {', '.join(missing)}, a key of a set of "
                f"{describe(self.dimensions)}; its columns are {', '.join(arrow.column_names) or '(none)'}."
            )
        if not self.key_names:
            return np.full(arrow.num_rows, bool(len(self)))
        keys = pa.table(type_keys(arrow, self.dimensions), schema=self.keys.schema)
        mine, theirs = encode_rows([self.keys, keys], self.key_names)
        return contains(mine, theirs)

    def data_ids(self) -> Iterator[dict[str, int | str]]:
        """Iterate over the data IDs.

        Yields
        ------
        data_id : `dict`
            Required dimensions and their values, as the Butler takes them.
        """
        for batch in self.keys.to_batches(max_chunksize=10_000):
            yield from batch.to_pylist()

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows for pandas.

        Returns
        -------
        frame : `pandas.DataFrame`
            All columns.
        """
        return self.table.to_pandas()

    def to_astropy(self) -> astropy.table.Table:
        """Return the rows for astropy.

        Returns
        -------
        table : `astropy.table.Table`
            All columns; those with nulls are masked.
        """
        return to_astropy(self.table)


def _may_equal(value: object, kind: pa.DataType) -> bool:
    if pa.types.is_string(kind):
        return isinstance(value, str)
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return is_integer and -(2**63) <= int(value) < 2**63  # type: ignore[call-overload]
