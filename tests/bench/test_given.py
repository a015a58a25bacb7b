"""Sets as they are given: themselves, their names, data IDs of any form, and what is none."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.errors import CampaignError, EmptySetError, NotASetError

ONE = {"instrument": "HSC", "visit": 58260}


@pytest.mark.parametrize(
    "given",
    [ONE, [ONE], {"visit": [58260]}, {"visit": 58260}, pd.DataFrame([ONE]), "bad"],
    ids=["a mapping", "a list", "values", "without instrument", "a table", "a name"],
)
def test_a_constraint_takes_data_ids(bench: Bench, given: Any) -> None:
    bad = bench.save(bench.make_set([ONE], role="exclude"), "bad", reason="trailed")
    campaign = bench.campaign("u/test/given", PIPELINE, ["HSC/defaults"])
    campaign.constrain(exclude=given)
    (stated,) = campaign.stated
    assert stated.rows == bad
    assert stated.rows.role == "exclude"
    if not isinstance(given, str):
        with pytest.raises(CampaignError, match="never saved"):
            campaign.commit()


def test_what_if_takes_data_ids(bench: Bench) -> None:
    campaign = bench.campaign("u/test/given", PIPELINE, ["HSC/defaults"])
    rows = bench.make_set([ONE], role="exclude")
    asked = campaign.what_if(exclude={"visit": 58260})
    assert asked.preview.logical_digest == campaign.what_if(exclude=rows).preview.logical_digest
    with pytest.raises(EmptySetError):
        campaign.what_if(exclude=[])


def test_groups_are_made_of_names_and_texts(bench: Bench) -> None:
    bench.save(bench.select("visit", ""), "all", reason="all")
    grouping = bench.group("halves", "all", "folds(2, seed=1)")
    assert grouping.parent.label == "all@1"
    again, _ = bench.groupings.try_rule("halves", "all", "folds(2, seed=1)")
    assert again.digest == grouping.digest


@pytest.mark.parametrize("operation", [operator.or_, operator.and_, operator.sub, operator.xor])
def test_a_set_is_combined_with_sets_alone(bench: Bench, operation: Callable[..., Any]) -> None:
    rows = bench.select("visit", "")
    for other in (3, None, [ONE], "bad"):
        with pytest.raises(NotASetError, match=r"bench.make_set|sets combine"):
            operation(rows, other)


def test_values_of_what_was_compared_have_their_units(bench: Bench) -> None:
    said = bench.why_not("visit", "metrics.psf_fwhm > 5", visit=58260)
    assert "metrics.psf_fwhm is 0." in said
    assert " arcsec)" in said


def test_datasets_of_a_visit_are_counted_without_its_instrument(bench: Bench) -> None:
    asked = bench.collections.dataset_types(data_id={"visit": 58260})
    assert asked.equals(bench.collections.dataset_types(data_id=ONE))
    assert asked.num_rows
