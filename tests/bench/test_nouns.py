"""The shape of a bench: the verbs of the main job, ten nouns, and nothing else."""

from __future__ import annotations

import inspect

import pyarrow as pa
import pytest

from workbench.annotations import Annotations
from workbench.bench import (
    Bench,
    Campaigns,
    Collections,
    Dimensions,
    ExtensionTables,
    Groupings,
    Runs,
)
from workbench.bench.moved import MOVED
from workbench.errors import BadArgumentError
from workbench.metrics import Metrics
from workbench.provenance import Provenance
from workbench.sets import SetStore

VERBS = {
    "annotate", "campaign", "group", "impact", "ingest", "load", "make_set", "publish", "query", "read_set",
    "run", "save", "select", "selection", "status", "why_not",
}  # fmt: skip
NOUNS = {
    "annotations": Annotations,
    "campaigns": Campaigns,
    "collections": Collections,
    "dimensions": Dimensions,
    "groupings": Groupings,
    "metrics": Metrics,
    "provenance": Provenance,
    "runs": Runs,
    "sets": SetStore,
    "tables": ExtensionTables,
}
BASICS = {"butler", "close", "registry", "uri"}


def test_a_bench_shows_its_verbs_and_its_nouns_and_nothing_else(bench: Bench) -> None:
    assert {name for name in dir(bench) if not name.startswith("_")} == VERBS | NOUNS.keys() | BASICS
    assert all(inspect.ismethod(getattr(bench, verb)) for verb in VERBS)


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_a_noun_is_one_object_of_one_type(bench: Bench, noun: str) -> None:
    kept = getattr(bench, noun)
    assert type(kept) is NOUNS[noun]
    assert getattr(bench, noun) is kept
    assert repr(kept) == f"{NOUNS[noun].__name__}(repository={bench.uri!r})"


@pytest.mark.parametrize("kind", [Bench, *NOUNS.values()], ids=lambda kind: kind.__name__)
def test_nothing_is_put_together_by_inheritance(kind: type) -> None:
    assert kind.__bases__ == (object,)


@pytest.mark.parametrize("kind", [Bench, *NOUNS.values()], ids=lambda kind: kind.__name__)
def test_public_methods_look_at_their_arguments_and_say_what_they_do(kind: type) -> None:
    methods = {
        name: method
        for name, method in vars(kind).items()
        if not name.startswith("_") and inspect.isfunction(method)
    }
    assert methods
    assert [name for name, method in methods.items() if not hasattr(method, "_is_checked")] == []
    assert [name for name, method in methods.items() if not method.__doc__] == []


def test_every_list_is_a_table(bench: Bench) -> None:
    for noun, kind in NOUNS.items():
        if hasattr(kind, "list"):
            assert isinstance(getattr(bench, noun).list(), pa.Table), noun


@pytest.mark.parametrize(("name", "place"), MOVED.items())
def test_a_notebook_of_an_earlier_session_is_told_where_a_method_is(
    bench: Bench, name: str, place: str
) -> None:
    noun, method = place.split(".")
    assert hasattr(NOUNS[noun], method)
    with pytest.raises(AttributeError, match=rf"no attribute '{name}'; it is bench\.{noun}\.{method} now"):
        getattr(bench, name)
    with pytest.raises(AttributeError, match=r"^A bench has no attribute 'nothing'\.$"):
        bench.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_noun_names_the_argument_that_is_of_another_kind(bench: Bench) -> None:
    with pytest.raises(BadArgumentError, match=r"load\(label=\.\.\.\) takes a text, and not 7"):
        bench.sets.load(7)  # type: ignore[arg-type]
    with pytest.raises(BadArgumentError, match=r"presence\(commit=\.\.\.\) takes a commit or a text"):
        bench.runs.presence(7)  # type: ignore[arg-type]
