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
    from workbench.groupings import (
        Requirements,
        best_seeing,
        by_function,
        by_table,
        by_value,
        campaign_bands,
        even_odd,
        exposure_groups,
        folds,
        lunations,
        nights,
        pairs,
        quantiles,
        seasons,
        sweeps,
        thresholds,
        years,
    )
    from workbench.registry import Column, DynamicDimension, TableDeclaration, declaration_from_yaml
    from workbench.sets import DataIdSet
    from workbench.ui import app, serve, widgets

    __version__: str

__all__ = [
    "Bench",
    "Column",
    "DataIdSet",
    "DynamicDimension",
    "Requirements",
    "TableDeclaration",
    "__version__",
    "app",
    "best_seeing",
    "by_function",
    "by_table",
    "by_value",
    "campaign_bands",
    "declaration_from_yaml",
    "errors",
    "even_odd",
    "exposure_groups",
    "folds",
    "lunations",
    "nights",
    "open",
    "pairs",
    "quantiles",
    "seasons",
    "serve",
    "sweeps",
    "thresholds",
    "widgets",
    "years",
]

_HOMES = {
    "Bench": ("workbench.bench", "Bench"),
    "Column": ("workbench.registry", "Column"),
    "DataIdSet": ("workbench.sets", "DataIdSet"),
    "DynamicDimension": ("workbench.registry", "DynamicDimension"),
    "Requirements": ("workbench.groupings", "Requirements"),
    "TableDeclaration": ("workbench.registry", "TableDeclaration"),
    "app": ("workbench.ui", "app"),
    "best_seeing": ("workbench.groupings", "best_seeing"),
    "by_function": ("workbench.groupings", "by_function"),
    "by_table": ("workbench.groupings", "by_table"),
    "by_value": ("workbench.groupings", "by_value"),
    "campaign_bands": ("workbench.groupings", "campaign_bands"),
    "declaration_from_yaml": ("workbench.registry", "declaration_from_yaml"),
    "even_odd": ("workbench.groupings", "even_odd"),
    "exposure_groups": ("workbench.groupings", "exposure_groups"),
    "folds": ("workbench.groupings", "folds"),
    "lunations": ("workbench.groupings", "lunations"),
    "nights": ("workbench.groupings", "nights"),
    "open": ("workbench.bench", "open_bench"),
    "pairs": ("workbench.groupings", "pairs"),
    "quantiles": ("workbench.groupings", "quantiles"),
    "seasons": ("workbench.groupings", "seasons"),
    "serve": ("workbench.ui", "serve"),
    "sweeps": ("workbench.groupings", "sweeps"),
    "thresholds": ("workbench.groupings", "thresholds"),
    "years": ("workbench.groupings", "years"),
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
