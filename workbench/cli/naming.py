"""The commands that give what is kept another name, or leave it out of lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from workbench.cli.output.printing import print_facts
from workbench.cli.words.arguments import repository
from workbench.cli.words.repository import Repository
from workbench.names import quote

if TYPE_CHECKING:
    from workbench.bench import Bench, ExtensionTables, Groupings
    from workbench.sets import SetStore

__all__ = ["add_naming"]


def add_naming(
    group: click.Group,
    noun: str,
    find_store: Callable[[Bench], SetStore | Groupings | ExtensionTables],
    *,
    stays: str,
    lists: str = "lists",
) -> None:
    """Give a group of commands ``rename`` and ``hide``.

    Parameters
    ----------
    group : `click.Group`
        Commands on sets, groupings or tables.
    noun : `str`
        What they are on, such as "set".
    find_store : `~collections.abc.Callable`
        The noun of a bench that they are on.
    stays : `str`
        What a new name leaves as it is, such as "Its versions keep their numbers".
    lists : `str`, optional
        What leaves out what is hidden.
    """

    @group.command(
        help=f"Give the {noun} NAME another name.\n\n{stays}, and the old name still finds them. "
        "Writes to the workbench's tables."
    )
    @repository
    @click.argument("name")
    @click.argument("new_name")
    @click.option("--reason", required=True, help="Why it is renamed.")
    def rename(repo: Repository, name: str, new_name: str, reason: str) -> None:
        with repo.writing() as bench:
            find_store(bench).rename(name, new_name, reason=reason)
        print_facts({noun: new_name, "before": quote(name)})

    @group.command(
        help=f"Leave the {noun} NAME out of {lists}.\n\nNothing is deleted: it is still found by its name. "
        "Writes to the workbench's tables."
    )
    @repository
    @click.argument("name")
    @click.option("--reason", required=True, help="Why it is hidden, or shown again.")
    @click.option("--show", is_flag=True, help="Show it again.")
    def hide(repo: Repository, name: str, reason: str, show: bool) -> None:
        with repo.writing() as bench:
            find_store(bench).hide(name, reason=reason, hidden=not show)
        print_facts({noun: quote(name), "hidden": "no" if show else "yes"})
