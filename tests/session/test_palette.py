"""Colours that can be told apart and read."""

from __future__ import annotations

import pytest

from workbench.session.content.palette import DARK, LIGHT, Palette


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


INKS = ["text", "muted", "included_text", "excluded_text", "partial_text", "accent"]
PAIRS = [(ground, ink) for ground in ("background", "surface", "raised", "code") for ink in INKS]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
@pytest.mark.parametrize(("ground", "ink"), [*PAIRS, ("error", "text")])
def test_text_is_readable_on_every_ground(palette: Palette, ground: str, ink: str) -> None:
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_marks_stand_out_and_buttons_can_be_read(palette: Palette) -> None:
    for colour in (palette.included, palette.excluded):
        assert contrast(colour, palette.raised) >= 3.0
    assert contrast(palette.on_accent, palette.accent) >= 4.5


def test_css_carries_every_colour() -> None:
    variables = LIGHT.css_variables()
    assert variables["--wb-excluded-text"] == LIGHT.excluded_text
    assert variables["color-scheme"] == "light"
