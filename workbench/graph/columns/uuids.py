"""UUIDs of version 7, minted in bulk for quanta and datasets."""

from __future__ import annotations

import secrets
import time

import numpy as np

from workbench.errors import GraphBuildError
from workbench.graph.columns.graph_columns import Uuids

__all__ = ["UuidMint"]

_COUNTER_BITS = 32
_TAIL_BITS = 42  # of the 74 bits that version 7 leaves free


class UuidMint:
    """A source of UUIDs that rise from the first to the last, whoever asks.

    Parameters
    ----------
    milliseconds : `int`, optional
        Time since 1970-01-01 UTC; now, if not given.
    seed : `int`, optional
        Seed of the random bits, for tests; unpredictable, if not given.

    Notes
    -----
    Layout of RFC 9562 section 5.7, with a 32-bit counter after the version
    (section 6.2, method 1): 48 bits of time, version, 12 bits of counter,
    variant, 20 bits of counter, 42 random bits.  The counter starts at random
    in its lower half.  All UUIDs of a mint share its time, as those that the
    stock builder makes within a millisecond do.  Not to be shared between
    threads.
    """

    def __init__(self, *, milliseconds: int | None = None, seed: int | None = None):
        self._milliseconds = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
        self._random = np.random.default_rng(secrets.randbits(128) if seed is None else seed)
        self._counter = int(self._random.integers(1 << (_COUNTER_BITS - 1)))

    def mint(self, n: int) -> Uuids:
        """Mint some UUIDs.

        Parameters
        ----------
        n : `int`
            How many.

        Returns
        -------
        uuids : `numpy.ndarray` of `numpy.uint8`, shape (n, 16)
            Bytes in network order; sorted, and above all that were minted
            before.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised if one mint was asked for more than two thousand million.
        """
        if self._counter + n > 1 << _COUNTER_BITS:
            raise GraphBuildError(
                f"{n} more UUIDs were asked of one mint, which has given {self._counter} already; "
                "make another mint a millisecond later."
            )
        counter = np.arange(self._counter, self._counter + n, dtype=np.uint64)
        self._counter += n
        tail = self._random.integers(1 << _TAIL_BITS, size=n, dtype=np.uint64)
        words = np.empty((n, 2), dtype=">u8")
        words[:, 0] = (
            (np.uint64(self._milliseconds) << np.uint64(16)) | np.uint64(0x7000) | (counter >> np.uint64(20))
        )
        words[:, 1] = np.uint64(1 << 63) | ((counter & np.uint64(0xFFFFF)) << np.uint64(_TAIL_BITS)) | tail
        return words.view(np.uint8).reshape(n, 16)
