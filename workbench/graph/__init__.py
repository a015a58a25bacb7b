"""Per-task quantum graphs: constraints, closure, preview, explanation.

Candidates come from the stock builder behind one seam (`_stock`); what is kept
of them is decided on integer columns (`binding`, `closure`); the account of it
is a `Preview`, and the very same components are what a commit writes.
"""

from workbench.graph.build import GraphRequest, build_preview
from workbench.graph.closure import PartialPolicy, Stage
from workbench.graph.constraints import Constraint, Mode, ResolvedConstraint, Scope
from workbench.graph.explain import Explanation
from workbench.graph.preview import Preview
from workbench.graph.resolve import resolve_expression, resolve_set

__all__ = [
    "Constraint",
    "Explanation",
    "GraphRequest",
    "Mode",
    "PartialPolicy",
    "Preview",
    "ResolvedConstraint",
    "Scope",
    "Stage",
    "build_preview",
    "resolve_expression",
    "resolve_set",
]
