"""The page ``docs/benchmarks.md``: measured sections between markers, prose around them."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
_PACKAGES = ("lsst-daf-butler", "lsst-pipe-base", "polars", "numpy")


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """Replace one measured section of the page; a new one goes to its end."""
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    old = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    new = pattern.sub(lambda _: section, old) if begin in old else f"{old.rstrip()}\n\n{section}\n"
    page.write_text(new, encoding="utf-8")


def make_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Make a Markdown table: the first column to the left, the others to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def describe_machine() -> str:
    """Name what was measured on."""
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"Measured on {dt.datetime.now(dt.UTC).date().isoformat()}: {_cpu()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, {platform.system()}; Python {platform.python_version()}, {packages}."
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
