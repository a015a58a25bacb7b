"""Every error that the workbench raises on purpose.

A message says what was asked, what exists, and what to do next.  Each class
also inherits the builtin exception that it is, and carries an ``error_type``
slug for callers that cannot catch Python classes (the server, the CLI).
"""

from __future__ import annotations

import re

__all__ = [
    "AmbiguousRelationError",
    "AnnotationError",
    "BadArgumentError",
    "BadDataIdTableError",
    "BadNameError",
    "BindingError",
    "CampaignError",
    "CollectionExistsError",
    "CommitError",
    "ConfirmationError",
    "ConnectionFailedError",
    "DeclarationError",
    "DemonstrationError",
    "DimensionError",
    "DimensionInUseError",
    "EmptySetError",
    "ExpressionError",
    "FenceChangedError",
    "ForeignQueryError",
    "ForkedProcessError",
    "GraphBuildError",
    "GraphFileError",
    "GraphsInFlightError",
    "GrowthError",
    "MetricsError",
    "MissingFileError",
    "MissingInputsError",
    "NewerSchemaError",
    "NotARepositoryError",
    "NoteChangedError",
    "OperationCancelledError",
    "OutputRunExistsError",
    "PartialInputsError",
    "ReadOnlyError",
    "ReasonRequiredError",
    "RepositoryExistsError",
    "RepositoryLockedError",
    "RoleError",
    "RunError",
    "ServeError",
    "SnapshotError",
    "StorageError",
    "SyncError",
    "TooManyStepsError",
    "UnknownDataIdError",
    "UnknownNameError",
    "UnknownSetError",
    "UnknownTableError",
    "WorkbenchError",
]


def _cut(word: re.Match[str]) -> str:
    text = word.group()
    return f"{text[:120]}... ({len(text):,} characters)"


_LONG_WORD = re.compile(r"\S{201,}")
"""What was typed or read, and repeated in a message: no path that people give is as long."""


class WorkbenchError(Exception):
    """Base class of all errors raised by the workbench.

    Parameters
    ----------
    *args : `object`
        The message.  A word in it of more than 200 characters, such as a name
        that somebody pasted a page into, is cut: the message shall be read.
    """

    error_type = "workbench"

    def __init__(self, *args: object):
        super().__init__(*(_LONG_WORD.sub(_cut, one) if isinstance(one, str) else one for one in args))


class NotARepositoryError(WorkbenchError, FileNotFoundError):
    """The path, label or URI does not name a Butler repository."""

    error_type = "not_a_repository"


class ConnectionFailedError(WorkbenchError, ConnectionError):
    """The database of the repository or of the sidecar does not answer."""

    error_type = "connection_failed"


class NewerSchemaError(WorkbenchError, RuntimeError):
    """The workbench tables were written by a newer release than this one."""

    error_type = "newer_schema"


class RepositoryLockedError(WorkbenchError, TimeoutError):
    """Another writer holds the database."""

    error_type = "repository_locked"


class ReadOnlyError(WorkbenchError, PermissionError):
    """A write was asked of something opened, or only available, read-only."""

    error_type = "read_only"


class DeclarationError(WorkbenchError, ValueError):
    """An extension table's declaration, or rows for it, do not fit."""

    error_type = "declaration"


class MetricsError(WorkbenchError, ValueError):
    """Measured values cannot be read, or do not fit the table that they are for."""

    error_type = "metrics"


class ForeignQueryError(WorkbenchError, RuntimeError):
    """A query on a database that is not ours failed."""

    error_type = "foreign_query"


class UnknownNameError(WorkbenchError, LookupError):
    """A name (dimension, task, collection, ...) is not known here."""

    error_type = "unknown_name"


class UnknownTableError(UnknownNameError):
    """No extension table has this name."""

    error_type = "unknown_table"


class MissingTableError(WorkbenchError, LookupError):
    """A table of the workbench was dropped by hand."""

    error_type = "missing_table"


class UnknownSetError(UnknownNameError):
    """No saved data ID set has this name or version."""

    error_type = "unknown_set"


class TooManyStepsError(WorkbenchError, ValueError):
    """A set was made by more steps within steps than can be kept with a version."""

    error_type = "too_many_steps"


class ReasonRequiredError(WorkbenchError, ValueError):
    """Something is kept with the reason for it, and none was given."""

    error_type = "reason_required"


class ExpressionError(WorkbenchError, ValueError):
    """A ``where`` expression cannot be parsed or names what does not exist.

    Parameters
    ----------
    message : `str`
        The whole message, pointer line included.
    expression : `str`, optional
        The expression as the user wrote it.
    position : `int`, optional
        Offset in ``expression`` of the character at fault.
    """

    error_type = "expression"

    def __init__(self, message: str, expression: str = "", position: int | None = None):
        super().__init__(message)
        self.expression = expression
        self.position = position


class BadDataIdTableError(WorkbenchError, ValueError):
    """A table of data IDs has duplicates, stray columns or missing values."""

    error_type = "bad_data_id_table"


class UnknownDataIdError(WorkbenchError, LookupError):
    """Data IDs do not exist in the repository."""

    error_type = "unknown_data_id"


