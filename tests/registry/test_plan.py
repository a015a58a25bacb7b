"""Plans: executed and printed with the same effect, all or nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from lsst.daf.butler import Butler, CollectionType, MissingCollectionError

from workbench.errors import (
    CollectionExistsError,
    FenceChangedError,
    OperationCancelledError,
    OutputRunExistsError,
    UnknownNameError,
)
from workbench.registry.plan.plan import (
    Associate,
    InsertRecords,
    Plan,
    PutDocument,
    RedefineChain,
    RegisterChain,
    RegisterDatasetType,
    RegisterRun,
    RegisterTagged,
    SetDocumentation,
)

RUN, TAG, CHAIN = "u/ana/run", "HSC/raw/DM-1", "HSC/raw"
DOCUMENT = '{"name": "O\'Neil \\"quoted\\"", "numbers": [1, 2.5, null], "deep": {"flag": true}}'


@pytest.fixture
def butler(any_repo: Path) -> Iterator[Butler]:
    with Butler.from_config(str(any_repo), writeable=True) as butler:
        yield butler


def make_plan(dataset_ids: tuple[UUID, ...], expected: tuple[str, ...] = ("HSC/raw/all",)) -> Plan:
    """Make a plan that holds every kind of step."""
    return Plan(
        preparation=(RegisterDatasetType("note", (), "StructuredDataDict"),),
        steps=(
            RegisterRun(RUN, 'a "run"\nof two lines, \\ and {braces}'),
            RegisterTagged(TAG, "a tag"),
            Associate(TAG, dataset_ids),
            RedefineChain(CHAIN, (TAG,), expected),
            RegisterChain("HSC/pointer", ""),
            RedefineChain("HSC/pointer", (CHAIN, RUN), ()),
            SetDocumentation("HSC/raw/all", "all of them"),
            PutDocument(RUN, "note", UUID("12345678-1234-5678-1234-567812345678"), DOCUMENT),
            InsertRecords("visit_system", ("instrument", "id", "name"), (("HSC", 7, 'seven "7"'),)),
            InsertRecords(
                "visit_system_membership", ("instrument", "visit", "visit_system"), (("HSC", 18202, 7),)
            ),
        ),
    )


def some_raws(butler: Butler, n: int = 5) -> tuple[UUID, ...]:
    """Return the UUIDs of the first raws."""
    return tuple(sorted(ref.id for ref in butler.query_datasets("raw", "HSC/raw/all"))[:n])


def state_of(root: Path) -> dict[str, object]:
    """Read all of a repository that a plan may write."""
    with Butler.from_config(str(root)) as butler:
        infos = butler.collections.query_info("*", include_doc=True)
        datasets = {
            info.name: sorted(
                (ref.datasetType.name, str(ref.id))
                for ref in butler.query_all_datasets(info.name, find_first=False)
            )
            for info in infos
        }
        notes = [
            butler.get(ref)
            for ref in butler.query_all_datasets("u/*", find_first=False)
            if ref.datasetType.name == "note"
        ]
        return {
            "collections": sorted((i.name, i.type.name, i.doc, i.children) for i in infos),
            "datasets": datasets,
            "notes": notes,
            "records": sorted(
                (record.id, record.name) for record in butler.query_dimension_records("visit_system")
            ),
            "memberships": len(butler.query_dimension_records("visit_system_membership")),
        }


def run_script(script: str, path: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as its reader would, on another repository than its own."""
    path.write_text(script)
    return subprocess.run(
        [sys.executable, str(path), str(root)], capture_output=True, text=True, check=False, timeout=300
    )


def test_execute_does_every_step(butler: Butler, any_repo: Path) -> None:
    told: list[str] = []
    make_plan(some_raws(butler)).execute(butler, progress=lambda stage, fraction=None: told.append(stage))
    state = state_of(any_repo)
    assert len(state["datasets"][TAG]) == 5
    assert state["notes"] == [{"name": 'O\'Neil "quoted"', "numbers": [1, 2.5, None], "deep": {"flag": True}}]
    assert butler.collections.get_info(CHAIN).children == (TAG,)
    assert butler.collections.get_info("HSC/pointer").children == (CHAIN, RUN)
    assert butler.collections.get_info("HSC/raw/all").doc == "all of them"
    assert told[0] == "register dataset type note"
    assert f"register RUN {RUN}" in told
    assert told[-1] == "all steps done"


