"""UUIDs of version 7 in bulk."""

from __future__ import annotations

import uuid

import pytest

from workbench.errors import GraphBuildError
from workbench.graph.columns.uuids import UuidMint


def test_every_uuid_is_of_version_7_and_rises() -> None:
    mint = UuidMint(milliseconds=1_700_000_000_123)
    first, second = mint.mint(1000), mint.mint(500)
    ids = [uuid.UUID(bytes=row.tobytes()) for minted in (first, second) for row in minted]
    assert {found.version for found in ids} == {7}
    assert {found.variant for found in ids} == {uuid.RFC_4122}
    assert {found.int >> 80 for found in ids} == {1_700_000_000_123}
    assert ids == sorted(set(ids))


def test_time_and_seed_decide_the_uuids() -> None:
    assert (UuidMint(milliseconds=5, seed=1).mint(9) == UuidMint(milliseconds=5, seed=1).mint(9)).all()
    assert (UuidMint(milliseconds=5).mint(9) != UuidMint(milliseconds=5).mint(9)).any()


def test_the_time_is_now_unless_given() -> None:
    before = uuid.UUID(bytes=UuidMint().mint(1)[0].tobytes()).int >> 80
    after = uuid.UUID(bytes=UuidMint().mint(1)[0].tobytes()).int >> 80
    assert 1_700_000_000_000 < before <= after < 4_000_000_000_000


def test_an_exhausted_mint_says_so() -> None:
    with pytest.raises(GraphBuildError, match="another mint"):
        UuidMint().mint(1 << 32)
