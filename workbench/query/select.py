"""Select data IDs by an expression over the Butler's columns, our tables and sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import UnknownNameError
from workbench.query._grammar import parse
from workbench.query.aggregates import is_aggregate
from workbench.query.attach import find_metadata
from workbench.query.butler_part import TRACE_LIMIT, read_butler_stages, read_rows
from workbench.query.columns import Catalogue
from workbench.query.conjuncts import Conjunct, Home, join_conjuncts, split_conjuncts
from workbench.query.frames import FrameEvaluator, Membership
from workbench.query.governors import Filled, fill_governors, route_governed
from workbench.query.near import describe_nothing
from workbench.query.nodes import Call, Logic, Name, iter_nodes, strip_parens
from workbench.query.routing import MAX_CONDITIONS
from workbench.query.selection import WATERFALL_SCHEMA, Selection
from workbench.registry import Registry
from workbench.snapshot import conform, data_id_schema, key_names

__all__ = ["butler_where", "select"]

_TOLD = 100
"""Conditions on frames that are told one by one; what comes after them is one more."""

_UPLOADED = 50_000
"""How many keys the database is given to join; more are looked for among the rows that it finds."""


def select(
    registry: Registry,
    dimensions: Iterable[str],
    where: str = "",
    *,
    bind: Mapping[str, object] | None = None,
    membership: Membership | None = None,
    data_id: Mapping[str, object] | None = None,
    is_traced: bool = True,
) -> Selection:
    """Select data IDs.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        The repository and its extension tables; nothing is written.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Dimensions of the data IDs.
    where : `str`, optional
        An expression in the Butler's grammar, which may also name columns of
        extension tables (``metrics.psf_fwhm < 0.9``) and test membership in
        saved sets (``in_set('cosmos-i@3')``).
    bind : `~collections.abc.Mapping`, optional
        Values of bind names.
    membership : `~collections.abc.Callable`, optional
        Returns the keys of a saved set as a `pyarrow.Table`.
    data_id : `~collections.abc.Mapping`, optional
        Consider only data IDs with these values of dimensions: what becomes
        of one is cheap to ask, however many there are.
    is_traced : `bool`, optional
        Whether to look up what each of the Butler's conjuncts drops.

    Returns
    -------
    selection : `Selection`
        The data IDs and what fell out.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the expression is not understood; the message points at the
        place.
    workbench.errors.UnknownNameError
        Raised if a dimension does not exist.
    workbench.errors.UnknownSetError
        Raised by ``membership`` if there is no such set.

    Notes
    -----
    Conjuncts that name the Butler's columns only are the Butler's to
    evaluate, as they were written.  The others are evaluated on frames, three
    valued: a metric that is NULL satisfies neither ``p`` nor ``NOT p``.  On a
    table with several current rows for a data ID, a comparison holds if it
    holds for one of the rows, and ``NOT`` if for none.  ``any``, ``all`` and
    the aggregates (``count``, ``min``, ``max``, ``mean``, ``median``, ``sum``)
    are of all current rows that are about the data ID or a part of it; of no
    rows ``any`` is false, ``count`` is 0, and all others are NULL.
    """
    understood = _understand(registry, dimensions, where, bind, data_id or ())
    steps = _Steps(registry, understood, membership)
    steps.read(data_id, is_traced=is_traced)
    for conjunct in [*understood.of("records"), *understood.of("tables")]:
        steps.evaluate(conjunct)
    return steps.finish()


def butler_where(
    registry: Registry,
    dimensions: Iterable[str],
    where: str,
    bind: Mapping[str, object] | None = None,
) -> list[str] | None:
    """Return what the Butler gets of an expression that the database can answer alone.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        The repository and its extension tables; nothing is read of them.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Dimensions of the data IDs.
    where : `str`
        The expression; its names and syntax are checked.
    bind : `~collections.abc.Mapping`, optional
        Values of bind names.

    Returns
    -------
    conditions : `list` [ `str` ] or `None`
        All of them hold, governors that were filled in included; `None` for
        an expression that is evaluated on frames.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the expression is not understood; the message points at the
        place.
    """
    understood = _understand(registry, dimensions, where, bind, ())
    if understood.of("records") or understood.of("tables"):
        return None
    return [*(one.text for one in understood.filled), *(one.operand for one in understood.of("database"))]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Understood:
    """An expression, who evaluates which part of it, and what was filled in.

    Parameters
    ----------
    catalogue : `Catalogue`
        What names stand for.
    conjuncts : `tuple` [ `Conjunct`, ... ]
        Governors first.
    filled : `tuple` [ `Filled`, ... ]
        Governors that were filled in.
    """

    catalogue: Catalogue
    conjuncts: tuple[Conjunct, ...]
    filled: tuple[Filled, ...]

    def of(self, home: Home) -> list[Conjunct]:
        """Return the conditions that are evaluated somewhere, in their order."""
        found = [conjunct for conjunct in self.conjuncts if conjunct.home == home]
        if home == "database":
            return found[:MAX_CONDITIONS]
        if home == "records":
            # More than the database takes in one statement.
            found = [*[one for one in self.conjuncts if one.home == "database"][MAX_CONDITIONS:], *found]
        if len(found) <= _TOLD:
            return found
        return [*found[:_TOLD], join_conjuncts(found[_TOLD:], home)]

    @property
    def where(self) -> str:
        """The expression with what was filled in."""
        written = self.catalogue.expression
        if not self.filled:
            return written
        whole = strip_parens(node) if (node := parse(written)) is not None else None
        is_alternative = isinstance(whole, Logic) and whole.operator == "OR"
        return " AND ".join(
            [*(one.text for one in self.filled), f"({written})" if is_alternative else written]
        )


def _understand(
    registry: Registry,
    dimensions: Iterable[str],
    where: str,
    bind: Mapping[str, object] | None,
    given: Iterable[str],
) -> _Understood:
    group = conform(registry.universe, dimensions)
    if not group.names:
        raise UnknownNameError("Name a dimension to select at least, such as 'visit'.")
    tables = registry.tables().visible()
    catalogue = Catalogue(where, group, tables, dict(bind or {}))
    conjuncts = list(split_conjuncts(parse(where), catalogue))
    filled = fill_governors(registry.butler, catalogue, conjuncts, given)
    conjuncts = route_governed(catalogue, conjuncts, [*given, *(one.governor for one in filled)])
    governors = frozenset(group.universe.governor_dimensions.names)
    conjuncts.sort(key=lambda one: not one.is_governor(governors))
    return _Understood(catalogue, tuple(conjuncts), tuple(filled))


class _Steps:
    """The rows that are left, condition by condition."""

    def __init__(self, registry: Registry, understood: _Understood, membership: Membership | None):
        self._butler = registry.butler
        self._understood = understood
        catalogue = understood.catalogue
        names = set(catalogue.group.names)
        for conjunct in understood.of("records"):
            names |= conjunct.dimensions(catalogue.group.universe)
        finer = catalogue.group.universe.conform(names)
        self._group = catalogue.group
        self._finer = dataclasses.replace(catalogue, finer=finer)
        self._records = FrameEvaluator(self._finer, self._butler, None)
        self._tables = FrameEvaluator(catalogue, self._butler, membership)
        self._conjuncts: list[Conjunct] = []
        self._stages: list[pa.Table | None] = []
        self._unknown: list[pl.DataFrame | None] = []
        self._values: list[pa.Table | None] = []

    def read(self, data_id: Mapping[str, object] | None, *, is_traced: bool) -> None:
        """Read what the database finds."""
        data_id = {**{one.governor: one.value for one in self._understood.filled}, **(data_id or {})}
        self._conjuncts = self._understood.of("database")
        upload: list[pa.Table] = []
        if self._understood.of("records"):
            few = read_rows(self._butler, self._finer, self._conjuncts, limit=TRACE_LIMIT, data_id=data_id)
            upload = [] if few is not None else self._find_keys(data_id)
        if any(not keys.num_rows for keys in upload):
            empty = data_id_schema(self._finer.joined).empty_table()
            self._stages = [*(None for _ in self._conjuncts), empty]
        else:
            self._stages = read_butler_stages(
                self._butler,
                self._finer,
                self._conjuncts,
                data_id=data_id,
                is_traced=is_traced,
                upload=upload,
            )
        self._unknown = [None] * len(self._conjuncts)
        self._values = [None] * len(self._conjuncts)

    def _find_keys(self, data_id: Mapping[str, object]) -> list[pa.Table]:
        """Find the keys of each condition on few dimensions: the database joins them, instead of all rows."""
        universe = self._group.universe
        together: dict[DimensionGroup, list[Conjunct]] = {}
        for conjunct in self._understood.of("records"):
            together.setdefault(universe.conform(conjunct.dimensions(universe)), []).append(conjunct)
        uploads = []
        for own, conjuncts in together.items():
            if not own.names or own == self._finer.joined:
                continue
            inner = [one for one in self._conjuncts if one.dimensions(universe) <= set(own.names)]
            given = {name: value for name, value in data_id.items() if name in own.names}
            catalogue = dataclasses.replace(self._finer, finer=own)
            rows = read_rows(self._butler, catalogue, inner, data_id=given)
            assert rows is not None, "no limit was set"
            evaluator = FrameEvaluator(catalogue, self._butler, None)
            for conjunct in conjuncts:
                result, _ = evaluator.evaluate(conjunct, rows)
                rows = rows.filter(result.fill_null(False).to_arrow())
            keys = rows.select(list(own.required))
            if keys.num_rows <= _UPLOADED:
                uploads.append(keys)
        return uploads

    def evaluate(self, conjunct: Conjunct) -> None:
        """Evaluate a condition on the rows that are left."""
        is_of_records = conjunct.is_butler
        rows = self._stages[-1]
        assert rows is not None, "the last stage is always read in full"
        if not is_of_records:
            # What tables say is about the data IDs that are selected, not about parts of them.
            rows = self._narrow(rows)
        evaluator = self._records if is_of_records else self._tables
        result, compared = evaluator.evaluate(conjunct, rows)
        is_kept = result.fill_null(False)
        names = list(key_names(self._group))
        keys = pl.DataFrame(pl.from_arrow(rows.select(names)))
        self._conjuncts.append(conjunct)
        self._stages.append(rows.filter(is_kept.to_arrow()))
        self._unknown.append(keys.filter(result.is_null()).unique(maintain_order=True))
        clashing = [name for name in compared.columns if name in keys.columns]
        values = pl.concat([keys, compared.drop(clashing)], how="horizontal").filter(~is_kept)
        found = values.to_arrow()
        known = _find_meanings(self._understood.catalogue, conjunct)
        for number, field in enumerate(found.schema):
            if field.name in known and field.name in compared.columns:
                told = pa.field(field.name, field.type, metadata=known[field.name])
                found = found.set_column(number, told, found[number])
        self._values.append(found)

    def _narrow(self, rows: pa.Table) -> pa.Table:
        """Return the data IDs that are selected of rows over more dimensions."""
        schema = data_id_schema(self._group)
        if rows.schema.names == schema.names:
            return rows
        # As the Butler's own queries: what has one such row is selected.
        distinct = (
            pl.DataFrame(pl.from_arrow(rows.select(schema.names))).unique().sort(list(key_names(self._group)))
        )
        return distinct.to_arrow().cast(schema)

    def finish(self) -> Selection:
        """Make the selection."""
        stages = [None if rows is None else self._narrow(rows) for rows in self._stages]
        notes = [one.note for one in self._understood.filled]
        for conjunct, before, after in zip(self._conjuncts, stages, stages[1:], strict=False):
            is_first = after is not None and not after.num_rows and (before is None or before.num_rows > 0)
            if is_first and conjunct.is_butler:
                notes += describe_nothing(self._butler, self._finer, conjunct, before)
        notes += self._tables.notes
        return _make_selection(
            self._group, self._understood.where, self._conjuncts, stages, self._unknown, self._values, notes
        )


def _make_selection(
    group: DimensionGroup,
    where: str,
    conjuncts: list[Conjunct],
    stages: list[pa.Table | None],
    unknown: list[pl.DataFrame | None],
    values: list[pa.Table | None],
    notes: list[str],
) -> Selection:
    names = list(key_names(group))
    key_schema = data_id_schema(group, implied=False)
    drop_schema = pa.schema(
        [*key_schema, pa.field("conjunct", pa.int64(), False), pa.field("unknown", pa.bool_(), False)]
    )
    waterfall = []
    drops = [drop_schema.empty_table()]
    for index, conjunct in enumerate(conjuncts):
        before, after, nulls = stages[index], stages[index + 1], unknown[index]
        marked = None
        if before is not None and after is not None:
            keys = pl.DataFrame(pl.from_arrow(before.select(names)))
            kept = pl.DataFrame(pl.from_arrow(after.select(names)))
            dropped = keys.join(kept, on=names, how="anti", maintain_order="left")
            of_null = keys.clear() if nulls is None else nulls
            marked = dropped.join(
                of_null.with_columns(unknown=True), on=names, how="left", maintain_order="left"
            ).with_columns(pl.col("unknown").fill_null(False), conjunct=pl.lit(index, pl.Int64))
            drops.append(marked.select(drop_schema.names).to_arrow().cast(drop_schema))
        waterfall.append(
            {
                "conjunct": conjunct.text,
                "rows_before": None if before is None else before.num_rows,
                "rows_after": None if after is None else after.num_rows,
                "unknown": None if nulls is None or marked is None else int(marked["unknown"].sum()),
            }
        )
    table = stages[-1]
    assert table is not None, "the last stage is always read in full"
    return Selection(
        dimensions=group,
        where=where,
        table=table,
        waterfall=pa.Table.from_pylist(waterfall, schema=WATERFALL_SCHEMA),
        drops=pa.concat_tables(drops),
        values=tuple(values),
        notes=tuple(dict.fromkeys(notes)),
    )


def _find_meanings(catalogue: Catalogue, conjunct: Conjunct) -> dict[str, dict[bytes, bytes] | None]:
    """Find unit and kind of what a condition compares, by the name under which it is shown."""
    found = {}
    for part in iter_nodes(conjunct.node):
        if isinstance(part, Name):
            name = getattr(catalogue.resolve(part), "name", part.name)
            found[str(name)] = find_metadata(catalogue, part)
        elif isinstance(part, Call) and is_aggregate(part):
            found[catalogue.expression[part.start : part.end]] = find_metadata(catalogue, part)
    return found
