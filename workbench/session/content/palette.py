"""The colours of the two themes: one source for CSS and for drawings.

The hues are those of Okabe and Ito, which stay apart for every kind of colour
vision; text colours have a contrast of at least 4.5 on their background.
"""

from __future__ import annotations

import dataclasses

__all__ = ["DARK", "LIGHT", "PALETTES", "Palette"]


@dataclasses.dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme, as CSS writes them.

    Attributes
    ----------
    name : `str`
        ``light`` or ``dark``.
    background, surface, raised : `str`
        Page, panels on it, and controls on those.
    text, muted, border : `str`
        Ink, quieter ink, and lines.
    accent, on_accent : `str`
        Buttons that act, and what is written on them.
    included, excluded, partial : `str`
        Fills for what is in, what is out, and quanta with missing inputs.
    included_text, excluded_text, partial_text : `str`
        The same as ink.
    error, code : `str`
        Backgrounds of error messages and of code.
    """

    name: str
    background: str
    surface: str
    raised: str
    text: str
    muted: str
    border: str
    accent: str
    on_accent: str
    included: str
    excluded: str
    partial: str
    included_text: str
    excluded_text: str
    partial_text: str
    error: str
    code: str

    @property
    def categories(self) -> tuple[str, ...]:
        """Fills that tell categories apart; beyond these they come again (`tuple` [ `str`, ... ])."""
        return _CATEGORIES[self.name]

    def css_variables(self) -> dict[str, str]:
        """Return the palette as CSS custom properties.

        Returns
        -------
        styles : `dict` [ `str`, `str` ]
            ``--wb-background`` and so on; every element below the one that
            carries them inherits them, shadow roots included.
        """
        colours = {
            f"--wb-{field.name.replace('_', '-')}": getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "name"
        }
        return {**colours, "color-scheme": self.name}


_CATEGORIES = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a3b9a", "#6b7280"),
    "dark": ("#56b4e9", "#e69f00", "#2fbf94", "#e29ac2", "#f0e442", "#5f8fe0", "#b58cf0", "#a7b1bd"),
}

LIGHT = Palette(
    name="light",
    background="#ffffff",
    surface="#f6f7f9",
    raised="#ffffff",
    text="#1b1f24",
    muted="#57606a",
    border="#c9d1d9",
    accent="#0b5c8f",
    on_accent="#ffffff",
    included="#0072b2",
    excluded="#d55e00",
    partial="#cc79a7",
    included_text="#005f96",
    excluded_text="#a84300",
    partial_text="#8f3d6b",
    error="#fdecea",
    code="#eef1f5",
)
"""Colours on white."""

DARK = Palette(
    name="dark",
    background="#15191e",
    surface="#1d232a",
    raised="#262d36",
    text="#e8ecf1",
    muted="#a7b1bd",
    border="#434d59",
    accent="#6cb8e6",
    on_accent="#0d1117",
    included="#56b4e9",
    excluded="#e69f00",
    partial="#e29ac2",
    included_text="#7cc4f0",
    excluded_text="#f0b429",
    partial_text="#eab3d1",
    error="#3d2023",
    code="#242b34",
)
"""Colours on near-black."""

PALETTES = {palette.name: palette for palette in (LIGHT, DARK)}
"""Both themes by name."""
