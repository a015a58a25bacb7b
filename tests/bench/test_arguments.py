"""Public calls, given what they do not take: a right answer, or a sentence that says what is taken."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.demo import PIPELINE
from workbench.errors import (
    BadArgumentError,
    BadNameError,
    CampaignError,
    MissingFileError,
    StorageError,
    UnknownDataIdError,
    WorkbenchError,
)
from workbench.groupings import folds

ODD: list[Any] = [
    None,
    5,
    "",
    " ",
    [],
    {1},
    {},
    3.5,
    b"x",
    np.int64(5),
    np.str_("i"),
    pd.Series([1, 2]),
    ["a", 5],
    object(),
    Path(),
]
WHOLE = {"close", "recover", "run", "stop", "examine", "acknowledge"}
"""Calls that take nothing that is looked at here, end the bench or execute something."""


@pytest.fixture
def bench(butler_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[wb.Bench]:
    monkeypatch.chdir(tmp_path)
    with wb.open(butler_repo) as bench:
        bench.save(bench.select("visit", "instrument = 'HSC'"), "all", reason="test")
        yield bench


def _right(bench: wb.Bench, tmp_path: Path) -> dict[str, Any]:
    """A value that is right for each parameter without default, by its name."""
    rows = bench.load("all")
    texts = {"before", "after", "label", "name", "left", "right", "word", "key", "text"}
    return {
        **dict.fromkeys(texts, "all"),
        "element": "visit",
        "dimensions": ["visit"],
        "dimension": "visit",
        "where": "instrument = 'HSC'",
        "labels": ["all"],
        "rows": rows,
        "set": rows,
        "new_name": "every",
        "reason": "test",
        "author": "ana",
        "pattern": "cloud",
        "path": tmp_path / "out.json",
        "directory": tmp_path / "sync",
        "targets": {"instrument": "HSC", "visit": 96954},
        "rule": folds(2, seed=1),
        "column": "visit.exposure_time",
        "columns": ["visit.exposure_time"],
        "collections": ["HSC/raw/all"],
        "inputs": ["HSC/raw/all"],
        "source": "test",
        "flag": "bad",
        "meaning": "test",
        "severity": "never use",
        "table": "metrics",
        "query": "select 1",
        "url": "sqlite:///nothing.db",
    }


def _calls(owner: object, right: dict[str, Any]) -> Iterator[tuple[str, str, Any, list[Any], dict[str, Any]]]:
    """Every call with one argument wrong, and all others that are required right."""
    for name, method in inspect.getmembers(type(owner), inspect.isfunction):
        parameters = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
        if name.startswith("_") or name in WHOLE:
            continue
        for wrong in parameters:
            needed = [
                one
                for one in parameters
                if one is wrong
                or (one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL))
            ]
            if wrong.kind == wrong.VAR_KEYWORD or any(
                one is not wrong and one.name not in right for one in needed
            ):
                continue
            for odd in ODD:
                values = {one.name: odd if one is wrong else right[one.name] for one in needed}
                keyword = {one.name: values.pop(one.name) for one in needed if one.kind == one.KEYWORD_ONLY}
                yield name, wrong.name, odd, list(values.values()), keyword


NOUNS = [
    "annotations", "campaigns", "collections", "dimensions", "groupings", "metrics", "provenance", "runs",
    "sets", "tables",
]  # fmt: skip


@pytest.mark.parametrize("part", ["", *NOUNS])
def test_what_is_not_taken_ends_in_a_sentence(bench: wb.Bench, tmp_path: Path, part: str) -> None:
    owner = getattr(bench, part) if part else bench
    failed, methods = [], set()
    for name, parameter, odd, positional, keyword in _calls(owner, _right(bench, tmp_path)):
        methods.add(name)
        try:
            getattr(owner, name)(*positional, **keyword)
        except WorkbenchError as error:
            if len(str(error)) < 10:
                failed.append((name, parameter, odd, error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
            failed.append((name, parameter, odd, error))
    assert not failed, failed[:5]
    assert len(methods) >= {"": 14, "collections": 1}.get(part, 5)


def test_the_sentence_names_what_was_asked_and_what_is_taken(bench: wb.Bench) -> None:
    rows = bench.load("all")
    for call, sentence in {
        lambda: bench.annotate({"instrument": "HSC", "visit": 96954}, text=5): (
            "annotate(text=...) takes a text, and not 5, an int."
        ),
        lambda: bench.load(b"all"): "load(label=...) takes a text, and not b'all', a bytes.",
        lambda: bench.sets.intersections(["all", 5]): (
            "intersections(labels=...) takes several texts (a list of them); 5, an int is among them."
        ),
        lambda: bench.save(
            [1], "a", reason="test"
        ): "takes a set of data IDs, such as bench.select(...) gives",
        lambda: bench.dimensions.records("visit", limit="5"): "takes an integer or None, and not '5', a str.",
        lambda: bench.group(
            "a", rows, 5
        ): "takes a rule, such as wb.folds(2, seed=42) or a text, and not 5, an int.",
        lambda: bench.sets.export(rows, ""): "takes a path, and not '', a str.",
        lambda: wb.open(None): "open_bench(uri=...) takes a path, and not None.",
        lambda: bench.make_set(
            rows.table, unknown="no"
        ): "takes one of 'error', 'drop', and not 'no', a str.",
    }.items():
        with pytest.raises(BadArgumentError) as caught:
            call()  # type: ignore[no-untyped-call]
        assert sentence in str(caught.value)


def test_what_is_meant_is_taken(bench: wb.Bench) -> None:
    assert len(bench.dimensions.records("visit", limit=np.int64(3))) == 3
    assert bench.load(np.str_("all")).label == "all@1"
    for labels in ("all", ["all"], ("all",), {"all"}, pd.Series(["all"]), np.array(["all"])):
        assert bench.sets.intersections(labels).num_rows == 1
    for columns in ("band", ["band"], pd.Index(["band"])):
        assert bench.query("visit", "instrument = 'HSC'", columns).column_names.count("band") == 1


def test_questions_about_nothing_have_one_answer(bench: wb.Bench) -> None:
    rows = bench.load("all")
    where = ("visit", "instrument = 'HSC'")
    for empty in ([], (), pd.Series([], dtype="int64")):
        assert bench.impact(visit=empty).num_rows == 0
        assert bench.why_not(*where, visit=empty) == ""
    none = rows - rows.with_role("exclude")
    assert bench.impact(none).num_rows == 0
    assert bench.why_not(*where, none) == ""
    for nothing in (bench.impact, lambda: bench.why_not(*where)):
        with pytest.raises(WorkbenchError, match="Name a data ID to ask about, such as visit=96954"):
            nothing()  # type: ignore[no-untyped-call]
    for ask in (bench.impact, lambda **named: bench.why_not(*where, **named)):
        with pytest.raises(UnknownDataIdError, match=r"not a DataIdSet. Give a set .* without visit="):
            ask(visit=rows)
    assert len(bench.why_not(*where, rows).splitlines()) == len(rows)


@pytest.mark.parametrize("name", ["no.csv", "no.ecsv", "no.json", "no.parquet"])
def test_files_that_are_not_there(bench: wb.Bench, tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingFileError, match="There is no file"):
        bench.read_set(tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        bench.sets.export(bench.load("all"), tmp_path / "file" / name, form="set")


def test_advice_on_names_is_another_name(bench: wb.Bench) -> None:
    with pytest.raises(BadNameError, match=r"^An output RUN cannot be called ''"):
        bench.campaign("u/ana/a", PIPELINE, ["HSC/raw/all"], output_run="")
    with pytest.raises(CampaignError, match="such as 'HSC/raw/all-2'"):
        bench.campaign("HSC/raw/all", PIPELINE, ["HSC/raw/all"])
