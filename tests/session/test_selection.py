"""What is selected, by key, whatever rows are shown; and the columns of the rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from workbench.bench import Bench
from workbench.errors import ExpressionError
from workbench.session.content.camera import (
    COUNT,
    DetectorOutlines,
    compute_detector_values,
    list_detector_columns,
)
from workbench.session.content.content import Patches, make_detail, make_sky
from workbench.session.content.rows import VisitRows
from workbench.session.content.selection import SharedSelection
from workbench.session.content.wire import pack_mask


def brushed(rows: VisitRows, chosen: list[int], *cuts: tuple[str, str], **more: object) -> str:
    """What a page reports."""
    mask = np.zeros(len(rows), bool)
    mask[chosen] = True
    told = {
        "from": "page",
        "revision": 3,
        "digest": rows.digest,
        "mask": pack_mask(mask),
        "cuts": [{"label": label, "where": where} for label, where in cuts],
        "by_hand": 0,
        "detectors": [],
    }
    return json.dumps({**told, **more})


@pytest.fixture
def rows(bench: Bench) -> VisitRows:
    return VisitRows.read(bench)


def test_rows_have_the_numbers_of_the_api(bench: Bench, rows: VisitRows) -> None:
    names = ["visit.exposure_time", "metrics.psf_fwhm", "metrics.m5"]
    table = bench.query("visit", "", names)
    assert [visit for _, visit in rows.keys] == table["visit"].to_pylist()
    for name in names:
        assert rows.columns[name].values.tolist() == table[name].to_pylist()
    band = rows.columns["band"]
    assert band.categories is not None
    assert [band.categories[code] for code in band.values] == table["band"].to_pylist()
    assert rows.columns["metrics.psf_fwhm"].unit == "arcsec"
    # No visit of the demonstration has one.
    assert "visit.azimuth" not in rows.columns


def test_nights_are_days_of_evenings(rows: VisitRows) -> None:
    # MJD 57039 began on 2015-01-17.
    assert rows.columns["night"].values[0] == 57039


def test_an_expression_limits_the_rows(bench: Bench, rows: VisitRows) -> None:
    where = "metrics.psf_fwhm < 0.6"
    fewer = VisitRows.read(bench, where)
    assert [visit for _, visit in fewer.keys] == bench.select("visit", where).table["visit"].to_pylist()
    assert fewer.digest != rows.digest
    with pytest.raises(ExpressionError, match="bnad"):
        VisitRows.read(bench, "bnad = 'i'")
    assert len(VisitRows.read(bench, "band = 'y'")) == 0


def test_a_brush_becomes_keys_and_a_query(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    where = "metrics.psf_fwhm >= 0.5 AND metrics.psf_fwhm <= 0.6"
    chosen = [row for row, value in enumerate(rows.columns["metrics.psf_fwhm"].values) if 0.5 <= value <= 0.6]
    assert selection.receive(brushed(rows, chosen, ("psf fwhm from 0.5 to 0.6", where)))
    assert selection.keys == tuple(rows.keys[row] for row in chosen)
    namespace: dict[str, object] = {"bench": bench}
    exec(selection.to_python(), namespace)
    assert namespace["visits"] == selection.to_set(bench)
    assert "psf_fwhm" in selection.to_python()


def test_what_was_marked_by_hand_is_told_as_keys(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    selection.receive(brushed(rows, [0, 3], ("a cut", "band = 'i'"), by_hand=1))
    assert selection.where == ""
    namespace: dict[str, object] = {"bench": bench}
    exec(selection.to_python(), namespace)
    assert namespace["visits"] == selection.to_set(bench)


def test_the_query_of_limited_rows_has_the_limit(bench: Bench) -> None:
    rows = VisitRows.read(bench, "band = 'i' OR band = 'y'")
    selection = SharedSelection()
    selection.show(rows)
    selection.receive(brushed(rows, [0], ("exposure time", "visit.exposure_time >= 300")))
    assert bench.select("visit", selection.where).table["visit"].to_pylist() == [18202]


def test_a_query_of_nights_says_whose(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    nights = "day_obs >= 20170101 AND day_obs <= 20170131"
    selection.receive(brushed(rows, list(range(6, 12)), ("night from 20170101 to 20170131", nights)))
    assert selection.where == f"instrument IN ('HSC') AND {nights}"
    assert bench.select("visit", selection.where) == selection.to_set(bench)


def test_a_brush_of_rows_that_are_no_longer_shown_is_ignored(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    late = brushed(rows, [1])
    selection.show(VisitRows.read(bench, "band = 'r'"))
    assert not selection.receive(late)
    assert selection.keys == ()


def test_keys_stay_when_other_rows_are_shown(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    selection.select([("HSC", 96954), ("HSC", 23682)])
    fewer = VisitRows.read(bench, "band = 'r'")
    selection.show(fewer)
    assert selection.keys == (("HSC", 23682), ("HSC", 96954))
    assert fewer.chosen(selection.mask) == (("HSC", 23682),)
    assert json.loads(selection.to_wire())["digest"] == fewer.digest


def test_detectors_make_pairs(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    selection.detector_keys = DetectorOutlines.read(bench, rows).keys
    selection.receive(brushed(rows, [0], detectors=[1, 2]))
    chosen = [selection.detector_keys[number] for number in (1, 2)]
    assert selection.detectors == tuple(chosen)
    pairs = selection.to_set(bench)
    assert list(pairs.dimensions.required) == ["instrument", "detector", "visit"]
    assert sorted(pairs.table["detector"].to_pylist()) == sorted(number for _, number in chosen)
    assert json.loads(selection.to_wire())["detectors"] == [1, 2]
    selection.select([])
    assert selection.to_table().column_names == ["instrument", "detector"]


def test_the_page_that_brushed_is_told_whose_news_it_is(rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    selection.receive(brushed(rows, [1]))
    assert json.loads(selection.to_wire())["from"] == "page"
    selection.select(rows.keys[:2])
    assert json.loads(selection.to_wire())["from"] == ""


def test_patches_know_their_visits(bench: Bench, rows: VisitRows) -> None:
    patches = Patches.read(bench)
    starts, members = patches.rows_of(rows)
    for place, (skymap, tract, patch) in enumerate(patches.names):
        found = bench.query(
            ["visit", "patch"], f"skymap = '{skymap}' AND tract = {tract} AND patch = {patch}"
        )["visit"].to_pylist()
        shown = [rows.keys[row][1] for row in members[starts[place] : starts[place + 1]]]
        assert shown == sorted(found)
    assert make_sky(rows, patches).options["depth"] == "metrics.m5"


def test_detectors_lie_upright_whatever_the_sky_angle(bench: Bench, rows: VisitRows) -> None:
    plane = DetectorOutlines.read(bench, rows)
    assert [detector for _, detector, _ in plane.detectors] == [41, 42, 49, 50, 57, 58]
    middles = {
        detector: plane.corners[plane.starts[n] : plane.starts[n + 1]].mean(axis=0)
        for n, (_, detector, _) in enumerate(plane.detectors)
    }
    # 41, 49 and 57 are below 42, 50 and 58, each in one column.
    for below, above in ((41, 42), (49, 50), (57, 58)):
        assert middles[above][1] > middles[below][1] + 0.05
        assert middles[above][0] == pytest.approx(middles[below][0], abs=0.02)


def test_detectors_are_coloured_by_what_was_measured_of_them(bench: Bench, rows: VisitRows) -> None:
    keys = rows.keys[:3]
    plane = DetectorOutlines.read(bench, rows)
    values, says = compute_detector_values(bench, plane, keys, COUNT)
    assert values == [3.0] * 6
    assert says == "Number of visits, of 3 visits."
    measured = [
        {"instrument": i, "visit": v, "detector": d, "ellipticity": 0.01 * d + 0.1 * n}
        for n, (i, v) in enumerate(rows.keys)
        for d in (41, 42)
    ]
    bench.metrics.import_table(measured, table="chips", source="test", assume_units=True)
    assert list_detector_columns(bench)[0] == ("chips.ellipticity", "mean ellipticity")
    values, says = compute_detector_values(bench, plane, keys, "chips.ellipticity")
    assert values[:2] == pytest.approx([0.51, 0.52])
    assert values[2:] == [None] * 4
    assert says == "Mean of ellipticity over 3 visits."


def test_outlines_of_detectors_come_with_few_visits_only(bench: Bench, rows: VisitRows) -> None:
    selection = SharedSelection()
    selection.show(rows)
    assert make_detail(bench, selection) == b""
    selection.select(rows.keys[:2])
    message = make_detail(bench, selection)
    length = int.from_bytes(message[:4], "little")
    parts = {part["name"]: part["length"] for part in json.loads(message[4 : 4 + length])["parts"]}
    assert parts["detectors"] == 12
    assert parts["starts"] == 13
