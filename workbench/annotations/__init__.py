"""Notes on data IDs, datasets and collections (DMTN-204).

A note has a text, an author and a time; it may carry a flag of a curated,
extensible vocabulary, tags and links, and be about many targets.  Notes are
never changed: `Annotations.supersede` adds a revision, `Annotations.retract`
takes the note back, and `Annotations.history` keeps all of it.  Programs mark
themselves as bots, and a bot never overrides a person.

All notes are one extension table, ``annotations``, a row a target, with the
repository's dimensions as nullable columns; so ``annotations.flag = 'bad'``
holds in a ``where`` for a data ID that some current row is about.  A flag
constrains no graph by itself.
"""

from workbench.annotations.annotations import KEEP, Annotations
from workbench.annotations.note import Note
from workbench.annotations.tables import make_declaration as make_annotations_declaration
from workbench.annotations.targets import Target, TargetLike, resolve_targets
from workbench.annotations.vocabulary import CURATED_FLAGS, Severity

__all__ = [
    "CURATED_FLAGS",
    "KEEP",
    "Annotations",
    "Note",
    "Severity",
    "Target",
    "TargetLike",
    "make_annotations_declaration",
    "resolve_targets",
]
