"""Commits: killed, failed or raced between any two steps, all of it is there or nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lsst.daf.butler import Butler, CollectionType

from tests.campaigns.committing import (
    CHAIN,
    CONTEXT,
    GRAPH,
    INSIDE_WRITE,
    RUN,
    TAG,
    Place,
    commit_in_a_process_killed_at,
    commit_until,
    hold_open,
    make_request,
    race,
    some_raws,
)
from workbench.campaigns.commits.commit import (
    CommitRequest,
    Publication,
    _make_checks,
    commit,
    load_commit,
    read_commits,
    recover,
)
from workbench.campaigns.commits.marker import make_marker
from workbench.errors import (
    CampaignError,
    CollectionExistsError,
    CommitError,
    EmptySetError,
    FenceChangedError,
    OperationCancelledError,
    OutputRunExistsError,
    ReadOnlyError,
    UnknownNameError,
)
from workbench.registry import open_registry
from workbench.snapshot.reads import Fence

DIGEST = hashlib.sha256(GRAPH).hexdigest()
RESERVE = "reserve the names"
MARK = "mark committed"
WRITE_STAGES = (
    "write the graph file",
    INSIDE_WRITE,
    "flush the graph file",
    "record the graph file",
    "name the graph file",
)
BUTLER_STAGES = (
    "open the repository to write",
    "register dataset type workbench_workflow",
    f"register RUN {RUN}",
    f"register TAGGED {TAG}",
    f"associate 5 datasets with {TAG}",
    f"point {CHAIN} to {TAG}",
    f"put workbench_workflow into {RUN}",
    "all steps done",
)
SCRIPT_STAGES = ("write the script", "flush the script", "name the script", "check the fence")
STAGES = (RESERVE, *WRITE_STAGES, *BUTLER_STAGES, MARK)


def state_of(place: Place) -> dict[str, object]:
    """Read all that a commit may write, as readers see it."""
    with place.open(read_only=True) as registry:
        butler = registry.butler
        infos = butler.collections.query_info("*", include_doc=True)
        files = {path for root in _roots(place) for path in root.rglob("*") if path.is_file()}
        return {
            "collections": sorted((i.name, i.type.name, i.doc, i.children) for i in infos),
            "datasets": {
                info.name: sorted(
                    str(ref.id) for ref in butler.query_all_datasets(info.name, find_first=False)
                )
                for info in infos
            },
            "files": sorted(str(path) for path in files if "sqlite3" not in path.name),
            "commits": read_commits(registry).to_pylist(),
            "pending": registry.journal.pending().num_rows,
            "reserved": registry.journal.reserved_names(),
        }


def _roots(place: Place) -> list[Path]:
    return [Path(place.owner or place.uri), *([Path(place.sidecar)] if place.sidecar else [])]


def execute(script: Path | None, place: Place, directory: Path) -> subprocess.CompletedProcess[str]:
    """Execute a script as somebody who may write, who was sent the script alone."""
    assert script is not None
    assert place.owner is not None
    directory.mkdir(exist_ok=True)
    sent = shutil.copy(script, directory)
    command = [sys.executable, sent, place.owner]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def recover_at(place: Place) -> list[str]:
    """Do what the next open that may write does; return the actions."""
    with place.open() as registry:
        return [action for _, action in recover(registry)]


def assert_everything_is_there(place: Place, before: dict[str, object]) -> None:
    """Check collections, chain, tags, record, files, journal and reserved names."""
    with place.open(read_only=True) as registry:
        butler, done = registry.butler, load_commit(registry, RUN)
        for name, kind in ((RUN, CollectionType.RUN), (TAG, CollectionType.TAGGED)):
            info = butler.collections.get_info(name)
            assert info.type is kind
            assert done.commit_id in info.doc
        tagged = butler.query_datasets("raw", TAG)
        assert {ref.id for ref in tagged} == set(some_raws(registry, 5))
        assert butler.collections.get_info(CHAIN).children == (TAG,)
        document = butler.get("workbench_workflow", collections=RUN)
        assert document["commit"] == done.commit_id
        assert document["graph_digest"] == DIGEST
        assert (
            document["record"] == done.record == {"pipeline": {"text": "tasks: {}"}, "quanta": {"coadd": 3}}
        )
        assert done.graph_path is not None
        assert done.graph_path.read_bytes() == GRAPH
        assert [path.name for path in done.graph_path.parent.iterdir()] == [f"{DIGEST}.qg"]
        assert (done.graph_digest, done.script_path, done.n_published) == (DIGEST, None, 5)
        assert read_commits(registry, pending=True)["state"].to_pylist() == ["committed"]
        assert registry.journal.reserved_names() == {}
    files = set(state_of(place)["files"]) - set(before["files"])
    assert len(files) == 2, files  # the graph, and the record in the datastore


def test_stages_are_all_there_are(sqlite_place: Place) -> None:
    """What the tests below stop at is what a commit tells, in this order."""
    told: list[str] = []
    before = state_of(sqlite_place)
    with sqlite_place.open() as registry:
        commit(registry, make_request(registry), lambda stage, fraction=None: told.append(stage))
    assert told == [stage for stage in STAGES if stage != INSIDE_WRITE]
    assert_everything_is_there(sqlite_place, before)


def test_killed_between_any_two_steps(place: Place) -> None:
    before = state_of(place)
    for stage in STAGES:
        commit_in_a_process_killed_at(place, stage)
        expected = [] if stage == RESERVE else ["rolled forward" if stage == MARK else "rolled back"]
        with place.open(read_only=True) as registry:
            # A reader sees it as pending, and cannot settle it.
            assert read_commits(registry, pending=True)["state"].to_pylist() == ["prepared"] * len(expected)
            assert read_commits(registry).num_rows == 0
            assert all("read-only" in action for _, action in recover(registry))
        assert recover_at(place) == expected, stage
        assert recover_at(place) == []
        if stage != MARK:
            assert state_of(place) == before, stage
    assert_everything_is_there(place, before)


def test_failed_between_any_two_steps(place: Place) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    before = state_of(place)
    for stage in STAGES[1:-1]:
        with pytest.raises(CommitError, match="No space left on device") as caught:
            commit_until(place, stage, fail)
        assert "nothing of it remains" in str(caught.value)
        assert isinstance(caught.value.__cause__, OSError)
        assert state_of(place) == before, stage
    # The first fails before there is a commit, the last when it is complete.
    with pytest.raises(OSError, match="No space left") as early:
        commit_until(place, RESERVE, fail)
    assert not hasattr(early.value, "__notes__")
    with pytest.raises(OSError, match="No space left") as late:
        commit_until(place, MARK, fail)
    assert "complete before that" in late.value.__notes__[0]
    assert recover_at(place) == []
    assert_everything_is_there(place, before)


@pytest.mark.parametrize("error", [OperationCancelledError("stop"), KeyboardInterrupt()])
def test_cancelled_between_any_two_steps(sqlite_place: Place, error: BaseException) -> None:
    def cancel() -> None:
        raise error

    before = state_of(sqlite_place)
    for stage in STAGES[:-1]:
        with pytest.raises(type(error)):
            commit_until(sqlite_place, stage, cancel)
        assert state_of(sqlite_place) == before, stage


def test_cancelled_too_late(place: Place) -> None:
    def cancel() -> None:
        raise OperationCancelledError("stop")

    before = state_of(place)
    assert commit_until(place, MARK, cancel).state == "committed"
    assert_everything_is_there(place, before)


def test_script_mode_killed_or_failed(script_place: Place, tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("no")

    before = state_of(script_place)
    for stage in (RESERVE, *WRITE_STAGES, *SCRIPT_STAGES, MARK):
        commit_in_a_process_killed_at(script_place, stage)
        assert recover_at(script_place) == ([] if stage == RESERVE else ["rolled back"])
        assert state_of(script_place) == before, stage
        with pytest.raises(RuntimeError, match="no"):
            commit_until(script_place, stage, fail)
        assert state_of(script_place) == before, stage

    told: list[str] = []
    with script_place.open() as registry:
        done = commit(registry, make_request(registry), lambda stage, fraction=None: told.append(stage))
        assert told == [s for s in (RESERVE, *WRITE_STAGES, *SCRIPT_STAGES, MARK) if s != INSIDE_WRITE]
        assert done.state == "committed"
        assert done.graph_path is not None
        assert done.graph_path.read_bytes() == GRAPH
        # The names stay ours until the script has registered them.
        assert registry.journal.reserved_names() == {RUN: done.commit_id, TAG: done.commit_id}
        with pytest.raises(OutputRunExistsError, match="reserved by the committed commit"):
            commit(registry, make_request(registry))
    after = state_of(script_place)
    assert after["collections"] == before["collections"]

    assert done.script_path is not None
    assert done.script_path.parent == done.graph_path.parent
    run = execute(done.script_path, script_place, tmp_path / "sent")
    assert run.returncode == 0, run.stderr
    assert f"Put the graph file {DIGEST}.qg beside this script" in run.stdout
    with script_place.open(read_only=True) as registry:
        assert done.commit_id in registry.butler.collections.get_info(RUN).doc
        assert len(registry.butler.query_datasets("raw", TAG)) == 5
        assert registry.butler.collections.get_info(CHAIN).children == (TAG,)
        assert registry.butler.get("workbench_workflow", collections=RUN)["commit"] == done.commit_id
    # Again, and after the chain has moved on: nothing is done a second time.
    with Butler.from_config(script_place.owner, writeable=True) as butler:
        butler.collections.redefine_chain(CHAIN, ["HSC/raw/all", "HSC/calib"])
    before = state_of(script_place)
    run = execute(done.script_path, script_place, tmp_path / "sent")
    assert (run.returncode, run.stdout.splitlines()[0]) == (
        0,
        "All of it was done before; nothing was changed.",
    )
    assert state_of(script_place) == before


def change_inputs(butler: Butler) -> None:
    butler.collections.redefine_chain("HSC/defaults", ["HSC/calib"])


def change_datasets(butler: Butler) -> None:
    ref = next(iter(butler.query_datasets("raw", "HSC/raw/all", limit=1)))
    butler.pruneDatasets([ref], purge=True, unstore=True)


def take_the_run(butler: Butler) -> None:
    butler.collections.register(RUN, CollectionType.RUN)


def take_the_tag(butler: Butler) -> None:
    butler.collections.register(TAG, CollectionType.TAGGED)


def move_the_chain(butler: Butler) -> None:
    butler.collections.redefine_chain(CHAIN, ["HSC/calib", "HSC/raw/all"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_inputs, "the inputs have changed since the graph was built: collections"),
        (change_datasets, "the inputs have changed since the graph was built: raw in HSC/defaults"),
        (take_the_run, f"the RUN collection '{RUN}' cannot be registered"),
        (take_the_tag, f"the TAGGED collection '{TAG}' cannot be registered"),
        (move_the_chain, "the inputs have changed since the graph was built: collections"),
    ],
)
def test_a_script_refuses_what_has_changed(
    script_place: Place, tmp_path: Path, change: Callable[[Butler], None], reason: str
) -> None:
    with script_place.open() as registry:
        done = commit(registry, make_request(registry))
    with Butler.from_config(script_place.owner, writeable=True) as butler:
        change(butler)
    before = state_of(script_place)
    run = execute(done.script_path, script_place, tmp_path / "sent")
    assert run.returncode == 1
    assert run.stderr.startswith(f"Nothing was changed: {reason}"), run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert state_of(script_place) == before


def test_a_script_leaves_what_a_direct_commit_leaves(
    script_place: Place, butler_repo: Path, tmp_path: Path
) -> None:
    """Of two equal repositories, one is written from here and one by the script."""
    direct_root = Path(shutil.copytree(butler_repo, tmp_path / "direct"))
    with script_place.open() as registry:
        done = commit(registry, make_request(registry))
    assert execute(done.script_path, script_place, tmp_path / "sent").returncode == 0
    with open_registry(direct_root) as registry:
        direct = commit(registry, make_request(registry))
    contents = []
    for root, made in ((script_place.owner, done), (str(direct_root), direct)):
        with Butler.from_config(root) as butler:
            infos = butler.collections.query_info("*", include_doc=True)
            document = butler.get("workbench_workflow", collections=RUN)
            contents.append(
                {
                    "collections": {
                        i.name: (i.type, i.doc.replace(made.commit_id, "ID"), i.children) for i in infos
                    },
                    "dataset types": sorted(map(str, butler.registry.queryDatasetTypes())),
                    "datasets": {
                        i.name: sorted(
                            str(ref) if ref.datasetType.name == "workbench_workflow" else str(ref.dataId)
                            for ref in butler.query_all_datasets(i.name, find_first=False)
                        )
                        for i in infos
                        if i.name != RUN
                    },
                    "document": {
                        key: value
                        for key, value in document.items()
                        if key not in ("commit", "created_mjd_tai", "fence", "publication")
                    },
                }
            )
    assert contents[0] == contents[1]


def test_a_script_checks_what_was_skipped(sqlite_place: Place) -> None:
    """What a graph was made from is in the outputs that were there, too."""
    with sqlite_place.open() as registry:
        request = make_request(registry)
        reads = dataclasses.replace(
            request.reads, existing_in=("HSC/raw/all", "u/none"), output_types=("raw",)
        )
        fence = Fence.read(registry.butler, reads)
        inputs, skipped = _make_checks(registry.butler, dataclasses.replace(request, fence=fence))
        assert inputs.collections == request.reads.inputs
        assert (skipped.collections, skipped.dataset_types) == (reads.existing_in, ("raw",))
        assert skipped.digests != inputs.digests


def test_script_mode_checks_the_fence(script_place: Place) -> None:
    def repoint() -> None:
        with Butler.from_config(script_place.owner, writeable=True) as butler:
            butler.collections.redefine_chain("HSC/defaults", ["HSC/calib"])

    with pytest.raises(FenceChangedError, match="has changed since the preview"):
        commit_until(script_place, "check the fence", repoint)
    with script_place.open() as registry:
        assert registry.journal.reserved_names() == {}
        assert list((registry.storage_dir / "graphs").iterdir()) == []


@pytest.mark.parametrize("stage", [RESERVE, "open the repository to write"])
def test_race_of_two_publishers_of_one_name(place: Place, stage: str) -> None:
    """Two processes publish different sets under one name: one wins, nothing is mixed."""
    sizes = (4, 7)
    requests = [{"n": n, "author": f"author-{n}", "run": None, "chain": ""} for n in sizes]
    outcomes = race(place, requests, stage)
    assert outcomes.count("done") == 1, outcomes
    winner = sizes[outcomes.index("done")]
    loser = next(outcome for outcome in outcomes if outcome != "done")
    assert loser.startswith("CollectionExistsError"), loser
    assert TAG in loser
    assert recover_at(place) == []
    with place.open() as registry:
        assert {ref.id for ref in registry.butler.query_datasets("raw", TAG)} == set(
            some_raws(registry, winner)
        )
        assert read_commits(registry, pending=True)["author"].to_pylist() == [f"author-{winner}"]
        assert registry.journal.reserved_names() == {}


@pytest.mark.parametrize(
    ("stage", "any_repo"),
    [
        (f"register TAGGED {TAG}", "postgres"),
        ("open the repository to write", "postgres"),
        ("open the repository to write", "sqlite"),
    ],
    indirect=["any_repo"],
)
def test_race_of_two_sidecars(stage: str, any_repo: Path, tmp_path: Path) -> None:
    """Where the journals do not know each other, the Butler decides."""
    sidecars = [str(tmp_path / name) for name in ("one", "two")]
    sizes = (4, 7)
    requests = [
        {"n": n, "sidecar": sidecar, "run": f"u/ana/{n}"} for n, sidecar in zip(sizes, sidecars, strict=True)
    ]
    outcomes = race(Place(str(any_repo), None), requests, stage)
    assert outcomes.count("done") == 1, outcomes
    won = outcomes.index("done")
    assert outcomes[1 - won].startswith(("CollectionExistsError", "FenceChangedError")), outcomes
    winner, loser = (Place(str(any_repo), sidecars[which]) for which in (won, 1 - won))
    with winner.open(read_only=True) as registry:
        tagged = registry.butler.query_datasets("raw", TAG)
        assert {ref.id for ref in tagged} == set(some_raws(registry, sizes[won]))
        assert registry.butler.collections.query("u/ana/*") == [f"u/ana/{sizes[won]}"]
        assert read_commits(registry).num_rows == 1
    with loser.open() as registry:
        assert read_commits(registry, pending=True).num_rows == 0
        assert registry.journal.reserved_names() == {}
        assert list((registry.storage_dir / "graphs").iterdir()) == []


@pytest.mark.parametrize("stage", [RESERVE, "open the repository to write"])
def test_race_for_one_chain(place: Place, stage: str) -> None:
    """Two names behind one chain: the second publisher sees that the chain is not what it was."""
    requests = [{"tagged": f"HSC/raw/{name}", "run": f"u/ana/{name}"} for name in ("a", "b")]
    outcomes = race(place, requests, stage)
    assert outcomes.count("done") == 1, outcomes
    won = "ab"[outcomes.index("done")]
    assert next(outcome for outcome in outcomes if outcome != "done").startswith("FenceChangedError")
    with place.open() as registry:
        assert registry.butler.collections.get_info(CHAIN).children == (f"HSC/raw/{won}",)
        assert registry.butler.collections.query(["u/ana/*", "HSC/raw/?"]) == [
            f"u/ana/{won}",
            f"HSC/raw/{won}",
        ]


def test_a_commit_under_way_is_left_alone(place: Place) -> None:
    ready, go_on = CONTEXT.Event(), CONTEXT.Event()
    before = state_of(place)
    process = CONTEXT.Process(target=hold_open, args=(place, "open the repository to write", ready, go_on))
    process.start()
    assert ready.wait(120)
    with place.open() as registry:
        ((_, action),) = recover(registry)
        assert "at work on it" in action
        with pytest.raises(OutputRunExistsError, match="reserved by the prepared commit"):
            commit(registry, make_request(registry))
        assert read_commits(registry).num_rows == 0
    go_on.set()
    process.join(120)
    assert process.exitcode == 0
    assert_everything_is_there(place, before)


def test_recovery_waits_for_a_transaction_that_still_ends(place: Place) -> None:
    """A server may finish the last statement of a client that is gone."""
    commit_in_a_process_killed_at(place, "open the repository to write")
    with place.open() as registry:
        (commit_id,) = registry.journal.pending()["commit_id"].to_pylist()
        begun = threading.Event()

        def finish_late() -> None:
            with Butler.from_config(place.uri, writeable=True) as butler, butler.transaction():
                butler.collections.register(RUN, doc=make_marker(commit_id))
                begun.set()
                time.sleep(1)

        late = threading.Thread(target=finish_late)
        late.start()
        assert begun.wait(60)
        assert recover(registry) == [(commit_id, "rolled forward")]
        late.join()
        assert load_commit(registry, RUN).commit_id == commit_id


def test_a_commit_rolled_back_by_force_does_not_come_back(sqlite_place: Place) -> None:
    ready, go_on = CONTEXT.Event(), CONTEXT.Event()
    process = CONTEXT.Process(target=hold_open, args=(sqlite_place, "flush the graph file", ready, go_on))
    before = state_of(sqlite_place)
    process.start()
    assert ready.wait(120)
    with sqlite_place.open() as registry:
        assert [action for _, action in recover(registry, force=True)] == ["rolled back"]
    go_on.set()
    process.join(120)
    assert process.exitcode == 1
    assert state_of(sqlite_place) == before


def test_own_commit_under_way_is_left_alone(sqlite_place: Place) -> None:
    seen: list[str] = []
    with sqlite_place.open() as registry:
        commit_until(
            sqlite_place,
            "flush the graph file",
            lambda: seen.extend(action for _, action in recover(registry, force=True)),
        )
    assert seen == ["left: this process is at work on it"]


@pytest.mark.parametrize("age", [0.5, 1.5])
def test_a_commit_of_another_host(sqlite_place: Place, age: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left alone for a day, or until forced."""
    commit_in_a_process_killed_at(sqlite_place, "write the graph file")
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    with sqlite_place.open() as registry:
        created = registry.journal.pending()["created"][0].as_py()
        monkeypatch.setattr("workbench.campaigns.commits.recovery.now", lambda: created + age)
        ((_, action),) = recover(registry)
        if age < 1:
            assert "cannot be seen from here; it is 12.0 h old" in action
            assert registry.journal.pending().num_rows == 1
            ((_, action),) = recover(registry, force=True)
        assert action == "rolled back"


