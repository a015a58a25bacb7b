"""Give sets and groupings another name, or leave them out of lists."""

from __future__ import annotations

from typing import Literal

from workbench.cli.place import Place
from workbench.cli.printing import print_facts
from workbench.names import quote

__all__ = ["hide", "rename"]

Kind = Literal["set", "grouping"]


def rename(place: Place, kind: Kind, name: str, new_name: str, *, reason: str) -> None:
    """Give a set or a grouping another name.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    kind : `str`
        What it is.
    name, new_name : `str`
        What it is called, and what it is called from now on.
    reason : `str`
        Why.
    """
    with place.work() as bench:
        give_name = bench.rename_set if kind == "set" else bench.rename_grouping
        give_name(name, new_name, reason=reason)
    print_facts({kind: new_name, "before": quote(name)})


def hide(place: Place, kind: Kind, name: str, *, reason: str, hidden: bool = True) -> None:
    """Leave a set or a grouping out of lists, or show it again.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    kind : `str`
        What it is.
    name : `str`
        Its name.
    reason : `str`
        Why.
    hidden : `bool`, optional
        Whether lists leave it out.
    """
    with place.work() as bench:
        set_hidden = bench.hide_set if kind == "set" else bench.hide_grouping
        set_hidden(name, reason=reason, hidden=hidden)
    print_facts({kind: quote(name), "hidden": "yes" if hidden else "no"})
