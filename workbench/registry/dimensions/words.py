"""Words that no dimension may be called."""

from __future__ import annotations

import keyword

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

__all__ = ["FORBIDDEN_WORDS"]

_OF_SQL = """
alter between boolean by call char commit cursor date day decimal declare delete drop exec execute
exists float function grant groups having hour in index insert int integer interval into is key like
minute month no numeric of or row rows second set smallint time timestamp update value values
varchar view when where with without year
"""
"""What the standard reserves and the lists of SQLAlchemy leave out."""

_OF_THE_BUTLER = """
all any bind box circle collection collections component data_id dataset dataset_id dataset_type datasettype
element glob id ingest_date name nan null overlaps parameters point polygon region run size skypix
storage_class timespan
"""
"""Of its expressions, its file templates, its columns, and the arguments beside which data IDs are given."""

FORBIDDEN_WORDS = (
    frozenset(word.lower() for word in RESERVED_WORDS | SQLiteIdentifierPreparer.reserved_words)
    | frozenset(word.lower() for word in keyword.kwlist)
    | frozenset(_OF_SQL.split())
    | frozenset(_OF_THE_BUTLER.split())
)
"""Words of SQL, of Python and of the Butler, in lower case (`frozenset` [ `str` ])."""