def test_fence_is_checked_in_the_transaction(place: Place) -> None:
    def remove_raw() -> None:
        with Butler.from_config(place.uri, writeable=True) as butler:
            refs = butler.query_datasets("raw", "HSC/raw/all", limit=1)
            butler.pruneDatasets(refs, disassociate=True, unstore=True, purge=True)

    with pytest.raises(FenceChangedError, match="Make the preview again") as caught:
        commit_until(place, "open the repository to write", remove_raw)
    assert "nothing of it remains" in caught.value.__notes__[0]
    with place.open() as registry:
        assert registry.butler.collections.query("u/*") == []
        assert registry.journal.reserved_names() == {}


@pytest.mark.parametrize(("name", "error"), [(RUN, OutputRunExistsError), (TAG, CollectionExistsError)])
@pytest.mark.parametrize("late", [False, True])
def test_existing_names_are_refused(place: Place, name: str, error: type[Exception], *, late: bool) -> None:
    """Whether the name was there before, or came while the graph was written."""

    def take() -> None:
        with Butler.from_config(place.uri, writeable=True) as butler:
            butler.collections.register(name, doc="of ben")

    if not late:
        take()
        before = state_of(place)
    with pytest.raises(error, match=name):
        commit_until(place, "open the repository to write" if late else "never", take if late else list)
    if late:
        assert_only_the_name_is_there(place, name)
    else:
        assert state_of(place) == before


