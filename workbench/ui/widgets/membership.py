"""Which groups each member is in, as the value of a trait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import traitlets

from workbench.groupings import GROUP_KEY, Grouping
from workbench.session.groups.regrouping import Regrouping

__all__ = ["Member", "move_members", "read_members"]

Member = tuple[Any, ...]
"""Values of a data ID, in the order of ``grouping.key_names``."""


def read_members(grouping: Grouping) -> dict[Member, tuple[str, ...]]:
    """Say in which groups each member is.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        The groups.

    Returns
    -------
    groups : `dict`
        Group keys of each member; none for what is in no group.
    """
    names = list(grouping.key_names)
    found: dict[Member, tuple[str, ...]] = {}
    if set(names) == set(grouping.parent.key_names):
        found = {tuple(row[name] for name in names): () for row in grouping.parent.keys.to_pylist()}
    for row in grouping.relation.to_pylist():
        member = tuple(row[name] for name in names)
        found[member] = (*found.get(member, ()), row[GROUP_KEY])
    return found


def move_members(regrouping: Regrouping, wanted: object) -> dict[Member, tuple[str, ...]]:
    """Make the moves that lead to a value.

    Parameters
    ----------
    regrouping : `~workbench.session.groups.regrouping.Regrouping`
        The groups; undo takes the moves back one by one.
    wanted : `~collections.abc.Mapping`
        Group keys of all members, or of some.

    Returns
    -------
    groups : `dict`
        Of all members, as `read_members` returns them.

    Raises
    ------
    traitlets.TraitError
        Raised if there are no groups yet, the value is none of this kind, or
        a member of several groups would have to leave one of them.
    """
    if not isinstance(wanted, Mapping):
        raise traitlets.TraitError("value maps data IDs, such as ('HSC', 96954), to tuples of group keys")
    grouping = regrouping.grouping
    if grouping is None:
        if wanted:
            raise traitlets.TraitError("there are no groups yet: try a rule, or open a saved grouping")
        return {}
    now = read_members(grouping)
    for member, groups in wanted.items():
        before, after = now.get(tuple(member), ()), tuple(groups)
        if set(before) == set(after):
            continue
        if len(after) > 1 or len(before) > 1:
            raise traitlets.TraitError(f"{member}: members of several groups are moved with move(..., of=)")
        row = pa.Table.from_pylist([dict(zip(grouping.key_names, member, strict=True))])
        regrouping.move(row, after[0] if after else None)
    assert regrouping.grouping is not None
    return read_members(regrouping.grouping)
