"""Commits whose scripts nobody is to execute."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.campaigns.committing import RUN, TAG, Place, make_request
from workbench.bench import Bench
from workbench.campaigns import commit, read_commits
from workbench.campaigns.commits.presence import Presence
from workbench.errors import (
    CampaignError,
    OutputRunExistsError,
    ReadOnlyError,
    ReasonRequiredError,
    RunError,
    RunGoneError,
)


def execute(script: Path | None, place: Place, inbox: Path) -> subprocess.CompletedProcess[str]:
    """Execute a script as somebody does to whom it was sent alone."""
    assert script is not None
    inbox.mkdir(exist_ok=True)
    command = [sys.executable, shutil.copy(script, inbox / f"a-{script.name}"), str(place.owner)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_withdrawn_commit_frees_its_names_and_stays_on_record(script_place: Place, tmp_path: Path) -> None:
    with Bench(script_place.open()) as bench:
        registry = bench.registry
        first = commit(registry, make_request(registry))
        assert first.script_path is not None
        sent = Path(shutil.copy(first.script_path, tmp_path / "sent.py"))
        with pytest.raises(OutputRunExistsError, match="or withdraw that commit"):
            commit(registry, make_request(registry))
        with pytest.raises(ReasonRequiredError):
            bench.campaigns.withdraw(RUN, reason=" ")
        withdrawn = bench.campaigns.withdraw(RUN, reason="the wrong seeing cut")
        assert (withdrawn.state, withdrawn.commit_id) == ("withdrawn", first.commit_id)
        assert withdrawn.record == first.record
        assert registry.journal.reserved_names() == {}
        assert read_commits(registry)["state"].to_pylist() == ["withdrawn"]
        refused = execute(first.script_path, script_place, tmp_path / "inbox")
        assert refused.returncode == 1
        assert refused.stderr.strip().endswith(
            "Nothing was changed: Withdrawn by its author: the wrong seeing cut"
        )
        presence = bench.runs.presence(first)
        assert presence is not None
        assert presence.presence is Presence.WITHDRAWN
        for ask in (bench.run, bench.ingest):
            with pytest.raises(
                (ReadOnlyError, RunError, RunGoneError), match=r"withdrawn \(the wrong seeing cut\)"
            ):
                ask(first)
        with pytest.raises(CampaignError, match="withdrawn already: the wrong seeing cut"):
            bench.campaigns.withdraw(first, reason="again")
        assert bench.campaigns.examine().damages == ()

        # The names are free: the next commit takes them, and its script does its work.
        second = commit(registry, make_request(registry, n=4))
        assert (second.run, second.tagged) == (RUN, TAG)
        assert execute(second.script_path, script_place, tmp_path / "inbox").returncode == 0
        with pytest.raises(CampaignError, match=f"was executed: {RUN}, {TAG} is in the repository"):
            bench.campaigns.withdraw(second, reason="too late")
        # A copy of the first that lay elsewhere finds the name taken.
        late = execute(sent, script_place, tmp_path / "inbox")
        assert late.returncode == 1
        assert late.stderr.startswith("Nothing was changed: ")
        assert bench.campaigns.examine().damages == ()
        presence = bench.runs.presence(first)
        assert presence is not None
        assert presence.presence is Presence.WITHDRAWN


def test_a_copy_that_is_executed_all_the_same_is_told(script_place: Place, tmp_path: Path) -> None:
    with Bench(script_place.open()) as bench:
        done = commit(bench.registry, make_request(bench.registry))
        assert done.script_path is not None
        sent = Path(shutil.copy(done.script_path, tmp_path / "sent.py"))
        bench.campaigns.withdraw(done, reason="no longer wanted")
        assert execute(sent, script_place, tmp_path / "inbox").returncode == 0
        bench.registry.refresh()
        (damage,) = bench.campaigns.examine().damages
        assert "it was withdrawn (no longer wanted), and somebody executed its script since" in str(damage)
        with Butler.from_config(str(script_place.owner)) as butler:
            assert butler.collections.get_info(RUN).type.name == "RUN"


def test_what_was_carried_out_is_not_withdrawn(sqlite_place: Place) -> None:
    with Bench(sqlite_place.open()) as bench:
        done = commit(bench.registry, make_request(bench.registry))
        with pytest.raises(CampaignError, match=r"was carried out when it was made.*remove-runs"):
            bench.campaigns.withdraw(done, reason="no")
