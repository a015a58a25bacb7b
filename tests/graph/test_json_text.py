"""JSON text in bulk beside `json.loads` and pydantic."""

from __future__ import annotations

import json
import math
import uuid

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.graph.columns.json_text import (
    concat_texts,
    join_groups,
    list_texts,
    object_texts,
    uuid_texts,
    value_texts,
)
from workbench.graph.columns.uuids import UuidMint


@given(st.lists(st.none() | st.text()))
def test_strings_come_back(values: list[str | None]) -> None:
    texts = value_texts(pl.Series(values, dtype=pl.String))
    assert [json.loads(text) for text in texts] == values


@given(st.lists(st.none() | st.floats(width=64)))
def test_floats_come_back_to_the_last_bit(values: list[float | None]) -> None:
    texts = value_texts(pl.Series(values, dtype=pl.Float64))
    finite = [value if value is not None and math.isfinite(value) else None for value in values]
    assert [json.loads(text) for text in texts] == finite


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_integers_come_back(values: list[int | None]) -> None:
    assert [json.loads(text) for text in value_texts(pl.Series(values, dtype=pl.Int64))] == values


def test_other_values_are_as_the_butler_writes_them() -> None:
    assert value_texts(pl.Series([True, None, False])).to_list() == ["true", "null", "false"]
    assert value_texts(pl.Series([b"\x00\xff", None, b""])).to_list() == ['"00ff"', "null", '""']
    assert value_texts(pl.Series([None, None])).to_list() == ["null", "null"]


@pytest.mark.parametrize("n", [0, 1, 7])
def test_uuids_are_as_the_standard_library_writes_them(n: int) -> None:
    uuids = UuidMint().mint(n)
    ids = [uuid.UUID(bytes=row.tobytes()) for row in uuids]
    assert uuid_texts(uuids).to_list() == [str(found) for found in ids]
    assert uuid_texts(uuids, dashes=False).to_list() == [found.hex for found in ids]
    assert uuid_texts(uuids, before="<", after="]]").to_list() == [f"<{found}]]" for found in ids]
    assert uuid_texts(uuids[::-1]).to_list() == [str(found) for found in ids[::-1]]


@given(st.lists(st.lists(st.sampled_from(["a", "long enough not to be kept in a view", ""]))))
def test_groups_join(groups: list[list[str]]) -> None:
    texts = pl.Series([text for group in groups for text in group], dtype=pl.String)
    offsets = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    assert join_groups(texts, offsets).to_list() == [",".join(group) for group in groups]


def test_lists_and_objects() -> None:
    frame = pl.DataFrame({'na"me': ["x", "y\n"], "size": [1, None]})
    assert [json.loads(text) for text in object_texts(frame)] == frame.to_dicts()
    columns = [value_texts(frame[name]) for name in frame.columns]
    assert [json.loads(text) for text in list_texts(columns, 2)] == [["x", 1], ["y\n", None]]
    assert list_texts([], 2).to_list() == ["[]", "[]"]
    assert concat_texts("a", "b", n=3).to_list() == ["ab"] * 3
    assert concat_texts("a", pl.Series(["b", None]), n=2).to_list() == ["ab", None]
