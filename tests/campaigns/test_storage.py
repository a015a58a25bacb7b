"""Files of commits: what a commit that did not come to its end leaves is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.campaigns.commits.storage import GRAPHS, CommitFiles
from workbench.graph.file.atomic import replacing


class Killed(BaseException):
    """What no code catches."""


def die_writing(path: Path) -> None:
    with replacing(path) as stream:
        stream.write(b"half")
        raise Killed


def test_removes_all_that_an_unfinished_commit_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, other = CommitFiles(tmp_path, "c1"), CommitFiles(tmp_path, "c2")
    files.make_directory()
    with monkeypatch.context() as patch:
        # A process that is killed runs no clean-up.
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        for one in (files, other):
            with pytest.raises(Killed):
                die_writing(one.temporary(".qg"))
    files.temporary(".py").write_text("script")
    files.script().write_text("script")
    files.graph("d1").write_text("graph")
    left = {path.name for path in (tmp_path / GRAPHS).iterdir()}
    assert sum(name.startswith(".tmp-c1.qg.") and name.endswith(".part") for name in left) == 1
    files.remove(graph_digest="d1")
    (kept,) = (tmp_path / GRAPHS).iterdir()
    assert kept.name.startswith(".tmp-c2.qg.")
    CommitFiles(tmp_path / "none", "c1").remove(graph_digest=None)
