from __future__ import annotations

import astropy.time
import numpy as np
import pyarrow as pa
import pytest

from tests.cosmos import DETECTORS, VISITS
from tests.query.conftest import NUMBERS, UNMEASURED, visits_table
from workbench.query import Selection, select
from workbench.registry import Registry
from workbench.snapshot import data_id_schema

LAST = NUMBERS[-1]


def visits(selection: Selection) -> list[object]:
    return selection.table["visit"].to_pylist()


def run(registry: Registry, where: str, **bind: object) -> list[object]:
    return visits(select(registry, ["visit"], where, bind=bind))


def test_everything(registry: Registry) -> None:
    selection = select(registry, "visit")
    assert visits(selection) == NUMBERS
    assert selection.table.schema == data_id_schema(registry.universe.conform(["visit"]))
    assert selection.keys.schema.names == ["instrument", "visit"]
    assert selection.waterfall.num_rows == 0


def test_the_example_of_the_manual(any_registry: Registry) -> None:
    where = "band = 'i' AND metrics.psf_fwhm < 0.9 AND NOT notes.flag = 'bad'"
    selection = select(any_registry, ["visit"], where)
    measured = {v: 0.5 + 0.05 * i for i, v in enumerate(NUMBERS[:-1]) if v not in UNMEASURED}
    band_i = [visit[0] for visit in VISITS if visit[1].startswith("HSC-I")]
    expected = [v for v in band_i if measured.get(v, 9) < 0.9 and v not in (NUMBERS[0], NUMBERS[2])]
    assert visits(selection) == sorted(expected)
    stages = selection.waterfall.to_pylist()
    assert [stage["conjunct"] for stage in stages] == where.split(" AND ")
    assert stages[0]["rows_before"] == 12
    assert stages[-1]["rows_after"] == len(expected)
    assert stages[0]["unknown"] is None
    assert stages[1]["unknown"] == len([v for v in band_i if v not in measured])


def test_alternatives_keep_together_beside_what_is_filled_in(registry: Registry) -> None:
    found = select(registry, ["visit"], "visit = 96954 OR visit = 18202")
    assert found.where == "instrument = 'HSC' AND (visit = 96954 OR visit = 18202)"
    assert select(registry, ["visit"], found.where).table.equals(found.table)


def test_null_satisfies_neither_side(registry: Registry) -> None:
    low, high = run(registry, "metrics.psf_fwhm < 0.8"), run(registry, "NOT metrics.psf_fwhm < 0.8")
    null = run(registry, "metrics.psf_fwhm = NULL")
    assert null == sorted([*UNMEASURED, LAST])
    assert sorted([*low, *high, *null], key=int) == NUMBERS
    assert run(registry, "metrics.psf_fwhm != NULL") == sorted([*low, *high], key=int)
    assert run(registry, "metrics.psf_fwhm < 0.8 OR NOT metrics.psf_fwhm < 0.8") == sorted(
        [*low, *high], key=int
    )


def test_kleene_logic(registry: Registry) -> None:
    # NULL OR TRUE is true, NULL AND FALSE is false.
    assert run(registry, "metrics.psf_fwhm < 0 OR visit = visit AND instrument = 'HSC'") == NUMBERS
    assert run(registry, "NOT (metrics.psf_fwhm < 0 AND metrics.n_star < 0)") == NUMBERS[:-1]


def test_not_a_number_is_no_measurement(registry: Registry) -> None:
    registry.table("metrics").append([{"instrument": "HSC", "visit": LAST, "psf_fwhm": float("nan")}])
    assert LAST in run(registry, "metrics.psf_fwhm = NULL")
    assert LAST not in run(registry, "metrics.psf_fwhm > 0.1")


def test_the_latest_row_counts(registry: Registry) -> None:
    registry.table("metrics").append([{"instrument": "HSC", "visit": NUMBERS[0], "psf_fwhm": 0.1}])
    assert run(registry, "metrics.psf_fwhm < 0.2") == [NUMBERS[0]]


def test_none_one_and_two_flags(registry: Registry) -> None:
    zero, one, two = NUMBERS[4:], NUMBERS[1], NUMBERS[0]
    assert run(registry, "notes.flag = 'bad'") == [two, NUMBERS[2]]
    assert run(registry, "notes.flag = 'odd'") == [two, one]
    assert run(registry, "NOT notes.flag = 'bad'") == [one, NUMBERS[3], *zero]
    assert run(registry, "notes.flag != 'bad'") == [two, one]
    assert run(registry, "NOT notes.flag = 'bad' AND NOT notes.flag = 'odd'") == [NUMBERS[3], *zero]
    assert run(registry, "notes.flag = 'bad' AND notes.flag = 'odd'") == [two]
    assert run(registry, "notes.flag IN ('bad', 'odd')") == NUMBERS[:3]
    assert run(registry, "NOT (notes.flag = 'bad' OR visit.exposure_time < 1)") == [one, NUMBERS[3], *zero]


