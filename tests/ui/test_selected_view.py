"""The selection handed on: to the set, and to the notes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from tests.ui.reading import expect_equal
from tests.ui.test_journeys import state_of
from workbench.bench import Bench, open_bench
from workbench.session.content.rows import VisitRows
from workbench.ui.app import Application, make_application

TWO = [("HSC", 96954), ("HSC", 96980)]


@pytest.fixture
def application(bench: Bench) -> Application:
    made = make_application(bench)
    made.selection.show(VisitRows.read(bench))
    return made


def press(view: object) -> None:
    view.param.trigger("clicks")  # type: ignore[attr-defined]


def test_visits_are_left_out_and_taken_in(application: Application, bench: Bench) -> None:
    view, curation = application.selected, application.curation
    assert view.leave_out.disabled
    application.selection.select(TWO)
    assert not view.leave_out.disabled
    view.reason.value = "trailed"
    press(view.leave_out)
    assert curation.rows == bench.select("visit") - bench.make_set(
        [{"instrument": "HSC", "visit": visit} for _, visit in TWO]
    )
    assert {edit.reason for edit in curation.draft.edits.values()} == {"trailed"}
    press(view.take_in)
    assert curation.rows is not None
    assert curation.rows.key_digest == bench.select("visit").key_digest
    curation.undo()
    assert curation.rows is not None
    assert len(curation.rows) == 10


def test_single_detectors_are_left_out(application: Application) -> None:
    application.selection.select(TWO, [("HSC", 42)])
    press(application.selected.leave_out)
    assert set(application.curation.draft.edits) == {("HSC", 96954, 42), ("HSC", 96980, 42)}
    assert application.curation.size == "70 detectors of 12 visits"
    application.selection.select([], [("HSC", 42)])
    assert application.selected.leave_out.disabled


def test_the_selection_becomes_the_set_with_python_that_gives_it(
    application: Application, bench: Bench
) -> None:
    application.selection.select(TWO)
    press(application.selected.begin)
    rows = application.curation.rows
    assert rows is not None
    assert [row["visit"] for row in rows.table.to_pylist()] == [96954, 96980]
    names = {"bench": bench}
    exec(application.curation.to_python(), names)
    assert names["visits"] == rows


def test_a_selection_of_thousands_is_an_expression_too(application: Application) -> None:
    application.selection.select(("HSC", number) for number in range(3000))
    assert application.selection.to_python().startswith("#")
    taken: list[list[dict[str, object]]] = []
    bench_of = SimpleNamespace(make_set=lambda rows, dimensions: taken.append(rows))
    eval(application.selection.to_expression(), {"bench": bench_of})
    assert [row["visit"] for row in taken[0]] == list(range(3000))


def test_outliers_are_noted_and_left_out_in_the_browser(
    open_page: Callable[..., Page], served: str, served_repo: Path
) -> None:
    page = open_page()
    page.goto(served)
    page.get_by_role("tab", name="Explore").click()
    expect(page.get_by_text("Nothing is selected: mark visits")).to_be_visible()
    page.get_by_label("Select HSC 96954").first.click()
    page.get_by_label("Select HSC 96980").first.click()
    expect(page.get_by_text("2 visits selected.").last).to_be_visible()
    page.get_by_label("Reason for the edit").fill("trailed")
    page.get_by_role("button", name="Leave it out of the set").click()
    expect(page.get_by_text("Left out: 10 visits in the set.")).to_be_visible()
    page.get_by_role("button", name="Note on it").click()
    expect(page.get_by_text(re.compile(r"\d notes? on the selection: 2 rows"))).to_be_visible()
    page.get_by_label("Text", exact=True).fill("seen from Explore")
    page.get_by_role("button", name="Preview the note").click()
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_text("Noted on")).to_be_visible()
    with open_bench(served_repo, read_only=True) as api:
        for _, visit in TWO:
            found = api.annotations.find({"instrument": "HSC", "visit": visit})
            assert "seen from Explore" in found["text"].to_pylist()
    page.get_by_role("tab", name="This set").click()
    expect_equal(lambda: [state_of(page, visit)[0] for visit in ("96954", "96980")], ["out", "out"])
