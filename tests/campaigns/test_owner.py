"""Which process prepared a commit: alive, dead, or out of sight."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time

import pytest

from workbench.campaigns.commits.owner import Owner, is_under_way, working_on


def test_this_process_is_alive() -> None:
    owner = Owner.current()
    assert owner.liveness() == "alive"
    assert Owner.from_json(json.loads(json.dumps(owner.to_json()))) == owner


def test_another_process_of_the_same_number_is_not_it() -> None:
    assert dataclasses.replace(Owner.current(), started="1").liveness() == "dead"


def test_a_child_that_ended_is_dead_before_and_after_it_is_waited_for() -> None:
    script = (
        "import json; from workbench.campaigns.commits.owner import Owner;"
        "print(json.dumps(Owner.current().to_json()), flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    owner = Owner.from_json(json.loads(child.stdout.readline()))
    assert owner.pid == child.pid
    assert owner.liveness() == "alive"
    child.kill()
    child.stdout.read()
    while owner.liveness() == "alive":
        time.sleep(0.01)
    assert child.returncode is None
    child.communicate()
    assert owner.liveness() == "dead"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"host": "elsewhere"}, "unknown"),
        ({"machine": "another-boot/pid:[1]"}, "dead"),
        ({"machine": f"{Owner.current().machine.partition('/')[0]}/pid:[1]"}, "unknown"),
    ],
)
def test_processes_that_cannot_be_seen(changes: dict[str, str], expected: str) -> None:
    assert dataclasses.replace(Owner.current(), **changes).liveness() == expected


def test_under_way() -> None:
    assert not is_under_way("c1")
    with working_on("c1"):
        assert is_under_way("c1")
    assert not is_under_way("c1")
