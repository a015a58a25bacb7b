"""Groupings: relations between a group key and data IDs.

A rule assigns rows to groups: `folds` and `even_odd`; `best_seeing`,
`quantiles` and `thresholds` of a metric; `years`, `seasons`, `lunations` and
`nights`; `pairs` and `sweeps`; `by_value`, `exposure_groups` and
`campaign_bands`; `by_function` and `by_table` of a user's own.  `make_grouping`
spreads the set over the tracts and patches that the rule works in, reads the
columns that it needs, checks the result against its `Requirements` and keeps
the next version: the relation in an extension table with real dimension
columns, one a dimension group (``grouped_visit``), and, where there are few
groups, each as a saved set.

A `Grouping` has a name and version, the ``relation`` (group key, data ID,
role, ordinal), its ``digest``, the ``dimensions`` of its members and its
``keys``; ``grouping[key]`` is a set.  ``move`` gives another with members put
into other groups by hand, which `by_table` keeps as the next version;
``balance`` counts members by strata, such as patch and band.
"""

from workbench.groupings.balance import GroupBalance, read_strata
from workbench.groupings.calendar import lunations, nights, seasons, years
from workbench.groupings.folds import even_odd, folds
from workbench.groupings.grouping import Grouping, GroupingCheck
from workbench.groupings.keyed import to_group_table, to_keyed_table
from workbench.groupings.own import by_function, by_table
from workbench.groupings.pairs import pairs
from workbench.groupings.quantiles import best_seeing, quantiles, thresholds
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, ORDINAL, ROLE, GroupingRule, Rule
from workbench.groupings.store import (
    check_grouping,
    group_rows,
    load_grouping,
    make_grouping,
    read_groupings,
)
from workbench.groupings.sweeps import sweeps
from workbench.groupings.text import RULES, describe_call, parse_rule
from workbench.groupings.values import by_value, campaign_bands, exposure_groups

__all__ = [
    "GROUP_KEY",
    "ORDINAL",
    "ROLE",
    "RULES",
    "GroupBalance",
    "Grouping",
    "GroupingCheck",
    "GroupingRule",
    "Requirements",
    "Rule",
    "best_seeing",
    "by_function",
    "by_table",
    "by_value",
    "campaign_bands",
    "check_grouping",
    "describe_call",
    "even_odd",
    "exposure_groups",
    "folds",
    "group_rows",
    "load_grouping",
    "lunations",
    "make_grouping",
    "nights",
    "pairs",
    "parse_rule",
    "quantiles",
    "read_groupings",
    "read_strata",
    "seasons",
    "sweeps",
    "thresholds",
    "to_group_table",
    "to_keyed_table",
    "years",
]
