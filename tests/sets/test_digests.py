from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pytest
from lsst.daf.butler import DimensionUniverse

from tests.sets.conftest import MakeVisits
from workbench.sets import DataIdSet


def test_key_digest_is_of_these_very_bytes(make_visits: MakeVisits) -> None:
    content = '["instrument","visit"]\n["HSC",7]\n["HSC",96954]'
    expected = hashlib.sha256(content.encode()).hexdigest()
    assert make_visits([96954, 7]).key_digest == expected


def test_record_digest_is_of_these_very_bytes(universe: DimensionUniverse) -> None:
    table = pa.table({"visit": [2, 1], "reason": ["ü", None], "z": [0.1, None], "a": [True, False]})
    data_ids = DataIdSet.from_table(
        universe, table, role="exclude", instrument="HSC", free_columns=("z", "a")
    )
    content = (
        '{"dimensions":["instrument","visit"],"role":"exclude","columns":["reason","a","z"]}\n'
        '["HSC",1,null,false,null]\n'
        '["HSC",2,"ü",true,0.1]'
    )
    assert data_ids.record_digest == hashlib.sha256(content.encode()).hexdigest()


def test_empty_sets_have_a_digest(make_visits: MakeVisits) -> None:
    assert make_visits([]).key_digest == hashlib.sha256(b'["instrument","visit"]').hexdigest()


def test_hostile_text_is_escaped_as_json(universe: DimensionUniverse) -> None:
    names = ['a"b', "a\\b", "line\nbreak", "\u2028", "🔭", "=cmd()"]
    table = pa.table({"instrument": names, "visit": [1] * len(names)})
    lines = [json.dumps([name, 1], ensure_ascii=False, separators=(",", ":")) for name in sorted(names)]
    content = "\n".join(['["instrument","visit"]', *lines])
    expected = hashlib.sha256(content.encode()).hexdigest()
    assert DataIdSet.from_table(universe, table).key_digest == expected


@pytest.mark.parametrize("change", ["role", "reason"])
def test_record_digest_tells_role_and_reason(make_visits: MakeVisits, change: str) -> None:
    one = make_visits([1, 2])
    other = one.with_role("exclude") if change == "role" else one.with_reason("why")
    assert one.key_digest == other.key_digest
    assert one.record_digest != other.record_digest
    assert one != other
