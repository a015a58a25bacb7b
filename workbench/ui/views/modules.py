"""The ES modules of the views, put together from files: nothing is imported in the browser."""

from __future__ import annotations

import functools
import json
from pathlib import Path

__all__ = ["EDGES", "EDGES_CSS", "MODULES", "read_module"]

_HERE = Path(__file__).parent
EDGES = (_HERE / "edges.js").read_text(encoding="utf-8")
"""What the views and the tables of the application do with boxes that scroll, and with the focus."""
EDGES_CSS = (_HERE / "edges.css").read_text(encoding="utf-8")
"""Rules for `EDGES`."""
_PLOT = ("hub", "frame", "classes", "axes")
MODULES = {
    "sky": (*_PLOT, "areas", "sphere", "sky", "sky_view"),
    "points": (*_PLOT, "nights", "points"),
    "histogram": (*_PLOT, "histogram"),
    "focal_plane": (*_PLOT, "areas", "focal_plane"),
    "browser": ("hub", "frame", "where_box", "browser"),
    "lanes": ("hub", "frame", "classes", "nights", "lanes", "lanes_view"),
    "heat": ("hub", "frame", "heat"),
    "collections": ("hub", "frame", "collections"),
    "layered": ("hub", "frame", "layered"),
    "bars": ("hub", "frame", "bars"),
    "depth_map": (*_PLOT, "areas", "sphere", "depth_map"),
    "visit_table": ("hub", "frame", "nights", "visit_table"),
}
"""Files of each module, in the order in which they are put together."""


@functools.cache
def read_module(name: str, wrapper: str) -> str:
    """Return a view as one ES module with a default export.

    Parameters
    ----------
    name : `str`
        One of `MODULES`.
    wrapper : `str`
        ``anywidget`` or ``panel``: who shows it.

    Returns
    -------
    source : `str`
        Its style sheet is in it.
    """
    style = json.dumps((_HERE / "view.css").read_text(encoding="utf-8") + EDGES_CSS)
    files = [EDGES]
    files += [(_HERE / f"{file}.js").read_text(encoding="utf-8") for file in (*MODULES[name], wrapper)]
    return "\n".join([f"const STYLE = {style};", *files])
