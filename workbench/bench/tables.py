"""Extension tables of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from workbench.bench.base import Base
from workbench.errors import DeclarationError
from workbench.registry import ExtensionTable, TableDeclaration, declaration_from_yaml

__all__ = ["Tables"]

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


class Tables(Base):
    """The part of a bench that declares, migrates and lists extension tables."""

    def tables(self, *, internal: bool = False) -> pa.Table:
        """List the extension tables.

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
            for name, table in sorted(self.registry.tables().items())
            if internal or table.declaration.visible
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    def table(self, name: str) -> ExtensionTable:
        """Return an extension table.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            To read, append to, upsert, delete from.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is none of this name; lists those there are.
        """
        return self.registry.table(name)

    def declare_table(self, declaration: TableDeclaration | str | Path) -> ExtensionTable:
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
        return self.registry.declare(_read(declaration))

    def migrate_table(
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
        return self.registry.migrate(_read(declaration), rename=rename, allow_data_loss=allow_data_loss)


def _read(declaration: TableDeclaration | str | Path) -> TableDeclaration:
    if isinstance(declaration, TableDeclaration):
        return declaration
    path = Path(declaration)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise DeclarationError(f"The declaration {path} cannot be read: {error}.") from error
    return declaration_from_yaml(text, str(path))
