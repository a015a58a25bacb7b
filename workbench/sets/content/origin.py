"""How a set came to be: the steps that made it, down to the sets that they began from.

A step is a small tree::

    cosmos@1 - (bad@3 | unnamed-5d0f...@1)

    Origin("-", (cosmos@1, Origin("|", (bad@3, unnamed-5d0f...@1))))

What lies between is not kept: it follows from the sets at the ends, whose rows
and reasons are.  A set at an end that nobody named is kept as a version of its
own, under a name that is a digest of all that it holds: equal ones are kept
once, and are called the same in every repository.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from workbench.errors import BadDataIdTableError

if TYPE_CHECKING:
    from workbench.sets.content.data_id_set import DataIdSet

__all__ = [
    "DEEPEST",
    "WITH_REASON",
    "Effect",
    "Node",
    "Origin",
    "enclose",
    "is_unnamed",
    "iter_unnamed",
    "name_unnamed",
    "node_of",
    "to_label",
    "to_reference",
    "to_rule",
]

Node: TypeAlias = "Origin | DataIdSet | str"
"""A step, a set that it began from, or the reference (`to_reference`) of a saved one that was not read."""

Effect = Literal["in", "out", "either"]
"""What a set does to its rows: takes them in, leaves them out, or either (``^``)."""

_UNNAMED = re.compile(r"unnamed-[0-9a-f]{16}(@1)?")
_CHAINS = ("|", "&", "-")

WITH_REASON = ".with_reason("
"""Beginning of the step that gives rows a reason which they did not have."""

_OPPOSITE: Mapping[Effect, Effect] = {"in": "out", "out": "in", "either": "either"}
DEEPEST = 100
"""Steps within steps that are kept: Python nests about a thousand calls, and a page or a test has begun."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The last step that made a set, and what it was done with.

    Parameters
    ----------
    operator : `str`
        ``|``, ``&``, ``-``, ``^``, ``join``; or what was done with one set,
        such as ``.to_visits()``, nothing where that is a copy.
    operands : `tuple` [ `Node`, ... ]
        One set or step, or several, from left to right.
    depth : `int`, optional
        How many steps are within steps, itself among them.
    """

    operator: str
    operands: tuple[Node, ...]
    depth: int = 1

    @classmethod
    def of(cls, operator: str, *operands: DataIdSet) -> Origin:
        """Return the step that makes a set of others.

        Parameters
        ----------
        operator : `str`
            What is done.
        *operands : `DataIdSet`
            What it is done with.

        Returns
        -------
        origin : `Origin`
            The step; ``(a - b) - c`` is one of three operands, since a list
            is subtracted file by file.
        """
        nodes = tuple(node_of(one) for one in operands)
        first = nodes[0]
        if operator in _CHAINS and isinstance(first, Origin) and first.operator == operator:
            nodes = (*first.operands, *nodes[1:])
        return cls(operator, nodes, 1 + max(one.depth if isinstance(one, Origin) else 0 for one in nodes))

    def iter_leaves(self, effect: Effect = "in") -> Iterator[tuple[DataIdSet | str, Effect]]:
        """Iterate over the sets that the steps began from, in the order of the steps.

        Parameters
        ----------
        effect : `str`, optional
            What the whole does to its rows, where it is part of something.

        Yields
        ------
        leaf : `DataIdSet` or `str`
            A set, or the label of a saved one.
        effect : `str`
            What it does to its rows.
        """
        for place, operand in enumerate(self.operands):
            of_operand = effect
            if self.operator == "^":
                of_operand = "either"
            elif self.operator == "-" and place:
                of_operand = _OPPOSITE[effect]
            if isinstance(operand, Origin):
                yield from operand.iter_leaves(of_operand)
            else:
                yield operand, of_operand

    def to_json(self, label: Callable[[DataIdSet | str], str]) -> list[object]:
        """Return the steps as JSON values.

        Parameters
        ----------
        label : `~collections.abc.Callable`
            Gives the label of a set.

        Returns
        -------
        steps : `list`
            The operator, and each operand: a label, or such a list.
        """
        return [
            self.operator,
            *(one.to_json(label) if isinstance(one, Origin) else label(one) for one in self.operands),
        ]

    @classmethod
    def from_json(cls, steps: object, find: Callable[[str], DataIdSet | str], depth: int = 0) -> Origin:
        """Read what `to_json` returned.

        Parameters
        ----------
        steps : `object`
            JSON values.
        find : `~collections.abc.Callable`
            Gives the set of a label, or the label again.
        depth : `int`, optional
            How many steps are around.

        Returns
        -------
        origin : `Origin`
            The steps.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised if they have another form.
        """
        if not isinstance(steps, list) or len(steps) < 2 or not isinstance(steps[0], str) or depth >= DEEPEST:
            raise BadDataIdTableError(
                f"The steps that made a set are a list of an operator and operands, not {str(steps)[:100]!r}."
            )
        operands = [
            find(one) if isinstance(one, str) else cls.from_json(one, find, depth + 1) for one in steps[1:]
        ]
        inner = max(one.depth if isinstance(one, Origin) else 0 for one in operands)
        return cls(steps[0], tuple(operands), 1 + inner)

    def map_leaves(self, change: Callable[[DataIdSet | str], DataIdSet | str]) -> Origin:
        """Put other sets in the place of those that the steps began from.

        Parameters
        ----------
        change : `~collections.abc.Callable`
            Gives the other set.

        Returns
        -------
        origin : `Origin`
            The same steps.
        """
        return Origin(
            self.operator,
            tuple(
                one.map_leaves(change) if isinstance(one, Origin) else change(one) for one in self.operands
            ),
            self.depth,
        )


def node_of(rows: DataIdSet) -> Node:
    """Return what a set is in the steps of another.

    Parameters
    ----------
    rows : `DataIdSet`
        An operand.

    Returns
    -------
    node : `Node`
        Itself where it was saved, was not made from others, or was given a
        reason that these do not have; the steps that made it otherwise, so
        that what lies between is let go.
    """
    if rows.name is not None or rows.origin is None or rows.origin.operator.startswith(WITH_REASON):
        return rows
    return rows.origin


def is_unnamed(label: str) -> bool:
    """Tell whether a name, or label, is one that nobody gave.

    Parameters
    ----------
    label : `str`
        Name or label.

    Returns
    -------
    is_unnamed : `bool`
        Whether `name_unnamed` gives such names.
    """
    return _UNNAMED.fullmatch(label) is not None


def name_unnamed(rows: DataIdSet, author: str) -> str:
    """Return the name under which a set is kept that nobody named.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    author : `str`
        Who made it.

    Returns
    -------
    name : `str`
        A digest of its content and of how it came to be, the time left out.
    """
    told = rows.provenance
    steps = rows.origin.to_json(to_reference) if rows.origin is not None else None
    content = [rows.record_digest, author, told.source, told.rule, told.note, list(told.parents), steps]
    return f"unnamed-{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]}"


def to_label(leaf: DataIdSet | str) -> str:
    """Return the label of a set that was saved.

    Parameters
    ----------
    leaf : `DataIdSet` or `str`
        The set, or its reference.

    Returns
    -------
    label : `str`
        ``name@version``.
    """
    return leaf.partition(" ")[0] if isinstance(leaf, str) else leaf.label


def to_reference(leaf: DataIdSet | str) -> str:
    """Return what names a saved set in every repository.

    Parameters
    ----------
    leaf : `DataIdSet` or `str`
        The set, or its reference.

    Returns
    -------
    reference : `str`
        Its label, and the beginning of its record digest: another repository
        may count the versions of a name otherwise.
    """
    if isinstance(leaf, str):
        return leaf
    return leaf.label if is_unnamed(leaf.label) else f"{leaf.label} {leaf.record_digest[:16]}"


def iter_unnamed(origin: Origin | None) -> Iterator[DataIdSet]:
    """Iterate over the sets in steps that nobody named, those that they were made from included.

    Parameters
    ----------
    origin : `Origin` or `None`
        The steps.

    Yields
    ------
    part : `DataIdSet`
        Each as often as it occurs, inner ones first.
    """
    for leaf, _ in origin.iter_leaves() if origin is not None else ():
        if not isinstance(leaf, str) and is_unnamed(leaf.label):
            yield from iter_unnamed(leaf.origin)
            yield leaf


def to_rule(node: Node) -> str:
    """Return steps as the text of an expression, once all of their sets are saved.

    Parameters
    ----------
    node : `Node`
        Steps, or a set.

    Returns
    -------
    rule : `str`
        With the condition of a set that a query selected, and the label of
        every other one.
    """
    if not isinstance(node, Origin):
        label = to_label(node)
        if isinstance(node, str) or not is_unnamed(label) or not node.provenance.rule:
            return label
        return enclose(node.provenance.rule)
    texts = [
        f"({text})" if isinstance(one, Origin) and len(one.operands) > 1 else text
        for one, text in ((one, to_rule(one)) for one in node.operands)
    ]
    if len(texts) == 1:
        return texts[0] + node.operator
    return f" {node.operator} ".join(texts)


def enclose(text: str) -> str:
    """Put a rule into parentheses where it is to be part of another.

    Parameters
    ----------
    text : `str`
        The rule.

    Returns
    -------
    text : `str`
        The same where it is one word, or is enclosed already.
    """
    return f"({text})" if " " in text and not _is_enclosed(text) else text


def _is_enclosed(text: str) -> bool:
    """Tell whether the first parenthesis closes at the very end."""
    if not text.startswith("("):
        return False
    depth = 0
    for i, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return i == len(text) - 1
    return False
