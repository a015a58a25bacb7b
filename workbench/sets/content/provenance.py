"""Who made a set, when, and from what."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import astropy.time

from workbench.names import quote
from workbench.presentation import presented

__all__ = ["SetProvenance", "current_author", "current_time"]

_LATEST = 1e8
"""Of times, MJD in days: no record is of another geological era."""

_TEXTS = ("author", "source", "rule", "note", "reason")


@presented
@dataclass(frozen=True, slots=True)
class SetProvenance:
    """Where a set comes from.

    Attributes
    ----------
    author : `str`
        Who made it.
    time : `float`
        When it was made, MJD TAI in days.
    source : `str`
        What it was read from: a file, a query, another program.
    rule : `str`
        The expression that made it, as text: a ``where``, or algebra of
        other sets.
    parents : `tuple` [ `str`, ... ]
        Labels (``name@3``) of saved sets that it was made from.
    note : `str`
        Anything else worth keeping, such as rows that were dropped on reading.
    reason : `str`
        Why it was saved; empty before that.
    """

    author: str = ""
    time: float = 0.0
    source: str = ""
    rule: str = ""
    parents: tuple[str, ...] = ()
    note: str = ""
    reason: str = ""

    @classmethod
    def now(
        cls,
        *,
        author: str | None = None,
        source: str = "",
        rule: str = "",
        parents: tuple[str, ...] = (),
        note: str = "",
    ) -> SetProvenance:
        """Return the provenance of something made at this moment.

        Parameters
        ----------
        author : `str`, optional
            Who makes it; by default the user of this process.
        source : `str`, optional
            What it is read from.
        rule : `str`, optional
            The expression that makes it.
        parents : `tuple` [ `str`, ... ], optional
            Labels of saved sets.
        note : `str`, optional
            Anything else.

        Returns
        -------
        provenance : `SetProvenance`
            With the time of now.
        """
        return cls(
            author=current_author() if author is None else author,
            time=current_time(),
            source=source,
            rule=rule,
            parents=parents,
            note=note,
        )

    def to_dict(self) -> dict[str, object]:
        """Return the fields for a file.

        Returns
        -------
        fields : `dict`
            JSON-compatible values.
        """
        fields = asdict(self) | {"parents": list(self.parents)}
        if not self.reason:
            del fields["reason"]
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, object]) -> SetProvenance:
        """Return the provenance that a file tells.

        Parameters
        ----------
        fields : `~collections.abc.Mapping`
            As written by `to_dict`; missing fields are left empty.

        Returns
        -------
        provenance : `SetProvenance`
            The provenance.

        Raises
        ------
        TypeError
            Raised if ``time`` is no number or ``parents`` no list.
        """
        time = fields.get("time", 0.0)
        parents = fields.get("parents", [])
        if isinstance(time, bool) or not isinstance(time, int | float) or not abs(time) < _LATEST:
            raise TypeError(f"time is not a number (MJD TAI): {quote(time)}")
        if not isinstance(parents, list | tuple) or not all(isinstance(name, str) for name in parents):
            raise TypeError(f"parents is not a list of labels: {quote(parents)}")
        if odd := [name for name in _TEXTS if not isinstance(fields.get(name, ""), str)]:
            raise TypeError(f"{odd[0]} is no text: {quote(fields[odd[0]])}")
        texts = {name: str(fields.get(name, "")) for name in _TEXTS}
        return cls(time=float(time), parents=tuple(map(str, parents)), **texts)


def current_time() -> float:
    """Return the time of now.

    Returns
    -------
    time : `float`
        MJD TAI in days.
    """
    return float(astropy.time.Time.now().tai.mjd)


def current_author() -> str:
    """Return the name of the user of this process.

    Returns
    -------
    author : `str`
        Login name, or ``unknown`` in a container whose user has none.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # Python before 3.13 lets the password database's KeyError through.
        return "unknown"
