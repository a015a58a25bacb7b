"""File templates in the text of a ``butler.yaml``: keys added, and taken out to the byte.

A dataset whose dimensions include a dynamic one needs the key in the template
of its file name.  The key is optional in every template, so that a
configuration with keys that the database does not have yet, or has no more,
is as good as one without: whatever happens between the two, files can be
written.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Collection, Iterable, Iterator

import yaml

from workbench.errors import DimensionError

__all__ = ["add_keys", "list_keys", "remove_keys", "strip_keys"]

_MARK = "# Keys of file templates that campaign-workbench added, and takes out again: "
_OURS = "  # by campaign-workbench"
_RUN = "_{run}"
_STYLES = {None: "", "'": "'", '"': '"'}
"""Quotes by style of the scalars that can be edited: plain, single and double."""

_IN_MEMORY = "InMemoryDatastore"


def list_keys(text: str) -> list[str]:
    """List the keys that were added to a configuration.

    Parameters
    ----------
    text : `str`
        Content of a ``butler.yaml``.

    Returns
    -------
    names : `list` [ `str` ]
        Sorted.
    """
    first, _, _ = text.partition("\n")
    return sorted(first[len(_MARK) :].split()) if first.startswith(_MARK) else []


def add_keys(text: str, names: Iterable[str], default: str) -> str:
    """Add optional keys to all file templates of a configuration.

    Parameters
    ----------
    text : `str`
        Content of a ``butler.yaml``.
    names : `~collections.abc.Iterable` [ `str` ]
        Dimensions; those that were added before stay as they are.
    default : `str`
        Template of datastores whose configuration names none.

    Returns
    -------
    text : `str`
        `remove_keys` makes it again what it was.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if the templates are written in a form that cannot be edited;
        says which.
    """
    marked = list_keys(text)
    body = _strip_mark(text)
    added = []
    for name in sorted(set(names) - set(marked)):
        edits = [
            edit for node in _iter_datastores(body) for edit in _iter_additions(body, node, name, default)
        ]
        if edits:
            body = _apply(body, edits)
            added.append(name)
    return _write_mark(body, [*marked, *added])


def remove_keys(text: str, names: Collection[str]) -> str:
    """Take out keys that were added.

    Parameters
    ----------
    text : `str`
        Content of a ``butler.yaml``.
    names : `~collections.abc.Collection` [ `str` ]
        Dimensions; those that were never added stay as they are.

    Returns
    -------
    text : `str`
        What else was edited since is kept.
    """
    marked = list_keys(text)
    gone = [name for name in marked if name in names]
    body = strip_keys(_strip_mark(text), gone)
    kept = [name for name in marked if name not in gone]
    if gone and not kept:
        body = _remove_own_lines(body)
    return _write_mark(body, kept)


def strip_keys(template: str, names: Iterable[str]) -> str:
    """Take keys out of a template.

    Parameters
    ----------
    template : `str`
        Template of files, or several.
    names : `~collections.abc.Iterable` [ `str` ]
        Dimensions.

    Returns
    -------
    template : `str`
        Without them.
    """
    for name in names:
        template = template.replace(_snippet(name), "")
    return template


def _snippet(name: str) -> str:
    return f"_{{{name}:?}}"


def _strip_mark(text: str) -> str:
    return text.partition("\n")[2] if text.startswith(_MARK) else text


def _write_mark(body: str, names: Collection[str]) -> str:
    return f"{_MARK}{' '.join(sorted(names))}\n{body}" if names else body


def _apply(text: str, edits: Iterable[tuple[int, str]]) -> str:
    """Insert texts at positions, from the last to the first."""
    for position, inserted in sorted(edits, reverse=True):
        text = text[:position] + inserted + text[position:]
    return text


def _remove_own_lines(text: str) -> str:
    """Take out the lines that gave a default template where there was none."""
    lines = text.splitlines(keepends=True)
    ours = [line.rstrip("\r\n").endswith(_OURS) for line in lines]
    for number, line in enumerate(lines):
        after = "".join(lines[number + 2 : number + 3])
        if ours[number] and line.lstrip().startswith("templates:") and _indent(after) > _indent(line):
            # Somebody wrote more templates below, so it stays, with the default as it was meant.
            ours[number : number + 2] = [False, False]
    return "".join(line for line, is_ours in zip(lines, ours, strict=True) if not is_ours)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _entries(node: yaml.Node | None) -> dict[str, tuple[yaml.ScalarNode, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _iter_datastores(text: str) -> Iterator[yaml.MappingNode]:
    """Find the datastores with files, through chains of them."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if "datastore" not in _entries(root):
        raise DimensionError(
            "Nothing was changed: the repository's configuration has no 'datastore' of its own, whose file "
            "templates could get the keys. Write its file templates into it, with a 'default' among them."
        )
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.MappingNode):
            continue
        _, datastore = _entries(node).get("datastore", (None, None))
        children = _entries(datastore).get("datastores")
        if children is not None and isinstance(children[1], yaml.SequenceNode):
            waiting += children[1].value
        elif isinstance(datastore, yaml.MappingNode):
            kind = _entries(datastore).get("cls")
            if kind is None or not str(kind[1].value).endswith(_IN_MEMORY):
                yield datastore


