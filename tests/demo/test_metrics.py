"""Quick-look metrics."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.demo import modelled_metrics
from workbench.demo.metrics import METRICS_SCHEMA
from workbench.demo.observations import read_hsc_observations


def test_one_labelled_row_for_each_visit() -> None:
    table = modelled_metrics(5)
    assert table.schema.equals(METRICS_SCHEMA)
    assert table["visit"].to_pylist() == [observation.id for observation in read_hsc_observations()]
    assert set(table["source"].to_pylist()) == {"modelled, seed=5"}
    assert not any(column.null_count for column in table.columns)


def test_metrics_are_reproducible_by_seed() -> None:
    assert modelled_metrics(5).equals(modelled_metrics(5))
    assert not modelled_metrics(5)["psf_fwhm"].equals(modelled_metrics(6)["psf_fwhm"])


def test_airmass_is_that_of_the_real_zenith_angle() -> None:
    for row, observation in zip(modelled_metrics().to_pylist(), read_hsc_observations(), strict=True):
        assert row["airmass"] == pytest.approx(1 / np.cos(np.deg2rad(observation.zenith_angle)), rel=0.01)


def test_survey_comes_after_hsc() -> None:
    table = modelled_metrics(5, survey=10)
    assert table["instrument"].to_pylist() == ["HSC"] * 12 + ["SimCam"] * 10
