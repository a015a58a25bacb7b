"""A bulk import that is to be killed: ``python -m tests.bulk_writer ROOT FILE`` touches FILE half-way."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow as pa

from workbench.registry import open_registry


def write(root: str, began: Path) -> None:
    """Import in two halves of one transaction, and wait to be killed between them."""
    half = pa.table({"number": range(100_000), "text": ["x"] * 100_000})
    with open_registry(root) as registry, registry.transaction() as connection:
        registry.table("bulk").append(half, connection)
        began.touch()
        time.sleep(60)
        registry.table("bulk").append(half, connection)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
