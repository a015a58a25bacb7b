"""Campaign Workbench: decide, explain and commit what data a processing campaign uses.

The flow, and the packages along it::

    repository --> select --> explain --> group --> preview --> commit --> run --> trace
    registry       query      sets        groupings  graph      campaigns  runs    provenance
    snapshot                  annotations
                              metrics

`workbench.open` gives a `~workbench.bench.Bench`, the public face of all of it.

Names are loaded when they are first used: ``import workbench`` opens no
database and loads no user interface.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench import errors
    from workbench.bench import Bench
    from workbench.bench import open_bench as open  # noqa: A004 - `wb.open` is read with its prefix
    from workbench.groupings import best_seeing, folds
    from workbench.registry import Column, TableDeclaration, declaration_from_yaml
    from workbench.sets import DataIdSet
    from workbench.ui import app, serve, widgets

    __version__: str

__all__ = [
    "Bench",
    "Column",
    "DataIdSet",
    "TableDeclaration",
    "__version__",
    "app",
    "best_seeing",
    "declaration_from_yaml",
    "errors",
    "folds",
    "open",
    "serve",
    "widgets",
]

_HOMES = {
    "Bench": ("workbench.bench", "Bench"),
    "Column": ("workbench.registry", "Column"),
    "DataIdSet": ("workbench.sets", "DataIdSet"),
    "TableDeclaration": ("workbench.registry", "TableDeclaration"),
    "app": ("workbench.ui", "app"),
    "best_seeing": ("workbench.groupings", "best_seeing"),
    "declaration_from_yaml": ("workbench.registry", "declaration_from_yaml"),
    "folds": ("workbench.groupings", "folds"),
    "open": ("workbench.bench", "open_bench"),
    "serve": ("workbench.ui", "serve"),
}
"""Module and name there of each public name (PEP 562)."""

_MODULES = {"errors": "workbench.errors", "widgets": "workbench.ui.widgets"}
"""Public modules; `widgets` loads the user interface when it is first asked for."""


def __getattr__(name: str) -> object:
    if name in _HOMES:
        module, attribute = _HOMES[name]
        found: object = getattr(importlib.import_module(module), attribute)
    elif name in _MODULES:
        found = importlib.import_module(_MODULES[name])
    elif name == "__version__":
        from importlib.metadata import version

        found = version("campaign-workbench")
    else:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}; it has {__all__}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
