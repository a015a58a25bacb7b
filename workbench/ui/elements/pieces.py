"""The small pieces of which views are composed."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import panel as pn

from workbench.ui.elements.prose import Prose

__all__ = ["button", "code", "heading", "name_step", "panel", "row", "side_by_side", "text_html", "typed"]

_LONGEST_STEP = 48

_PANEL = {
    "background": "var(--wb-surface)",
    "border": "1px solid var(--wb-border)",
    "border-radius": "8px",
    "padding": "12px 14px",
    "gap": "10px",
}


def text_html(text: str, *, tag: str = "p", css: str = "", **attributes: str) -> str:
    """Return HTML that shows text as it is.

    Parameters
    ----------
    text : `str`
        Anything; escaped.
    tag : `str`, optional
        Element to put it in.
    css : `str`, optional
        Class of the element.
    **attributes : `str`
        Further attributes, such as ``role``.

    Returns
    -------
    markup : `str`
        One element; empty for no text.
    """
    if not text:
        return ""
    given = "".join(
        f' {name}="{html.escape(value)}"' for name, value in {"class": css, **attributes}.items() if value
    )
    return f"<{tag}{given}>{html.escape(text)}</{tag}>"


def heading(text: str, level: int = 2) -> Prose:
    """Return a heading.

    Parameters
    ----------
    text : `str`
        What it says.
    level : `int`, optional
        1 for the page, 2 for a panel.

    Returns
    -------
    prose : `~workbench.ui.elements.prose.Prose`
        A real heading element, as wide as its text.
    """
    return Prose(text_html(text, tag=f"h{level}"), live=False, sizing_mode=None)


def code(text: str = "", css: str = "") -> str:
    """Return HTML of code or of a message in fixed width.

    Parameters
    ----------
    text : `str`, optional
        Lines of text; escaped.
    css : `str`, optional
        ``error``, ``done`` or ``info``.

    Returns
    -------
    markup : `str`
        Empty for no text.
    """
    role = "alert" if css == "error" else "status" if css else ""
    lines = text.split("\n")
    caret = next((n for n, line in enumerate(lines) if n and line.strip() == "^"), 0)
    if css != "error" or not caret:
        return text_html(text, tag="pre", css=css, role=role)
    # What a caret points at is the line before: the two are not broken, and move together.
    exact = text_html("\n".join(lines[caret - 1 : caret + 1]), tag="span", css="exact", tabindex="0")
    before, after = ("\n".join(part) for part in (lines[: caret - 1], lines[caret + 1 :]))
    return f'<pre class="error" role="{role}">{html.escape(before)}{exact}{html.escape(after)}</pre>'


def button(label: str, *, primary: bool = False, **params: Any) -> pn.widgets.Button:
    """Return a button.

    Parameters
    ----------
    label : `str`
        What it does.
    primary : `bool`, optional
        Whether it is the main one of its panel.
    **params
        Forwarded to the widget.

    Returns
    -------
    button : `panel.widgets.Button`
        As tall as an input beside it.
    """
    kind = "primary" if primary else "default"
    return pn.widgets.Button(
        name=label, button_type=kind, **{"margin": 0, "height": 32, "align": "end", **params}
    )


def typed(widget: pn.widgets.TextInput | pn.widgets.TextAreaInput) -> str:
    """Return what stands in a text field, entered or not.

    Parameters
    ----------
    widget : `panel.widgets.TextInput` or `panel.widgets.TextAreaInput`
        The field.

    Returns
    -------
    text : `str`
        Without spaces around it.
    """
    return str(widget.value_input or widget.value or "").strip()


def name_step(shown: pn.widgets.Button, name: str, label: str) -> None:
    """Say on a button which change it takes back or makes again.

    Parameters
    ----------
    shown : `panel.widgets.Button`
        The button; disabled without a change.
    name : `str`
        ``Undo`` or ``Redo``.
    label : `str`
        The change in a few words, cut if it is long; empty if there is none.
    """
    text = label if len(label) <= _LONGEST_STEP else f"{label[: _LONGEST_STEP - 1]}…"
    shown.param.update(name=f"{name}: {text}" if text else name, disabled=not text)


def row(*items: Any, **params: Any) -> pn.FlexBox:
    """Put small things side by side; they wrap where there is no room.

    Parameters
    ----------
    *items
        What to put.
    **params
        Forwarded to the box.

    Returns
    -------
    box : `panel.FlexBox`
        With gaps.
    """
    return pn.FlexBox(
        *items,
        **{"align_items": "end", "gap": "8px 10px", "sizing_mode": "stretch_width", "margin": 0, **params},
    )


def panel(title: str, *items: Any, **params: Any) -> pn.Column:
    """Put things below each other under a heading, in a frame.

    Parameters
    ----------
    title : `str`
        Heading; none if empty.
    *items
        What to put.
    **params
        Forwarded to the column.

    Returns
    -------
    column : `panel.Column`
        The panel.
    """
    styles = {**_PANEL, **params.pop("styles", {})}
    given = [heading(title), *items] if title else list(items)
    return pn.Column(*given, **{"sizing_mode": "stretch_width", "margin": 0, "styles": styles, **params})


def side_by_side(items: Sequence[Any], widths: Iterable[int]) -> pn.FlexBox:
    """Put panels side by side, or below each other on a narrow page.

    Parameters
    ----------
    items : `~collections.abc.Sequence`
        The panels.
    widths : `~collections.abc.Iterable` [ `int` ]
        Least width of each in pixels; room beyond is shared in proportion.

    Returns
    -------
    box : `panel.FlexBox`
        The panels, wrapped as needed.
    """
    for item, width in zip(items, widths, strict=True):
        item.styles = {
            **item.styles,
            "flex": f"{width} 1 {width}px",
            "min-width": f"min({width}px, 100%)",
            "width": "auto",
        }
    return pn.FlexBox(*items, sizing_mode="stretch_width", margin=0, align_items="stretch", gap="14px")
