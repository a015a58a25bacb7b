"""One of many writers: ``python -m tests.crowd ROOT WRITER N_WRITES`` annotates and saves sets in turn."""

from __future__ import annotations

import sys

import workbench as wb
from workbench.sets import DataIdSet

NAME = "crowd"
"""The set that all writers save versions of."""


def write(root: str, writer: int, n_writes: int) -> None:
    """Write as often as asked; any error ends the process."""
    with wb.open(root) as bench:
        rows = [
            {"instrument": "HSC", "visit": visit}
            for visit in bench.dimensions.records("visit")["visit"].to_pylist()
        ]
        visits = bench.select("visit", "instrument = 'HSC'")
        for turn in range(0, n_writes, 2):
            bench.annotate(rows[turn % len(rows)], f"note {turn} of writer {writer}")
            # Its reason makes it differ from every other one.
            mine: DataIdSet = visits.with_reason(f"turn {turn} of writer {writer}")
            bench.save(mine, NAME, reason=f"{writer}:{turn}")


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
