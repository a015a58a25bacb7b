"""The views as Panel components."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import JSComponent

from workbench.ui.views.modules import read_module

__all__ = [
    "BarsView",
    "CollectionsView",
    "DepthMapView",
    "FocalPlaneView",
    "HeatView",
    "HistogramView",
    "LayeredView",
    "LanesView",
    "MembershipView",
    "PointsView",
    "RecordsView",
    "SkyView",
    "TableView",
    "ViewComponent",
]


class ViewComponent(JSComponent):
    """What every view exchanges with the browser.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    content = param.Bytes(default=b"", doc="what is shown")
    detail = param.Bytes(default=b"", doc="what the selection alone shows")
    colours = param.String(default="{}", doc="JSON: the theme")
    selected = param.String(default="", doc="JSON to the browser: what is selected")
    brush = param.String(default="", doc="JSON from the browser: what was brushed")
    state = param.String(default="{}", doc="JSON both ways: cut and chosen columns")

    __abstract = True

    def __init__(self, **params: Any):
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})


class SkyView(ViewComponent):
    """Visits, detectors, patches and tracts on the sky."""

    _esm = read_module("sky", "panel")


class MembershipView(ViewComponent):
    """Visits on the sky, in a set or out of it."""

    _esm = read_module("membership", "panel")


class PointsView(ViewComponent):
    """Visits as points: timeline or scatter."""

    _esm = read_module("points", "panel")


class HistogramView(ViewComponent):
    """A histogram with a cut."""

    _esm = read_module("histogram", "panel")


class FocalPlaneView(ViewComponent):
    """Detectors in the focal plane."""

    _esm = read_module("focal_plane", "panel")


class TableView(ViewComponent):
    """Visits in a table."""

    _esm = read_module("visit_table", "panel")


class RecordsView(ViewComponent):
    """Records of a dimension element, page by page."""

    _esm = read_module("browser", "panel")


class CollectionsView(ViewComponent):
    """Collections as a tree."""

    _esm = read_module("collections", "panel")


class LayeredView(ViewComponent):
    """Boxes in layers: tasks of a pipeline, or what is around a quantum."""

    _esm = read_module("layered", "panel")


class BarsView(ViewComponent):
    """Counts as bars."""

    _esm = read_module("bars", "panel")


class DepthMapView(ViewComponent):
    """Visits of each patch before, after, and the difference."""

    _esm = read_module("depth_map", "panel")


class LanesView(ViewComponent):
    """Groups as lanes, whose members are dragged from one to another."""

    request = param.String(default="", doc="JSON from the browser: what is asked for, such as a move")

    _esm = read_module("lanes", "panel")


class HeatView(ViewComponent):
    """Counts of groups in strata, as shades."""

    _esm = read_module("heat", "panel")