def test_script_has_the_effect_of_execute(butler_repo: Path, tmp_path: Path) -> None:
    """Of two equal repositories, one is written by the plan and one by its script."""
    other = Path(shutil.copytree(butler_repo, tmp_path / "other"))
    before = state_of(butler_repo)
    with Butler.from_config(str(butler_repo), writeable=True) as butler:
        plan = make_plan(some_raws(butler, 60))
        plan.execute(butler)
    script = plan.to_script(repository="nowhere", purpose='Publish "it" \\ now', file="publish.py")
    done = run_script(script, tmp_path / "publish.py", other)
    assert done.returncode == 0, done.stderr
    assert state_of(other) == state_of(butler_repo) != before


@pytest.mark.postgres
def test_script_on_postgres(postgres_repo: Path, tmp_path: Path) -> None:
    with Butler.from_config(str(postgres_repo)) as butler:
        plan = make_plan(some_raws(butler))
    script = plan.to_script(repository=str(postgres_repo), purpose="Publish")
    done = run_script(script, tmp_path / "plan.py", postgres_repo)
    assert done.returncode == 0, done.stderr
    assert len(state_of(postgres_repo)["datasets"][TAG]) == 5


def test_script_imports_the_butler_alone() -> None:
    script = make_plan((uuid4(),)).to_script(repository="repo", purpose="Publish")
    assert "workbench" not in "".join(line for line in script.splitlines() if "import" in line)


@pytest.mark.parametrize("any_repo", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("expected", "taken", "message"),
    [
        (("HSC/raw/all",), RUN, "cannot be registered"),
        (("HSC/raw/all",), TAG, "cannot be registered"),
        (("HSC/raw/other",), None, "changed by someone else"),
    ],
)
def test_script_refuses(
    butler: Butler, any_repo: Path, *, expected: tuple[str, ...], taken: str | None, message: str
) -> None:
    if taken is not None:
        butler.collections.register(taken, CollectionType.TAGGED)
    script = make_plan(some_raws(butler), expected).to_script(repository="nowhere", purpose="Publish")
    before = state_of(any_repo)
    done = run_script(script, any_repo.parent / "plan.py", any_repo)
    assert done.returncode == 1
    assert "Nothing was changed" in done.stderr
    assert message in done.stderr
    assert state_of(any_repo) == before


@pytest.mark.parametrize(("taken", "error"), [(RUN, OutputRunExistsError), (TAG, CollectionExistsError)])
def test_existing_names_are_refused(
    butler: Butler, any_repo: Path, taken: str, error: type[Exception]
) -> None:
    butler.collections.register(taken, CollectionType.TAGGED, doc="of ben")
    before = state_of(any_repo)
    with pytest.raises(error, match=f"{taken}.*of ben"):
        make_plan(some_raws(butler)).execute(butler)
    assert state_of(any_repo) == before


def test_changed_chain_is_refused(butler: Butler, any_repo: Path) -> None:
    before = state_of(any_repo)
    with pytest.raises(FenceChangedError, match=r"expected \['HSC/raw/DM-0'\], found \['HSC/raw/all'\]"):
        make_plan(some_raws(butler), expected=("HSC/raw/DM-0",)).execute(butler)
    assert state_of(any_repo) == before


def test_missing_datasets_are_refused(butler: Butler, any_repo: Path) -> None:
    before = state_of(any_repo)
    with pytest.raises(UnknownNameError, match="1 of 6 datasets"):
        make_plan((*some_raws(butler), uuid4())).execute(butler)
    assert state_of(any_repo) == before


def test_what_the_guard_raises_undoes_everything(butler: Butler, any_repo: Path) -> None:
    before = state_of(any_repo)

    def guard(inside: Butler) -> None:
        assert inside is butler
        raise FenceChangedError("no")

    with pytest.raises(FenceChangedError, match="no"):
        make_plan(some_raws(butler)).execute(butler, guard=guard)
    assert state_of(any_repo) == before


def test_cancelled_before_the_end_undoes_everything(butler: Butler, any_repo: Path) -> None:
    before = state_of(any_repo)

    def progress(stage: str, fraction: float | None = None) -> None:
        if stage == "all steps done":
            raise OperationCancelledError(stage)

    with pytest.raises(OperationCancelledError):
        make_plan(some_raws(butler)).execute(butler, progress=progress)
    assert state_of(any_repo) == before
    with pytest.raises(MissingCollectionError):
        butler.collections.get_info(RUN)


def test_empty_plan_is_a_valid_script(tmp_path: Path, butler_repo: Path) -> None:
    before = state_of(butler_repo)
    done = run_script(
        Plan((), ()).to_script(repository=str(butler_repo), purpose="Nothing"), tmp_path / "p.py", butler_repo
    )
    assert done.returncode == 0, done.stderr
    assert state_of(butler_repo) == before
