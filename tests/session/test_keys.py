"""Keys of visits and detectors as people write them."""

from __future__ import annotations

import pytest

from workbench.errors import UnknownNameError
from workbench.session.curation.keys import key_from_text, key_text, parse_keys


def test_numbers_are_visits_and_detectors() -> None:
    assert parse_keys("96954, 96980.4 96954", ["HSC"]) == [("HSC", 96954), ("HSC", 96980, 4)]
    assert parse_keys("LSST-Cam:7.188", ["HSC", "LSST-Cam"]) == [("LSST-Cam", 7, 188)]
    assert parse_keys(" ", ["HSC"]) == []


@pytest.mark.parametrize("text", ["visit 4", "4.", "-4", "4.5.6", "<b>4</b>"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UnknownNameError, match="is no visit"):
        parse_keys(text, ["HSC"])


def test_an_instrument_must_be_known_where_there_are_several() -> None:
    with pytest.raises(UnknownNameError, match=r"names no instrument: write one of A:4, B:4"):
        parse_keys("4", ["A", "B"])
    with pytest.raises(UnknownNameError, match=r"'C' is no instrument here"):
        parse_keys("C:4", ["A", "B"])


def test_keys_survive_as_text() -> None:
    assert key_from_text(key_text(("DECam wide", 7))) == ("DECam wide", 7)
