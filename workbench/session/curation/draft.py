"""A set of visits being put together: a rule or a source, parts, and edits by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Literal

from workbench.session.curation.keys import Key
from workbench.sets import DataIdSet, Role

__all__ = ["OPERATORS", "CombinedSource", "SetDraft", "HandEdit", "Operator", "Part", "Source"]

Operator = Literal["-", "|", "&"]
"""What a part does to the rows before it."""

OPERATORS: Mapping[Operator, str] = {"-": "leave out", "|": "take in", "&": "keep only"}
"""What people call the operators."""


@dataclasses.dataclass(frozen=True, slots=True)
class HandEdit:
    """What somebody decided about one visit, or one detector of it.

    Parameters
    ----------
    included : `bool`
        Whether it was taken in or left out.
    reason : `str`
        Why.
    """

    included: bool
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Rows that were read, and the Python that reads them again.

    Parameters
    ----------
    label : `str`
        Name of the file or of the saved set.
    rows : `~workbench.sets.DataIdSet`
        What was read.
    python : `str`
        An expression that gives the rows.
    """

    label: str
    rows: DataIdSet
    python: str


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class CombinedSource(Source):
    """Rows by the saved sets that hold them.

    Parameters
    ----------
    label : `str`
        As for `Source`.
    rows : `~workbench.sets.DataIdSet`
        As for `Source`.
    python : `str`
        As for `Source`.
    labels : `tuple` [ `str`, ... ]
        The saved sets.
    patterns : `frozenset` [ `tuple` [ `bool`, ... ] ]
        Which of the sets hold a row that is taken.
    """

    labels: tuple[str, ...] = ()
    patterns: frozenset[tuple[bool, ...]] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A source, and what it does to the rows before it.

    Parameters
    ----------
    operator : `str`
        One of `OPERATORS`.
    source : `Source`
        The rows.
    """

    operator: Operator
    source: Source

    @property
    def label(self) -> str:
        """What the part does, in words (`str`)."""
        return f"{OPERATORS[self.operator]} {self.source.label}"


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class SetDraft:
    """What a set is made of; immutable, each change makes another.

    Parameters
    ----------
    where : `str`, optional
        The rule: an expression.  Not used where ``base`` is given.
    base : `Source`, optional
        What to begin from instead of a rule.
    parts : `tuple` [ `Part`, ... ], optional
        What is left out of that, taken in, or kept of it, in order.
    edits : `~collections.abc.Mapping`, optional
        Edits by hand, by instrument and visit, or these and detector.  They
        go before the parts, and those of detectors before those of visits.
    role : `str`, optional
        What the set is for, ``include`` or ``exclude``; that of what it
        begins from by default.
    """

    where: str = ""
    base: Source | None = None
    parts: tuple[Part, ...] = ()
    edits: Mapping[Key, HandEdit] = dataclasses.field(default_factory=dict)
    role: Role | None = None

    @property
    def origin(self) -> str:
        """What the set begins from, in words (`str`)."""
        if self.base is not None:
            return f"begun from {self.base.label}"
        return f"of the rule {self.where}" if self.where else "of no rule"

    def with_edits(self, edits: Mapping[Key, HandEdit | None]) -> SetDraft:
        """Decide by hand, or take such decisions back.

        Parameters
        ----------
        edits : `~collections.abc.Mapping`
            The decisions; `None` leaves it to rule and parts again.

        Returns
        -------
        draft : `SetDraft`
            Another one.
        """
        changed = {**self.edits, **edits}
        return dataclasses.replace(
            self, edits={key: edit for key, edit in changed.items() if edit is not None}
        )

    def with_part(self, part: Part) -> SetDraft:
        """Add a part; one that does the same with a source of the same name is replaced.

        Parameters
        ----------
        part : `Part`
            The part.

        Returns
        -------
        draft : `SetDraft`
            Another one.
        """
        return dataclasses.replace(self, parts=(*self.without_part(part.label).parts, part))

    def without_part(self, label: str) -> SetDraft:
        """Take a part away.

        Parameters
        ----------
        label : `str`
            What the part does, in words.

        Returns
        -------
        draft : `SetDraft`
            Another one.
        """
        return dataclasses.replace(self, parts=tuple(part for part in self.parts if part.label != label))

    def edited(self, *, included: bool, detectors: bool) -> list[dict[str, object]]:
        """Return the edits of one kind as rows of a table.

        Parameters
        ----------
        included : `bool`
            Those that take in, or those that leave out.
        detectors : `bool`
            Those of single detectors, or those of whole visits.

        Returns
        -------
        rows : `list` [ `dict` ]
            With ``instrument``, ``visit``, ``detector`` if asked for, and
            ``reason`` where one was given, sorted.
        """
        names = ("instrument", "visit", "detector") if detectors else ("instrument", "visit")
        return [
            {**dict(zip(names, key, strict=True)), "reason": self.edits[key].reason or None}
            for key in self._sorted(len(names))
            if self.edits[key].included is included
        ]

    def _sorted(self, length: int) -> Iterable[Key]:
        return sorted(key for key in self.edits if len(key) == length)
