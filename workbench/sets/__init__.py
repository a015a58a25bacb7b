"""Sets of data IDs: what a campaign includes or excludes, and why.

A `DataIdSet` is an immutable array of keys with reasons.  It is made from a
table, a file or a query, combined by ``| & - ^``, and kept by a `SetStore`,
which appends versions and never changes one.

Two digests make equality checkable across files and machines: the key digest
covers the required dimensions and the sorted key rows, the record digest also
role, reasons and free columns (`workbench.sets.content.digests` gives the bytes).
"""

from workbench.sets.content.asked import (
    AskedDataIds,
    describe_data_ids,
    list_asked,
    list_data_ids,
    merge_data_ids,
    same_dimensions,
    split_data_id,
)
from workbench.sets.content.data_id_set import DataIdSet, Role
from workbench.sets.content.existence import check_existence, close_governors
from workbench.sets.content.membership import align_sets, count_intersections
from workbench.sets.content.provenance import SetProvenance
from workbench.sets.content.tables import AnyTable
from workbench.sets.files.reasons import (
    CURATED_RULES,
    ReasonRule,
    classify_reasons,
    count_reasons,
    extend_rules,
    read_rules,
)
from workbench.sets.files.set_files import FileStyle, read_set_file, write_set_file
from workbench.sets.files.sync import SyncOutcome, sync_sets
from workbench.sets.given import GivenSet, read_given
from workbench.sets.set_store import SetStore

__all__ = [
    "CURATED_RULES",
    "AnyTable",
    "AskedDataIds",
    "DataIdSet",
    "FileStyle",
    "GivenSet",
    "ReasonRule",
    "Role",
    "SetProvenance",
    "SetStore",
    "SyncOutcome",
    "align_sets",
    "classify_reasons",
    "count_intersections",
    "count_reasons",
    "check_existence",
    "close_governors",
    "describe_data_ids",
    "extend_rules",
    "list_asked",
    "list_data_ids",
    "merge_data_ids",
    "read_rules",
    "read_given",
    "read_set_file",
    "same_dimensions",
    "split_data_id",
    "sync_sets",
    "write_set_file",
]
