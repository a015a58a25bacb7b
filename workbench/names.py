"""Names and reasons that people give, checked in one place before anything is made of them.

A collection of the Butler cannot be renamed, becomes a part of paths and of
what people type in a shell, and SQLite and PostgreSQL disagree about odd bytes:
so one rule, stricter than the Butler's own, holds for all that we make.  What
we only read may be called as it is.
"""

from __future__ import annotations

import re
import uuid

from workbench.errors import BadNameError, ReasonRequiredError, UnknownNameError

__all__ = [
    "LONGEST_COLLECTION",
    "LONGEST_NAME",
    "check_collection",
    "check_name",
    "is_name",
    "is_uuid",
    "quote",
    "read_uuid",
    "require_reason",
    "with_article",
]

LONGEST_COLLECTION = 200
"""Characters of a collection: with ``.qg`` or a number behind it, it still is the name of a file."""

LONGEST_NAME = 60
"""Characters of a set, grouping or table: PostgreSQL cuts identifiers at 63."""

_NOT_IN_COLLECTIONS = re.compile(r"[^A-Za-z0-9_+./@#-]")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SHOWN = 120
"""Characters of what was typed that a message repeats."""


def check_collection(name: object, what: str = "collection") -> str:
    """Check the name of a collection that is to be made.

    Parameters
    ----------
    name : `object`
        What was given.
    what : `str`, optional
        What it is to be the name of, for the message.

    Returns
    -------
    name : `str`
        The name.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if it is no text, is empty or longer than
        `LONGEST_COLLECTION`, has other characters than ``A-Z a-z 0-9 _ + . /
        @ # -``, begins or ends with a slash, or has ``..``, ``.`` or nothing
        between two.
    """
    if fault := _find_fault(name):
        raise BadNameError(
            f"A{with_article(what)[1:]} cannot be called {quote(name)}: {fault}.  A name is at most "
            f"{LONGEST_COLLECTION} letters, digits and _ + . / @ # -, such as 'u/ana/DM-1234'."
        )
    return str(name)


def _find_fault(name: object) -> str:
    """Say in a few words what is wrong with the name of a collection; nothing where all is right."""
    if not isinstance(name, str):
        return f"it is no text, but of type {type(name).__name__}"
    if not name:
        return "it is empty"
    if len(name) > LONGEST_COLLECTION:
        return f"it has {len(name):,} characters"
    if odd := _NOT_IN_COLLECTIONS.search(name):
        return f"{odd.group()!a} (character {odd.start() + 1}) cannot be in it"
    parts = name.split("/")
    if "" in parts:
        return "a slash stands between two parts, not at the beginning or end, and not twice"
    if ".." in name or "." in parts:
        return "'.' and '..' are directories"
    return ""


def is_name(name: object) -> bool:
    """Tell whether a set, grouping or table may be called so.

    Parameters
    ----------
    name : `object`
        What was given.

    Returns
    -------
    is_name : `bool`
        Whether `check_name` takes it.
    """
    return isinstance(name, str) and len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


def check_name(name: object, what: str = "set") -> str:
    """Check the name of a set or grouping that is to be saved.

    Parameters
    ----------
    name : `object`
        What was given, without version.
    what : `str`, optional
        What it is to be the name of, for the message.

    Returns
    -------
    name : `str`
        The name.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if it has another form, or more than `LONGEST_NAME` characters.
    """
    if not is_name(name):
        raise BadNameError(
            f"A{with_article(what)[1:]} cannot be called {quote(name)}: names are at most {LONGEST_NAME} "
            "small letters, digits, '-' and '_', and begin with a letter, such as 'cosmos-i'.  Versions are "
            "numbered by the workbench."
        )
    return str(name)


def require_reason(reason: object, what: str) -> str:
    """Check that a reason was given.

    Parameters
    ----------
    reason : `object`
        What was given.
    what : `str`
        What it is the reason for, such as "'bad' is saved".

    Returns
    -------
    reason : `str`
        The reason.

    Raises
    ------
    workbench.errors.ReasonRequiredError
        Raised if it is empty, or no text.
    """
    if not isinstance(reason, str) or not reason.strip():
        raise ReasonRequiredError(
            f"Say why {what}: the reason is kept with it, and {reason!r} tells nothing."
        )
    return reason


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, as datasets, notes and quanta have.

    Parameters
    ----------
    text : `str`
        Any text.

    Returns
    -------
    is_uuid : `bool`
        In any of the forms that `uuid.UUID` reads.
    """
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def read_uuid(given: uuid.UUID | str, what: str) -> str:
    """Read what somebody gave as the UUID of something.

    Parameters
    ----------
    given : `uuid.UUID` or `str`
        What was given.
    what : `str`
        What it is of, for the message.

    Returns
    -------
    text : `str`
        With hyphens.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if it is none.
    """
    try:
        return str(uuid.UUID(str(given)))
    except ValueError as error:
        raise UnknownNameError(
            f"{quote(given)} is no UUID of {with_article(what)}: one is 32 hexadecimal digits, such as "
            "0192f3a4-6b7c-7d8e-9f01-23456789abcd."
        ) from error


def with_article(noun: str) -> str:
    """Return a noun as the middle of a sentence has it.

    Parameters
    ----------
    noun : `str`
        Such as "output RUN".

    Returns
    -------
    text : `str`
        Such as "an output RUN".
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def quote(text: object) -> str:
    """Return what was typed for a message, in quotes, and cut where it is long.

    Parameters
    ----------
    text : `object`
        What was given.

    Returns
    -------
    quoted : `str`
        Odd characters as escapes.
    """
    if not isinstance(text, str):
        text = str(text) if len(str(text)) > _SHOWN else text
    shown = repr(text[:_SHOWN] if isinstance(text, str) else text)
    # An escape is several characters.
    shown = shown if len(shown) <= _SHOWN + 2 else f"{shown[:_SHOWN]}..."
    is_cut = isinstance(text, str) and len(text) > _SHOWN
    return f"{shown} ({len(str(text)):,} characters)" if is_cut else shown
