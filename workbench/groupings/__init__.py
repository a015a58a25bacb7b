"""Groupings: relations between a group key and data IDs.

A rule (`folds`, `best_seeing`) assigns rows to groups; `make_grouping` reads
what the rule needs, checks the result and keeps it: one saved set a group, and
the relation itself in the extension table ``groupings``.
"""

from workbench.groupings.grouping import Grouping, GroupingCheck
from workbench.groupings.rules import GroupingRule, best_seeing, folds
from workbench.groupings.store import load_grouping, make_grouping, read_groupings

__all__ = [
    "Grouping",
    "GroupingCheck",
    "GroupingRule",
    "best_seeing",
    "folds",
    "load_grouping",
    "make_grouping",
    "read_groupings",
]
