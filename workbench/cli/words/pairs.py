"""Words of the form NAME=VALUE, as a command line writes them."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.errors import UnknownNameError

__all__ = ["read_pairs"]


def read_pairs(
    words: Iterable[str], example: str, *, last: bool = False, may_be_empty: bool = False
) -> dict[str, str]:
    """Read ``NAME=VALUE``, one a word.

    Parameters
    ----------
    words : `~collections.abc.Iterable` [ `str` ]
        The words.
    example : `str`
        One that is right, for the message about one that is not.
    last : `bool`, optional
        Whether a name may hold a ``=``, as columns in other people's files
        do; the value begins behind the last one then.
    may_be_empty : `bool`, optional
        Whether nothing is a value, as of texts and of units.

    Returns
    -------
    values : `dict` [ `str`, `str` ]
        Value by name.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a word of another form, and for a name with two values.
    """
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.rpartition("=") if last else word.partition("=")
        if not equals or not name or not (value or may_be_empty):
            raise UnknownNameError(f"{word!r} is no name and value; write one like {example}.")
        if values.setdefault(name, value) != value:
            raise UnknownNameError(
                f"{name!r} has two values, {values[name]!r} and {value!r}: leave one of them out."
            )
    return values
