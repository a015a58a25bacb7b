"""Data IDs and targets of notes as a command line writes them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.annotations import TargetLike
    from workbench.bench import Bench

__all__ = ["is_set_name", "parse_data_id", "parse_target"]

_SET_NAME = re.compile(r"[a-z][a-z0-9_-]*(@\d+)?")


def parse_data_id(bench: Bench, words: Iterable[str]) -> dict[str, int | str]:
    """Read ``visit=96954`` and the like.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        Its dimensions give the values their types.
    words : `~collections.abc.Iterable` [ `str` ]
        ``name=value``, one or more in each word, separated by commas.

    Returns
    -------
    data_id : `dict`
        Values by dimension.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a word without ``=``, a name that is no dimension, or a
        value that the dimension cannot have.
    """
    found: dict[str, int | str] = {}
    for pair in (pair for word in words for pair in word.split(",")):
        name, equals, value = pair.partition("=")
        dimension = bench.registry.universe.dimensions.get(name.strip())
        if not equals or not value.strip() or dimension is None:
            raise UnknownNameError(
                f"{pair!r} is no dimension and value; write one like visit=96954. The dimensions are "
                f"{', '.join(_common_dimensions(bench))}."
            )
        kind = dimension.primary_key.pytype
        try:
            found[dimension.name] = kind(value.strip())
        except ValueError as error:
            raise UnknownNameError(
                f"{pair!r}: {value.strip()!r} is no value of {dimension.name}, which takes {kind.__name__}."
            ) from error
    return found


def _common_dimensions(bench: Bench) -> list[str]:
    """List the dimensions but for the dozens of pixelizations of the sky."""
    universe = bench.registry.universe
    return [name for name in universe.dimensions.names if name not in universe.skypix_dimensions.names]


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
        A data ID (``visit=96954,instrument=HSC``), a version of a saved set
        (``bad@1``), a dataset's UUID, or the name of a collection.

    Returns
    -------
    target : `TargetLike`
        As `~workbench.bench.Bench.annotate` takes it.
    """
    if "=" in text:
        return parse_data_id(bench, [text])
    if "@" in text and is_set_name(text):
        return bench.load(text)
    try:
        return uuid.UUID(text)
    except ValueError:
        return text
