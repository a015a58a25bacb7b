"""The public face of the workbench: one repository, and what to do with it.

A `Bench` has the verbs of the main job (``select``, ``save``, ``group``,
``campaign``, ``run``, ``ingest``, ``impact`` and so on) and ten nouns, each an
object of its own: ``sets``, ``groupings``, ``annotations``, ``metrics``,
``tables``, ``dimensions``, ``collections``, ``campaigns``, ``runs`` and
``provenance``.  A noun is the store itself where there is one
(`~workbench.sets.SetStore`), and otherwise a class of this package.
"""

from workbench.bench.bench import Bench, open_bench
from workbench.bench.campaigns import Campaigns, Examination
from workbench.bench.collections import Collections
from workbench.bench.dimensions import Dimensions
from workbench.bench.groupings import Groupings
from workbench.bench.runs import Runs
from workbench.bench.tables import ExtensionTables

__all__ = [
    "Bench",
    "Campaigns",
    "Collections",
    "Dimensions",
    "Examination",
    "ExtensionTables",
    "Groupings",
    "Runs",
    "open_bench",
]
