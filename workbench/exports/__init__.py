"""What leaves the workbench: files that other programs take, in the form in which they take them.

Each module writes one kind of file, whole or not at all: lists of data IDs
(`data_ids`), a BPS submission of a committed graph (`bps`), who is combined
with whom and how deep (`coverage`), and plans as scripts (`scripts`).
"""

from .bps import write_bps_yaml
from .coverage import COVERAGE_SCHEMA, PAIR_SCHEMA, make_coverage, make_pairs
from .data_ids import write_data_id_table, write_excluded_visits
from .scripts import write_plan_script
from .tables import write_table

__all__ = [
    "COVERAGE_SCHEMA",
    "PAIR_SCHEMA",
    "make_coverage",
    "make_pairs",
    "write_bps_yaml",
    "write_data_id_table",
    "write_excluded_visits",
    "write_plan_script",
    "write_table",
]
