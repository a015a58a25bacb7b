"""Select data IDs by an expression over the Butler's columns, our tables and sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler

from workbench.query._grammar import parse
from workbench.query.butler_part import read_butler_stages
from workbench.query.columns import Catalogue, DimensionKey
from workbench.query.conjuncts import Conjunct, split_conjuncts
from workbench.query.frames import FrameEvaluator, Membership
from workbench.query.selection import WATERFALL_SCHEMA, Selection
from workbench.registry import Registry
from workbench.snapshot import conform, data_id_schema, key_names, read_dimension_records

__all__ = ["is_for_butler", "select"]

_SHOWN = 12
"""How many values a note lists."""


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
    catalogue, conjuncts = _understand(registry, dimensions, where, bind)
    group = catalogue.group
    governors = frozenset(group.universe.governor_dimensions.names)
    for_butler = [c for c in conjuncts if c.is_butler]
    for_butler.sort(key=lambda c: not c.is_governor(governors))
    ours = [c for c in conjuncts if not c.is_butler]
    stages = read_butler_stages(
        registry.butler, catalogue, for_butler, is_whole=not ours, data_id=data_id, is_traced=is_traced
    )
    frames = FrameEvaluator(catalogue, registry.butler, membership)
    unknown: list[pl.Series | None] = [None] * len(for_butler)
    values: list[pa.Table | None] = [None] * len(for_butler)
    for conjunct in ours:
        rows = stages[-1]
        assert rows is not None, "the last stage is always read in full"
        result, compared = frames.evaluate(conjunct, rows)
        is_kept = result.fill_null(False)
        stages.append(rows.filter(is_kept.to_arrow()))
        unknown.append(result.is_null())
        keys = pl.DataFrame(pl.from_arrow(rows.select(list(key_names(group)))))
        clashing = [name for name in compared.columns if name in keys.columns]
        values.append(
            pl.concat([keys, compared.drop(clashing)], how="horizontal").filter(~is_kept).to_arrow()
        )
    notes = [*frames.notes, *_iter_mistyped(registry.butler, for_butler, stages)]
    return _make_selection(catalogue, [*for_butler, *ours], stages, unknown, values, notes)


def is_for_butler(
    registry: Registry,
    dimensions: Iterable[str],
    where: str,
    bind: Mapping[str, object] | None = None,
) -> bool:
    """Tell whether the Butler alone evaluates an expression; its names and syntax are checked.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        The repository and its extension tables; nothing is read of them.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Dimensions of the data IDs.
    where : `str`
        The expression.
    bind : `~collections.abc.Mapping`, optional
        Values of bind names.

    Returns
    -------
    answer : `bool`
        Whether it names the Butler's columns only.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the expression is not understood; the message points at the
        place.
    """
    _, conjuncts = _understand(registry, dimensions, where, bind)
    return all(conjunct.is_butler for conjunct in conjuncts)


def _understand(
    registry: Registry, dimensions: Iterable[str], where: str, bind: Mapping[str, object] | None
) -> tuple[Catalogue, list[Conjunct]]:
    group = conform(registry.universe, dimensions)
    tables = {name: table for name, table in registry.tables().items() if table.declaration.visible}
    catalogue = Catalogue(where, group, tables, dict(bind or {}))
    return catalogue, list(split_conjuncts(parse(where), catalogue))


def _iter_mistyped(
    butler: Butler, conjuncts: Sequence[Conjunct], stages: Sequence[pa.Table | None]
) -> Iterator[str]:
    """Say which values there are where a condition on names lets nothing through."""
    for index, conjunct in enumerate(conjuncts):
        before, after = stages[index], stages[index + 1]
        if after is None or after.num_rows or (before is not None and not before.num_rows):
            continue
        for column in conjunct.columns:
            if not (isinstance(column, DimensionKey) and column.kind == "string"):
                continue
            if before is not None and column.dimension in before.column_names:
                known = before[column.dimension]
            else:
                element = butler.dimensions.dimensions[column.dimension]
                if not element.has_own_table:
                    continue
                known = read_dimension_records(butler, column.dimension)[column.dimension]
            names = sorted({str(value) for value in known.to_pylist()})
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield (
                f"nothing satisfies {conjunct.text!r}; {column.dimension} is one of "
                f"{', '.join(map(repr, names[:_SHOWN]))}{more}"
            )


def _make_selection(
    catalogue: Catalogue,
    conjuncts: list[Conjunct],
    stages: list[pa.Table | None],
    unknown: list[pl.Series | None],
    values: list[pa.Table | None],
    notes: list[str],
) -> Selection:
    names = list(key_names(catalogue.group))
    key_schema = data_id_schema(catalogue.group, implied=False)
    drop_schema = pa.schema(
        [*key_schema, pa.field("conjunct", pa.int64(), False), pa.field("unknown", pa.bool_(), False)]
    )
    waterfall = []
    drops = [drop_schema.empty_table()]
    for index, conjunct in enumerate(conjuncts):
        before, after, nulls = stages[index], stages[index + 1], unknown[index]
        waterfall.append(
            {
                "conjunct": conjunct.text,
                "rows_before": None if before is None else before.num_rows,
                "rows_after": None if after is None else after.num_rows,
                "unknown": None if nulls is None else int(nulls.sum()),
            }
        )
        if before is None or after is None:
            continue
        keys = pl.DataFrame(pl.from_arrow(before.select(names)))
        is_unknown = pl.Series(np.zeros(len(keys), bool)) if nulls is None else nulls
        marked = keys.with_columns(conjunct=pl.lit(index, pl.Int64), unknown=is_unknown)
        kept = pl.DataFrame(pl.from_arrow(after.select(names)))
        dropped = marked.join(kept, on=names, how="anti", maintain_order="left") if names else marked.clear()
        drops.append(dropped.select(drop_schema.names).to_arrow().cast(drop_schema))
    table = stages[-1]
    assert table is not None, "the last stage is always read in full"
    return Selection(
        dimensions=catalogue.group,
        where=catalogue.expression,
        table=table,
        waterfall=pa.Table.from_pylist(waterfall, schema=WATERFALL_SCHEMA),
        drops=pa.concat_tables(drops),
        values=tuple(values),
        notes=tuple(dict.fromkeys(notes)),
    )
