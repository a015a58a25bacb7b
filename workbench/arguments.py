"""Arguments of public calls, checked against what their signatures say before anything is done with them.

Python finds out that a text was a number deep inside of what was called, or not
at all: a text where several are taken is a list of letters, and a column of a
table is compared value by value.  So what somebody types into a notebook is
looked at by one rule, which is the signature itself: the answer is the right
one, or a sentence that names the argument, what it was, and what is taken.
"""

from __future__ import annotations

import collections.abc
import enum
import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import numpy as np

from workbench.errors import BadArgumentError
from workbench.names import quote, with_article

__all__ = ["check_page", "checked", "checked_call"]

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")

_MANY = (collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection, list, tuple)
_WORDS = {
    "DataIdSet": "a set of data IDs, such as bench.select(...) gives",
    "Commit": "a commit",
    "Campaign": "a campaign",
    "Grouping": "a grouping",
    "GroupingRule": "a rule, such as wb.folds(2, seed=42)",
    "DynamicDimension": "a dynamic dimension",
    "Preview": "a preview",
    "Path": "a path",
    "UUID": "a UUID",
    "Table": "an Arrow table",
}
"""What classes are in a sentence; others by their name."""


class _RefusedError(Exception):
    """A value is none of what an argument takes."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of value that an argument takes.

    Parameters
    ----------
    words : `str`
        What it is, in a sentence.
    take : `~collections.abc.Callable`
        Returns the value as the function gets it; raises `_RefusedError` for others.
    """

    words: str
    take: Callable[[object], object]


def checked(kind: type[T]) -> type[T]:
    """Let the public methods of a class look at their arguments first.

    Parameters
    ----------
    kind : `type`
        Its methods, inherited ones included, have annotated parameters.

    Returns
    -------
    kind : `type`
        The same class.  Scalars of numpy come as Python's own, one text where
        several are taken as a list of it, and a column of pandas, numpy or
        Arrow as a list.
    """
    for name in dir(kind):
        method = inspect.getattr_static(kind, name)
        if not name.startswith("_") and inspect.isfunction(method):
            setattr(kind, name, checked_call(method))
    return kind


