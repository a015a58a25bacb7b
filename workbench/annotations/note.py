"""One revision of a note."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlparse

from workbench.annotations.targets import Target
from workbench.annotations.vocabulary import Severity
from workbench.errors import AnnotationError
from workbench.presentation import presented
from workbench.registry.tables.declaration import RECORDED, ROW_ID

__all__ = ["Note", "check_text", "make_tombstones"]

_SCHEMES = ("http", "https")


@presented
@dataclass(frozen=True, slots=True)
class Note:
    """What was said, by whom, when, about what.

    Parameters
    ----------
    text : `str`
        What is to say.
    targets : `tuple` [ `Target`, ... ]
        What it is about.
    author : `str`
        Who says it.
    time : `float`
        When, MJD TAI in days.
    flag, severity : `str` or `None`
        A word of the vocabulary, and what it asks for.
    tags, links : `tuple` [ `str`, ... ]
        Free words and URLs.
    bot : `bool`
        Whether a program says it.
    note_id : `uuid.UUID`
        Identifies the note through its revisions.
    revision : `int`
        Counts them from 1.
    reason : `str` or `None`
        Why it supersedes the revision before.

    Raises
    ------
    workbench.errors.AnnotationError
        Raised if text or author is missing, or a tag or link is none.
    """

    text: str
    targets: tuple[Target, ...]
    author: str
    time: float
    flag: str | None = None
    severity: Severity | None = None
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    bot: bool = False
    note_id: uuid.UUID = field(default_factory=uuid.uuid4)
    revision: int = 1
    reason: str | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise AnnotationError("A note needs a text: say what is the matter.")
        if not self.author.strip():
            raise AnnotationError("A note needs an author: give author= or --author.")
        for text in (self.text, self.author, self.reason or "", *self.tags, *self.links):
            check_text(text)
        for tag in self.tags:
            if not tag or tag != tag.strip() or "," in tag:
                raise AnnotationError(f"{tag!r} is no tag; one is a word without commas.")
        for link in self.links:
            if not _is_link(link):
                raise AnnotationError(
                    f"{link!r} is no link; one is the address of a page, such as 'https://example.org/1'."
                )

    def to_rows(self) -> list[dict[str, object]]:
        """Return the rows of the annotations table that say the same.

        Returns
        -------
        rows : `list` [ `dict` ]
            One row a target.
        """
        return [
            {
                **target.data_id,
                "note_id": str(self.note_id),
                "target": number,
                "revision": self.revision,
                "kind": target.kind,
                "label": target.label,
                "dataset_id": None if target.dataset_id is None else str(target.dataset_id),
                "collection": target.collection,
                "text": self.text,
                "flag": self.flag,
                "severity": self.severity,
                "tags": list(self.tags),
                "links": list(self.links),
                "author": self.author,
                "bot": self.bot,
                "time": self.time,
                "reason": self.reason,
                "retracted": False,
            }
            for number, target in enumerate(self.targets)
        ]


def check_text(text: str) -> None:
    """Check that a text can be stored.

    Parameters
    ----------
    text : `str`
        Any part of a note.

    Raises
    ------
    workbench.errors.AnnotationError
        Raised if a database cannot hold it.
    """
    if "\0" in text:
        raise AnnotationError(
            "A note cannot hold NUL characters, which a database cannot store: remove them."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise AnnotationError(f"A note is text that UTF-8 can write, and this is not: {error}.") from error


def _is_link(text: str) -> bool:
    """Whether a text is the address of a page: a ``javascript:`` URL may have what looks like a host."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlparse(text)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname)


def make_tombstones(
    rows: Iterable[Mapping[str, object]], *, revision: int, author: str, bot: bool, time: float, reason: str
) -> list[dict[str, object]]:
    """Return rows that take a note off targets.

    Parameters
    ----------
    rows : iterable of mappings
        Current rows of the targets.
    revision : `int`
        Revision that does so.
    author : `str`
        Who does so.
    bot : `bool`
        Whether that is a program.
    time : `float`
        When, MJD TAI in days.
    reason : `str`
        Why.

    Returns
    -------
    tombstones : `list` [ `dict` ]
        One row a target.
    """
    change = {
        "revision": revision,
        "author": author,
        "bot": bot,
        "time": time,
        "reason": reason,
        "retracted": True,
    }
    stamps = {ROW_ID, RECORDED}  # the table stamps the tombstone anew
    return [{name: row[name] for name in row.keys() - stamps} | change for row in rows]
