"""The look of the application: one style sheet, from the server itself."""

from __future__ import annotations

from pathlib import Path

from panel.theme.base import Design, Theme
from panel.viewable import Viewable

__all__ = ["CSS", "WorkbenchDesign", "dress"]

CSS = (Path(__file__).parent / "design.css").read_text(encoding="utf-8")
"""Rules for every component; colours come from `~workbench.session.content.palette.Palette`."""


class _Plain(Theme):
    """Neither of Panel's themes: colours are CSS properties that change while the page is open."""

    base_css = None  # type: ignore[assignment]


class WorkbenchDesign(Design):
    """Panel's components in our colours, without any style sheet from a CDN."""

    modifiers = {Viewable: {"stylesheets": [CSS]}}  # noqa: RUF012 - Panel reads a class attribute

    _themes = {"default": _Plain, "dark": _Plain}  # noqa: RUF012 - Panel reads a class attribute


def dress(view: Viewable) -> None:
    """Give a view and all that is in it the look of the application.

    Parameters
    ----------
    view : `panel.viewable.Viewable`
        A view that is complete, and not yet shown.
    """
    design = WorkbenchDesign()
    for item in view.select():
        # Panel gives every component its own default; a root's design does not reach its children.
        item.design = design
