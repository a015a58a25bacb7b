"""The editors of sets and notes in Chromium: by mouse, by keyboard alone, and with markup in every text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.ui.keyboard import tab_to
from tests.ui.reading import expect_equal
from tests.ui.test_journeys import go_to, state_of, table, table_rows
from workbench.bench import open_bench
from workbench.demo import BAD_LIST
from workbench.sets import read_set_file

pytestmark = pytest.mark.browser


def drop(page: Page, zone: Locator, files: dict[str, str]) -> None:
    """Drop files as a file manager does."""
    transfer = page.evaluate_handle(
        """(files) => {
          const transfer = new DataTransfer();
          for (const [name, text] of Object.entries(files)) transfer.items.add(new File([text], name));
          return transfer;
        }""",
        files,
    )
    zone.dispatch_event("drop", {"dataTransfer": transfer})


def save(page: Page, name: str, reason: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Reason (kept with the version)").fill(reason)
    page.get_by_role("button", name="Save", exact=True).click()


def part(page: Page, name: str) -> None:
    page.get_by_role("tablist", name="Parts of the set editor").get_by_role("tab", name=name).click()


def digest_shown(page: Page) -> str:
    found = re.search("[0-9a-f]{64}", page.get_by_text("key digest").inner_text())
    assert found
    return found[0]


def test_a_set_is_edited_combined_restored_and_exported_by_mouse(
    open_page: Callable[..., Page], served: str, served_repo: Path, tmp_path: Path
) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Choose")
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()

    # Files are dropped: each is used for itself, an error names the row.
    zone = page.locator(".wb-drop")
    drop(page, zone, {"bad.ecsv": BAD_LIST.read_text(), "wrong.csv": "exposure,reason\n4711,none such\n"})
    expect(page.get_by_text("10 of 12 visits are in the set")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="wrong.csv")).to_contain_text("4711")
    save(page, "editor", "bad list")
    expect(page.get_by_text("Saved as editor@1: 10 visits")).to_be_visible()

    # One detector of one visit.
    page.get_by_label("Reason for the next edits").fill("hot amplifier")
    page.get_by_role("button", name="detectors of HSC 96954").click()
    expect(page.get_by_text("Detectors of HSC 96954: 6 of 6 are in")).to_be_visible()
    page.get_by_role("button", name="Exclude detector 42").click()
    expect(page.get_by_text("Detectors of HSC 96954: 5 of 6 are in")).to_be_visible()
    expect_equal(lambda: state_of(page, "96954"), ("part", "1 detector by hand"))
    expect(
        table(page, "Visits: in or out, and why").get_by_role("row").filter(has_text="96954")
    ).to_contain_text("5/6")
    undo = page.get_by_role("button", name="Undo: leave out detector 42 of visit 96954").first
    undo.click()
    expect(page.get_by_text("6 of 6 are in")).to_be_visible()
    page.get_by_role("button", name="Redo: leave out detector 42 of visit 96954").click()
    expect(page.get_by_text("It holds 59 detectors of 10 visits.")).to_be_visible()
    save(page, "editor", "one detector")
    expect(page.get_by_text("Saved as editor@2: 59 detectors of 10 visits")).to_be_visible()

    # Download and compare.
    page.get_by_label("As a file").select_option("Parquet")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    waiting.value.save_as(tmp_path / "editor.parquet")
    with open_bench(served_repo, read_only=True) as bench:
        stored = bench.load("editor@2")
        assert read_set_file(tmp_path / "editor.parquet", bench.butler).record_digest == stored.record_digest
    expect_equal(lambda: digest_shown(page), stored.key_digest)

    # Versions: what changed, and the first one again.
    part(page, "Versions")
    page.get_by_label("Saved set", exact=True).filter(visible=True).select_option("editor")
    page.get_by_role("button", name="Compare", exact=True).filter(visible=True).click()
    expect(page.get_by_text("From editor@1 to editor@2: 0 rows gained, 1 lost")).to_be_visible()
    expect_equal(
        lambda: [
            (row["visit"], row["detector"], row["change"])
            for row in table_rows(page, "What changed between the two versions")
        ],
        [("96954", "42", "removed")],
    )
    page.get_by_label("Reason for restoring it").fill("the amplifier was fine")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("editor@1 is the latest version again, as editor@3.")).to_be_visible()

    # Combine: a bar is clicked, its rows are taken.
    part(page, "Combine sets")
    page.get_by_label("Saved sets (2").select_option(["editor@1", "editor@2"])
    page.get_by_role("button", name="Compare", exact=True).filter(visible=True).click()
    page.get_by_role("button", name=re.compile("^1 rows in editor@1, not in editor@2")).click()
    expect(page.get_by_text("1 are taken into the set")).to_be_visible()
    expect_equal(
        lambda: [
            (row["rows"], row["state"][-2:])
            for row in table_rows(page, "Rows by the sets that hold them, as a table")
        ],
        [("59", ""), ("1", "in")],
    )
    page.get_by_role("button", name="Take all").click()
    expect(page.get_by_text("60 are taken into the set")).to_be_visible()
    page.get_by_role("button", name="Undo: take in").filter(visible=True).click()
    expect(page.get_by_text("1 are taken into the set")).to_be_visible()

    # The session as a notebook holds every digest that the page has shown.
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export this session as a notebook").click()
    waiting.value.save_as(tmp_path / "session.ipynb")
    notebook = nbformat.read(tmp_path / "session.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    with open_bench(served_repo, read_only=True) as bench:
        for label in ("editor@1", "editor@2"):
            assert bench.load(label).key_digest in code
        names: dict[str, object] = {}
        exec(code, names)
        names["bench"].close()  # type: ignore[attr-defined]
        assert len(names["visits"]) == 1  # type: ignore[arg-type]


def test_a_note_is_written_revised_and_followed_by_mouse(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    go_to(page, "Choose")
    part(page, "Notes")
    page.get_by_label("About: visits").fill("19676.42; 19676.49")
    page.get_by_role("button", name="Show notes").click()
    expect(page.get_by_text("0 notes on 2 targets")).to_be_visible()
    page.get_by_label("Text", exact=True).fill("crosstalk of a bright star")
    page.get_by_label("Flag", exact=True).select_option("artifact (needs follow-up)")
    page.get_by_label("Tags, separated").fill("star, crosstalk")
    page.get_by_role("button", name="Preview the note").click()
    expect(
        page.get_by_text("one note on 2 targets, with the flag artifact (needs follow-up)")
    ).to_be_visible()
    expect(table(page, "What the note will be about").locator("tbody tr")).to_have_count(2)
    expect(page.get_by_text("0 notes on 2 targets")).to_be_visible()
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_text("Noted on 2 targets.")).to_be_visible()

    page.get_by_role("button", name="Edit note 1").click()
    page.get_by_label("Flag", exact=True).select_option("bad (never use)")
    page.get_by_label("Reason for the change").fill("worse than thought")
    page.get_by_role("button", name="Save the revision").click()
    expect(page.get_by_text("1 note on 2 targets: never use 1")).to_be_visible()
    page.get_by_label("do this").select_option("add a tag")
    page.get_by_label("Tag or link").fill("checked")
    page.get_by_label("Reason for changing them").fill("meeting")
    page.get_by_role("button", name="Preview the changes").click()
    expect(page.get_by_text("Will be written: a revision of 1 note, all or none.")).to_be_visible()
    expect_equal(
        lambda: [row["after"] for row in table_rows(page, "What would change")],
        ["bad; star; crosstalk; checked"],
    )
    page.get_by_role("button", name="Write the revisions").click()
    expect(page.get_by_text("1 note revised.")).to_be_visible()
    page.get_by_role("button", name="revisions of note 1").click()
    expect(page.get_by_text("History of note 1")).to_be_visible()
    expect_equal(
        lambda: [
            (row["did"], row["flag"], row["reason"]) for row in table_rows(page, "Revisions of the note")
        ],
        [
            ("wrote", "artifact", ""),
            ("revised", "bad", "worse than thought"),
            ("revised", "bad", "meeting"),
        ],
    )
    page.get_by_role("button", name="Edit note 1").click()
    page.get_by_label("Reason for the change").fill("it was a star")
    page.get_by_role("button", name="Retract", exact=True).click()
    expect(page.get_by_text("The note was retracted; it stays in the history.")).to_be_visible()
    expect(page.get_by_text("0 notes on 2 targets")).to_be_visible()


def test_a_set_is_edited_and_noted_on_by_keyboard_alone(open_page: Callable[..., Page], served: str) -> None:
    page = open_page()
    page.goto(served)
    expect(page.get_by_text("12 visit records.")).to_be_visible()
    tab_to(page, "1\nBrowse")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("12 of 12 visits are in the set")).to_be_visible()
    tab_to(page, "Visits by number")
    page.keyboard.type("96954 96980.42")
    tab_to(page, "Leave these out")
    page.keyboard.press("Enter")
    expect(page.get_by_text("11 of 12 visits are in the set (1 of them in part)")).to_be_visible()
    tab_to(page, "detectors of HSC 96980")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Detectors of HSC 96980: 5 of 6 are in")).to_be_visible()
    tab_to(page, "Undo detector 42")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Detectors of HSC 96980: 6 of 6 are in")).to_be_visible()
    tab_to(page, "Name")
    page.keyboard.type("keyboard")
    tab_to(page, "Reason (kept")
    page.keyboard.type("by hand")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved as keyboard@1: 11 visits")).to_be_visible()
    page.get_by_role("tab", name="This set").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Decided by hand").first).to_be_visible()
    tab_to(page, "Decided by hand")
    page.keyboard.press("Enter")
    expect(page.get_by_text("on 1 decided by hand")).to_be_visible()
    tab_to(page, "Text")
    page.keyboard.type("left out by keyboard")
    tab_to(page, "Preview the note")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Will be written: one note on 1 target, without a flag")).to_be_visible()
    tab_to(page, "Write it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Noted on 1 target.")).to_be_visible()
    page.get_by_role("tab", name="Notes").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Choose saved sets and compare them.")).to_be_visible()


def test_markup_is_text_everywhere(open_page: Callable[..., Page], served: str, served_repo: Path) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    other, page = open_page(), open_page()
    for opened in (other, page):
        opened.on("dialog", refuse)
        opened.goto(served)
        go_to(opened, "Choose")
        expect(opened.get_by_text("12 of 12 visits are in the set")).to_be_visible()

    # In the names of files and in what they hold.
    named = f"{attack.replace('/', '')}.csv"
    drop(page, page.locator(".wb-drop"), {named: f"visit,reason\n96980,{attack}\n", f"wrong{named}": attack})
    expect(page.get_by_text(f"{named}: 1 row over instrument, visit.")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=f"wrong{named}")).to_be_visible()
    expect(page.get_by_text(f"{named}: {attack}").first).to_be_visible()
    # In the reasons of edits, versions and rules.
    page.get_by_label("Reason for the next edits").fill(attack)
    page.get_by_role("button", name="Exclude HSC 96954").click()
    expect(page.get_by_text(f"by hand: {attack}").first).to_be_visible()
    save(page, "attack", attack)
    expect(page.get_by_text("Saved as attack@1: 10 visits")).to_be_visible()
    expect(other.get_by_text(re.compile(r"saved attack@1 \(10 rows\): " + re.escape(attack)))).to_be_visible()
    page.get_by_role("button", name="Show the whole session").click()
    part(page, "Versions")
    page.get_by_label("Saved set", exact=True).filter(visible=True).select_option("attack")
    expect(page.get_by_role("cell", name=attack)).to_be_visible()
    # In notes, from the other page too, and in what goes wrong.
    for opened in (other, page):
        part(opened, "Notes")
        opened.get_by_label("About: visits").fill("96908")
        opened.get_by_role("button", name="Show notes").click()
        expect(opened.get_by_text(re.compile(r"\d+ notes? on 1 target"))).to_be_visible()
    page.get_by_label("Text", exact=True).fill(attack)
    page.get_by_label("Tags, separated").fill(attack)
    page.get_by_role("button", name="Preview the note").click()
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_role("cell", name=attack).first).to_be_visible()
    expect(other.get_by_text(re.compile("wrote about .*" + re.escape(attack)))).to_be_visible()
    page.get_by_label("Links, separated").fill("javascript:alert(1)")
    page.get_by_label("Text", exact=True).fill(attack)
    page.get_by_role("button", name="Preview the note").click()
    expect(page.get_by_text("'javascript:alert(1)' is no link")).to_be_visible()
    page.get_by_label("About: visits").fill(attack)
    page.get_by_role("button", name="Show notes").click()
    expect(
        page.get_by_text("There is no collection").or_(page.get_by_text("is no dimension"))
    ).to_be_visible()

    for opened in (other, page):
        assert opened.locator("img[src=x]").count() == 0
        assert opened.evaluate(
            "[...document.querySelectorAll('script')].every((s) => !s.text.includes('alert(2)'))"
        )
        assert opened.get_by_role("link").filter(has_text="javascript").count() == 0
    assert dialogs == []
    with open_bench(served_repo, read_only=True) as bench:
        assert bench.sets.history("attack")["reason"].to_pylist() == [attack]
