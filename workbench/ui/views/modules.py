"""The views as ES modules, each for whoever shows it."""

from __future__ import annotations

import functools
from pathlib import Path

from workbench.ui.elements.modules import EDGES_CSS, join_modules

__all__ = ["MODULES", "read_module"]

_HERE = Path(__file__).parent
MODULES = {
    "sky": "sky_view.js",
    "membership": "membership.js",
    "points": "points.js",
    "histogram": "histogram.js",
    "focal_plane": "focal_plane.js",
    "browser": "browser.js",
    "lanes": "lanes_view.js",
    "heat": "heat.js",
    "collections": "collections.js",
    "layered": "layered.js",
    "bars": "bars.js",
    "depth_map": "depth_map.js",
    "visit_table": "visit_table.js",
}
"""File of each view, which exports ``render`` and imports the rest."""


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
    style = (_HERE / "view.css").read_text(encoding="utf-8") + EDGES_CSS
    view = join_modules(_HERE / MODULES[name], (("STYLE", style),))
    wrapped = (_HERE / f"{wrapper}.js").read_text(encoding="utf-8").replace("export const wrap", "const wrap")
    return f"{view}\n{wrapped}export default wrap($entry.render);\n"
