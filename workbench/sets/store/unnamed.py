"""The sets that a saved one was made from and that nobody named: kept as versions of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workbench.errors import TooManyStepsError
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.origin import DEEPEST, Origin, name_unnamed, to_label
from workbench.sets.content.provenance import current_author, current_time
from workbench.sets.content.set_content import SetContent

__all__ = ["Ancestors", "find_lineage"]


@dataclass(frozen=True, slots=True, eq=False)
class Ancestors:
    """What a set was made from, each with a name.

    Parameters
    ----------
    origin : `~workbench.sets.content.origin.Origin` or `None`
        The steps, of named sets.
    unnamed : `tuple` [ `DataIdSet`, ... ]
        Those that are to be kept too, named by a digest, inner ones first.
    """

    origin: Origin | None
    unnamed: tuple[DataIdSet, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of what the steps began from, each once (`tuple` [ `str`, ... ])."""
        if self.origin is None:
            return ()
        return tuple(dict.fromkeys(to_label(leaf) for leaf, _ in self.origin.iter_leaves()))


def find_lineage(rows: SetContent, author: str, holds: Callable[[DataIdSet], bool]) -> Ancestors:
    """Give a name to everything that a set was made from.

    Parameters
    ----------
    rows : `SetContent`
        The set.
    author : `str`
        Who saves it, and so made what this process made in between; whoever
        else made an operand stays its author.
    holds : `~collections.abc.Callable`
        Tells whether a named set is a version of the repository where this
        one is saved; one of another repository is kept as if it had no name.

    Returns
    -------
    lineage : `Ancestors`
        The steps and what is to be kept; nothing is written.

    Raises
    ------
    workbench.errors.TooManyStepsError
        Raised if there are more steps within steps than can be kept.
    """
    unnamed: dict[str, DataIdSet] = {}

    def name_leaf(leaf: DataIdSet | str) -> DataIdSet | str:
        if isinstance(leaf, str) or (leaf.name is not None and holds(leaf)):
            return leaf
        told = leaf.provenance
        if leaf.name is not None:
            told = replace(told, source=f"{leaf.label} of another repository", parents=())
        inner = find(leaf.origin)
        by = author if told.author in ("", current_author()) else told.author
        told = replace(
            told,
            author=by,
            time=told.time or current_time(),
            parents=Ancestors(inner, ()).labels or told.parents,
        )
        kept = replace(leaf, origin=inner, provenance=told, name=None, version=None)
        named = replace(kept, name=name_unnamed(kept, by), version=1)
        return unnamed.setdefault(named.label, named)

    def find(origin: Origin | None) -> Origin | None:
        if origin is None:
            return None
        if origin.depth > DEEPEST:
            raise TooManyStepsError(
                f"The set was made by {origin.depth} steps within steps, and at most {DEEPEST} are kept with "
                "a version.  Save it once in between, under any name, and go on from what bench.save returns."
            )
        return origin.map_leaves(name_leaf)

    origin = find(rows.origin)
    return Ancestors(origin, tuple(unnamed.values()))
