"""Per-task quantum graphs: constraints, builder, closure, preview, explanation, file.

A snapshot becomes candidates by joins of integer columns (`codes`, `relation`,
`joins`, `propose`); constraints cut them (`binding`), and what is demanded of
them is kept (`closure`); what ran already, what lacks inputs and what hooks
refuse is taken out (`finish`, `hooks`).  Groupings are joined, and their members
compared with what came out (`grouped`).  The account of it is a `Preview`, and
its `columns` are what a commit writes (`content`, `writer`).  What only the
stock builder does, it does behind one seam (`stock_engine`, `_stock`).
"""

from workbench.graph.account.explain import Explanation
from workbench.graph.account.neighbourhood import Neighbourhood
from workbench.graph.account.remedies import Remedy
from workbench.graph.account.why_not import GraphWhyNot
from workbench.graph.build import build_preview
from workbench.graph.closure.closure import PartialPolicy, Stage
from workbench.graph.closure.request import BuildMode, BuildOptions, GraphRequest
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.constraints.constraint import Constraint, Mode, ResolvedConstraint, Scope
from workbench.graph.constraints.grouped import AppliedGrouping, Lowering, TaskMembers
from workbench.graph.constraints.resolve import resolve_expression, resolve_set
from workbench.graph.difference.graph_difference import GraphDifference
from workbench.graph.engines.source import GraphSource
from workbench.graph.file.packages import list_packages
from workbench.graph.file.reader import opening_graph, read_graph
from workbench.graph.file.writer import GraphSize
from workbench.graph.preview import Preview
from workbench.graph.renaming import rename_output_run

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
    "GraphWhyNot",
    "Mode",
    "Neighbourhood",
    "PartialPolicy",
    "Preview",
    "Remedy",
    "ResolvedConstraint",
    "Scope",
    "TaskMembers",
    "Stage",
    "Lowering",
    "build_preview",
    "list_packages",
    "opening_graph",
    "read_graph",
    "rename_output_run",
    "resolve_expression",
    "resolve_set",
]