def assert_only_the_name_is_there(place: Place, name: str) -> None:
    """Check that of a failed commit nothing remains beside somebody's collection."""
    with place.open(read_only=True) as registry:
        assert registry.butler.collections.get_info(name).doc == "of ben"
        assert registry.butler.collections.query(["u/*", "HSC/raw/D*"]) == [name]
        assert registry.journal.reserved_names() == {}
        assert registry.journal.pending().num_rows == 0
        assert list((registry.storage_dir / "graphs").iterdir()) == []


def test_run_and_graph_alone(any_place: Place) -> None:
    with any_place.open() as registry:
        done = commit(registry, make_request(registry, tagged=None))
        assert (done.tagged, done.chain, done.n_published) == (None, None, 0)
        assert load_commit(registry, done.commit_id) == done == load_commit(registry, RUN)


def test_publication_alone_and_again(place: Place) -> None:
    """The second snapshot takes the place of the first behind the chain."""
    with place.open() as registry:
        first = commit(registry, make_request(registry, run=None))
        assert (first.run, first.graph_path, first.tagged) == (None, None, TAG)
        commit(registry, make_request(registry, run=None, tagged="HSC/raw/DM-2", n=2))
        assert registry.butler.collections.get_info(CHAIN).children == ("HSC/raw/DM-2",)
        assert len(registry.butler.query_datasets("raw", "HSC/defaults")) == 2
        commit(registry, make_request(registry, run=None, tagged="HSC/raw/DM-3", chain="HSC/raw/best"))
        assert registry.butler.collections.get_info("HSC/raw/best").children == ("HSC/raw/DM-3",)
        assert read_commits(registry)["kind"].to_pylist() == ["publish"] * 3


