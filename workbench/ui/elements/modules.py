"""ES modules, joined to one that imports nothing: a page has no address to load another from.

Each file is a module of its own, with ``import { names } from "./other.js"``
and ``export`` before what others use; so editors, ``tsc`` and Node read it as
it is.  Joined, each becomes a function that is called once, in an order in
which all that it imports was made before.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

__all__ = ["EDGES_CSS", "join_modules", "read_component"]

EDGES_CSS = (Path(__file__).parent / "edges.css").read_text(encoding="utf-8")
"""Rules for what ``edges.js`` makes of boxes that scroll."""

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
_STRAY = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def join_modules(entry: Path, given: tuple[tuple[str, str], ...] = ()) -> str:
    """Join a module and all that it imports.

    Parameters
    ----------
    entry : `pathlib.Path`
        The file.
    given : `tuple` [ `tuple` [ `str`, `str` ], ... ], optional
        Values of constants that a module exports, by their names: what Python
        knows better.

    Returns
    -------
    source : `str`
        JavaScript that defines ``$entry``, the exports of ``entry`` by name.

    Raises
    ------
    ValueError
        Raised if modules import each other in a circle, or one has an
        ``import`` or ``export`` of another form.
    """
    parts: list[str] = []
    _add(entry.resolve(), {}, parts, (), dict(given))
    return "\n".join([*parts, f"const $entry = {_call(len(parts) - 1)};"])


@functools.cache
def read_component(path: Path) -> str:
    """Return a component of Panel as one ES module.

    Parameters
    ----------
    path : `pathlib.Path`
        Its file, which exports ``render``.

    Returns
    -------
    source : `str`
        It imports nothing.
    """
    return join_modules(path) + "\nexport const render = $entry.render;\n"


def _add(
    path: Path, known: dict[Path, int], parts: list[str], above: tuple[Path, ...], given: dict[str, str]
) -> int:
    """Append a module behind those that it imports; return its number."""
    if path in known:
        return known[path]
    if path in above:
        circle = " -> ".join(one.name for one in (*above[above.index(path) :], path))
        raise ValueError(f"These modules import each other in a circle: {circle}.")
    text = path.read_text(encoding="utf-8")
    heads = []
    for names, other in _IMPORT.findall(text):
        number = _add((path.parent / other).resolve(), known, parts, (*above, path), given)
        listed = ", ".join(name.strip() for name in names.split(",") if name.strip())
        heads.append(f"const {{ {listed} }} = {_call(number)};")
    exported = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    if (stray := _STRAY.search(body)) is not None:
        raise ValueError(f"{path.name} has {stray.group(0)!r}, which is not understood here.")
    for name in given.keys() & set(exported):
        body = re.sub(
            rf"^const {name} = .*;$",
            functools.partial(_define, name, given[name]),
            body,
            flags=re.MULTILINE,
        )
    number = known[path] = len(parts)
    made = "\n".join([*heads, body.rstrip(), f"return {{ {', '.join(exported)} }};"])
    parts.append(f"const {_call(number)} = (() => {{\n{made}\n}})();")
    return number


def _define(name: str, value: str, _: re.Match[str]) -> str:
    return f"const {name} = {json.dumps(value)};"


def _call(number: int) -> str:
    return f"$module{number}"
