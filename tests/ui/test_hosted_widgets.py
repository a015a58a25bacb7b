"""Editors as ipywidgets, as a user's own cells see them: their traits, without a browser."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import traitlets
from panel.config import panel_extension

from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.ui import widgets


def test_an_editor_says_what_to_load_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_extension, "_loaded", False)
    with pytest.raises(WorkbenchError, match=r"SetEditor.*\n.*\n.*\n.*pn\.extension\(inline=True\)"):
        widgets.SetEditor(bench)


@pytest.mark.usefixtures("loaded")
def test_the_traits_of_a_set_are_told_and_taken(bench: Bench) -> None:
    editor = widgets.SetEditor(bench, "exposure_time > 250")
    assert editor.selection == (("HSC", 18202), ("HSC", 58260))
    editor.curation.toggle(("HSC", 96954), "wanted")
    assert editor.selection == (("HSC", 18202), ("HSC", 58260), ("HSC", 96954))
    assert (editor.where, editor.value) == ("exposure_time > 250", "")
    saved = editor.curation.save("long", "deep")
    assert saved is not None
    assert editor.value == "long@1"
    editor.where = "band = 'i'"
    assert editor.value == ""
    assert editor.selection == tuple(
        ("HSC", row["visit"]) for row in bench.query("visit", "band = 'i'").to_pylist()
    )
    with pytest.raises(traitlets.TraitError, match="bnad"):
        editor.where = "bnad = 'i'"
    editor.value = "long@1"
    assert editor.rows == saved
    editor.selection = [("HSC", 96980)]
    assert editor.curation.history.undo_label == "visits of a cell"
    names = {"bench": bench}
    exec(editor.to_python(), names)
    assert names["visits"] == editor.rows
    with pytest.raises(traitlets.TraitError, match="nosuch"):
        editor.value = "nosuch@1"


@pytest.mark.usefixtures("loaded")
def test_notes_are_about_what_is_selected(bench: Bench) -> None:
    note = bench.annotate({"instrument": "HSC", "visit": 96954}, "a trail")
    editor = widgets.NoteEditor(bench)
    assert editor.value == ()
    editor.selection = [("HSC", 96954), ("HSC", 96980)]
    assert editor.value == (str(note.note_id),)
    editor.where = "exposure_time > 250"
    assert (editor.selection, editor.value) == ((("HSC", 18202), ("HSC", 58260)), ())


@pytest.mark.usefixtures("loaded")
def test_a_hosted_view_asks_no_network_and_is_shown_as_it_is(bench: Bench) -> None:
    editor = widgets.SetEditor(bench, theme="dark")
    hosted, arrival = editor.children
    text = json.dumps(hosted.render_bundle["docs_json"], default=str)
    assert "data:text/css" in text
    assert "https://" not in text.replace("https://example.org", "")
    editor.theme = "light"
    assert editor.desk.theme == "light"
    # What is displayed later has changed meanwhile.
    editor.where = "exposure_time > 250"
    editor._catch_up()
    shown = editor.children[0]
    assert "2 of 12 visits are in the set" in json.dumps(shown.render_bundle["docs_json"], default=str)
    arrival._handle_custom_msg("displayed", [])
    assert editor.children == (shown, arrival)
    editor.where = "exposure_time < 250"
    assert shown.is_stale
    assert hosted._document is None


def test_the_tree_of_collections_tells_what_is_chosen(bench: Bench) -> None:
    tree = widgets.CollectionTree(bench, "HSC/defaults")
    assert json.loads(tree.state)["collection"] == "HSC/defaults"
    tree.state = json.dumps({"collection": "HSC/raw/all"})
    assert tree.value == "HSC/raw/all"
    length = int.from_bytes(tree.detail[:4], "little")
    told = json.loads(tree.detail[4 : 4 + length])
    assert [row[0] for row in told["types"]] == bench.collections.dataset_types(["HSC/raw/all"])[
        "name"
    ].to_pylist()
    with pytest.raises(UnknownNameError):
        tree.value = "nosuch"
    assert tree.value == "HSC/raw/all"


@pytest.mark.usefixtures("loaded")
def test_a_preview_and_its_commit_tell_what_the_api_says(bench: Bench) -> None:
    saved = bench.save(bench.select("visit", "exposure_time < 250"), "short", reason="test")
    panel = widgets.GraphPreview(bench, "u/ana/cell", PIPELINE, ["HSC/defaults"], selection=[saved.label])
    commit = widgets.CommitPanel(panel)
    assert (panel.value, commit.value) == ({}, "")
    panel.where = "detector != 42"
    asyncio.run(panel.plan.make_preview())
    campaign = bench.campaign("u/ana/cell", PIPELINE, ["HSC/defaults"])
    campaign.constrain(include=saved)
    campaign.constrain(where="detector != 42")
    assert panel.value == campaign.preview().n_quanta_by_task
    assert panel.preview is not None
    panel.plan.constraints = panel.plan.constraints[:1]
    assert (panel.selection, panel.where) == ((saved.label,), "")
    asyncio.run(panel.plan.make_preview())
    asyncio.run(panel.plan.make_commit())
    assert commit.value == bench.campaigns.list()["run"].to_pylist()[-1]
    panel.theme = "dark"
    assert commit.desk.theme == "dark"


@pytest.mark.usefixtures("loaded")
def test_what_others_note_is_seen_in_a_cell(bench: Bench, demo_repo: Path) -> None:
    async def wait() -> tuple[str, ...]:
        editor = widgets.NoteEditor(bench, selection=[("HSC", 96954)])
        with open_bench(demo_repo) as other:
            other.annotate({"instrument": "HSC", "visit": 96954}, "seen by another")
        for _ in range(100):
            await asyncio.sleep(0.1)
            if editor.value:
                break
        return tuple(editor.value)

    seen = asyncio.run(wait())
    found = bench.annotations.find({"instrument": "HSC", "visit": 96954})
    assert seen == tuple(found["note_id"].to_pylist())
    assert seen
