"""YAML as people write it: no key twice, and each value with its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

__all__ = ["YamlText"]


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
                self._refuse_repeats(self._root, set())
            self.content: Any = None if self._root is None else loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = f", line {mark.line + 1}" if mark else ""
            raise ValueError(f"{name!r}{place} is no YAML: {error.problem or error}.") from error
        except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
            # Control characters; a date such as 2020-13-45; brackets a thousand deep; a list as a key.
            said = " ".join(str(error).split()).replace('in "<unicode string>", ', "")[:200]
            raise ValueError(f"{name!r} is no YAML: {said}.") from error
        finally:
            loader.dispose()

    def _refuse_repeats(self, node: yaml.Node, seen: set[int]) -> None:
        if id(node) in seen:  # an anchor that is used again
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._refuse_repeats(item, seen)
        elif isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, str], int] = {}
            for key, value in node.value:
                name = (key.tag, str(key.value))
                line = key.start_mark.line + 1
                if name in lines:
                    raise ValueError(f"the key {key.value!r} stands twice, in lines {lines[name]} and {line}")
                lines[name] = line
                self._refuse_repeats(value, seen)

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


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        found: Sequence[yaml.Node] = [value for key, value in node.value if key.value == step]
        return found[0] if found else None
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item
    return None
