"""Per-task quantum graphs: constraints, builder, closure, preview, explanation, file.

A snapshot becomes candidates by joins of integer columns (`codes`, `relation`,
`joins`, `propose`); constraints cut them (`binding`), and what is demanded of
them is kept (`closure`); what ran already, what lacks inputs and what hooks
refuse is taken out (`finish`, `hooks`).  Groupings are joined, and their members
compared with what came out (`grouped`).  The account of it is a `Preview`, and
its `columns` are what a commit writes (`content`, `writer`).  What only the
stock builder does, it does behind one seam (`stock_engine`, `_stock`).
"""

from workbench.graph.build import build_preview
from workbench.graph.closure import PartialPolicy, Stage
from workbench.graph.columns import GraphColumns
from workbench.graph.constraints import Constraint, Mode, ResolvedConstraint, Scope
from workbench.graph.difference import GraphDifference
from workbench.graph.explain import Explanation
from workbench.graph.grouped import AppliedGrouping, Share, Way
from workbench.graph.neighbourhood import Neighbourhood
from workbench.graph.packages import list_packages
from workbench.graph.preview import Preview
from workbench.graph.reader import opening_graph, read_graph
from workbench.graph.remedies import Remedy
from workbench.graph.renaming import rename_output_run
from workbench.graph.request import BuildMode, BuildOptions, GraphRequest
from workbench.graph.resolve import resolve_expression, resolve_set
from workbench.graph.source import GraphSource
from workbench.graph.waterfall import Waterfall
from workbench.graph.writer import GraphSize

__all__ = [
    "AppliedGrouping",
    "BuildMode",
    "BuildOptions",
    "Constraint",
    "Explanation",
    "GraphColumns",
    "GraphDifference",
    "GraphRequest",
    "GraphSize",
    "GraphSource",
    "Mode",
    "Neighbourhood",
    "PartialPolicy",
    "Preview",
    "Remedy",
    "ResolvedConstraint",
    "Scope",
    "Share",
    "Stage",
    "Waterfall",
    "Way",
    "build_preview",
    "list_packages",
    "opening_graph",
    "read_graph",
    "rename_output_run",
    "resolve_expression",
    "resolve_set",
]
