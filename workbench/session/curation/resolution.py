"""A draft resolved against the repository: the rows, why each visit is out, and the Python that does it."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.bench import Bench
from workbench.errors import AmbiguousRelationError
from workbench.query import Selection
from workbench.session.content.cells import count_text
from workbench.session.curation.draft import Part, SetDraft
from workbench.session.curation.keys import VisitKey, count_rows
from workbench.sets import DataIdSet

__all__ = ["Resolved", "resolve", "tell"]

_VISIT = ("instrument", "visit")
_DETECTOR = ("instrument", "detector", "visit")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """What a draft gives.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        The set: of visits, or of (visit, detector) pairs.
    python : `str`
        Lines that make the same set; they end with ``visits``.
    counts : `~collections.abc.Mapping`
        Rows of each visit that has some.
    reasons : `~collections.abc.Mapping`
        What decided about a visit that the rule alone did not decide about.
    edited : `~collections.abc.Mapping`
        How many detectors of a visit were decided about by hand.
    selection : `~workbench.query.Selection` or `None`
        What the rule selected; `None` where the draft begins from a source.
    kept : `pyarrow.Table` or `None`
        What was said of the data IDs of the source, as
        `~workbench.sets.SetStore.reasons` gives it; `None` for a rule.
    """

    rows: DataIdSet
    python: str
    counts: Mapping[VisitKey, int]
    reasons: Mapping[VisitKey, str]
    edited: Mapping[VisitKey, int]
    selection: Selection | None
    kept: pa.Table | None = None

    @property
    def of_detectors(self) -> bool:
        """Whether the rows are (visit, detector) pairs (`bool`)."""
        return "detector" in self.rows.key_names


def resolve(bench: Bench, draft: SetDraft) -> Resolved:
    """Make a draft out; nothing is written.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    draft : `~workbench.session.curation.draft.SetDraft`
        What the set is made of.

    Returns
    -------
    resolved : `Resolved`
        The set.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the rule is wrong.
    workbench.errors.AmbiguousRelationError
        Raised if a source is of neither visits nor their detectors, and does
        not convert to them.
    workbench.errors.UnknownDataIdError
        Raised if an edit is about a visit or detector that does not exist.
    """
    walk = _Walk(bench, draft)
    for part in draft.parts:
        walk.apply(part)
    walk.edit(draft)
    edited = collections.Counter(key[:2] for key in draft.edits if len(key) == 3)
    lines = "\n".join(walk.lines)
    return Resolved(walk.rows, lines, walk.counts, walk.reasons, edited, walk.selection, walk.kept)


class _Walk:
    """Goes along a draft, in Python and in effect alike."""

    def __init__(self, bench: Bench, draft: SetDraft):
        self.bench = bench
        self.selection: Selection | None = None
        if draft.base is None:
            self.selection = bench.selection("visit", draft.where)
            self.rows = bench.sets.from_selection(self.selection)
            self.lines = [f'visits = bench.select("visit", {draft.where!r})']
        else:
            self.rows = draft.base.rows
            self.lines = [f"visits = {draft.base.python}"]
            if "exposure" in self.rows.key_names:
                self._do("visits = visits.to_visits()", self.rows.to_visits())
            if self.rows.key_names not in (_VISIT, _DETECTOR):
                raise AmbiguousRelationError(
                    f"{draft.base.label} is a set over {', '.join(self.rows.key_names)}; here a set is "
                    "put together of visits, or of visits and detectors. Convert it in Python first."
                )
        self.counts = count_rows(self.rows.table)
        self.kept = None if draft.base is None else bench.sets.reasons(self.rows)
        self.reasons: dict[VisitKey, str] = {}
        if self.kept is not None and draft.base is not None:
            self.reasons.update(_read_kept(self.kept, draft.base.label))

    def apply(self, part: Part) -> None:
        """Leave rows out, take them in, or keep only them."""
        source, code = part.source.rows, part.source.python
        if part.operator != "-" and source.role != self.rows.role:
            source, code = source.with_role(self.rows.role), f"{code}.with_role({self.rows.role!r})"
        if "exposure" in source.key_names:
            source, code = source.to_visits(), f"{code}.to_visits()"
        told = _read_reasons(source)
        before = self.counts
        match part.operator:
            case "-":
                self._do(f"visits -= {code}", self.rows - source)
            case "&":
                self._do(f"visits &= {code}", self.rows & source)
            case "|":
                if "detector" in source.key_names:
                    self._expand()
                elif "detector" in self.rows.key_names:
                    source, code = source.expand("detector"), f"{code}.expand('detector')"
                self._do(f"visits |= {code}", self.rows | source)
        self.counts = count_rows(self.rows.table)
        name = part.source.label
        fallback = f"not in {name}" if part.operator == "&" else "listed"
        for key in {**before, **self.counts}:
            was, now = before.get(key, 0), self.counts.get(key, 0)
            if part.operator == "|":
                if now > was:
                    self.reasons[key] = f"{name}: {told.get(key) or 'taken in'}"
            # Where single detectors are left out, visits become detectors and every count rises.
            elif now < was or (part.operator == "-" and key in told):
                detail = told.get(key) or fallback
                self.reasons[key] = f"{name}: {detail}" if part.operator == "-" else fallback

    def edit(self, draft: SetDraft) -> None:
        """Do what was decided by hand."""
        for included in (True, False):
            if visits := draft.edited(included=included, detectors=False):
                self._edit(visits, ["visit"], included=included)
        if any(len(key) == 3 for key in draft.edits):
            self._expand()
            for included in (True, False):
                if pairs := draft.edited(included=included, detectors=True):
                    self._edit(pairs, ["visit", "detector"], included=included)
        if draft.edits:
            self.counts = count_rows(self.rows.table)
        if draft.role is not None and draft.role != self.rows.role:
            self._do(f"visits = visits.with_role({draft.role!r})", self.rows.with_role(draft.role))

    def _edit(self, edited: list[dict[str, Any]], dimensions: list[str], *, included: bool) -> None:
        role = self.rows.role if included else "exclude"
        given = "" if role == "include" else f", role={role!r}"
        code = f"bench.make_set({edited!r}, dimensions={dimensions!r}{given})"
        rows = self.bench.make_set(edited, dimensions=dimensions, role=role)
        if not included:
            self._do(f"visits -= {code}", self.rows - rows)
            return
        if "detector" in self.rows.key_names and dimensions == ["visit"]:
            rows, code = rows.expand("detector"), f"{code}.expand('detector')"
        if len(self.rows & rows):
            # Rows that are in already would keep the reason that they had.
            self._do(f"visits -= {code}", self.rows - rows)
        self._do(f"visits |= {code}", self.rows | rows)

    def _expand(self) -> None:
        if "detector" not in self.rows.key_names:
            self._do("visits = visits.expand('detector')", self.rows.expand("detector"))

    def _do(self, line: str, rows: DataIdSet) -> None:
        self.lines.append(line)
        self.rows = rows


def tell(row: Mapping[str, Any], label: str) -> str:
    """Say in a few words what was said of a data ID of a set.

    Parameters
    ----------
    row : `~collections.abc.Mapping`
        Row of `~workbench.sets.SetStore.reasons`.
    label : `str`
        What people call the set.

    Returns
    -------
    text : `str`
        Which set, why, and who said it.
    """
    # A table has no name that would tell anybody more.
    where = [label] if row["by"] in {"table", label} else [label, row["by"]]
    return ": ".join([*where, f"{row['reason'] or row['said']} ({row['author']})"])


def _read_kept(kept: pa.Table, label: str) -> dict[VisitKey, str]:
    """Return what was said of the visits that a source leaves out, or some of whose detectors."""
    told: dict[VisitKey, dict[str, None]] = collections.defaultdict(dict)
    for row in kept.to_pylist():
        if not row["included"] and row["said"] == "left out" and row["visit"] is not None:
            told[row["instrument"], row["visit"]][tell(row, label)] = None
    return {key: "; ".join(texts) for key, texts in told.items()}


def _read_reasons(rows: DataIdSet) -> dict[VisitKey, str]:
    """Return the first reason that a source gives for each of its visits, and how many detectors it names."""
    if not set(_VISIT) <= set(rows.key_names):
        return {}
    frame = pl.DataFrame(pl.from_arrow(rows.table))
    told = frame.group_by(_VISIT).agg(pl.len(), pl.col("reason").drop_nulls().sort().first())
    of_detectors = "detector" in rows.key_names
    return {
        (instrument, visit): _tell(n, reason, of_detectors=of_detectors)
        for instrument, visit, n, reason in told.select(*_VISIT, "len", "reason").iter_rows()
    }


def _tell(n: int, reason: str | None, *, of_detectors: bool) -> str:
    counted = [count_text(n, "detector")] if of_detectors else []
    return ": ".join([*counted, *([reason] if reason else [])])
