"""Copies of records, made inside the database: many are there in a second, and look like real ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

__all__ = ["copy_records", "copy_visits"]


def copy_records(root: Path, table: str, instrument: str, changed: Mapping[str, str], n_copies: int) -> None:
    """Copy all records of an instrument so many times.

    Parameters
    ----------
    root : `pathlib.Path`
        A repository on SQLite.
    table : `str`
        Table of the records, or of their pixels.
    instrument : `str`
        Whose records.
    changed : `~collections.abc.Mapping` [ `str`, `str` ]
        SQL of the columns that are new in a copy: ``e`` is the record, and
        ``s.n`` the number of the copy, from 1.
    n_copies : `int`
        Copies of each record.
    """
    with closing(sqlite3.connect(root / "gen3.sqlite3")) as database, database:
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(changed.get(name, f'e."{name}"') for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        database.execute(
            f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {n_copies}) "
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} e, s WHERE e.instrument = ?",
            [instrument],
        )


def copy_visits(root: Path, instrument: str, n_copies: int) -> None:
    """Copy all visits of an instrument so many times, with their regions; with no exposures or detectors.

    Parameters
    ----------
    root : `pathlib.Path`
        A repository on SQLite.
    instrument : `str`
        Whose visits.
    n_copies : `int`
        Copies of each visit.
    """
    new = "+ 1000000000000 * s.n"
    copy_records(root, "visit", instrument, {"id": f"e.id {new}", "name": "e.name || '_' || s.n"}, n_copies)
    copy_records(root, "visit_skypix_overlap", instrument, {"visit": f"e.visit {new}"}, n_copies)