def checked_call(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function look at its arguments first.

    Parameters
    ----------
    function : `~collections.abc.Callable`
        With annotated parameters.

    Returns
    -------
    function : `~collections.abc.Callable`
        The same, which raises `~workbench.errors.BadArgumentError` for a value
        of another kind than its signature says.
    """
    if hasattr(function, "_is_checked"):
        return function

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        signature, kinds = _read_signature(function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # Python's own message names the function
        for name in bound.arguments.keys() & kinds.keys():
            take = functools.partial(_take, function.__name__, name, kinds[name])
            given = bound.arguments[name]
            is_several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            bound.arguments[name] = tuple(map(take, given)) if is_several else take(given)
        return function(*bound.args, **bound.kwargs)

    setattr(call, "_is_checked", True)  # noqa: B010 - a function has no such attribute for mypy
    return call


@functools.cache
def _read_signature(function: Callable[..., object]) -> tuple[inspect.Signature, dict[str, list[_Kind]]]:
    """Read what each parameter of a function takes, where that can be checked."""
    signature = inspect.signature(function)
    names = {**vars(typing), **getattr(inspect.unwrap(function), "__globals__", {})}
    found = {}
    for parameter in signature.parameters.values():
        if parameter.annotation is parameter.empty or parameter.kind is parameter.VAR_KEYWORD:
            continue
        try:
            annotation = eval(str(parameter.annotation), names)  # noqa: S307 - our own signature
        except NameError:
            continue  # imported for type checkers only
        kinds = _read_annotation(annotation)
        if parameter.name == "reason":
            # Who gives none is asked why, by what wants to know it.
            kinds = [*kinds, *(_Kind(kind.words, _take_none) for kind in kinds)]
        if kinds:
            found[parameter.name] = kinds
    return signature, found


def _read_annotation(annotation: object) -> list[_Kind]:
    """Return the kinds of values that an annotation allows; none where it cannot tell."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        inner = typing.get_args(annotation)
        # A path that is written as text is no empty one.
        parts = [[_PATH] if part is str and Path in inner else _read_annotation(part) for part in inner]
        return [kind for part in parts for kind in part] if all(parts) else []
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return [_Kind(f"one of {', '.join(map(repr, inner))}", functools.partial(_take_word, inner))]
    if origin in _MANY:
        is_text = bool(inner) and inner[0] is str
        words = "several texts (a list of them)" if is_text else "a list"
        return [_Kind(words, _take_texts if is_text else _take_many)]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [_Kind("a mapping (a dict)", functools.partial(_take_instance, Mapping))]
    if annotation in (None, type(None)):
        return [_Kind("None", _take_none)]
    if isinstance(annotation, type) and annotation in _SCALARS:
        return [_SCALARS[annotation]]
    if origin is collections.abc.Callable:
        return [_Kind("a function", _take_function)]
    if typing.Protocol in getattr(annotation, "__bases__", ()):
        words = _WORDS.get(getattr(annotation, "__name__", ""), "a function")
        names = [name for name in dir(annotation) if not name.startswith("_")] or ["__call__"]
        return [_Kind(words, functools.partial(_take_speaking, names))]
    if not isinstance(annotation, type) or annotation is object or typing.is_typeddict(annotation):
        return []
    words = _WORDS.get(annotation.__name__, f"an object of type {annotation.__name__}")
    if issubclass(annotation, enum.Enum):
        words = f"one of {', '.join(repr(str(one.value)) for one in annotation)}"
    return [_Kind(words, functools.partial(_take_instance, annotation))]


def _take(function: str, name: str, kinds: list[_Kind], value: object) -> object:
    given = value.item() if isinstance(value, np.generic) else value
    for kind in kinds:
        try:
            return kind.take(given)
        except _RefusedError as refused:
            inner = str(refused)
            if inner:
                raise BadArgumentError(f"{function}({name}=...) takes {kind.words}; {inner}.") from None
    words = list(dict.fromkeys(kind.words for kind in kinds))
    taken = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    raise BadArgumentError(f"{function}({name}=...) takes {taken}, and not {_describe(value)}.")


def _describe(value: object) -> str:
    """Say what somebody gave."""
    if value is None:
        return "None"
    kind = with_article(type(value).__name__)
    if isinstance(value, str | bytes | numbers.Number | np.generic | os.PathLike):
        return f"{quote(value)}, {kind}"
    return kind


def _take_none(value: object) -> None:
    if value is not None:
        raise _RefusedError


def _take_text(value: object) -> str:
    if not isinstance(value, str):
        raise _RefusedError
    return value


def _take_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _RefusedError
    return value


def _take_integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise _RefusedError
    return int(value)


def _take_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _RefusedError
    return value  # type: ignore[return-value]


def _take_path(value: object) -> object:
    text = value if isinstance(value, str) else os.fspath(value) if isinstance(value, os.PathLike) else b""
    if isinstance(text, bytes) or not text.strip():
        raise _RefusedError
    return value


def _take_function(value: object) -> object:
    if not callable(value):
        raise _RefusedError
    return value


def _take_speaking(names: list[str], value: object) -> object:
    if isinstance(value, type) or not all(hasattr(value, name) for name in names):
        raise _RefusedError
    return value


def _take_instance(kind: type, value: object) -> object:
    if not isinstance(value, kind):
        raise _RefusedError
    return value


def _take_word(words: tuple[object, ...], value: object) -> object:
    if not any(type(value) is type(one) and value == one for one in words):
        raise _RefusedError
    return value


def _take_many(value: object) -> object:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _RefusedError
    return value


def _take_texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise _RefusedError
    if getattr(value, "ndim", 1) != 1:
        raise _RefusedError
    # A set has no order, and what is made of it should not change from run to run.
    to_list: Any = getattr(value, "to_pylist", None)
    listed = [one.item() if isinstance(one, np.generic) else one for one in (to_list() if to_list else value)]
    if odd := [one for one in listed if not isinstance(one, str)]:
        raise _RefusedError(f"{_describe(odd[0])} is among them")
    return sorted(listed) if isinstance(value, set | frozenset) else listed


_PATH = _Kind("a path", _take_path)
_SCALARS: dict[type, _Kind] = {
    str: _Kind("a text", _take_text),
    bool: _Kind("True or False", _take_flag),
    int: _Kind("an integer", _take_integer),
    float: _Kind("a number", _take_number),
    Path: _PATH,
}


def check_page(offset: int, limit: int | None) -> None:
    """Check the place and the length of a page of rows.

    Parameters
    ----------
    offset : `int`
        Rows to leave out first.
    limit : `int` or `None`
        Rows at the most.

    Raises
    ------
    workbench.errors.BadArgumentError
        Raised if one of them is negative: Python would count from the end.
    """
    for name, value in (("offset", offset), ("limit", limit)):
        if value is not None and value < 0:
            raise BadArgumentError(f"{name}={value} is no number of rows: give 0 or more.")
