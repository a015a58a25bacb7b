"""Names of our tables in a database that is also the Butler's."""

from __future__ import annotations

import dataclasses
import hashlib

__all__ = ["Naming"]

_LONGEST = 63
"""Characters of an identifier on PostgreSQL."""

_DATASETS = "dataset"
"""The Butler's table of datasets, in every release since its schema was first versioned."""


@dataclasses.dataclass(frozen=True, slots=True)
class Naming:
    """How our tables are told from the Butler's in one database.

    SQLite has no schemas, so names there begin with ``wb_``.  On PostgreSQL
    our tables are in a schema of our own, named after the Butler's, since two
    repositories may share a database.

    Parameters
    ----------
    prefix : `str`
        What every name begins with; empty on PostgreSQL.
    schema : `str`, optional
        Schema of all tables; `None` on SQLite.
    datasets : `tuple` [ `str` or `None`, `str` ], optional
        Schema and name of the Butler's table of datasets, where that is in
        the same database.
    """

    prefix: str
    schema: str | None = None
    datasets: tuple[str | None, str] | None = None

    @classmethod
    def for_sqlite(cls, *, beside: bool = False) -> Naming:
        """Make the naming of every SQLite database.

        Parameters
        ----------
        beside : `bool`, optional
            Whether the Butler's tables are in it too.

        Returns
        -------
        naming : `Naming`
            Names with the prefix ``wb_``.
        """
        return cls("wb_", datasets=(None, _DATASETS) if beside else None)

    @classmethod
    def for_postgresql(cls, namespace: str | None, *, beside: bool = False) -> Naming:
        """Make the naming beside a Butler's schema on PostgreSQL.

        Parameters
        ----------
        namespace : `str`, optional
            The Butler's schema; `None` where its configuration names none.
        beside : `bool`, optional
            Whether the Butler's tables are in that schema too.

        Returns
        -------
        naming : `Naming`
            Plain names in the schema ``wb_<namespace>``.
        """
        return cls("", f"wb_{namespace or 'public'}", (namespace, _DATASETS) if beside else None)

    def fixed(self, name: str) -> str:
        """Return the name of one of our own tables.

        Parameters
        ----------
        name : `str`
            What the table holds.

        Returns
        -------
        table : `str`
            Its name in the database.
        """
        return f"{self.prefix}{name}"

    def extension(self, name: str) -> str:
        """Return the name of a declared table.

        Parameters
        ----------
        name : `str`
            Name in its declaration.

        Returns
        -------
        table : `str`
            Its name in the database.
        """
        return f"{self.prefix}x_{name}"

    def current(self, name: str) -> str:
        """Return the name of the view of a declared table's current rows.

        Parameters
        ----------
        name : `str`
            Name in its declaration.

        Returns
        -------
        view : `str`
            Its name in the database.
        """
        return f"{self.prefix}v_{name}"

    def beside(self, table: str, what: str) -> str:
        """Return the name of an index or a constraint of a declared table.

        Parameters
        ----------
        table : `str`
            Name of the table in the database.
        what : `str`
            What it is of, such as ``key``.

        Returns
        -------
        name : `str`
            Its name in the database; on PostgreSQL, a long one ends in a digest.
        """
        name = f"{table}_{what}"
        if self.schema is None or len(name) <= _LONGEST:
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return f"{name[: _LONGEST - 1 - len(digest)]}_{digest}"
