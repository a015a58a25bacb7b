"""A process that was forked off one with an open repository gets a sentence, and never hangs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import os, sys, faulthandler
import workbench as wb

def in_child(call):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            print(call(), flush=True)
        except wb.errors.ForkedProcessError as error:
            print("refused:", str(error).partition(".")[0], flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

def select(bench):
    return len(bench.select("visit", "instrument = 'HSC'"))

in_child(lambda: select(wb.open(sys.argv[1], read_only=True)))  # nothing was used yet
bench = wb.open(sys.argv[1], read_only=True)
n_visits = select(bench)
in_child(lambda: select(bench))
in_child(lambda: select(wb.open(sys.argv[1], read_only=True)))
print(select(bench) == n_visits)
"""


def test_a_forked_child_is_refused_with_a_sentence(butler_repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE, str(butler_repo)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    first, second, third, last = done.stdout.splitlines()
    assert first.isdigit()
    assert second == third == "refused: This process was forked off one that had a repository open"
    assert last == "True"
