"""Arrays and masks as they go to the browser and come back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["pack_mask", "pack_message", "unpack_mask"]

_KINDS = {"f8": np.float64, "f4": np.float32, "i4": np.int32, "u1": np.uint8}
_ALIGNED = 8


def pack_message(
    told: Mapping[str, object],
    arrays: Mapping[str, npt.NDArray[Any]] | None = None,
    notes: Mapping[str, Mapping[str, object]] | None = None,
) -> bytes:
    """Put a description and arrays into one message, so that neither comes without the other.

    Parameters
    ----------
    told : `~collections.abc.Mapping`
        What JSON holds.
    arrays : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` ], optional
        Arrays of float64, float32, int32 or uint8; others become float64.
    notes : `~collections.abc.Mapping`, optional
        What else to say about an array, such as its ``label``.

    Returns
    -------
    message : `bytes`
        Length of the description (uint32), the description with ``parts``,
        and from the next multiple of 8 bytes on the arrays, little-endian.
        Each of the parts has ``name``, ``kind``, ``offset``, ``length``.
    """
    parts: list[dict[str, object]] = []
    data = bytearray()
    for name, array in (arrays or {}).items():
        kind = next((kind for kind, dtype in _KINDS.items() if array.dtype == dtype), "f8")
        data.extend(bytes(-len(data) % _ALIGNED))
        note = (notes or {}).get(name, {})
        parts.append({"name": name, "kind": kind, "offset": len(data), "length": array.size, **note})
        data.extend(np.ascontiguousarray(array, np.dtype(kind).newbyteorder("<")).tobytes())
    text = json.dumps({**told, "parts": parts}).encode()
    head = len(text).to_bytes(4, "little") + text
    return head + bytes(-len(head) % _ALIGNED) + bytes(data)


def pack_mask(mask: npt.NDArray[np.bool_]) -> str:
    """Write a mask as text: eight rows a byte, the first in the lowest bit, base64.

    Parameters
    ----------
    mask : `numpy.ndarray` of bool
        One value a row.

    Returns
    -------
    text : `str`
        As ``hub.js`` reads it.
    """
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode("ascii")


def unpack_mask(text: str, length: int) -> npt.NDArray[np.bool_]:
    """Read a mask that ``hub.js`` wrote.

    Parameters
    ----------
    text : `str`
        As `pack_mask` writes it.
    length : `int`
        Number of rows.

    Returns
    -------
    mask : `numpy.ndarray` of bool
        One value a row.
    """
    packed = np.frombuffer(base64.b64decode(text), np.uint8)
    return np.unpackbits(packed, count=length, bitorder="little").astype(np.bool_)
