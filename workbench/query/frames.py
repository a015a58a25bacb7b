"""The columns that a conjunct needs, joined to the rows that are left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler

from workbench.query.aggregates import CONDITIONS, aggregate_kind, compute_aggregate, is_aggregate, iter_outer
from workbench.query.columns import (
    BindValue,
    Catalogue,
    Column,
    DimensionKey,
    Kind,
    RecordField,
    TableColumn,
)
from workbench.query.conjuncts import IN_SET, Conjunct
from workbench.query.evaluate import Evaluator, Operand
from workbench.query.nodes import BindName, Call, Literal, Logic, Name, Node, Parens, Unary, iter_nodes
from workbench.query.sources import Sources
from workbench.registry import ExtensionTable

__all__ = ["FrameEvaluator", "Membership"]

Membership = Callable[[str], pa.Table]
"""Returns the keys of a saved set, by ``name`` or ``name@version``."""

_ROW = "#row"
_RESULT = "#result"


@dataclass(eq=False)
class FrameEvaluator:
    """Evaluates conjuncts on the data IDs that a query has found.

    Parameters
    ----------
    catalogue : `Catalogue`
        What names stand for.
    butler : `lsst.daf.butler.Butler`
        Where dimension records are read from.
    membership : `~collections.abc.Callable` or `None`
        Returns the keys of a saved set.
    notes : `list` [ `str` ], optional
        What a reader of the result should know; grows.
    """

    catalogue: Catalogue
    butler: Butler
    membership: Membership | None
    notes: list[str] = field(default_factory=list)
    _sources: Sources = field(init=False)

    def __post_init__(self) -> None:
        self._sources = Sources(self.catalogue, self.butler)

    def evaluate(self, conjunct: Conjunct, rows: pa.Table) -> tuple[pl.Series, pl.DataFrame]:
        """Evaluate a conjunct.

        Parameters
        ----------
        conjunct : `Conjunct`
            The condition.
        rows : `pyarrow.Table`
            Data IDs, required and implied dimensions.

        Returns
        -------
        result : `polars.Series` of bool
            True, false or null for each row.
        values : `polars.DataFrame`
            What was compared, a column for each name and aggregate in the
            condition.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the condition cannot be evaluated for these dimensions.
        """
        frame, leaves, shown = self._prepare(conjunct.node, rows)
        condition = Evaluator(self.catalogue, leaves).condition(conjunct.node)
        # As one more column: a condition without columns is of each row too.
        result = frame.with_columns(condition.alias(_RESULT))[_RESULT].cast(pl.Boolean)
        return result, frame.select(pl.col(label).alias(name) for name, label in shown.items())

    def compute(self, node: Node, rows: pa.Table) -> pl.Series:
        """Compute a value for each data ID.

        Parameters
        ----------
        node : `workbench.query.nodes.Node`
            A column, an aggregate, or an expression of them.
        rows : `pyarrow.Table`
            Data IDs, required and implied dimensions.

        Returns
        -------
        values : `polars.Series`
            One for each row; null where there is none.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if it has no single value for these dimensions.
        """
        if tables := self._multiple_tables(node):
            raise self.catalogue.error(
                node,
                f"{tables[0]!r} may have several rows for a data ID.",
                "Say an aggregate, such as max(...).",
            )
        frame, leaves, _ = self._prepare(node, rows)
        value = Evaluator(self.catalogue, leaves).operand(node).value
        return frame.with_columns(value.alias(_RESULT))[_RESULT]

    def _prepare(
        self, node: Node, rows: pa.Table
    ) -> tuple[pl.DataFrame, dict[Node, Operand], dict[str, str]]:
        """Join what an expression names; return its leaves, and the columns that it compares."""
        frame = pl.DataFrame(pl.from_arrow(rows)).with_row_index(_ROW)
        single = [
            column
            for column in self._outer_columns(node)
            if not (isinstance(column, TableColumn) and self._is_multiple(column.table))
        ]
        frame = self._add_columns(frame, single, node)
        leaves: dict[Node, Operand] = {}
        shown = {
            column.name: column.label
            for column in single
            if column.label in frame.columns and column.kind != "region"
        }
        for part in iter_outer(node):
            if isinstance(part, Call) and is_aggregate(part) and part not in leaves:
                label = f"#leaf{len(leaves)}"
                values, kind = self._aggregate(frame, part)
                frame = frame.with_columns(values.alias(label))
                leaves[part] = Operand(pl.col(label), kind)
                shown[self.catalogue.expression[part.start : part.end]] = label
        for leaf, tables in self._iter_leaves(node):
            label = f"#leaf{len(leaves)}"
            mask = (
                self._is_in_set(frame, leaf)
                if isinstance(leaf, Call) and not tables
                else self._exists(frame, leaf, tables)
            )
            frame = frame.with_columns(mask.alias(label))
            leaves[leaf] = Operand(pl.col(label), "bool")
        return frame, leaves, shown

    def _outer_columns(self, node: Node) -> list[Column]:
        """Return the columns that are not inside of aggregates, each once."""
        found: dict[str, Column] = {}
        for part in iter_outer(node):
            if isinstance(part, Name | BindName):
                meaning = self.catalogue.resolve(part)
                if isinstance(meaning, DimensionKey | RecordField | TableColumn):
                    found[meaning.label] = meaning
        return list(found.values())

    def _table(self, name: str) -> ExtensionTable:
        return self.catalogue.tables[name]

    def _is_multiple(self, name: str) -> bool:
        """Return whether a data ID may have several current rows."""
        declaration = self._table(name).declaration
        is_single = declaration.current == "latest" and set(declaration.key) <= set(declaration.dimensions)
        return declaration.nullable_dimensions or not is_single

    def _add_columns(self, frame: pl.DataFrame, columns: list[Column], node: Node) -> pl.DataFrame:
        for column in columns:
            if column.label in frame.columns or column.kind == "hash":
                # The evaluator says that a hash is nothing to test.
                continue
            match column:
                case DimensionKey(dimension=name):
                    raise self._finer(column, node, (name,), f"data IDs with {name!r}")
                case RecordField(element=element, field=name):
                    keys = list(self.catalogue.group.universe[element].required.names)
                    self._check_keys(column, node, keys, f"records of {element!r}")
                    stored = [f"{name}_begin", f"{name}_end"] if column.kind == "timespan" else [name]
                    renamed = [pl.col(s).alias(f"{element}.{s}") for s in stored]
                    source = self._sources.records(element).select(*keys, *renamed)
                case TableColumn(table=table, column=name):
                    keys = list(self._table(table).declaration.key)
                    self._check_keys(column, node, keys, f"rows of {table!r}")
                    stored = [f"{name}_begin", f"{name}_end"] if column.kind == "timespan" else [name]
                    current = self._sources.rows(table, list(dict.fromkeys([*keys, *stored])))
                    source = current.select(*keys, *(pl.col(s).alias(f"{table}.{s}") for s in stored))
            frame = frame.join(source, on=keys, how="left", maintain_order="left")
        return frame

    def _check_keys(self, column: Column, node: Node, keys: list[str], what: str) -> None:
        if not set(keys) <= set(self.catalogue.joined.names):
            raise self._finer(column, node, tuple(keys), what)

    def _finer(self, column: Column, node: Node, keys: tuple[str, ...], what: str) -> Exception:
        place = next((n for n in iter_nodes(node) if isinstance(n, Name) and self._is(n, column)), node)
        own, required = ", ".join(self.catalogue.group.required), self.catalogue.group.required
        missing = ", ".join(name for name in keys if name not in self.catalogue.group.names)
        finer = ", ".join(dict.fromkeys([*required, *keys]))
        aggregated = f"Say any(...), all(...), or an aggregate such as mean({column.name})."
        return self.catalogue.error(
            place,
            f"{column.name!r} has no single value for a data ID of ({own}): {what} also need {missing}.",
            aggregated if isinstance(column, TableColumn) and set(required) <= set(keys) else "",
            f"Select data IDs of ({finer}) and project the set, or save them and test in_set('NAME').",
            "A condition on the Butler's own columns alone, joined by AND, may use finer dimensions."
            if not isinstance(column, TableColumn)
            else "",
        )

    def _is(self, node: Name, column: Column) -> bool:
        return self.catalogue.resolve(node) == column

    def _iter_leaves(self, node: Node) -> list[tuple[Node, list[str]]]:
        """Find membership tests, and the smallest conditions on tables with many rows."""
        match node:
            case Parens(inner=inner) | Unary(operator="NOT", operand=inner):
                return self._iter_leaves(inner)
            case Logic(operands=operands):
                return [leaf for operand in operands for leaf in self._iter_leaves(operand)]
            case Call() if is_aggregate(node):
                return []
            case Call(function=function) if function.lower() == IN_SET:
                return [(node, [])]
        tables = self._multiple_tables(node)
        if len(tables) > 1:
            raise self.catalogue.error(
                node, f"A single comparison uses several rows of both {' and '.join(map(repr, tables))}."
            )
        return [(node, tables)] if tables else []

    def _multiple_tables(self, node: Node) -> list[str]:
        columns = [
            self.catalogue.resolve(part) for part in iter_outer(node) if isinstance(part, Name | BindName)
        ]
        tables = [c.table for c in columns if isinstance(c, TableColumn) and self._is_multiple(c.table)]
        return list(dict.fromkeys(tables))

    def _exists(self, frame: pl.DataFrame, leaf: Node, tables: list[str]) -> pl.Series:
        """Return which rows have at least one current row with a true condition."""
        (name,) = tables
        columns, current = self._read_named(name, leaf)
        condition = Evaluator(self.catalogue, {}).condition(leaf)
        hits: list[pl.Series] = []
        for keys, part in self._iter_targets(name, leaf, current):
            found = part.select(*keys, *(pl.col(c).alias(f"{name}.{c}") for c in columns))
            joined = frame.join(found, on=keys) if keys else frame.join(found, how="cross")
            hits.append(joined.filter(condition)[_ROW])
        rows = pl.concat(hits).unique() if hits else pl.Series([], dtype=pl.UInt32)
        return frame[_ROW].is_in(rows.implode())

    def _read_named(self, name: str, node: Node) -> tuple[list[str], pl.DataFrame]:
        """Read the current rows of a table, with the columns that a part of the expression names."""
        declaration = self._table(name).declaration
        columns: list[str] = []
        for part in iter_nodes(node):
            column = self.catalogue.resolve(part) if isinstance(part, Name) else None
            if isinstance(column, TableColumn) and column.table == name:
                ends = [f"{column.column}_begin", f"{column.column}_end"]
                columns += ends if column.kind == "timespan" else [column.column]
        columns = sorted(set(columns))
        return columns, self._sources.rows(name, list(dict.fromkeys([*declaration.dimensions, *columns])))

    def _aggregate(self, frame: pl.DataFrame, node: Call) -> tuple[pl.Series, Kind]:
        """Return an aggregate for each row, and its type."""
        function = node.function.lower()
        if len(node.arguments) != 1:
            raise self.catalogue.error(node, f"{function}() takes one argument.")
        (argument,) = node.arguments
        name = self._find_aggregated(node, argument)
        operand = Evaluator(self.catalogue, {}).operand(argument)
        kind = aggregate_kind(function, operand.kind)
        if kind is None:
            wanted = "a condition" if function in CONDITIONS else "numbers"
            raise self.catalogue.error(
                argument, f"{function}() is of {wanted}, and not of type {operand.kind}."
            )
        columns, current = self._read_named(name, argument)
        matched = [pl.DataFrame(schema={_ROW: frame.schema[_ROW], _RESULT: pl.Null})]
        for keys, part in self._iter_targets(name, argument, current, finer=True):
            renamed = part.select(*keys, *(pl.col(c).alias(f"{name}.{c}") for c in columns))
            # The keys alone: a table may be about visits, and the rows have visits too.
            rows = frame.select(_ROW, *keys)
            joined = rows.join(renamed, on=keys) if keys else rows.join(renamed, how="cross")
            matched.append(joined.select(_ROW, operand.value.alias(_RESULT)))
        found = pl.concat(matched, how="vertical_relaxed").group_by(_ROW)
        values = found.agg(compute_aggregate(function, operand.kind, pl.col(_RESULT)).alias(_RESULT))
        result = frame.select(_ROW).join(values, on=_ROW, how="left", maintain_order="left")[_RESULT]
        if function == "any":
            result = result.cast(pl.Boolean).fill_null(value=False)
        elif function == "count":
            result = result.fill_null(0)
        return result, kind

    def _find_aggregated(self, node: Call, argument: Node) -> str:
        """Return the table whose rows an aggregate is of."""
        tables: list[str] = []
        for part in iter_nodes(argument):
            if isinstance(part, Call) and (is_aggregate(part) or part.function.lower() == IN_SET):
                raise self.catalogue.error(part, f"{part.function}() cannot stand inside {node.function}().")
            if isinstance(part, Name | BindName):
                match self.catalogue.resolve(part):
                    case TableColumn(table=table):
                        tables.append(table)
                    case DimensionKey() | RecordField():
                        raise self.catalogue.error(
                            part,
                            f"{node.function}() is of columns of one extension table, not of {part.name!r}.",
                        )
        if len(set(tables)) != 1:
            named = " and ".join(sorted({repr(table) for table in tables})) or "none"
            raise self.catalogue.error(
                node, f"{node.function}() is of columns of one extension table, and this names {named}."
            )
        return tables[0]

    def _iter_targets(
        self, name: str, leaf: Node, current: pl.DataFrame, *, finer: bool = False
    ) -> list[tuple[list[str], pl.DataFrame]]:
        """Split rows by the dimensions that they are about; finer ones lose what is not selected."""
        declaration = self._table(name).declaration
        dimensions = list(declaration.dimensions)
        own = set(self.catalogue.group.names)
        required = set(self.catalogue.group.required)
        if not declaration.nullable_dimensions:
            if finer and required <= set(dimensions):
                return [([d for d in dimensions if d in own], current)]
            if not set(dimensions) <= own:
                columns = [TableColumn(name, dimensions[0], "int")]
                raise self._finer(columns[0], leaf, tuple(dimensions), f"rows of {name!r}")
            return [(dimensions, current)]
        parts = []
        skipped = 0
        for key, part in current.group_by([pl.col(d).is_not_null().alias(f"#{d}") for d in dimensions]):
            about = [d for d, present in zip(dimensions, key, strict=True) if present]
            if not about:
                continue
            if "exposure" in about and "visit" in own and "exposure" not in own:
                # What is said of an exposure is said of its visit.
                pairs = self._sources.records("visit_definition").select("instrument", "exposure", "visit")
                part = part.drop("visit").join(pairs, on=["instrument", "exposure"])  # noqa: PLW2901
                about = list(dict.fromkeys("visit" if d == "exposure" else d for d in about))
            if set(about) <= own:
                parts.append((about, part))
            elif finer and required <= set(about):
                parts.append(([d for d in about if d in own], part))
            else:
                skipped += len(part)
        if skipped:
            note = (
                f"{skipped} row(s) of {name!r} are about finer data IDs than those selected, and do not count"
            )
            self.notes.append(note)
        return parts

    def _is_in_set(self, frame: pl.DataFrame, node: Call) -> pl.Series:
        label = self._set_label(node)
        if self.membership is None:
            raise self.catalogue.error(node, "in_set() is not available here: there is no store of sets.")
        keys = pl.DataFrame(pl.from_arrow(self.membership(label)))
        names = keys.columns
        own = self.catalogue.group.names
        for target, source in (("visit", "exposure"), ("exposure", "visit")):
            if source in names and source not in own and target in own:
                pairs = self._sources.records("visit_definition").select("instrument", "exposure", "visit")
                keys = keys.join(pairs, on=["instrument", source]).drop(source)
                names = keys.columns
        if not set(names) <= set(own):
            raise self.catalogue.error(
                node,
                f"Set {label!r} has the dimensions {', '.join(names)}, and data IDs of "
                f"({', '.join(self.catalogue.group.required)}) do not determine them.",
                f"Project it to fewer dimensions, or select data IDs of ({', '.join(names)}).",
            )
        found = frame.join(keys.unique(), on=names, how="semi")[_ROW]
        return frame[_ROW].is_in(found.implode())

    def _set_label(self, node: Call) -> str:
        advice = "Write in_set('NAME') or in_set('NAME@3')."
        if len(node.arguments) != 1:
            raise self.catalogue.error(node, "in_set() takes the name of one saved set.", advice)
        match node.arguments[0]:
            case Literal(value=str(label), kind="string"):
                return label
            case Name() | BindName() as argument:
                meaning = self.catalogue.resolve(argument)
                if isinstance(meaning, BindValue) and isinstance(meaning.value, str):
                    return meaning.value
        raise self.catalogue.error(node.arguments[0], "The name of a set is a string.", advice)
