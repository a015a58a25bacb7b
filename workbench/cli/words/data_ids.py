"""Data IDs and targets of notes as a command line writes them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.errors import UnknownDataIdError, UnknownNameError

if TYPE_CHECKING:
    from workbench.annotations import TargetLike
    from workbench.bench import Bench

__all__ = ["is_set_name", "parse_data_ids", "parse_target", "read_word"]

_LONGEST = 60
"""Characters of a word that a message shows."""

_SET_NAME = re.compile(r"[a-z][a-z0-9_-]*(@\d+)?")


def parse_data_ids(
    bench: Bench, words: Iterable[str], *, allow_empty: bool = False
) -> list[dict[str, int | str]]:
    """Read ``visit=96954``, ``late@1`` and the like.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        Its dimensions give the values their types; it has the saved sets.
    words : `~collections.abc.Iterable` [ `str` ]
        ``name=value``, one or more in each word, separated by commas; or the
        name of a saved set.  Words of the same dimensions are alternatives,
        those of others are joined: ``instrument=HSC visit=1 visit=2``, or
        ``visit=1,2``, or ``visit=1,detector=3 visit=2,detector=4``.
    allow_empty : `bool`, optional
        Whether an empty set is an answer.

    Returns
    -------
    data_ids : `list` [ `dict` ]
        Values by dimension.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a word that is neither, a name that is no dimension, a
        value that the dimension cannot have, or a set that does not exist.
    workbench.errors.UnknownDataIdError
        Raised for words that do not belong together.
    """
    from workbench.sets import list_data_ids

    asked = [bench.load(word) if is_set_name(word) else read_word(bench, word) for word in words]
    return list_data_ids(bench.registry.universe, asked, allow_empty=allow_empty)


def read_word(bench: Bench, word: str) -> dict[str, list[str]]:
    """Read the values of one word, such as ``instrument=HSC,visit=1,2``.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        Its dimensions are known.
    word : `str`
        Dimensions and values; what follows a comma and has no name is one
        more value of the dimension before it.

    Returns
    -------
    values : `dict` [ `str`, `list` [ `str` ] ]
        Texts by dimension; a dimension that is repeated has several.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a text that is none, or a name that is no dimension.
    """
    from workbench.sets import list_data_ids, split_data_id

    found = split_data_id(word)
    try:
        list_data_ids(bench.registry.universe, [found])
    except (UnknownNameError, UnknownDataIdError) as error:
        shown = word if len(word) <= _LONGEST else f"{word[:_LONGEST]}..."
        raise UnknownNameError(
            f"{shown!r} is no dimension and value: {error} Write one like visit=96954, several like "
            "visit=1,2, or the name of a saved set."
        ) from error
    return found


def is_set_name(text: str) -> bool:
    """Whether a text can be the name of a saved set.

    Parameters
    ----------
    text : `str`
        Such as "cosmos-i" or "cosmos-i@1".

    Returns
    -------
    can_be : `bool`
        Names of files have a dot or a slash, those of collections a slash
        by custom.
    """
    return _SET_NAME.fullmatch(text) is not None


def parse_target(bench: Bench, text: str) -> TargetLike:
    """Read what a note is about.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        Where saved sets are.
    text : `str`
        Data IDs (``visit=96954,instrument=HSC``, ``visit=1,2``), a version of
        a saved set (``bad@1``), a dataset's UUID, or the name of a collection.

    Returns
    -------
    target : `TargetLike`
        As `~workbench.bench.Bench.annotate` takes it.
    """
    if "=" in text:
        return read_word(bench, text)
    if "@" in text and is_set_name(text):
        return bench.load(text)
    try:
        return uuid.UUID(text)
    except ValueError:
        return text
