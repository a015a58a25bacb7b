"""Settings of the documentation.

The API pages and the page of commands are generated from the code when the
documentation is built, into ``docs/api`` (not tracked).
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

project = "Campaign Workbench"
author = "The Campaign Workbench developers"
copyright = f"2026, {author}"
release = importlib.metadata.version("campaign-workbench")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "api/*_text.md"]
templates_path = ["_templates"]

default_role = "py:obj"
autosummary_generate = True
autosummary_generate_overwrite = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = project
html_theme_options = {
    "show_prev_next": False,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False
html_static_path: list[str] = []

generate.write_pages(Path(__file__).parent / "api")