def test_an_empty_set_can_be_published_when_allowed(place: Place) -> None:
    with place.open() as registry:
        commit(registry, make_request(registry, run=None, n=0))
        assert registry.butler.query_datasets("raw", CHAIN, explain=False) == []


def test_pointer_keeps_what_holds_other_dataset_types(sqlite_place: Place) -> None:
    with sqlite_place.open() as registry:
        commit(registry, make_request(registry, run=None, chain="HSC/defaults"))
        assert registry.butler.collections.get_info("HSC/defaults").children == (TAG, "HSC/calib")
        with registry.writeable_butler() as butler:
            butler.collections.register("HSC/mixed")
            butler.put({}, "bias", instrument="HSC", detector=41, run="HSC/mixed")
            butler.put({}, "raw", instrument="HSC", detector=41, exposure=18202, run="HSC/mixed")
            butler.collections.redefine_chain("HSC/defaults", ["HSC/mixed"])
        request = make_request(registry, run=None, tagged="HSC/raw/DM-2", chain="HSC/defaults")
        with pytest.raises(CampaignError, match=r"'HSC/mixed', which holds raw and also \['bias'\]"):
            commit(registry, request)


def _request(**changes: object) -> CommitRequest:
    publication = Publication(CHAIN, TAG, "raw", (), "cosmos-i@1", "00", "why")
    fields = {"campaign": "c", "kind": "publish", "author": "ana", "publication": publication}
    return CommitRequest(**(fields | changes))


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (_request(publication=None), CampaignError, "without a RUN and without a publication"),
        (_request(), EmptySetError, "selects no raw"),
        (_request(run=TAG), CampaignError, "different names"),
        (_request(run=CHAIN), CampaignError, "different names"),
        (_request(run=RUN, output=RUN), CampaignError, "different names"),
        (_request(write_graph=Path.touch), CampaignError, "name its RUN"),
        (_request(workflow_record={"x": object()}), CampaignError, "no JSON object"),
        (_request(publication=None, run=RUN, output="HSC/raw/all"), CampaignError, "has to be CHAINED"),
        (
            _request(
                publication=Publication("HSC/raw/all", TAG, "raw", (), "s@1", "0", "y", allow_empty=True)
            ),
            CampaignError,
            "is a RUN collection, so it cannot point",
        ),
        (
            _request(
                publication=Publication(CHAIN, TAG, "raw", (), "s@1", "0", "y", ("a",), allow_empty=True)
            ),
            CampaignError,
            "leave out the collection",
        ),
    ],
)
def test_contradictions_are_refused(
    sqlite_place: Place, request_: CommitRequest, error: type[Exception], message: str
) -> None:
    before = state_of(sqlite_place)
    with sqlite_place.open() as registry, pytest.raises(error, match=message):
        commit(registry, request_)
    assert state_of(sqlite_place) == before
    assert not (Path(sqlite_place.uri) / "workbench" / "graphs").exists()


