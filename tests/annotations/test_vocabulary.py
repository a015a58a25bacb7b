"""The vocabulary of flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.annotations import CURATED_FLAGS, Annotations
from workbench.errors import AnnotationError, BadArgumentError
from workbench.registry import open_registry


def test_the_curated_flags_have_two_severities(butler_repo: Path) -> None:
    with open_registry(str(butler_repo), read_only=True) as registry:
        vocabulary = Annotations(registry).vocabulary()
    assert vocabulary == dict(CURATED_FLAGS)
    assert set(vocabulary.values()) == {"never use", "needs follow-up"}
    assert vocabulary["bad"] == "never use"


def test_a_repository_can_have_more(any_repo: Path) -> None:
    with open_registry(str(any_repo)) as registry:
        notes = Annotations(registry)
        notes.extend_vocabulary("satellites", "needs follow-up", "many bright trails", author="ana")
        # The same again is no news.
        notes.extend_vocabulary("satellites", "needs follow-up", "many bright trails", author="ben")
        assert registry.table("annotation_flags").count(current=False) == 1
        notes.add({"instrument": "HSC", "visit": 96954}, "look", flag="satellites")
        assert notes.find()["severity"].to_pylist() == ["needs follow-up"]
    with open_registry(str(any_repo), read_only=True) as registry:
        assert Annotations(registry).vocabulary()["satellites"] == "needs follow-up"


@pytest.mark.parametrize(
    ("flag", "severity", "meaning", "message"),
    [
        ("bad", "needs follow-up", "x", "exists and says 'never use'"),
        ("Bad flag", "never use", "x", "is no name"),
        ("odd", "never use", " ", "no meaning"),
    ],
)
def test_wrong_additions(butler_repo: Path, flag: str, severity: str, meaning: str, message: str) -> None:
    with open_registry(str(butler_repo)) as registry, pytest.raises(AnnotationError, match=message):
        Annotations(registry).extend_vocabulary(flag, severity, meaning)  # type: ignore[arg-type]


def test_another_severity_is_refused(butler_repo: Path) -> None:
    with (
        open_registry(str(butler_repo)) as registry,
        pytest.raises(BadArgumentError, match="one of 'never use', 'needs follow-up', and not 'maybe'"),
    ):
        Annotations(registry).extend_vocabulary("odd", "maybe", "x")  # type: ignore[arg-type]
