"""What the sets say that another was made from: who left which data ID out, and why.

A set keeps its rows with their reasons; what was taken away is no row of it any
more.  So the reason of an exclusion is looked up in the sets at the ends of the
steps (`workbench.sets.content.origin`), and in those that these were made from in turn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from workbench.errors import AmbiguousRelationError, WorkbenchError
from workbench.rendering import time_field
from workbench.sets.content.canonical import REASON
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.origin import Effect, is_unnamed

__all__ = ["Statement", "call_set", "diff_with_reasons", "find_statements", "list_reasons", "look_up"]

Load = Callable[[str], DataIdSet]

_SAID: Mapping[Effect, str] = {"in": "taken in", "out": "left out"}


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A set that another was made from, and what it does there to its rows.

    Parameters
    ----------
    by : `str`
        What people call it: the label of the saved set that says it, or where
        one without a name came from.
    effect : `str`
        ``in``, ``out``, or ``either`` where that depends on the row.
    rows : `DataIdSet`
        The rows, over the dimensions that it has itself.
    """

    by: str
    effect: Effect
    rows: DataIdSet

    def align(self, target: DataIdSet) -> pl.DataFrame:
        """Return its rows by keys of the set that was made from it.

        Parameters
        ----------
        target : `DataIdSet`
            That set.

        Returns
        -------
        rows : `polars.DataFrame`
            Those of its keys that are, or become, keys of that set, and
            ``reason``; no rows where the two have no key in common.
        """
        names, rows = target.key_names, self.rows
        if rows.relations is None:
            rows = rows.with_relations(target.relations)
        if "visit" in names and "visit" not in rows.key_names and "exposure" in rows.key_names:
            rows = rows.to_visits()
        elif "exposure" in names and "exposure" not in rows.key_names and "visit" in rows.key_names:
            rows = rows.to_exposures()
        shared = [name for name in names if name in rows.key_names]
        if set(rows.key_names) - set(names) and len(shared) < len(names):
            # A night, say, to its visits.
            with contextlib.suppress(AmbiguousRelationError):
                rows, shared = rows.expand(*names), [*names]
        return pl.DataFrame(pl.from_arrow(rows.table.select([*shared, REASON])))


def find_statements(rows: DataIdSet, load: Load) -> list[Statement]:
    """Find the sets that a set was made from, in the order of the steps.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    load : `~collections.abc.Callable`
        Reads a saved set by its label; one that cannot be read says nothing.

    Returns
    -------
    statements : `list` [ `Statement` ]
        Those at the ends of the steps, each after what it was made from
        itself; nothing for a set that was selected or read.
    """
    return [*_iter_statements(rows, "in", "", load, frozenset())]


def _iter_statements(
    rows: DataIdSet, effect: Effect, by: str, load: Load, above: frozenset[str]
) -> Iterator[Statement]:
    """Yield what a set was made from; ``by`` is what people call what this is a part of."""
    for leaf, of_leaf in _iter_parents(rows, effect):
        try:
            found = load(leaf) if isinstance(leaf, str) else leaf
        except WorkbenchError:
            # Of another repository, whose sets did not come with the file.
            continue
        if found.name is not None and found.label in above:
            continue
        name = by or call_set(found)
        yield from _iter_statements(found, of_leaf, name, load, above | {found.label})
        yield Statement(name, of_leaf, found)


def _iter_parents(rows: DataIdSet, effect: Effect) -> Iterator[tuple[DataIdSet | str, Effect]]:
    if rows.origin is not None:
        yield from rows.origin.iter_leaves(effect)


def call_set(rows: DataIdSet) -> str:
    """Return what people call a set.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.

    Returns
    -------
    name : `str`
        Its label, or where it came from.
    """
    if rows.name is not None and not is_unnamed(rows.name):
        return rows.label
    return rows.provenance.source if rows.provenance.source != "query" else rows.provenance.rule or "a query"


def list_reasons(rows: DataIdSet, load: Load) -> pa.Table:
    """Say why data IDs are in a set, and why others are not.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    load : `~collections.abc.Callable`
        Reads a saved set by its label.

    Returns
    -------
    reasons : `pyarrow.Table`
        The keys of the set; ``included``; ``said`` (``taken in`` or ``left
        out``); ``by`` whom or what; ``reason``, ``author`` and ``time`` (MJD
        TAI, d).  A row for everything that was said of a data ID, the last
        word last; of what is in the set only where there is a reason.  A key
        is null where what was said is of all of its values, such as a visit
        of which every detector was left out.
    """
    names = [*rows.key_names]
    schema = pa.schema(
        [
            *(pa.field(name, rows.table.schema.field(name).type) for name in names),
            pa.field("included", pa.bool_(), nullable=False),
            pa.field("said", pa.string(), nullable=False),
            pa.field("by", pa.string(), nullable=False),
            pa.field(REASON, pa.string()),
            pa.field("author", pa.string(), nullable=False),
            time_field("time"),
        ]
    )
    own = pl.DataFrame(pl.from_arrow(rows.table.select([*names, REASON])))
    said = [*find_statements(rows, load), Statement(rows.label, "in", rows)]
    frame = pl.concat(
        [_tell(one.align(rows), one, number, own) for number, one in enumerate(said)],
        how="diagonal_relaxed",
    )
    if absent := [name for name in names if name not in frame.columns]:
        frame = frame.with_columns(pl.lit(None).alias(name) for name in absent)
    # A set repeats the reasons of what it was made from: who gave one first has said it.
    told = frame.unique([*names, "said", "by", REASON], keep="first", maintain_order=True)
    if names:
        is_own = pl.col("number") == len(said) - 1
        repeated = told.filter(is_own).join(told.filter(~is_own), on=[*names, "said", REASON], how="anti")
        told = pl.concat([told.filter(~is_own), repeated])
    return told.sort([*names, "number"], nulls_last=True).select(schema.names).to_arrow().cast(schema)