def _iter_additions(
    text: str, datastore: yaml.MappingNode, name: str, default: str
) -> Iterator[tuple[int, str]]:
    """Find what to insert where, so that each template of a datastore has a key."""
    templates = _entries(datastore).get("templates")
    if templates is None and not default:
        return
    if templates is None:
        line = json.dumps(_add_to_template(default, name))
        yield _insert_first(text, datastore, [f"templates:{_OURS}", f"  default: {line}{_OURS}"])
        return
    _, mapping = templates
    if not isinstance(mapping, yaml.MappingNode):
        raise _explain(mapping, "the templates are no mapping in this file")
    if default and "default" not in _entries(mapping):
        line = json.dumps(_add_to_template(default, name))
        yield _insert_first(text, mapping, [f"default: {line}{_OURS}"])
    yield from _iter_template_additions(text, mapping, name)


def _iter_template_additions(text: str, mapping: yaml.MappingNode, name: str) -> Iterator[tuple[int, str]]:
    for _, value in _entries(mapping).values():
        if isinstance(value, yaml.MappingNode):
            # Templates of one instrument.
            yield from _iter_template_additions(text, value, name)
        elif isinstance(value, yaml.ScalarNode) and "{" in value.value:
            fields = {field for _, field, _, _ in string.Formatter().parse(value.value)}
            if name not in fields:
                yield _find_place(text, value), _snippet(name)


def _find_place(text: str, value: yaml.ScalarNode) -> int:
    """Find the position in a template before its run, or at its end."""
    start, end = value.start_mark.index, value.end_mark.index
    if value.style not in _STYLES:
        raise _explain(value, "a template is a block of several lines")
    place = text.rfind(_RUN, start, end)
    return place if place >= 0 else end - len(_STYLES[value.style])


def _add_to_template(template: str, name: str) -> str:
    place = template.rfind(_RUN)
    place = place if place >= 0 else len(template)
    return template[:place] + _snippet(name) + template[place:]


def _insert_first(text: str, mapping: yaml.MappingNode, lines: list[str]) -> tuple[int, str]:
    """Insert lines as the first of a block mapping, in its indentation."""
    if mapping.flow_style or not mapping.value:
        raise _explain(mapping, "a mapping is written in braces")
    place = mapping.start_mark.index
    begin = text.rfind("\n", 0, place) + 1
    indent = text[begin:place]
    if not re.fullmatch(r" *", indent):
        # The mapping begins behind the dash of a list.
        raise _explain(mapping, "a mapping begins on the line of something else")
    return begin, "".join(f"{indent}{line}\n" for line in lines)


def _explain(node: yaml.Node, what: str) -> DimensionError:
    return DimensionError(
        f"Nothing was changed: the file templates in the repository's configuration cannot be edited, since "
        f"in line {node.start_mark.line + 1} {what}. Write it as a plain mapping of one-line templates, with "
        "a 'default' among them."
    )
