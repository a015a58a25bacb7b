"""Pages of records, as the browser is told them."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from workbench.bench import Bench
from workbench.session.content.browsing import PAGE, Asked, RecordPages

OURS = "instrument = 'HSC' AND metrics.psf_fwhm < 0.9 AND detector > 41"


def read(pages: RecordPages, **asked: Any) -> dict[str, Any]:
    message = pages.read(Asked(**asked))
    told: dict[str, Any] = json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])
    return told


@pytest.mark.parametrize("where", ["", "instrument = 'HSC' AND detector > 41", OURS])
@pytest.mark.parametrize("order", ["", "-detector"])
def test_every_page_says_what_the_api_says(bench: Bench, where: str, order: str) -> None:
    pages = RecordPages(bench)
    pages.refresh()
    element = "visit_detector_region"
    whole = bench.dimensions.records(element, where, order_by=order, limit=1000)
    for number in range(-(-whole.num_rows // PAGE)):
        told = read(pages, element=element, where=where, order=order, page=number)
        assert told["wrong"] is None
        assert told["total"] == whole.num_rows == bench.dimensions.count(element, where)
        expected = whole.slice(number * PAGE, PAGE).to_pylist()
        assert told["keys"] == [f"HSC {row['detector']} {row['visit']}" for row in expected]


def test_keys_of_an_expression_of_ours_are_read_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = RecordPages(bench)
    pages.refresh()
    reads: list[str] = []
    original = bench.dimensions.record_keys

    def count(element: str, where: str = "", **options: Any) -> pa.Table:
        reads.append(where)
        return original(element, where, **options)

    monkeypatch.setattr(bench.dimensions, "record_keys", count)
    for number in range(2):
        read(pages, element="visit_detector_region", where=OURS, page=number)
    assert reads == [OURS]
    pages.refresh()
    read(pages, element="visit_detector_region", where=OURS)
    assert reads == [OURS, OURS]
