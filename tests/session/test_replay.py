"""A session as a notebook: executed in a fresh kernel, it makes the set of the session again."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from workbench.bench import Bench, open_bench
from workbench.demo import BAD_LIST
from workbench.groupings import folds
from workbench.session.curation.curation import Curation
from workbench.session.curation.set_files import SAVE, SetFiles
from workbench.session.desk.desk import Desk
from workbench.session.desk.replay import make_notebook
from workbench.sets import write_set_file

KEY = ("HSC", 96954)


@pytest.fixture
def pristine(demo_repo: Path, tmp_path: Path) -> Path:
    """Root of a repository as it was before the session."""
    return Path(shutil.copytree(demo_repo, tmp_path / "pristine"))


@pytest.fixture
def curation(pristine: Path, bench: Bench, tmp_path: Path) -> Curation:
    """The set at the end of a session in which files were dropped, sets saved and things undone."""
    desk = Desk(bench, author="ana")
    made = Curation(desk)
    made.refresh()
    files = SetFiles(desk, made)
    made.choose("metrics.psf_fwhm < 0.9")
    desk.act("bench.dimensions.records('visit', limit=3)", lambda: bench.dimensions.records("visit", limit=3))
    files.drop([("bad.ecsv", BAD_LIST.read_bytes())], "-", "HSC")
    made.edit([KEY], included=False, reason='it\'s "quoted"\nand <b>bold</b>')
    made.undo()
    made.redo()
    made.save("cosmos", "first")
    write_set_file(bench.select("visit", "band = 'r'"), tmp_path / "red.parquet")
    files.drop([("red.parquet", (tmp_path / "red.parquet").read_bytes())], SAVE, "HSC")
    grouped = "grouping = bench.group('fold', bench.load('cosmos@1'), wb.folds(2, seed=42))"
    desk.act(grouped, lambda: bench.group("fold", bench.load("cosmos@1"), folds(2, seed=42)), kind="write")
    made.apply_saved("|", "red")
    made.edit([(*KEY, min(made.visits.detectors["HSC"]))], included=True, reason="good there")
    made.save("cosmos", "second")
    made.apply_saved("-", "fold-0")
    return made


def write_notebook(curation: Curation) -> nbformat.NotebookNode:
    rows = curation.rows
    assert rows is not None
    content = make_notebook(curation.desk.log, curation.desk.bench, {"visits": rows.key_digest})
    notebook = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(notebook)
    last = "print(visits.key_digest, len(visits))"
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    return notebook


def execute(notebook: nbformat.NotebookNode, directory: Path) -> str:
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(directory)}}).execute()
    return str(notebook.cells[-1].outputs[0]["text"])


def test_a_session_is_replayed_to_the_same_set_without_writing(
    curation: Curation, bench: Bench, tmp_path: Path
) -> None:
    notebook = write_notebook(curation)
    before = bench.registry.last_rows()
    printed = execute(notebook, tmp_path)
    assert curation.rows is not None
    assert printed.split() == [curation.rows.key_digest, str(len(curation.rows))]
    assert bench.registry.last_rows() == before


def test_a_session_is_done_again_on_a_copy_from_before_it(
    curation: Curation, bench: Bench, pristine: Path, tmp_path: Path
) -> None:
    notebook = write_notebook(curation)
    cell = notebook.cells[1]
    cell.source = cell.source.replace("write = False", "write = True").replace(bench.uri, str(pristine))
    printed = execute(notebook, tmp_path)
    assert curation.rows is not None
    assert printed.startswith(curation.rows.key_digest)
    with open_bench(pristine, read_only=True) as again:
        mine, theirs = bench.sets.list(), again.sets.list()
        for column in ("name", "version", "role", "author", "reason", "key_digest", "record_digest"):
            assert mine[column].to_pylist() == theirs[column].to_pylist()


def test_a_repository_that_has_changed_is_noticed(curation: Curation, bench: Bench) -> None:
    notebook = write_notebook(curation)
    sharpest = min(bench.metrics.read().to_pylist(), key=lambda row: row["psf_fwhm"])
    bench.registry.table("metrics").upsert(
        [{"instrument": sharpest["instrument"], "visit": sharpest["visit"], "psf_fwhm": 3.0}]
    )
    names: dict[str, object] = {}
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    with pytest.raises(AssertionError, match="the repository has changed since"):
        exec(code, names)
    opened = names["bench"]
    assert isinstance(opened, Bench)
    opened.close()


def test_a_notebook_of_a_session_in_which_nothing_was_done_runs(bench: Bench, tmp_path: Path) -> None:
    curation = Curation(Desk(bench))
    curation.refresh()
    assert curation.rows is not None
    content = make_notebook(curation.desk.log, bench, {"visits": curation.rows.key_digest})
    notebook = nbformat.reads(content.decode(), as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
