"""The extension tables of a repository: declared, migrated, listed, under another name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from workbench.annotations.tables import ANNOTATIONS_NAME
from workbench.arguments import checked
from workbench.errors import DeclarationError
from workbench.presentation import presented
from workbench.reading import read_bounded
from workbench.registry import ExtensionTable, Registry, TableDeclaration, declaration_from_yaml
from workbench.registry.tables.aliases import hide, rename
from workbench.registry.tables.renaming import name_tables
from workbench.registry.tables.yaml_text import MOST_YAML
from workbench.sets.content.provenance import current_author

__all__ = ["ExtensionTables"]

_TYPES: dict[str, pa.DataType] = {
    "name": pa.string(),
    "version": pa.int64(),
    "key": pa.string(),
    "current": pa.string(),
    "rows": pa.int64(),
    "doc": pa.string(),
    "visible": pa.bool_(),
}
_SCHEMA = pa.schema(_TYPES)


@checked
@presented
class ExtensionTables:
    """The extension tables of a repository.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where they are.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def list(self, *, internal: bool = False) -> pa.Table:
        """List the extension tables that are not hidden.

        Parameters
        ----------
        internal : `bool`, optional
            Also those that the workbench keeps for itself.

        Returns
        -------
        tables : `pyarrow.Table`
            ``name``, ``version``, ``key``, ``current``, ``rows`` (current
            ones), ``doc``, ``visible`` (to conditions).
        """
        rows = [
            {
                "name": name,
                "version": table.declaration.version,
                "key": ", ".join(table.declaration.key),
                "current": table.declaration.current,
                "rows": table.count(),
                "doc": table.declaration.doc,
                "visible": table.declaration.visible,
            }
            for name, table in self._registry.tables().listed().items()
            if internal or table.declaration.visible
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    def find(self, name: str) -> ExtensionTable:
        """Return an extension table.

        Parameters
        ----------
        name : `str`
            Its name, or one that it had.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            To read, append to, upsert, delete from.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is none of this name; lists those there are.
        """
        return self._registry.table(name)

    def find_own(self, name: str) -> ExtensionTable:
        """Return an extension table that is not the workbench's own business; never writes.

        Parameters
        ----------
        name : `str`
            Name of the table.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            To be changed by hand.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is none of this name; lists those there are.
        workbench.errors.DeclarationError
            Raised if the workbench keeps the table for itself.
        """
        table = self._registry.table(name)
        if not table.declaration.visible or name == ANNOTATIONS_NAME:
            raise DeclarationError(
                f"The table {name!r} is kept by the workbench itself, and is not changed by hand. Its own "
                "commands are 'workbench sets', 'workbench annotate' and 'workbench groups'."
            )
        return table

    def declare(self, declaration: TableDeclaration | str | Path) -> ExtensionTable:
        """Make sure that a table exists.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`, `str` or `pathlib.Path`
            What it holds, or the YAML file that says so.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table; writes it where it does not exist.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if the declaration is wrong, or a table of this name holds
            something else.
        """
        return self._registry.declare(_read(declaration))

    def migrate(
        self,
        declaration: TableDeclaration | str | Path,
        *,
        rename: Mapping[str, str] | None = None,
        allow_data_loss: bool = False,
    ) -> ExtensionTable:
        """Bring a table and its rows to a later version of its declaration.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`, `str` or `pathlib.Path`
            What it shall hold, with a higher version.
        rename : `~collections.abc.Mapping` [ `str`, `str` ], optional
            New name by old name of columns that keep their values.
        allow_data_loss : `bool`, optional
            Whether values may be lost.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table.  Writes, all or nothing.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if one version cannot become the other, or would lose data
            without leave; lists what.
        """
        return self._registry.migrate(_read(declaration), rename=rename, allow_data_loss=allow_data_loss)

    def rename(self, name: str, new_name: str, *, reason: str, author: str | None = None) -> None:
        """Give an extension table another name.

        Parameters
        ----------
        name : `str`
            What it is called now.
        new_name : `str`
            What it is called from now on, in conditions too.  Its rows and
            its history stay, and the old name still finds them.
        reason : `str`
            Why.
        author : `str`, optional
            Who says so; by default the user of this process.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is no such table.
        workbench.errors.BadNameError
            Raised if the new name has another form, or is taken.
        workbench.errors.DeclarationError
            Raised if the workbench keeps the table for itself.

        Notes
        -----
        Writes to our tables.
        """
        self.find_own(name)
        kind, told_by = name_tables(self._registry), author or current_author()
        rename(self._registry, kind, name, new_name, author=told_by, reason=reason)

    def hide(self, name: str, *, reason: str, hidden: bool = True, author: str | None = None) -> None:
        """Leave an extension table out of lists, or show it again.

        Parameters
        ----------
        name : `str`
            Its name, by which it is still found.
        reason : `str`
            Why.
        hidden : `bool`, optional
            False to show it again.
        author : `str`, optional
            Who says so; by default the user of this process.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is no such table.
        workbench.errors.DeclarationError
            Raised if the workbench keeps the table for itself.

        Notes
        -----
        Writes to our tables; nothing is deleted.
        """
        self.find_own(name)
        kind, told_by = name_tables(self._registry), author or current_author()
        hide(self._registry, kind, name, hidden=hidden, author=told_by, reason=reason)


def _read(declaration: TableDeclaration | str | Path) -> TableDeclaration:
    if isinstance(declaration, TableDeclaration):
        return declaration
    path = Path(declaration)
    try:
        text = read_bounded(path, most=MOST_YAML)
    except (OSError, ValueError) as error:
        raise DeclarationError(f"The declaration {path} cannot be read: {error}") from error
    return declaration_from_yaml(text, str(path))