def _tell(said: pl.DataFrame, statement: Statement, number: int, own: pl.DataFrame) -> pl.DataFrame:
    """Lay out what one set says, and leave out what tells nobody anything."""
    shared = [name for name in said.columns if name != REASON]
    if shared:
        mask = said.join(own.select(shared).unique().with_columns(included=True), on=shared, how="left")
        said = mask.with_columns(pl.col("included").fill_null(value=False))
    else:
        said = said.with_columns(included=pl.lit(own.height > 0))
    effect = statement.effect
    if effect == "either":
        what = pl.when("included").then(pl.lit(_SAID["in"])).otherwise(pl.lit(_SAID["out"]))
    else:
        what = pl.lit(_SAID[effect])
    told, name = statement.rows.provenance, statement.rows.name
    if effect == "out" and name is not None and not is_unnamed(name) and told.reason:
        # A list without reasons was saved for one.
        said = said.with_columns(pl.col(REASON).fill_null(told.reason))
    said = said.with_columns(
        said=what,
        by=pl.lit(statement.by),
        author=pl.lit(told.author),
        time=pl.lit(told.time, pl.Float64),
        number=pl.lit(number),
    )
    # Of what is in both operands of a ^, both say that it is out: the one that has a reason tells.
    tells = ~pl.col("included") if effect == "out" else pl.lit(value=False)
    return said.filter(pl.col(REASON).is_not_null() | tells)


def look_up(reasons: pa.Table, keys: pl.DataFrame, said: str) -> pl.DataFrame:
    """Put what was said of data IDs beside them.

    Parameters
    ----------
    reasons : `pyarrow.Table`
        As `list_reasons` gives them.
    keys : `polars.DataFrame`
        Data IDs over the keys of the set.
    said : `str`
        ``taken in`` or ``left out``.

    Returns
    -------
    told : `polars.DataFrame`
        The same rows, with ``reason``, ``by`` and ``author``: all that was
        said, in its order, joined by ``; ``; null where nothing was.
    """
    names = keys.columns
    frame = pl.DataFrame(pl.from_arrow(reasons)).filter(pl.col("said") == said)
    parts = []
    # What is said of a visit is said of each of its detectors: there the detector is null.
    given = [pl.col(name).is_not_null() for name in names]
    for pattern in frame.select(given).unique().iter_rows() if names else [()]:
        on = [name for name, here in zip(names, pattern, strict=True) if here]
        some = frame.filter([one if here else ~one for one, here in zip(given, pattern, strict=True)])
        some = some.select([*on, REASON, "by", "author"])
        parts.append(keys.join(some, on=on) if on else keys.join(some, how="cross"))
    found = pl.concat(parts) if parts else frame.select([*names, REASON, "by", "author"]).clear()
    joined = found.group_by(names, maintain_order=True).agg(
        pl.col(name).drop_nulls().unique(maintain_order=True).str.join("; ").replace("", None)
        for name in (REASON, "by", "author")
    )
    return keys.join(joined, on=names, how="left", maintain_order="left")


def diff_with_reasons(before: DataIdSet, after: DataIdSet, load: Load) -> pa.Table:
    """Say what a later set changed, and why.

    Parameters
    ----------
    before, after : `DataIdSet`
        Sets of the same dimensions.
    load : `~collections.abc.Callable`
        Reads a saved set by its label.

    Returns
    -------
    changes : `pyarrow.Table`
        As `DataIdSet.diff` gives them, where a set that lacks a row gives the
        reason for which it was left out; also rows that both leave out, for
        different reasons (``change`` is ``still out``).  With ``author_before``
        and ``author_after``, who gave these reasons.
    """
    names = [*before.key_names]
    changes = before.diff(after)
    told = [list_reasons(rows, load) for rows in (before, after)]
    outs = [
        pl.DataFrame(pl.from_arrow(reasons)).filter(~pl.col("included")).select(names).drop_nulls()
        for reasons in told
    ]
    changed = pl.DataFrame(pl.from_arrow(changes))
    both = outs[0].join(outs[1], on=names, how="semi").unique() if names else outs[0].clear()
    both = both.join(changed.select(names), on=names, how="anti") if names else both
    frame = pl.concat([changed, both.with_columns(change=pl.lit("still out"))], how="diagonal_relaxed")
    for side, rows, reasons in (("before", before, told[0]), ("after", after, told[1])):
        keys = frame.select(names)
        inside = pl.Series(rows.contains(keys.to_arrow()))
        why = [look_up(reasons, keys, said) for said in ("left out", "taken in")]
        own = pl.col(f"reason_{side}")
        frame = frame.with_columns(
            pl.when(inside).then(own).otherwise(why[0][REASON]).alias(f"reason_{side}"),
            pl.when(inside).then(why[1]["author"]).otherwise(why[0]["author"]).alias(f"author_{side}"),
        )
    frame = frame.filter(
        (pl.col("change") != "still out") | pl.col("reason_before").ne_missing(pl.col("reason_after"))
    )
    schema = pa.schema(
        [*changes.schema, pa.field("author_before", pa.string()), pa.field("author_after", pa.string())]
    )
    return frame.sort(names).select(schema.names).to_arrow().cast(schema)
