"""Whether two graph files hold the same graph; run as a process, because it needs memory.

``python -m tests.benchmarks.same_graph OURS STOCK`` prints the first
differences and ends with 1 if there are any.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.graph.oracle import iter_differences
from workbench.graph import read_graph

if __name__ == "__main__":
    found = list(iter_differences(*(read_graph(Path(path)) for path in sys.argv[1:])))
    print("\n".join(found))
    sys.exit(1 if found else 0)