def test_read_only(sqlite_place: Place) -> None:
    with sqlite_place.open(read_only=True) as registry:
        with pytest.raises(ReadOnlyError, match="opened read-only"):
            commit(registry, make_request(registry))
        assert recover(registry) == []
        assert read_commits(registry).num_rows == 0
        with pytest.raises(UnknownNameError, match="none yet"):
            load_commit(registry, RUN)


def test_unknown_commit_lists_those_there_are(sqlite_place: Place) -> None:
    with sqlite_place.open() as registry:
        commit(registry, make_request(registry))
        with pytest.raises(UnknownNameError, match=f"no commit 'u/ana/other'; the newest are: {RUN}"):
            load_commit(registry, "u/ana/other")


def test_a_shared_graph_file_stays(sqlite_place: Place) -> None:
    """Two commits of equal graphs: rolling one back keeps the other's file."""

    def fail() -> None:
        raise RuntimeError("no")

    with sqlite_place.open() as registry:
        first = commit(registry, make_request(registry, tagged=None))
        request = make_request(registry, run="u/ana/DM-1234/r2", tagged=None)

        def progress(stage: str, fraction: float | None = None) -> None:
            if stage == "all steps done":
                fail()

        with pytest.raises(CommitError):
            commit(registry, request, progress)
        assert first.graph_path is not None
        assert first.graph_path.read_bytes() == GRAPH


