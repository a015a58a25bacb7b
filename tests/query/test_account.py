"""The account of a selection: values, mistyped names, one data ID of very many."""

from __future__ import annotations

import re

import pytest

from tests.query.conftest import NUMBERS, UNMEASURED
from workbench.errors import ExpressionError
from workbench.query import butler_part, select
from workbench.registry import Registry


def test_values_are_told(registry: Registry) -> None:
    selection = select(registry, ["visit"], "metrics.psf_fwhm < 0.5 + 0.1 AND metrics.n_star > 0")
    visit = NUMBERS[7]
    assert selection.why_not({"visit": visit}) == (
        f"visit={visit} was dropped by 'metrics.psf_fwhm < 0.5 + 0.1': it does not satisfy it "
        "(metrics.psf_fwhm is 0.85 arcsec)."
    )
    assert "has no value for it (NULL)." in selection.why_not({"visit": UNMEASURED[0]})
    counted = select(registry, ["visit"], "count(chips.bias) > 0")
    assert counted.why_not({"visit": visit}).endswith("(count(chips.bias) is 0).")


def test_times_are_told_as_an_expression_writes_them(registry: Registry) -> None:
    where = "visit.timespan.begin > T'2030-01-01' OR metrics.psf_fwhm > 100"
    told = select(registry, ["visit"], where).why_not({"visit": NUMBERS[7]})
    assert re.search(
        r"\(visit\.timespan\.begin is \d{4}-\d\d-\d\dT\S+ TAI, metrics\.psf_fwhm is 0\.85", told
    ), told
    with pytest.raises(ExpressionError, match=r"'visit\.timespan\.end' has no single value for a data ID of"):
        select(registry, ["detector"], "visit.timespan.end > T'2030-01-01' OR in_set('none')")


@pytest.mark.parametrize(
    ("where", "note"),
    [
        ("instrument = 'HCS'", "nothing satisfies \"instrument = 'HCS'\"; instrument is one of 'HSC'"),
        ("band = 'I'", "nothing satisfies \"band = 'I'\"; band is one of 'i', 'r'"),
        (
            "instrument = 'HSC' AND physical_filter = 'i' AND metrics.n_star > 0",
            "is one of 'HSC-I', 'HSC-I2'",
        ),
    ],
)
def test_mistyped_names_are_told(registry: Registry, where: str, note: str) -> None:
    selection = select(registry, ["visit"], where)
    assert len(selection) == 0
    assert len(selection.notes) == 1
    assert note in selection.notes[0]


def test_numbers_that_exclude_all_are_not(registry: Registry) -> None:
    assert select(registry, ["visit"], "visit.exposure_time > 1e6").notes == ()


def test_one_data_id_is_traced_however_many_there_are(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(butler_part, "TRACE_LIMIT", 3)
    where = "instrument = 'HSC' AND visit.exposure_time > 1e6"
    visit = {"instrument": "HSC", "visit": NUMBERS[0]}
    assert "or was dropped by one of" in select(registry, ["visit"], where).why_not(visit)
    one = select(registry, ["visit"], where, data_id=visit)
    assert one.why_not(visit).endswith("was dropped by 'visit.exposure_time > 1e6': it does not satisfy it.")
    assert "is not in the repository" in select(registry, ["visit"], where, data_id={"visit": 5}).why_not(
        {"visit": 5}
    )
