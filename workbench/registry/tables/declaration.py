"""The declaration of an extension table: its columns, its key, what counts as current."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

from lsst.daf.butler import DimensionUniverse

from workbench.errors import DeclarationError
from workbench.names import LONGEST_NAME
from workbench.presentation import presented

__all__ = ["RECORDED", "ROW_ID", "Column", "ColumnType", "TableDeclaration", "find_name_fault"]

ColumnType: TypeAlias = Literal[
    "int", "float", "str", "bool", "time", "json", "uuid", "dataset", "region", "timespan"
]

ROW_ID = "row_id"
"""Column of every table: the order in which its rows were written."""

RECORDED = "recorded"
"""Column of every table: when a row was written (MJD TAI, d)."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _KeptName(str):
    """A name that a table has in the database already, and that none may be given any more."""

    __slots__ = ()


def _keep(name: str) -> str:
    return name if _NAME.fullmatch(name) else _KeptName(name)


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """An ordinary column of an extension table.

    Parameters
    ----------
    name : `str`
        Matches ``[a-z][a-z0-9_]*``.
    type : `str`
        ``int``, ``float``, ``str``, ``bool``, ``time`` (MJD TAI), ``json``
        (JSON text), ``uuid`` (text in Arrow), ``dataset`` (UUID of a dataset
        of the repository: a foreign key with ON DELETE CASCADE where the
        table is beside the Butler's, so that a row goes with its dataset;
        a plain UUID in a sidecar), ``region`` (`lsst.sphgeom.Region`, in its
        own encoding) or ``timespan`` (`lsst.daf.butler.Timespan`, kept as two
        times ``<name>_begin`` and ``<name>_end``, infinite where unbounded).
    unit : `str`, optional
        Unit of the values; that of a time is ``d``.
    doc : `str`, optional
        What the values are.
    nullable : `bool`, optional
        Whether a row may leave it out.
    """

    name: str
    type: ColumnType
    unit: str = ""
    doc: str = ""
    nullable: bool = True

    def __post_init__(self) -> None:
        if self.type in {"time", "timespan"} and not self.unit:
            object.__setattr__(self, "unit", "d")

    def iter_stored(self) -> Iterator[Column]:
        """Iterate over the columns of the table that hold this one.

        Yields
        ------
        column : `Column`
            Itself, or the two ends of a timespan.
        """
        if self.type == "timespan":
            for end in ("begin", "end"):
                doc = f"{self.doc or self.name}: {end}"
                yield Column(f"{self.name}_{end}", "time", self.unit, doc, self.nullable)
        else:
            yield self


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class TableDeclaration:
    """What an extension table holds.

    Parameters
    ----------
    name : `str`
        Matches ``[a-z][a-z0-9_]*``; a ``where`` says ``name.column``.
    columns : `tuple` [`Column`, ...]
        Ordinary columns.
    dimensions : `tuple` [`str`, ...], optional
        Dimensions that are real columns of the table, with all that they
        require.
    key : `tuple` [`str`, ...], optional
        Columns that say what a row is about, datasets, regions and timespans
        among them; by default the dimensions.
    current : `str`, optional
        Which rows queries see: ``all``, or the ``latest`` of each key, which
        makes `ExtensionTable.append` an update that keeps the history.
    tombstone : `str`, optional
        A ``bool`` column; current rows where it is true are hidden.
    nullable_dimensions : `bool`, optional
        Whether a row may leave dimensions out.
    version : `int`, optional
        Version of the declaration.
    doc : `str`, optional
        What the table is for.
    visible : `bool`, optional
        Whether a ``where`` may name its columns.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if the declaration contradicts itself; lists all that is wrong.
    """

    name: str
    columns: tuple[Column, ...]
    dimensions: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    current: Literal["all", "latest"] = "all"
    tombstone: str = ""
    nullable_dimensions: bool = False
    version: int = 1
    doc: str = ""
    visible: bool = True

    def __post_init__(self) -> None:
        spans = {column.name for column in self.columns if column.type == "timespan"}
        key = [
            stored
            for name in self.key or self.dimensions
            for stored in ((f"{name}_begin", f"{name}_end") if name in spans else (name,))
        ]
        object.__setattr__(self, "key", tuple(key))
        if faults := [*self._iter_faults()]:
            raise DeclarationError(
                f"The declaration of table {self.name!r} does not fit: {'; '.join(faults)}."
            )

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """Ordinary columns as the table has them (`tuple` [`Column`, ...])."""
        return tuple(stored for column in self.columns for stored in column.iter_stored())

    @property
    def column_names(self) -> tuple[str, ...]:
        """Dimensions, then ordinary columns as stored (`tuple` [`str`, ...])."""
        return (*self.dimensions, *(column.name for column in self.stored_columns))

    def _iter_faults(self) -> Iterator[str]:
        names = self.column_names
        own = () if isinstance(self.name, _KeptName) else (self.name,)
        for name in (*own, *names):
            if not _NAME.fullmatch(name):
                yield f"the name {name!r} does not match [a-z][a-z0-9_]*"
            if name in {ROW_ID, RECORDED}:
                yield f"the name {name!r} is taken by the workbench"
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            yield f"columns {', '.join(repeated)} occur more than once"
        if not names:
            yield "it has no columns"
        known = get_args(ColumnType)
        for column in self.columns:
            if column.type not in known:
                yield f"column {column.name!r} is of unknown type {column.type!r} (of {', '.join(known)})"
        if missing := [name for name in self.key if name not in names]:
            yield f"key columns {', '.join(missing)} do not exist (there are {', '.join(names)})"
        if self.current not in {"all", "latest"}:
            yield f"current is {self.current!r}, and must be 'all' or 'latest'"
        if self.current == "latest" and not self.key:
            yield "the latest row needs a key"
        if self.tombstone and self.tombstone not in {c.name for c in self.columns if c.type == "bool"}:
            yield f"the tombstone {self.tombstone!r} is no bool column"

    def check_dimensions(self, universe: DimensionUniverse) -> None:
        """Check the dimensions against a repository's universe.

        Parameters
        ----------
        universe : `~lsst.daf.butler.DimensionUniverse`
            Dimensions that there are.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if a dimension does not exist, or one that it requires is
            left out.
        """
        known = set(universe.dimensions.names)
        if unknown := [name for name in self.dimensions if name not in known]:
            there = ", ".join(sorted(known - set(universe.skypix_dimensions.names)))
            raise DeclarationError(
                f"Table {self.name!r} declares unknown dimensions {', '.join(unknown)}; there are {there}."
            )
        required = {name for given in self.dimensions for name in universe.dimensions[given].required.names}
        if absent := sorted(required - set(self.dimensions)):
            raise DeclarationError(
                f"Table {self.name!r} declares dimensions {', '.join(self.dimensions)}, "
                f"which also require {', '.join(absent)}: add them."
            )

    def without_docs(self) -> TableDeclaration:
        """Leave out what does not change the table.

        Returns
        -------
        declaration : `TableDeclaration`
            The same without any documentation.
        """
        columns = tuple(dataclasses.replace(column, doc="") for column in self.columns)
        return dataclasses.replace(self, columns=columns, doc="")

    def called(self, name: str) -> TableDeclaration:
        """Give the declaration a name that its table has, whatever its form.

        Parameters
        ----------
        name : `str`
            One that the table is kept under, or is called now.

        Returns
        -------
        declaration : `TableDeclaration`
            The same of that name.
        """
        return self if name == self.name else dataclasses.replace(self, name=_keep(name))

    def to_json(self) -> str:
        """Write the declaration as it is recorded in the database.

        Returns
        -------
        text : `str`
            JSON.
        """
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> TableDeclaration:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : `str`
            JSON.

        Returns
        -------
        declaration : `TableDeclaration`
            An equal declaration.
        """
        fields = json.loads(text)
        # What an earlier release let in is read, to be renamed.
        fields["name"] = _keep(fields["name"])
        fields["columns"] = tuple(Column(**column) for column in fields["columns"])
        for name in ("dimensions", "key"):
            fields[name] = tuple(fields[name])
        return cls(**fields)


def find_name_fault(name: str, universe: DimensionUniverse) -> str:
    """Say what keeps a table that is to be made from being called so.

    Parameters
    ----------
    name : `str`
        The name.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.

    Returns
    -------
    fault : `str`
        Half a sentence; empty where nothing does.
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} small letters, digits and '_', and begins with a letter"
    if name in {*universe.elements.names, *universe.dimensions.names, "timespan"}:
        return f"in a condition, {name}.x means the dimension's own records"
    return ""
