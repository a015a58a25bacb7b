"""The other end: where a repository's files are, and somebody may write them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from workbench.campaigns import Commit


class Facility:
    """Executes what was sent to it, with the stock tools alone.

    Parameters
    ----------
    root : `pathlib.Path`
        The repository there.
    inbox : `pathlib.Path`
        Directory of the files that were sent.
    """

    def __init__(self, root: Path, inbox: Path):
        self.root = root
        self._inbox = inbox

    def register(self, commit: Commit) -> str:
        """Execute the script of a commit; return what it printed."""
        assert commit.script_path is not None
        self._inbox.mkdir(exist_ok=True)
        if commit.graph_path is not None:
            shutil.copy(commit.graph_path, self._inbox)
        return self._run(sys.executable, shutil.copy(commit.script_path, self._inbox), str(self.root))

    def run(self, commit: Commit) -> None:
        """Execute its graph, and bring back what ran."""
        assert commit.graph_path is not None
        graph = self._inbox / commit.graph_path.name
        prov = graph.with_suffix(".prov.qg")
        for command in ("pre-exec-init-qbb", "run-qbb"):
            self._run("pipetask", command, str(self.root), str(graph))
        options = ("--complete", "--register-dataset-types", "--update-output-chain", "-o", str(prov))
        self._run("butler", "aggregate-graph", str(graph), str(self.root), *options)
        self._run("butler", "ingest-graph", str(self.root), str(prov))

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
        return done.stdout
