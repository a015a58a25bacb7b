"""The face of the workbench: Panel views on the state of a session, for a notebook or a browser.

State is in `workbench.session`: views only display it and pass actions on;
every action is a call of the public Python API, and is shown as such.

Panes are made once and only their parameters change.  Panel asks a CDN for
style sheets when a pane is added to a page that a notebook shows, so that
nothing is ever added, and the application works with no internet.
"""

from __future__ import annotations

from workbench.ui.app import app
from workbench.ui.page import serve

__all__ = ["app", "serve"]
