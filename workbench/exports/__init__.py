"""What leaves the workbench: files that other programs take, in the form in which they take them.

Each module writes one kind of file, whole or not at all: who is in which
group (`data_ids`), a BPS submission of a committed graph (`bps`), who is combined
with whom and how deep (`coverage`), and plans as scripts (`scripts`).  Groups
become datasets that tasks of the field read, put into a RUN of their own or
by a script (`putting`): pairs (`pair_table`) and visits of coadds
(`visit_selection`).
"""

from workbench.exports.bps import write_bps_yaml
from workbench.exports.coverage import COVERAGE_SCHEMA, PAIR_SCHEMA, make_coverage, make_pairs
from workbench.exports.data_ids import write_group_table
from workbench.exports.pair_table import PAIR_TABLE, make_pair_tables, plan_pair_tables
from workbench.exports.putting import Put, put_datasets
from workbench.exports.scripts import write_plan_script
from workbench.exports.tables import write_table
from workbench.exports.visit_selection import SelectionForm, plan_visit_selection

__all__ = [
    "COVERAGE_SCHEMA",
    "PAIR_SCHEMA",
    "PAIR_TABLE",
    "Put",
    "SelectionForm",
    "make_coverage",
    "make_pair_tables",
    "make_pairs",
    "plan_pair_tables",
    "plan_visit_selection",
    "put_datasets",
    "write_bps_yaml",
    "write_group_table",
    "write_plan_script",
    "write_table",
]
