"""What goes to the browser and comes back."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.session.content.wire import pack_mask, pack_message, unpack_mask


@given(st.lists(st.booleans(), max_size=70))
def test_a_mask_comes_back_as_it_went(rows: list[bool]) -> None:
    mask = np.array(rows, bool)
    assert unpack_mask(pack_mask(mask), len(rows)).tolist() == rows


def test_a_message_says_where_each_array_is() -> None:
    arrays = {
        "small": np.array([1, 2, 3], np.uint8),
        "numbers": np.array([0.5, np.nan]),
        "rows": np.array([7], np.int32),
        "whole": np.array([1, 2]),
    }
    message = pack_message({"title": "\N{GREEK SMALL LETTER ALPHA}"}, arrays, {"rows": {"own": True}})
    length = int.from_bytes(message[:4], "little")
    told = json.loads(message[4 : 4 + length])
    begin = -(-(4 + length) // 8) * 8
    assert told["title"] == "\N{GREEK SMALL LETTER ALPHA}"
    assert [part["kind"] for part in told["parts"]] == ["u1", "f8", "i4", "f8"]
    assert told["parts"][2]["own"] is True
    for part in told["parts"]:
        assert (begin + part["offset"]) % 8 == 0
        dtype = {"u1": "<u1", "f8": "<f8", "i4": "<i4"}[part["kind"]]
        read = np.frombuffer(message, dtype, part["length"], begin + part["offset"])
        np.testing.assert_array_equal(read, arrays[part["name"]])
