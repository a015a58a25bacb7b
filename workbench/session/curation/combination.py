"""Saved sets side by side: which hold what, and rows taken by that."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence

import param

from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import CombinedSource
from workbench.session.desk.desk import Desk
from workbench.sets import DataIdSet, align_sets

__all__ = ["MOST_SETS", "Combination", "Members"]

Members = tuple[bool, ...]
"""Which of the compared sets hold a row."""

MOST_SETS = 6
"""More sets do not fit beside each other."""


class Combination(param.Parameterized):
    """Saved sets that are compared, and the intersections that are taken.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set that the rows are taken into.
    """

    revision = param.Integer(default=0, doc="counts the comparisons")

    def __init__(self, desk: Desk, curation: Curation):
        super().__init__()
        self.desk = desk
        self.curation = curation
        self.labels: tuple[str, ...] = ()
        self.sizes: list[int] = []
        self.counts: dict[Members, int] = {}
        self._sets: list[DataIdSet] = []
        self.error = ""

    @property
    def taken(self) -> frozenset[Members]:
        """The intersections that the draft begins from (`frozenset`)."""
        base = self.curation.draft.base
        if isinstance(base, CombinedSource) and base.labels == self.labels:
            return base.patterns
        return frozenset()

    def compare(self, labels: Sequence[str]) -> str:
        """Compare saved sets.

        Parameters
        ----------
        labels : `~collections.abc.Sequence` [ `str` ]
            Two to `MOST_SETS` labels of sets over the same dimensions.

        Returns
        -------
        error : `str`
            Why they cannot be compared, and the comparison before stays;
            empty if they are.
        """
        if not 2 <= len(labels) <= MOST_SETS:
            return f"Choose 2 to {MOST_SETS} saved sets to compare; {len(labels)} are chosen."
        bench = self.desk.bench
        found, error = self.desk.carry_out(
            f"bench.sets.intersections({list(labels)!r})",
            lambda: (bench.sets.intersections(labels), align_sets([bench.load(label) for label in labels])),
        )
        if found is None:
            return error
        self.error = ""
        table, self._sets = found
        self.labels = tuple(labels)
        self.sizes = [len(rows) for rows in self._sets]
        self.counts = {tuple(row["members"]): row["n_rows"] for row in table.to_pylist()}
        self.revision += 1
        return ""

    def forget(self, error: str) -> None:
        """Compare nothing: rows are not taken of what was compared before.

        Parameters
        ----------
        error : `str`
            Why.
        """
        self.labels, self.sizes, self.counts, self._sets = (), [], {}, []
        self.error = error
        self.revision += 1

    def toggle(self, members: Members) -> None:
        """Take the rows of an intersection, or no longer.

        Parameters
        ----------
        members : `Members`
            Which of the sets hold the rows.
        """
        self.take(self.taken ^ {members})

    def take(self, patterns: Iterable[Members]) -> None:
        """Begin from the rows of some intersections.

        Parameters
        ----------
        patterns : `~collections.abc.Iterable` [ `Members` ]
            The intersections.
        """
        chosen = frozenset(patterns)
        if not chosen:
            self.desk.tell("No intersection is left: take another one first, or undo.")
            return
        made, error = self.desk.attempt(lambda: self._combine(chosen))
        if made is None:
            self.desk.tell(error, "error")
            return
        rows, python = made
        name = describe(self.labels, chosen, len(self.counts))
        source = CombinedSource(name, rows, python, labels=self.labels, patterns=chosen)
        self.curation.begin(source, f"take {name}")

    def with_any(self) -> list[Members]:
        """Return the intersections of the union.

        Returns
        -------
        patterns : `list` [ `Members` ]
            All that have rows.
        """
        return list(self.counts)

    def with_every(self) -> list[Members]:
        """Return the intersection of all sets.

        Returns
        -------
        patterns : `list` [ `Members` ]
            None where they have no row in common.
        """
        return [members for members in self.counts if all(members)]

    def with_one(self) -> list[Members]:
        """Return the intersections of rows that one set alone holds.

        Returns
        -------
        patterns : `list` [ `Members` ]
            For two sets, their symmetric difference.
        """
        return [members for members in self.counts if sum(members) == 1]

    def _combine(self, patterns: frozenset[Members]) -> tuple[DataIdSet, str]:
        """Make the rows by set algebra, and the expression that does it."""
        sets, codes = [], []
        for label, rows in zip(self.labels, self._sets, strict=True):
            code = f"bench.load({label!r})"
            loaded = self.desk.bench.load(label)
            if "exposure" in loaded.key_names and "visit" in rows.key_names:
                code += ".to_visits()"
            elif loaded.key_names != rows.key_names:
                code += ".expand('detector')"
            if rows.role == "exclude":
                rows, code = rows.with_role("include"), f"{code}.with_role('include')"  # noqa: PLW2901
            sets.append(rows)
            codes.append(code)
        if patterns == frozenset(self.counts):
            return functools.reduce(operator.or_, sets), " | ".join(codes)
        terms, texts = [], []
        for members in sorted(patterns, reverse=True):
            inside = [n for n, member in enumerate(members) if member]
            outside = [n for n, member in enumerate(members) if not member]
            rows = functools.reduce(operator.and_, (sets[n] for n in inside))
            terms.append(functools.reduce(operator.sub, (sets[n] for n in outside), rows))
            text = " & ".join(codes[n] for n in inside)
            texts.append(" - ".join([f"({text})" if len(inside) > 1 else text, *(codes[n] for n in outside)]))
        if len(terms) == 1:
            return terms[0], texts[0]
        return functools.reduce(operator.or_, terms), " | ".join(f"({text})" for text in texts)


def describe(labels: Sequence[str], patterns: Iterable[Members], n_all: int = 0) -> str:
    """Say which rows intersections hold.

    Parameters
    ----------
    labels : `~collections.abc.Sequence` [ `str` ]
        The sets.
    patterns : `~collections.abc.Iterable` [ `Members` ]
        The intersections.
    n_all : `int`, optional
        How many intersections there are.

    Returns
    -------
    text : `str`
        Such as "in a@1 and b@1, not in c@1".
    """
    chosen = sorted(patterns, reverse=True)
    if len(chosen) == n_all:
        return f"in any of {', '.join(labels)}"
    texts = []
    for members in chosen:
        inside = " and ".join(label for label, member in zip(labels, members, strict=True) if member)
        outside = " or ".join(label for label, member in zip(labels, members, strict=True) if not member)
        texts.append(f"in {inside}, not in {outside}" if outside else f"in {inside}")
    return "; ".join(texts)
