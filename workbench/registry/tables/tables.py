"""The declared tables of a registry, found by every name that they have or had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Self

from lsst.daf.butler import DimensionUniverse

from workbench.errors import MissingTableError
from workbench.registry.database.engine import Database
from workbench.registry.tables.declaration import TableDeclaration
from workbench.registry.tables.declarations import Declarations
from workbench.registry.tables.extension import ExtensionTable
from workbench.registry.tables.renames import RENAMES, TABLE, Aliases

__all__ = ["Extensions", "Tables"]


class Tables(Mapping[str, ExtensionTable]):
    """Extension tables by what they are called now; an earlier name finds them too.

    Parameters
    ----------
    kept : `~collections.abc.Mapping` [ `str`, `ExtensionTable` ]
        Tables by the names that they were declared by at first.
    aliases : `~workbench.registry.tables.renames.Aliases`
        What they are called now.
    """

    def __init__(self, kept: Mapping[str, ExtensionTable], aliases: Aliases):
        self._kept = kept
        self._aliases = aliases

    def __getitem__(self, name: str) -> ExtensionTable:
        return self._kept[self._aliases.first(name)]

    def __iter__(self) -> Iterator[str]:
        return map(self._aliases.now, self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._aliases.first(name) in self._kept

    def visible(self) -> Self:
        """Leave out what no condition may name.

        Returns
        -------
        visible : `Tables`
            The others; those that lists leave out are among them.
        """
        kept = {first: table for first, table in self._kept.items() if table.declaration.visible}
        return type(self)(kept, self._aliases)

    def listed(self) -> dict[str, ExtensionTable]:
        """Leave out what was hidden from lists.

        Returns
        -------
        listed : `dict` [ `str`, `ExtensionTable` ]
            By the names of now, sorted.
        """
        hidden = map(self._aliases.now, self._aliases.hidden)
        return {name: self[name] for name in sorted(set(self) - set(hidden))}


class Extensions:
    """The extension tables of one database, made and found by the names of now.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        Where they are.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Types of their dimensions.
    read_only : `bool`
        Whether writes are refused.
    """

    def __init__(self, database: Database, universe: DimensionUniverse, *, read_only: bool):
        self._database = database
        self._universe = universe
        self._read_only = read_only
        self._declarations = Declarations(database, universe)

    def find(self, expected: Mapping[str, TableDeclaration]) -> Tables:
        """Return all tables; never writes.

        Parameters
        ----------
        expected : `~collections.abc.Mapping` [ `str`, `~workbench.registry.TableDeclaration` ]
            Those that count as declared and empty until they are.

        Returns
        -------
        tables : `Tables`
            By name.
        """
        stored = self._declarations.read()
        try:
            aliases = self._read_aliases(stored)
        except MissingTableError:
            if self._database.is_writing:
                raise
            # The doctor says that it is gone, and must be able to look at the rest.
            aliases = Aliases.of([], TABLE)
        there = {**stored, **{name: one for name, one in expected.items() if name not in stored}}
        made = {name: self._make(one, aliases, exists=name in stored) for name, one in there.items()}
        return Tables(made, aliases)

    def declare(self, declaration: TableDeclaration, check_writable: Callable[[], None]) -> ExtensionTable:
        """Make sure that a table exists; writes if it does not.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it holds.
        check_writable : `~collections.abc.Callable`
            Called before anything is written.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if it would be changed by a name that it no longer has.
        """
        aliases = self._read_aliases(self._declarations.read())
        kept = declaration.called(aliases.first(declaration.name))
        if not self._declarations.holds(kept):
            check_writable()
            aliases.refuse_earlier(declaration.name, TABLE)
            self._declarations.write(kept)
        return self._make(kept, aliases)

    def migrate(
        self, declaration: TableDeclaration, rename: Mapping[str, str], *, allow_data_loss: bool
    ) -> ExtensionTable:
        """Bring a table and its rows to a later version of its declaration; writes.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it shall hold.
        rename : `~collections.abc.Mapping` [ `str`, `str` ]
            New name by old name of columns that keep their values.
        allow_data_loss : `bool`
            Whether values may be lost.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if it no longer has this name.
        """
        aliases = self._read_aliases(self._declarations.read())
        aliases.refuse_earlier(declaration.name, TABLE)
        kept = declaration.called(aliases.first(declaration.name))
        self._declarations.migrate(kept, rename=rename, allow_data_loss=allow_data_loss)
        return self._make(kept, aliases)

    def history(self, name: str) -> list[tuple[TableDeclaration, float]]:
        """Read all versions of a table's declaration; never writes.

        Parameters
        ----------
        name : `str`
            What it is called now.

        Returns
        -------
        versions : `list` [ `tuple` [ `~workbench.registry.TableDeclaration`, `float` ] ]
            Oldest first, by the name of now, each with the time of its
            record (MJD TAI).
        """
        kept = self._read_aliases(self._declarations.read()).first(name)
        return [(version.called(name), time) for version, time in self._declarations.history(kept)]

    def _read_aliases(self, stored: Mapping[str, TableDeclaration]) -> Aliases:
        """Read what tables are called that were renamed."""
        renames = stored.get(RENAMES.name)
        if renames is None:
            return Aliases.of([], TABLE)
        table = ExtensionTable(renames, self._universe, self._database, self._read_only)
        return Aliases.of(table.read(current=False, where={"kind": TABLE}).to_pylist(), TABLE)

    def _make(self, kept: TableDeclaration, aliases: Aliases, *, exists: bool = True) -> ExtensionTable:
        """Make the table that is kept by a declaration, by the name of now."""
        now = kept.called(aliases.now(kept.name))
        return ExtensionTable(
            now, self._universe, self._database, self._read_only, exists=exists, kept=kept.name
        )
