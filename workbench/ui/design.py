"""The look of the application: one style sheet, from the server itself."""

from __future__ import annotations

from pathlib import Path

from panel.theme.base import Design, Theme
from panel.viewable import Viewable

__all__ = ["CSS", "WorkbenchDesign"]

CSS = (Path(__file__).parent / "design.css").read_text(encoding="utf-8")
"""Rules for every component; colours come from `~workbench.ui.palette.Palette`."""


class _Plain(Theme):
    """Neither of Panel's themes: colours are CSS properties that change while the page is open."""

    base_css = None  # type: ignore[assignment]


class WorkbenchDesign(Design):
    """Panel's components in our colours, without any style sheet from a CDN."""

    modifiers = {Viewable: {"stylesheets": [CSS]}}  # noqa: RUF012 - Panel reads a class attribute

    _themes = {"default": _Plain, "dark": _Plain}  # noqa: RUF012 - Panel reads a class attribute
