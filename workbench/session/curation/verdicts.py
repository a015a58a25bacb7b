"""Whether visits and detectors are in a draft, and why."""

from __future__ import annotations

import dataclasses

import pyarrow.compute as pc

from workbench.session.content.cells import count_text
from workbench.session.curation.draft import SetDraft
from workbench.session.curation.keys import DetectorKey, VisitKey
from workbench.session.curation.resolution import Resolved, tell
from workbench.session.curation.visits import Visits

__all__ = ["Verdict", "Verdicts"]


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a visit is in, and why.

    Parameters
    ----------
    included : `bool`
        Whether it is in, or some of its detectors are.
    why : `str`
        What decided: empty where the rule took it in.
    by_hand : `bool`
        Whether a person decided about it.
    n_in, n_detectors : `int`
        How many of its detectors are in, and how many there are; both 0 in
        a set of whole visits.
    """

    included: bool
    why: str
    by_hand: bool = False
    n_in: int = 0
    n_detectors: int = 0

    @property
    def partial(self) -> bool:
        """Whether some detectors are in and others are not (`bool`)."""
        return 0 < self.n_in < self.n_detectors

    @property
    def state(self) -> str:
        """``in``, ``out``, or ``part`` of a visit (`str`)."""
        return "part" if self.partial else "in" if self.included else "out"


class Verdicts:
    """What a draft decides.

    Parameters
    ----------
    draft : `~workbench.session.curation.draft.SetDraft`
        The draft.
    resolved : `~workbench.session.curation.resolution.Resolved` or `None`
        What it gives; `None` before it was read.
    visits : `~workbench.session.curation.visits.Visits`
        The visits and detectors that there are.
    """

    def __init__(self, draft: SetDraft, resolved: Resolved | None, visits: Visits):
        self._draft = draft
        self._resolved = resolved
        self._visits = visits

    def of_visit(self, key: VisitKey) -> Verdict:
        """Return whether a visit is in, and why.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit.

        Returns
        -------
        verdict : `Verdict`
            The decision by hand goes before the parts, those before the rule.
        """
        resolved = self._resolved
        if resolved is None:
            return Verdict(False, "not read yet")
        n_in = resolved.counts.get(key, 0)
        edit = self._draft.edits.get(key)
        why = (
            f"by hand: {edit.reason or 'no reason given'}" if edit is not None else resolved.reasons.get(key)
        )
        if why is None:
            why = (
                "" if n_in else f"not in {'the rule' if self._draft.base is None else self._draft.base.label}"
            )
        if not resolved.of_detectors:
            return Verdict(n_in > 0, why, edit is not None)
        n_detectors = len(self._visits.detectors.get(key[0], ())) or n_in
        by_hand = resolved.edited.get(key, 0)
        if by_hand:
            counted = f"{count_text(by_hand, 'detector')} by hand"
            why = f"{why}; {counted}" if why else counted
        return Verdict(n_in > 0, why, edit is not None or by_hand > 0, n_in, n_detectors)

    def has_detector(self, key: DetectorKey) -> bool:
        """Return whether a detector of a visit is in.

        Parameters
        ----------
        key : `tuple`
            Instrument, visit and detector.

        Returns
        -------
        included : `bool`
            In a set of visits, whether the visit is.
        """
        resolved = self._resolved
        if resolved is None or not resolved.of_detectors:
            return self.of_visit(key[:2]).included
        return key[2] in self.detectors_in(key[:2])

    def why_detector(self, key: DetectorKey) -> str:
        """Return what decided about a detector of a visit.

        Parameters
        ----------
        key : `tuple`
            Instrument, visit and detector.

        Returns
        -------
        why : `str`
            That of the visit, where nothing is about the detector alone.
        """
        if (edit := self._draft.edits.get(key)) is not None:
            return f"by hand: {edit.reason or 'no reason given'}"
        if key[:2] not in self._draft.edits:
            for part in reversed(self._draft.parts):
                table = part.source.rows.table
                if "detector" in table.schema.names and "visit" in table.schema.names:
                    found = table.filter(_is_of(key[:2]) & (pc.field("detector") == key[2]))
                    if found.num_rows:
                        reason = found["reason"].to_pylist()[0]
                        return f"{part.source.label}: {reason or 'listed'}"
        if self.has_detector(key):
            return ""
        return self._why_kept(key) or self.of_visit(key[:2]).why

    def _why_kept(self, key: DetectorKey) -> str:
        """Say what the source that the draft began from said of a detector."""
        if self._resolved is None or self._resolved.kept is None or self._draft.base is None:
            return ""
        kept = self._resolved.kept
        if "detector" not in kept.column_names:
            return ""
        visit, detector = pc.field("visit"), pc.field("detector")
        found = kept.filter(
            (pc.field("instrument") == key[0])
            & (pc.field("said") == "left out")
            & ((visit == key[1]) | visit.is_null())
            & ((detector == key[2]) | detector.is_null())
        )
        texts = [tell(row, self._draft.base.label) for row in found.to_pylist()]
        return "; ".join(dict.fromkeys(texts))

    def detectors_in(self, key: VisitKey) -> frozenset[int]:
        """Return which detectors of a visit are in.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit.

        Returns
        -------
        detectors : `frozenset` [ `int` ]
            All of them in a set of visits that has the visit.
        """
        resolved = self._resolved
        if resolved is None or not resolved.counts.get(key):
            return frozenset()
        if not resolved.of_detectors:
            return frozenset(self._visits.detectors.get(key[0], {}))
        table = resolved.rows.table
        return frozenset(table.filter(_is_of(key))["detector"].to_numpy().tolist())


def _is_of(key: VisitKey) -> pc.Expression:
    return (pc.field("visit") == key[1]) & (pc.field("instrument") == key[0])
