"""The views as ipywidgets, for a user's own cells.

Each shows the visits of a bench, and has traits to observe, set and link:

- ``selection``: keys (instrument, visit) of what is selected, however it was;
- ``where``: an expression that limits what is shown;
- ``value``: what this view alone says, such as the cut of a histogram, or the
  groups that each member is in.

`TaskGraph` shows the tasks of a preview and `DepthMap` the depth of patches in
two graphs; their ``value`` is what is chosen in them.

Views with the same ``link`` share their selection in the page at once; others
are linked by ``traitlets.link`` or ``ipywidgets.jslink``, as any widget.

Editors and panels are views of Panel in an ipywidget: they want
``pn.extension(inline=True)`` in a cell before.  `WaterfallPanel`,
`WhatIfPanel`, `ComparisonPanel`, `QuantumBrowser` and `CommitPanel` are views
of a `GraphPreview`, and follow each preview that is made there.
"""

from workbench.ui.widgets.browser import DimensionBrowser
from workbench.ui.widgets.campaigns import CommitPanel, GraphPreview
from workbench.ui.widgets.collections import CollectionTree
from workbench.ui.widgets.editors import NoteEditor, SetEditor
from workbench.ui.widgets.graphs import DepthMap, TaskGraph
from workbench.ui.widgets.groups import GroupEditor
from workbench.ui.widgets.lanes import GroupLanes
from workbench.ui.widgets.previews import ComparisonPanel, QuantumBrowser, WaterfallPanel, WhatIfPanel
from workbench.ui.widgets.replays import SessionReplay
from workbench.ui.widgets.runs import RunPanel
from workbench.ui.widgets.saved_sets import SetIntersections, SetVersions
from workbench.ui.widgets.visits import (
    FocalPlane,
    Histogram,
    Scatter,
    SkyPlot,
    Timeline,
    VisitTable,
    VisitWidget,
)

__all__ = [
    "CollectionTree",
    "CommitPanel",
    "ComparisonPanel",
    "DepthMap",
    "DimensionBrowser",
    "FocalPlane",
    "GraphPreview",
    "GroupEditor",
    "GroupLanes",
    "Histogram",
    "NoteEditor",
    "QuantumBrowser",
    "RunPanel",
    "Scatter",
    "SessionReplay",
    "SetEditor",
    "SetIntersections",
    "SetVersions",
    "SkyPlot",
    "TaskGraph",
    "Timeline",
    "VisitTable",
    "VisitWidget",
    "WaterfallPanel",
    "WhatIfPanel",
]
