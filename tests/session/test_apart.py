"""State without drawing: what a user is doing needs no library of widgets."""

from __future__ import annotations

import subprocess
import sys

ALL_MODULES = """
import importlib, pkgutil, sys
for name in ("anywidget", "bokeh", "ipywidgets", "jupyter_bokeh", "panel"):
    sys.modules[name] = None  # as if it were not installed
import workbench.session
for module in pkgutil.walk_packages(workbench.session.__path__, "workbench.session."):
    importlib.import_module(module.name)
    print(module.name)
"""


def test_every_module_loads_where_no_library_that_draws_is_installed() -> None:
    done = subprocess.run([sys.executable, "-c", ALL_MODULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "workbench.session.desk.watch" in done.stdout.split()
