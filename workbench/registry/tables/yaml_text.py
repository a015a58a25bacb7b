"""YAML as people write it: no key twice, and each value with its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from workbench.reading import read_bounded

__all__ = ["MOST_YAML", "YamlText", "check_nodes"]

MOST_YAML = 2 * 2**20
"""Of a YAML file: what people write by hand, and each value takes some hundred times its length."""

_MOST_VALUES = 1_000_000
"""When anchors are written out: nine of nine of nine ... are soon more than any memory holds."""

_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_ODD_NUMBER = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?)")
"""What YAML takes for a number to the base of 8 or 60: 010 is 8, and 1:30 is 90."""

_HALF = re.compile("[\ud800-\udfff]")


class _UnmeantError(ValueError):
    """YAML allows it, and nobody means it."""


class YamlText:
    """A YAML file that was read, and where its values stand in it.

    Parameters
    ----------
    name : `str`
        What to call the file.
    raw : `bytes` or `str`
        Its content; bytes are UTF-8.

    Raises
    ------
    ValueError
        Raised with a sentence that names file and line if it is no UTF-8
        text or no YAML, or has a key twice.
    """

    def __init__(self, name: str, raw: bytes | str):
        self.name = name
        try:
            text = raw if isinstance(raw, str) else raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ValueError(
                f"{name!r} is no UTF-8 text: line {line} has the byte {error.object[error.start]:#04x}. "
                "Save it as UTF-8."
            ) from error
        try:
            loader = yaml.SafeLoader(text)
        except yaml.YAMLError as error:  # a character that no YAML may hold
            raise ValueError(f"{name!r} is no YAML: {' '.join(str(error).split())}.") from error
        try:
            self._root = loader.get_single_node()
            if self._root is not None:
                check_nodes(self._root)
                _refuse_odd_scalars(self._root, set())
            self.content: Any = None if self._root is None else loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = f", line {mark.line + 1}" if mark else ""
            raise ValueError(f"{name!r}{place} is no YAML: {error.problem or error}.") from error
        except _UnmeantError as error:
            raise ValueError(f"{name!r}: {error}.") from error
        except RecursionError as error:
            raise ValueError(
                f"{name!r} is no YAML: it has brackets within brackets, a thousand deep."
            ) from error
        except (yaml.YAMLError, ValueError, TypeError) as error:
            # Control characters; a date such as 2020-13-45; a list as a key; 5000 digits.
            said = " ".join(str(error).split()).replace('in "<unicode string>", ', "")[:200]
            raise ValueError(f"{name!r} is no YAML: {said}.") from error
        finally:
            loader.dispose()

    @classmethod
    def read(cls, path: str | Path) -> YamlText:
        """Read a file.

        Parameters
        ----------
        path : `str` or `pathlib.Path`
            The file.

        Returns
        -------
        text : `YamlText`
            What it says.

        Raises
        ------
        ValueError
            Raised with a sentence if it is too large for what people write,
            no UTF-8 text, or no YAML.
        OSError
            Raised if it cannot be read.
        """
        return cls(str(path), read_bounded(Path(path), most=MOST_YAML))

    def place(self, *path: str | int) -> str:
        """Return where a value stands.

        Parameters
        ----------
        *path : `str` or `int`
            Keys and positions that lead to it.

        Returns
        -------
        place : `str`
            File and line, of what is nearest above where there is no such
            value.
        """
        node = self._root
        for step in path:
            below = _child(node, step)
            if below is None:
                break
            node = below
        return repr(self.name) if node is None else f"{self.name!r}, line {node.start_mark.line + 1}"


def check_nodes(root: yaml.Node) -> None:
    """Refuse what YAML allows and nobody means.

    Parameters
    ----------
    root : `yaml.Node`
        A document, not yet made into values.

    Raises
    ------
    ValueError
        Raised with the lines if a key stands twice in a mapping, an anchor
        contains itself, or anchors are repeated beyond what memory holds.
    """
    _count_values(root, {})


def _count_values(node: yaml.Node, counted: dict[int, int]) -> int:
    """Count the values of a node with its anchors written out, and check its keys."""
    if id(node) in counted:  # an anchor that is used again
        if not counted[id(node)]:
            raise _UnmeantError(f"the anchor in line {node.start_mark.line + 1} contains itself")
        return counted[id(node)]
    counted[id(node)] = 0
    number = 1
    if isinstance(node, yaml.SequenceNode):
        number += sum(_count_values(item, counted) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            # A list is no key; what a message says of it must not grow with it.
            name = (key.tag, key.value if isinstance(key, yaml.ScalarNode) else str(id(key)))
            line = key.start_mark.line + 1
            if name in lines:
                raise _UnmeantError(f"the key {key.value!r} stands twice, in lines {lines[name]} and {line}")
            lines[name] = line
            number += 1 + _count_values(value, counted)
    if number > _MOST_VALUES:
        raise _UnmeantError(
            f"its anchors, written out, are more than {_MOST_VALUES:,} values, up to line "
            f"{node.start_mark.line + 1}"
        )
    counted[id(node)] = number
    return number


def _refuse_odd_scalars(node: yaml.Node, seen: set[int]) -> None:
    """Refuse numbers that YAML reads otherwise than people do, and text that nothing can store."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_odd_scalars(item, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _refuse_odd_scalars(key, seen)
            _refuse_odd_scalars(value, seen)
    elif node.tag in _NUMBERS and _ODD_NUMBER.fullmatch(node.value):
        raise _UnmeantError(
            f"{node.value} in line {node.start_mark.line + 1} is a number to the base of 8 or 60 to YAML: "
            "write it in quotes if it is text, and otherwise plainly"
        )
    elif not node.value.isascii() and _HALF.search(node.value):
        raise _UnmeantError(
            f"{node.value[:50]!a} in line {node.start_mark.line + 1} holds half a character "
            "(a lone surrogate)"
        )


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        found: Sequence[yaml.Node] = [value for key, value in node.value if key.value == step]
        return found[0] if found else None
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item
    return None