def test_orphaned_record_of_another_journal_is_no_obstacle(sqlite_place: Place, tmp_path: Path) -> None:
    """A killed commit leaves its record's file; another journal reuses the RUN's name; recovery spares it."""
    commit_in_a_process_killed_at(sqlite_place, "all steps done")
    other = Place(sqlite_place.uri, str(tmp_path / "other"))
    with other.open() as registry:
        done = commit(registry, make_request(registry))
    assert recover_at(sqlite_place) == ["rolled back"]
    with other.open(read_only=True) as registry:
        assert registry.butler.get("workbench_workflow", collections=RUN)["commit"] == done.commit_id


def test_repository_moved(sqlite_place: Place, tmp_path: Path) -> None:
    """Graph paths are kept relative to the storage directory."""
    with sqlite_place.open() as registry:
        commit(registry, make_request(registry))
    moved = shutil.move(sqlite_place.uri, tmp_path / "moved")
    with Place(str(moved), None).open(read_only=True) as registry:
        (path,) = read_commits(registry)["graph_path"].to_pylist()
        assert Path(path) == load_commit(registry, RUN).graph_path
        assert Path(path).read_bytes() == GRAPH


@pytest.mark.parametrize("act", [lambda path: None, lambda path: path.write_bytes(b"")])
def test_a_writer_that_writes_nothing(sqlite_place: Place, act: Callable[[Path], None]) -> None:
    before = state_of(sqlite_place)
    with sqlite_place.open() as registry, pytest.raises(CommitError, match="graph file"):
        commit(registry, make_request(registry, write_graph=act))
    assert state_of(sqlite_place) == before