def test_rows_about_finer_data_ids_do_not_count_and_are_told(registry: Registry) -> None:
    selection = select(registry, ["visit"], "notes.flag = 'bad'")
    assert NUMBERS[3] not in visits(selection)
    assert selection.notes == (
        "1 row(s) of 'notes' are about finer data IDs than those selected, and do not count",
    )
    pairs = select(registry, ["visit", "detector"], "notes.flag = 'bad'")
    assert len(pairs) == 2 * len(DETECTORS) + 1
    assert pairs.notes == ()


def test_a_table_whose_rows_are_not_unique_is_existential(registry: Registry) -> None:
    assert run(registry, "readings.value > 2") == [NUMBERS[0]]
    assert run(registry, "readings.value < 2") == [NUMBERS[0]]
    assert run(registry, "readings.value = NULL") == [NUMBERS[1]]
    assert run(registry, "NOT readings.value > 2") == NUMBERS[1:]


def test_tables_coarser_than_the_selection_apply(registry: Registry) -> None:
    pairs = select(registry, ["visit", "detector"], "metrics.n_star = 3")
    assert len(pairs) == len(DETECTORS)
    assert set(visits(pairs)) == {NUMBERS[3]}


def test_butler_and_extension_columns_mix(registry: Registry) -> None:
    expected = [v for i, v in enumerate(NUMBERS[:-1]) if i > 8 or by_number()[v][4] > 180]
    if by_number()[LAST][4] > 180:
        expected.append(LAST)
    assert run(registry, "metrics.n_star > 8 OR visit.exposure_time > 180") == expected
    assert run(registry, "metrics.n_star * 2 + 1 = 7 OR visit.seq_num % 2 = 7") == [NUMBERS[3]]
    where = "metrics.n_star > 8 OR physical_filter.band = 'r'"
    reds = [visit[0] for visit in VISITS if visit[1].startswith("HSC-R")]
    assert run(registry, where) == sorted({*reds, *NUMBERS[9:-1]})


def by_number() -> dict[int, tuple[int, str, int, float, float, float, float, float]]:
    return {visit[0]: visit for visit in VISITS}


def test_ranges_and_lists(registry: Registry) -> None:
    assert run(registry, "metrics.n_star IN (1..7:3, 9)") == [NUMBERS[i] for i in (1, 4, 7, 9)]
    kept = [NUMBERS[i] for i in range(11) if i not in (1, 4, 7, 9)]
    assert run(registry, "metrics.n_star NOT IN (1..7:3, 9)") == kept
    assert run(registry, "metrics.name IN ('m1', 'm2')") == [NUMBERS[i] for i in range(11) if i % 3]
    assert run(registry, "metrics.n_star IN (NULL)") == [LAST]
    assert run(registry, "metrics.n_star IN (2, NULL)") == [NUMBERS[2], LAST]


def test_binds(registry: Registry) -> None:
    assert run(registry, "metrics.n_star < limit", limit=2) == NUMBERS[:2]
    assert run(registry, "metrics.n_star < :limit", limit=np.int64(2)) == NUMBERS[:2]
    assert run(registry, "metrics.n_star IN (:many)", many=[1, 3]) == [NUMBERS[1], NUMBERS[3]]
    assert run(registry, "band = :b AND metrics.n_star < 100", b="i") == run(
        registry, "band = 'i' AND metrics.n_star < 100"
    )
    when = astropy.time.Time(60003.5, format="mjd", scale="tai")
    assert run(registry, "metrics.measured > when", when=when) == NUMBERS[4:-1]
    assert run(registry, "metrics.n_star = missing", missing=None) == [LAST]


def test_times(registry: Registry) -> None:
    assert run(registry, "metrics.measured > T'60003.5'") == NUMBERS[4:-1]
    begins = [visit[0] for visit in VISITS if visit[3] > 57400]
    assert run(registry, "visit.timespan.begin > T'57400.0' OR metrics.n_star < 0") == sorted(begins)


def test_booleans(registry: Registry) -> None:
    even = [NUMBERS[i] for i in range(0, 11, 2)]
    odd = [NUMBERS[i] for i in range(1, 11, 2) if i != 5]
    assert run(registry, "metrics.ok") == even
    assert run(registry, "NOT metrics.ok") == odd
    assert run(registry, "metrics.ok = NULL") == [NUMBERS[5], LAST]


