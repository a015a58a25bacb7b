"""Many processes write at once, and each finds its writes there afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import workbench as wb
from tests.crowd import NAME
from workbench.registry import Column, TableDeclaration, open_registry

CHECKOUT = Path(__file__).resolve().parent.parent
N_WRITERS = 8
N_WRITES = 200


def _start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)], cwd=CHECKOUT, stderr=subprocess.PIPE, text=True
    )


def test_no_write_of_many_is_lost(any_repo: Path) -> None:
    writers = [_start("tests.crowd", any_repo, writer, N_WRITES) for writer in range(N_WRITERS)]
    errors = [writer.communicate()[1] for writer in writers]
    assert errors == [""] * N_WRITERS
    wanted = {(writer, turn) for writer in range(N_WRITERS) for turn in range(0, N_WRITES, 2)}
    with wb.open(any_repo) as bench:
        texts = bench.annotations.find()["text"].to_pylist()
        assert sorted(texts) == sorted(f"note {turn} of writer {writer}" for writer, turn in wanted)
        versions = bench.sets.history(NAME)
        assert versions["version"].to_pylist() == [*range(1, len(wanted) + 1)]
        assert sorted(versions["reason"].to_pylist()) == sorted(f"{writer}:{turn}" for writer, turn in wanted)
        for version in (1, len(wanted)):
            assert len(bench.load(f"{NAME}@{version}")) == len(bench.select("visit", "instrument = 'HSC'"))


BULK = TableDeclaration("bulk", (Column("number", "int"), Column("text", "str")))


def test_killed_bulk_import_leaves_the_table_as_it_was(any_repo: Path, tmp_path: Path) -> None:
    with open_registry(any_repo) as registry:
        table = registry.declare(BULK)
        table.append([{"number": 0, "text": "before"}])
        began = tmp_path / "began"
        writer = _start("tests.bulk_writer", any_repo, began)
        while not began.exists():
            assert writer.poll() is None, writer.communicate()[1]
            time.sleep(0.01)
        os.kill(writer.pid, signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        assert writer.stderr is not None
        writer.stderr.close()
        assert table.read(columns=["text"], current=False).to_pydict() == {"text": ["before"]}
        assert table.append([{"number": 1, "text": "after"}]) == 1
        assert table.count() == 2
