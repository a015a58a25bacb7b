"""Commits killed at whatever they do to files and databases, the Butler's own acts among them."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.campaigns.committing import CONTEXT, RUN, Place, make_request
from tests.campaigns.test_commit import assert_everything_is_there, state_of
from tests.killing import arm
from workbench.bench import Bench
from workbench.campaigns.commits.commit import commit, recover

_MOST_ACTS = 400
"""More than any commit does."""


def _commit_and_die(place: Place, run: str | None, at: int) -> None:
    with place.open() as registry:
        request = make_request(registry, run=run)
        arm(at, Path(place.owner or place.uri).parent)
        commit(registry, request)


def die_at(place: Place, run: str | None, at: int) -> bool:
    """Commit in a process that is killed at an act; return whether it came so far."""
    process = CONTEXT.Process(target=_commit_and_die, args=(place, run, at))
    process.start()
    process.join(300)
    assert process.exitcode in (0, -signal.SIGKILL), (at, process.exitcode)
    return process.exitcode != 0


def settle(place: Place) -> list[str]:
    """Do what `workbench doctor` does; return what became of commits."""
    with Bench(place.open()) as bench:
        found = bench.campaigns.examine()
        assert found.damages == ()
        assert not [one for one in found.leftovers if one.reason], found.leftovers
        again = bench.campaigns.examine()
        assert (again.settled, again.leftovers) == ((), ())
        return [action for _, action in found.settled]


def walk_acts(place: Place, run: str | None, steps: random.Random | None) -> None:
    """Kill a commit at acts one after the other, until one is complete."""
    before = state_of(place)
    at = 1
    while True:
        died = die_at(place, run, at)
        actions = settle(place)
        assert actions in ([], ["rolled back"], ["rolled forward"]), (at, actions)
        if not died or actions == ["rolled forward"]:
            break
        # Dying after everything was done leaves nothing to be settled, and everything in its place.
        if state_of(place) != before:
            break
        at += 1 if steps is None else steps.randint(4, 12)
        assert at < _MOST_ACTS
    assert at > 10, "the first acts are those of our own tables"
    if run is not None and place.owner is None:
        assert_everything_is_there(place, before)
    with place.open() as registry:
        assert registry.journal.pending().num_rows == 0
        assert recover(registry) == []
        request = make_request(registry, run="u/ana/DM-1234/r2", tagged="HSC/raw/next")
        commit(registry, request)


@pytest.mark.parametrize("run", [RUN, None])
def test_killed_at_some_acts(place: Place, run: str | None) -> None:
    walk_acts(place, run, random.Random(random.getrandbits(32)))


def test_a_script_killed_at_some_acts(served_place: Place) -> None:
    walk_acts(served_place, RUN, random.Random(random.getrandbits(32)))


@pytest.mark.soak
def test_killed_at_every_act(place: Place) -> None:
    walk_acts(place, RUN, None)
