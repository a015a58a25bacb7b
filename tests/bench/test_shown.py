"""Objects of the bench in a terminal and in a notebook: all have a short form and a table."""

from __future__ import annotations

import enum
import importlib
import inspect
from collections.abc import Iterator

import pytest

import workbench as wb
from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.groupings import GroupingRule
from workbench.metrics import ImportOptions
from workbench.presentation import LONGEST

PACKAGES = (
    "annotations", "bench", "campaigns", "exports", "graph", "groupings", "metrics", "provenance", "query",
    "registry", "runs", "sets", "snapshot",
)  # fmt: skip
WITHOUT_INSTANCES = (GroupingRule, ImportOptions)


def iter_public_classes() -> Iterator[type]:
    for package in PACKAGES:
        module = importlib.import_module(f"workbench.{package}")
        for name in module.__all__:
            value = getattr(module, name)
            # An enumeration is a word; what may be anything is `object`.
            if (
                inspect.isclass(value)
                and value is not object
                and not issubclass(value, Exception | enum.Enum)
            ):
                yield value


@pytest.mark.parametrize("kind", [*iter_public_classes()], ids=lambda kind: kind.__name__)
def test_every_public_class_shows_itself(kind: type) -> None:
    if kind in WITHOUT_INSTANCES or inspect.isabstract(kind):
        return
    assert hasattr(kind, "_repr_html_"), kind
    assert kind.__repr__ is not object.__repr__


def test_none_is_longer_than_a_screen(bench: Bench) -> None:
    good = bench.select("visit", "instrument = 'HSC' AND metrics.psf_fwhm < 1.2")
    visits = bench.save(good, "all", reason="<b>bold</b> " * 100)
    folds = bench.group("fold", visits, wb.folds(2, seed=42))
    campaign = bench.campaign("u/ana/shown", PIPELINE, ["HSC/defaults"])
    campaign.constrain(tasks="coadd", include=visits)
    preview = campaign.preview()
    what_if = campaign.what_if(where="visit > 19000")
    commit = campaign.commit(preview)
    shown = [
        bench, bench.registry, good, visits, bench.selection("visit", "instrument = 'HSC' AND visit > 9"),
        folds, wb.folds(2, seed=42), wb.by_table(folds.relation), campaign, campaign.to_file(), preview,
        preview.why_not(visit=96954), preview.explain(visit=96954), preview.columns, preview.request,
        preview.neighbourhood("coadd", {"tract": 0, "patch": 3, "band": "i"}), what_if, what_if.difference,
        commit, bench.campaigns.forecast(campaign, preview), bench.annotations, bench.metrics,
        bench.provenance, bench.dimensions, bench.sets, bench.groupings, bench.tables, bench.collections,
        bench.campaigns, bench.runs, bench.tables.find("metrics"), bench.tables.find("metrics").declaration,
        *campaign.constraints, preview.absence, preview.binding, preview.causes, preview.closure,
        preview.fence, preview.finished, preview.graph, preview.skipping,
    ]  # fmt: skip
    for item in shown:
        name = type(item).__name__
        assert 0 < len(repr(item)) <= LONGEST, name
        assert repr(item).startswith(name), repr(item)
        html = item._repr_html_()
        assert html.startswith(f"<b>{name}</b>"), html
        assert len(html) <= LONGEST, name
        assert "<b>bold" not in html
    assert "<th>task</th>" in preview._repr_html_()
    assert f"<td>{preview.n_quanta}</td>" in preview._repr_html_()
