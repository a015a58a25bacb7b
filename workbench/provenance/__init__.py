"""What ran: queries and traversal of the provenance that was brought back.

This package reads.  `workbench.runs` writes the tables declared here from
stock provenance graphs, one row a quantum, dataset or input edge; each
question reads the rows that it needs in bulk and answers on frames.
"""

from workbench.provenance.provenance import Provenance
from workbench.provenance.tables import PROVENANCE_TABLES

__all__ = ["PROVENANCE_TABLES", "Provenance"]
