"""One of two extenders: ``python -m tests.extender ROOT GO NAME,... [STAGE]``.

Extends as soon as the file GO exists, and prints what it did; dies without a
word at the stage that begins with STAGE.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tests.extended import PAIR, SUBSET, extend
from workbench.registry import open_registry
from workbench.registry.dimensions.dynamic import DynamicDimension

KNOWN = {"pair": PAIR, "subset": SUBSET, "fold": DynamicDimension("fold", "int", relations=("visit",))}


def main(root: str, go: str, names: str, stage: str = "") -> None:
    """Extend, or die in the middle."""

    def report(at: str, fraction: float | None = None) -> None:
        if stage and at.startswith(stage):
            os._exit(9)

    with open_registry(root) as registry:
        while not Path(go).exists():
            time.sleep(0.002)
        outcome = extend(registry, *(KNOWN[name] for name in names.split(",")), progress=report)
    print(",".join(outcome.changed), ",".join(outcome.unchanged))


if __name__ == "__main__":
    main(*sys.argv[1:])