def test_arithmetic_is_that_of_sql(registry: Registry) -> None:
    # Towards zero: (n - 5) / 2 is 0 for n of 4, 5 and 6.
    assert run(registry, "(metrics.n_star - 5) / 2 = 0") == NUMBERS[4:7]
    assert run(registry, "(metrics.n_star - 5) % 3 = -2") == [NUMBERS[0], NUMBERS[3]]
    assert run(registry, "metrics.n_star / 0 = 1 OR metrics.n_star % 0 = 1") == []
    assert run(registry, "-metrics.n_star = -3") == [NUMBERS[3]]
    assert run(registry, "metrics.psf_fwhm * 2 > 1.95 AND metrics.n_star > 0") == [NUMBERS[10]]


def test_membership(registry: Registry) -> None:
    sets = {"some@1": visits_table(*NUMBERS[:3]), "one@2": visits_table(NUMBERS[1]), "none": visits_table()}

    def choose(where: str, **bind: object) -> list[object]:
        return visits(select(registry, ["visit"], where, bind=bind, membership=sets.__getitem__))

    assert choose("in_set('some@1')") == NUMBERS[:3]
    assert choose("in_set('some@1') AND NOT in_set('one@2')") == [NUMBERS[0], NUMBERS[2]]
    assert choose("in_set(which)", which="one@2") == [NUMBERS[1]]
    assert choose("IN_SET('none')") == []
    assert choose("NOT in_set('none')") == NUMBERS
    pairs = select(registry, ["visit", "detector"], "in_set('one@2')", membership=sets.__getitem__)
    assert len(pairs) == len(DETECTORS)


def test_membership_converts_exposures(registry: Registry) -> None:
    exposures = visits_table(NUMBERS[1]).rename_columns(["instrument", "exposure"])
    found = select(registry, ["visit"], "in_set('bad')", membership=lambda _: exposures)
    assert visits(found) == [NUMBERS[1]]
    other = select(registry, ["exposure"], "in_set('v')", membership=lambda _: visits_table(NUMBERS[1]))
    assert other.table["exposure"].to_pylist() == [NUMBERS[1]]


def test_why_not_names_the_conjunct(registry: Registry) -> None:
    selection = select(
        registry, ["visit"], "metrics.psf_fwhm < 0.9 AND band = 'i' AND NOT notes.flag = 'bad'"
    )
    assert selection.why_not({"visit": NUMBERS[0]}).endswith("it has no value for it (NULL).")
    red = next(visit[0] for visit in VISITS if visit[1].startswith("HSC-R"))
    assert selection.why_not({"instrument": "HSC", "visit": red}) == (
        f"instrument=HSC, visit={red} was dropped by \"band = 'i'\": it does not satisfy it."
    )
    assert selection.why_not({"visit": visits(selection)[0]}).endswith("is selected.")
    assert selection.why_not({"visit": 1}) == "visit=1 is not in the repository."


def test_drops_and_rows_make_the_whole(registry: Registry) -> None:
    selection = select(
        registry, ["visit"], "instrument = 'HSC' AND metrics.n_star > 2 AND visit.exposure_time > 30"
    )
    assert sorted(visits(selection) + selection.drops["visit"].to_pylist()) == NUMBERS
    stages = selection.waterfall.to_pylist()
    for index, stage in enumerate(stages):
        dropped = [c for c in selection.drops["conjunct"].to_pylist() if c == index]
        assert stage["rows_before"] - stage["rows_after"] == len(dropped)


def test_finer_dimensions_are_the_butlers_to_evaluate(registry: Registry) -> None:
    selection = select(
        registry, ["visit"], "instrument = 'HSC' AND exposure.exposure_time > 100 AND metrics.n_star >= 0"
    )
    assert visits(selection) == [v for v in NUMBERS[:-1] if by_number()[v][4] > 100]


def test_regions_beside_extension_columns(registry: Registry) -> None:
    selection = select(registry, ["visit"], "visit.region OVERLAPS POINT(149.6, 1.7) AND metrics.n_star >= 0")
    alone = select(registry, ["visit"], "visit.region OVERLAPS POINT(149.6, 1.7)")
    assert 0 < len(alone) < 12
    assert set(visits(selection)) <= set(visits(alone))


def test_dimensions_without_instrument(registry: Registry) -> None:
    assert len(select(registry, ["patch"], "skymap = 'cosmos' AND tract >= 0")) > 0
    assert isinstance(select(registry, ["band"], "band = 'i'").table, pa.Table)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("GLOB(notes.flag, 'b*')", {NUMBERS[0], NUMBERS[2]}),
        ("NOT GLOB(notes.flag, '*d*')", {*NUMBERS[3:]}),
        ("GLOB(notes.flag, 'o?d') OR visit = " + str(NUMBERS[5]), {*NUMBERS[:2], NUMBERS[5]}),
        ("GLOB(metrics.name, 'm0') AND GLOB(notes.flag, 'bad')", {NUMBERS[0]}),
    ],
)
def test_text_of_tables_with_several_rows_is_searched(
    registry: Registry, condition: str, found: set[int]
) -> None:
    assert run(registry, f"instrument = 'HSC' AND ({condition})") == sorted(found)
