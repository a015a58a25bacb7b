"""What the names in an expression stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import pyarrow as pa
from lsst.daf.butler import Dimension, DimensionElement, DimensionGroup

from workbench.errors import ExpressionError
from workbench.query.limits import shorten
from workbench.query.nodes import BindName, Name
from workbench.query.pointing import find_near_names, list_some, make_error
from workbench.registry import ExtensionTable
from workbench.registry.tables.tables import Tables

__all__ = ["BindValue", "Catalogue", "Column", "DimensionKey", "Kind", "Null", "RecordField", "TableColumn"]

Kind: TypeAlias = Literal[
    "int", "float", "string", "bool", "time", "uuid", "region", "timespan", "hash", "null"
]

_TABLE_KINDS: Mapping[str, Kind] = {
    "int": "int",
    "float": "float",
    "str": "string",
    "bool": "bool",
    "time": "time",
    "json": "string",
    "uuid": "uuid",
    "dataset": "uuid",
    "region": "region",
    "timespan": "timespan",
}


@dataclass(frozen=True, slots=True)
class DimensionKey:
    """A dimension's own value, such as ``visit``.

    Parameters
    ----------
    dimension : `str`
        Its name.
    kind : `str`
        Type of its values.
    """

    dimension: str
    kind: Kind

    @property
    def label(self) -> str:
        """Name of the column in a frame."""
        return self.dimension

    @property
    def name(self) -> str:
        """How an expression writes it."""
        return self.dimension


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of a dimension record, such as ``visit.exposure_time``.

    Parameters
    ----------
    element, field : `str`
        Dimension element and field.
    kind : `str`
        Type of its values.
    bound : `str`, optional
        ``begin`` or ``end``, where it is that of a timespan.
    """

    element: str
    field: str
    kind: Kind
    bound: str = ""

    @property
    def label(self) -> str:
        """Name of the column in a frame."""
        return f"{self.element}.{self.field}"

    @property
    def name(self) -> str:
        """How an expression writes it."""
        return _write_name(self.label, self.bound)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of an extension table, such as ``metrics.psf_fwhm``.

    Parameters
    ----------
    table, column : `str`
        Table and column.
    kind : `str`
        Type of its values.
    bound : `str`, optional
        ``begin`` or ``end``, where it is that of a timespan.
    """

    table: str
    column: str
    kind: Kind
    bound: str = ""

    @property
    def label(self) -> str:
        """Name of the column in a frame."""
        return f"{self.table}.{self.column}"

    @property
    def name(self) -> str:
        """How an expression writes it."""
        return _write_name(self.label, self.bound)


def _write_name(label: str, bound: str) -> str:
    """Write ``visit.timespan.begin`` for the column ``visit.timespan_begin``."""
    return f"{label.removesuffix(f'_{bound}')}.{bound}" if bound else label


@dataclass(frozen=True, slots=True)
class BindValue:
    """A value that was given beside the expression.

    Parameters
    ----------
    name : `str`
        Bind name.
    value : `object`
        The value.
    """

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Null:
    """The constant ``NULL``."""


Column: TypeAlias = DimensionKey | RecordField | TableColumn


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All names that an expression may use.

    Attributes
    ----------
    expression : `str`
        The expression, for messages.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions that are selected.
    tables : `~workbench.registry.tables.tables.Tables`
        Extension tables that expressions see.
    bind : `~collections.abc.Mapping`
        Values of bind names.
    finer : `lsst.daf.butler.DimensionGroup` or `None`, optional
        Dimensions of the rows on which conditions are evaluated, where they
        are more than those that are selected.
    """

    expression: str
    group: DimensionGroup
    tables: Tables
    bind: Mapping[str, object]
    finer: DimensionGroup | None = None

    @property
    def joined(self) -> DimensionGroup:
        """Dimensions of the rows on which conditions are evaluated."""
        return self.group if self.finer is None else self.finer

    def resolve(self, node: Name | BindName) -> Column | BindValue | Null:
        """Return what a name stands for.

        Parameters
        ----------
        node : `Name` or `BindName`
            The name and its place.

        Returns
        -------
        meaning : `Column`, `BindValue` or `Null`
            What it stands for, by the Butler's own rules: binds first, then
            dimensions, then fields that only one element of the selected
            dimensions has; names with a dot are a field of an element, or a
            column of an extension table.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if it stands for nothing, or for several things.
        """
        if node.name in self.bind:
            return BindValue(node.name, self.bind[node.name])
        if isinstance(node, BindName):
            there_are = ", ".join(f":{name}" for name in self.bind) or "none"
            raise self.error(node, f"No value was given for :{node.name}.", f"Values given: {there_are}.")
        if node.name.lower() == "null":
            return Null()
        parts = node.name.split(".")
        if parts[0] == "timespan" and len(parts) == 2:
            parts = [self._find_element(node, "timespan"), *parts]
        if len(parts) == 1:
            if node.name in self.group.universe.dimensions.names:
                return self._key(self.group.universe.dimensions[node.name])
            parts = [self._find_element(node, node.name), node.name]
        if parts[0] in self.group.universe.elements.names:
            return self._find_field(node, self.group.universe[parts[0]], parts[1:])
        if parts[0] in self.tables and len(parts) in (2, 3):
            return self._find_column(node, self.tables[parts[0]], parts[1:])
        raise self._unknown(node, f"{shorten(parts[0])!r} is neither a dimension nor a table here.")

    def error(self, node: object, what: str, *advice: str) -> ExpressionError:
        """Make the error for a place in this expression.

        Parameters
        ----------
        node : `workbench.query.nodes.Node`
            The place.
        what : `str`
            What was not understood.
        *advice : `str`
            What to do next.

        Returns
        -------
        error : `workbench.errors.ExpressionError`
            To be raised.
        """
        return make_error(self.expression, getattr(node, "start", None), what, *advice)

    @cached_property
    def names(self) -> list[str]:
        """All names there are, those of the selected dimensions first."""
        universe = self.group.universe
        own = list(self.group.elements)
        others = [name for name in sorted(universe.elements.names) if name not in own]
        names = list(self.group.names)
        for element in [*own, *(name for name in others if name not in universe.skypix_dimensions.names)]:
            names += [f"{element}.{field}" for field in universe[element].schema.remainder.names]
        for name, table in self.tables.listed().items():
            names += [f"{name}.{column}" for column in self._names_of(table)]
        return names

    def _key(self, dimension: Dimension) -> DimensionKey:
        return DimensionKey(dimension.name, _kind(dimension.primary_key.type))

    def _find_element(self, node: Name, field: str) -> str:
        universe = self.group.universe
        found = [name for name in self.group.elements if field in universe[name].schema.names]
        if len(found) == 1:
            return found[0]
        if found:
            choices = ", ".join(f"{element}.{node.name}" for element in sorted(found))
            raise self.error(node, f"{node.name!r} may mean any of {choices}.", "Write one of them.")
        raise self._unknown(node, f"There is no column {shorten(node.name)!r}.")

    def _find_field(self, node: Name, element: DimensionElement, parts: list[str]) -> Column:
        field, *rest = parts
        if field in element.schema.dimensions.names:
            own = isinstance(element, Dimension) and field == element.primary_key.name
            return self._key(element if own else self.group.universe.dimensions[field])  # type: ignore[arg-type]
        if field not in element.schema.remainder.names:
            names = [f"{element.name}.{name}" for name in element.schema.names]
            if field in ("timespan_begin", "timespan_end") and "timespan" in element.schema.names:
                names = [f"{element.name}.{field.replace('_', '.')}"]  # as columns of tables are called
            near, there_are = find_near_names(node.name, names), list_some(names)
            what = f"Records of {element.name!r} have no field {field!r}."
            raise self.error(node, what, near or f"There are: {there_are}.")
        kind = _kind(element.schema.remainder[field].type)
        if rest:
            if kind != "timespan" or rest[0] not in ("begin", "end"):
                raise self.error(node, f"{node.name!r} is no column: only a timespan has .begin and .end.")
            return RecordField(element.name, f"timespan_{rest[0]}", "time", rest[0])
        return RecordField(element.name, field, kind)

    def _find_column(self, node: Name, table: ExtensionTable, parts: list[str]) -> TableColumn:
        declaration = table.declaration
        kinds = {column.name: _TABLE_KINDS[column.type] for column in declaration.columns}
        column, *rest = parts
        if kinds.get(column) == "timespan" and rest in (["begin"], ["end"]):
            return TableColumn(declaration.name, f"{column}_{rest[0]}", "time", rest[0])
        if rest:
            raise self.error(node, f"{node.name!r} is no column: only a timespan has .begin and .end.")
        if column not in kinds and column not in table.schema.names:
            names = [f"{declaration.name}.{name}" for name in self._names_of(table)]
            what = f"Table {declaration.name!r} has no column {column!r}."
            near = find_near_names(node.name, names)
            raise self.error(node, what, near or f"There are: {list_some(names)}.")
        return TableColumn(declaration.name, column, kinds.get(column) or _arrow_kind(table, column))

    def _names_of(self, table: ExtensionTable) -> list[str]:
        return [*table.declaration.dimensions, *(column.name for column in table.declaration.columns)]

    def _unknown(self, node: Name, what: str) -> ExpressionError:
        own = [
            name for name in self.names if name.partition(".")[0] in {*self.group.names, *self.group.elements}
        ]
        extension = [name for name in self.names if name.partition(".")[0] in self.tables]
        listed = f"Columns of the selected dimensions: {list_some(own)}."
        tables = f"Columns of extension tables: {list_some(extension)}." if extension else ""
        near = find_near_names(node.name, self.names)
        is_compared = self.expression[: node.start or 0].rstrip().endswith("=")
        quotes = f"A text is put in quotes: '{shorten(node.name)}'." if is_compared and not near else ""
        return self.error(node, what, near, quotes, listed, tables)


def _kind(spec_type: str) -> Kind:
    kinds: dict[str, Kind] = {
        "int": "int",
        "float": "float",
        "string": "string",
        "bool": "bool",
        "hash": "hash",
        "region": "region",
        "timespan": "timespan",
    }
    return kinds[spec_type]


def _arrow_kind(table: ExtensionTable, column: str) -> Kind:
    if column == "recorded":
        return "time"
    return "int" if pa.types.is_integer(table.schema.field(column).type) else "string"