class EmptySetError(WorkbenchError, ValueError):
    """An empty set was about to be saved, published or constrained by."""

    error_type = "empty_set"


class SyncError(WorkbenchError, RuntimeError):
    """Sets of a directory and of the registry need a decision to be brought in step."""

    error_type = "sync"


class RoleError(WorkbenchError, ValueError):
    """Sets of different roles were combined where that has no meaning."""

    error_type = "role"


class NotASetError(WorkbenchError, TypeError):
    """A set was to be combined with what is none."""

    error_type = "not_a_set"


class AmbiguousRelationError(WorkbenchError, ValueError):
    """Sets of different dimension groups need an explicit conversion."""

    error_type = "ambiguous_relation"


class CollectionExistsError(WorkbenchError, ValueError):
    """A collection that was to be created exists already."""

    error_type = "collection_exists"


class CampaignError(WorkbenchError, ValueError):
    """A campaign's definition is incomplete or contradicts itself."""

    error_type = "campaign"


class GroupingError(CampaignError):
    """A grouping is not what was asked of it, or what it is needed for."""

    error_type = "grouping"


class OutputRunExistsError(CollectionExistsError):
    """The output RUN collection exists, or is reserved by another commit."""

    error_type = "output_run_exists"


class BindingError(CampaignError):
    """A constraint binds to no task, edge or dataset type."""

    error_type = "binding"


class GraphBuildError(WorkbenchError, RuntimeError):
    """The quantum graph cannot be built."""

    error_type = "graph_build"


class GraphFileError(WorkbenchError, OSError):
    """A graph file cannot be read, or not written; what was there before is untouched."""

    error_type = "graph_file"


class MissingInputsError(GraphBuildError):
    """Overall inputs of the pipeline are not in the input collections."""

    error_type = "missing_inputs"


class GrowthError(GraphBuildError):
    """Completing the inputs would grow the graph above the allowed factor."""

    error_type = "growth"


class PartialInputsError(GraphBuildError):
    """Quanta would run with a part of their inputs missing."""

    error_type = "partial_inputs"


class CommitError(WorkbenchError, RuntimeError):
    """A commit could not be completed; nothing of it remains."""

    error_type = "commit"


class FenceChangedError(CommitError):
    """The repository changed between preview and commit."""

    error_type = "fence_changed"


class RunError(WorkbenchError, RuntimeError):
    """A command that executes or ingests a graph failed."""

    error_type = "run"


class ForeignOutputsError(RunError):
    """A RUN holds outputs that its commit did not make."""

    error_type = "foreign_outputs"


class RunGoneError(RunError):
    """The RUN of a commit was removed, or is another commit's now."""

    error_type = "run_gone"


class GraphChangedError(RunError):
    """A graph file is not the one that was committed."""

    error_type = "graph_changed"


class OperationCancelledError(WorkbenchError, InterruptedError):
    """The user cancelled; nothing was left behind."""

    error_type = "cancelled"


class RepositoryExistsError(WorkbenchError, FileExistsError):
    """A repository was to be made where something is already."""

    error_type = "repository_exists"


class DemonstrationError(WorkbenchError, ValueError):
    """The demonstration was asked for with numbers that make none."""

    error_type = "demonstration"


class AnnotationError(WorkbenchError, ValueError):
    """A note is incomplete, is gone, or a bot would override a person."""

    error_type = "annotation"


class NoteChangedError(AnnotationError):
    """Somebody changed a note since it was read."""

    error_type = "note_changed"


class BadArgumentError(WorkbenchError, TypeError):
    """What a public call was given is of another kind than what it takes."""

    error_type = "bad_argument"


class BadNameError(WorkbenchError, ValueError):
    """A name that something is to be saved under has the wrong form."""

    error_type = "bad_name"


class ForkedProcessError(WorkbenchError, RuntimeError):
    """A repository is used in a process that was forked off one that had it open."""

    error_type = "forked_process"


class MissingFileError(WorkbenchError, FileNotFoundError):
    """A file that is to be read is not there."""

    error_type = "missing_file"


class StorageError(WorkbenchError, OSError):
    """What the database is stored on is full, fails, or is damaged."""

    error_type = "storage"


class ServeError(WorkbenchError, OSError):
    """The application cannot be served at this address."""

    error_type = "serve"


class SnapshotError(WorkbenchError, RuntimeError):
    """A snapshot cannot be taken in one consistent state, or its files are not what was saved."""

    error_type = "snapshot"


class DimensionError(WorkbenchError, ValueError):
    """A dynamic dimension, or members of it, cannot be what was asked for."""

    error_type = "dimension"


class DimensionInUseError(WorkbenchError, RuntimeError):
    """A dynamic dimension is used, so that it cannot be taken back."""

    error_type = "dimension_in_use"


class GraphsInFlightError(WorkbenchError, RuntimeError):
    """Committed graphs that were not brought back stand in the way."""

    error_type = "graphs_in_flight"


class ConfirmationError(WorkbenchError, RuntimeError):
    """What cannot be undone for others was not confirmed in words."""

    error_type = "confirmation"
