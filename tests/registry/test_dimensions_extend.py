"""Repositories extended by dimensions, and put back: all or nothing, also at once and by halves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from lsst.daf.butler import Butler, DatasetType

from tests.butler_server import ButlerServer
from tests.extended import PAIR, SUBSET, extend, make_members, revert, state_of
from tests.postgres import PostgresServer
from workbench.annotations import Annotations
from workbench.errors import (
    ConfirmationError,
    DimensionError,
    DimensionInUseError,
    GraphsInFlightError,
    OperationCancelledError,
    ReadOnlyError,
    RepositoryLockedError,
    StorageError,
    UnknownNameError,
)
from workbench.registry import Column, Registry, TableDeclaration, open_registry
from workbench.registry.dimensions.dynamic import DynamicDimension, read_dynamic_dimensions
from workbench.registry.dimensions.extending import extend_dimensions, revert_dimensions
from workbench.registry.dimensions.members import insert_members
from workbench.registry.dimensions.universe_plan import list_stale_keys, plan_extension, plan_reversion

STAGES = ["locking", "writing the dimensions", "loading", "creating", "writing the file", "committing"]
BACK_STAGES = ["locking", "dropping", "writing the dimensions", "loading", "writing the file", "committing"]


@pytest.fixture
def registry(any_repo: Path) -> Iterator[Registry]:
    with open_registry(str(any_repo)) as registry:
        yield registry


@pytest.fixture
def on_sqlite(butler_repo: Path) -> Iterator[Registry]:
    """What does not ask the database anything of its own is tested with one."""
    with open_registry(str(butler_repo)) as registry:
        yield registry


def names_of(root: Path) -> set[str]:
    """Return the dynamic dimensions that a fresh, unmodified Butler has."""
    with Butler.from_config(str(root)) as butler:
        return set(read_dynamic_dimensions(butler.dimensions)) & set(butler.dimensions.dimensions.names)


def test_an_extended_repository_serves_stock_clients(registry: Registry, any_repo: Path) -> None:
    before = state_of(any_repo)
    outcome = extend(registry, PAIR, SUBSET)
    assert (outcome.changed, outcome.unchanged) == (("pair", "subset"), ())
    assert registry.universe.version == outcome.version
    after = state_of(any_repo)
    tables = {"pair", "pair_visit_membership", "subset", "subset_visit_membership"}
    assert set(after["schema"]) - set(before["schema"]) == tables
    assert {name: after["schema"][name] for name in before["schema"]} == before["schema"]
    assert after["files"] == before["files"]
    with Butler.from_config(str(any_repo), writeable=True, run="u/test/run") as butler:
        butler.registry.insertDimensionData("pair", {"instrument": "HSC", "id": 7})
        butler.registry.insertDimensionData(
            "pair_visit_membership", {"instrument": "HSC", "pair": 7, "visit": 18202}
        )
        butler.registry.insertDimensionData("subset", {"name": "odd"})
        kind = DatasetType("note", butler.dimensions.conform(["pair", "subset"]), "StructuredDataDict")
        butler.registry.registerDatasetType(kind)
        butler.registry.insertDimensionData("subset", {"name": "even"})
        for name in ("odd", "even"):
            butler.put({"of": name}, "note", instrument="HSC", pair=7, subset=name)
        assert butler.get("note", instrument="HSC", pair=7, subset="odd") == {"of": "odd"}
        assert butler.get("note", instrument="HSC", pair=7, subset="even") == {"of": "even"}
        visits = butler.query_data_ids(["pair", "visit"], where="instrument = 'HSC' AND pair = 7")
        assert [data_id["visit"] for data_id in visits] == [18202]
        assert len(butler.query_datasets("raw", "HSC/raw/all", limit=None)) == 72


def test_others_are_told_what_befalls_them(butler_repo: Path) -> None:
    """A client that is open works until a dataset type with the new key comes by, as the plan says."""
    with (
        Butler.from_config(str(butler_repo)) as open_before,
        open_registry(str(butler_repo)) as registry,
    ):
        assert "fail with a KeyError" in plan_extension(registry, [PAIR]).describe()
        extend(registry, PAIR)
        open_before.registry.refresh()
        assert len(open_before.query_datasets("raw", "HSC/raw/all", limit=None)) == 72
        with registry.writeable_butler() as butler:
            kind = DatasetType("note", butler.dimensions.conform(["pair"]), "StructuredDataDict")
            butler.registry.registerDatasetType(kind)
        open_before.registry.refresh()
        with pytest.raises(KeyError, match="pair"):
            open_before.query_datasets("raw", "HSC/raw/all", limit=None)


def test_reverting_restores_every_byte(registry: Registry, any_repo: Path) -> None:
    before = state_of(any_repo)
    extend(registry, PAIR, SUBSET)
    both = state_of(any_repo)
    assert revert(registry, "pair").changed == ("pair",)
    assert names_of(any_repo) == {"subset"}
    extend(registry, PAIR)
    assert {**state_of(any_repo), "butler.yaml": b""} == {**both, "butler.yaml": b""}
    outcome = revert(registry, "pair", "subset")
    assert state_of(any_repo) == before
    assert outcome.version == registry.universe.version == 8
    with Butler.from_config(str(any_repo), writeable=True) as butler:
        assert len(butler.query_datasets("raw", "HSC/raw/all", limit=None)) == 72


def test_extending_twice_changes_nothing(on_sqlite: Registry, butler_repo: Path) -> None:
    extend(on_sqlite, PAIR)
    once = state_of(butler_repo)
    # No words are needed where nothing is to be done, and no graph stands in its way.
    outcome = extend_dimensions(on_sqlite, [PAIR], in_flight=["u/ana/run"])
    assert (outcome.changed, outcome.unchanged) == ((), ("pair",))
    assert state_of(butler_repo) == once
    other = DynamicDimension("pair", "string")
    with pytest.raises(DimensionError, match="'pair' is there with another declaration"):
        plan_extension(on_sqlite, [other])
    assert extend(on_sqlite, SUBSET, PAIR).changed == ("subset",)
    assert names_of(butler_repo) == {"pair", "subset"}


class Failure:
    """A progress that cancels at a stage."""

    def __init__(self, stage: str):
        self.stage = stage
        self.seen: list[str] = []

    def __call__(self, stage: str, fraction: float | None = None) -> None:
        self.seen.append(stage)
        if stage.startswith(self.stage):
            raise OperationCancelledError(stage)


def test_a_failure_at_any_step_leaves_all_as_it_was(registry: Registry, any_repo: Path) -> None:
    before = state_of(any_repo)
    for stage in STAGES:
        with pytest.raises(OperationCancelledError, match=stage):
            extend(registry, PAIR, SUBSET, progress=Failure(stage))
        assert state_of(any_repo) == before, stage
    told = Failure("never")
    extend(registry, PAIR, progress=told)
    assert [stage for stage in told.seen if not stage.startswith(tuple(STAGES))] == []
    assert len(told.seen) == len(STAGES)
    extended = state_of(any_repo)
    with pytest.raises(OperationCancelledError):
        extend(registry, SUBSET, progress=Failure(STAGES[-1]))
    assert state_of(any_repo) == extended
    for stage in BACK_STAGES:
        with pytest.raises(OperationCancelledError, match=stage):
            revert(registry, "pair", progress=Failure(stage))
        assert state_of(any_repo) == extended, stage
    revert(registry, "pair")
    assert state_of(any_repo) == before


def test_a_failed_commit_leaves_all_as_it_was(registry: Registry, any_repo: Path) -> None:
    before = state_of(any_repo)
    yaml = before["butler.yaml"]

    def fail(connection: sa.Connection) -> None:
        # Last of all: the file is replaced, the database not.
        if (any_repo / "butler.yaml").read_bytes() != yaml:
            raise OSError("the disk is full")

    sa.event.listen(sa.Engine, "commit", fail)
    try:
        with pytest.raises(OSError, match="the disk is full"):
            extend(registry, PAIR)
    finally:
        sa.event.remove(sa.Engine, "commit", fail)
    assert state_of(any_repo) == before
    assert extend(registry, PAIR).changed == ("pair",)


def test_a_configuration_that_cannot_be_replaced_leaves_all_as_it_was(
    on_sqlite: Registry, butler_repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state_of(butler_repo)

    def fail(self: Path, target: Path) -> Path:
        raise PermissionError(f"{self} cannot become {target}")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail)
        with pytest.raises(StorageError, match=r"cannot become .* What was there before is untouched"):
            extend(on_sqlite, PAIR)
    assert state_of(butler_repo) == before


def test_a_table_in_the_way_leaves_all_as_it_was(registry: Registry, any_repo: Path) -> None:
    """The second of the tables fails, after the first was made."""
    with registry.transaction():
        pass  # makes the workbench's own tables, which are none of the matter
    database = registry.location
    assert database.url is not None
    url = database.url if database.sqlite_file else database.url.set(drivername="postgresql+psycopg")
    schema = f"{database.namespace}." if database.namespace else ""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {schema}pair_visit_membership (mine INTEGER)")
    before = state_of(any_repo)
    with pytest.raises(DimensionError, match="has tables pair_visit_membership already"):
        extend(registry, PAIR)
    assert state_of(any_repo) == before


@pytest.mark.parametrize("kind", ["read-only", "configuration"])
def test_a_repository_that_is_not_ours_is_refused(
    butler_repo: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before = state_of(butler_repo)
    with open_registry(str(butler_repo), read_only=kind == "read-only") as registry:
        if kind == "configuration":
            # A super-user may write everything, so that the answer is given here.
            monkeypatch.setattr("workbench.registry.dimensions.configuration.os.access", lambda *_: False)
        for act in (
            lambda: extend_dimensions(registry, [PAIR]),
            lambda: revert_dimensions(registry, ["pair"]),
        ):
            with pytest.raises(ReadOnlyError, match=r"Nothing was changed: .* cannot be .* from here"):
                act()
    assert state_of(butler_repo) == before


def test_a_served_repository_is_refused(butler_repo: Path, butler_server: ButlerServer) -> None:
    with open_registry(butler_server.serve(butler_repo)) as served:
        for act in (
            lambda: plan_extension(served, [PAIR]),
            lambda: extend_dimensions(served, [PAIR]),
            lambda: revert_dimensions(served, ["pair"]),
        ):
            with pytest.raises(ReadOnlyError, match="it is served by a Butler server"):
                act()


@pytest.mark.postgres
def test_a_role_without_the_privilege_changes_nothing(
    postgres_repo: Path, postgres_server: PostgresServer
) -> None:
    """It may write every table, and make none."""
    before = state_of(postgres_repo)
    original = (postgres_repo / "butler.yaml").read_text()
    with open_registry(str(postgres_repo)) as registry:
        database = str(registry.location.url.database)  # type: ignore[union-attr]
    postgres_server.execute("CREATE ROLE observer LOGIN")
    try:
        postgres_server.execute("GRANT USAGE ON SCHEMA hsc_repo TO observer", database)
        postgres_server.execute("GRANT ALL ON ALL TABLES IN SCHEMA hsc_repo TO observer", database)
        (postgres_repo / "butler.yaml").write_text(original.replace("postgres@", "observer@"))
        with (
            open_registry(str(postgres_repo)) as registry,
            pytest.raises(ReadOnlyError, match="permission denied for schema hsc_repo"),
        ):
            extend(registry, PAIR)
        (postgres_repo / "butler.yaml").write_text(original)
    finally:
        postgres_server.execute("DROP OWNED BY observer CASCADE", database)
        postgres_server.execute("DROP ROLE observer")
    assert state_of(postgres_repo) == before


def test_graphs_in_flight_and_missing_words_stop_it(on_sqlite: Registry, butler_repo: Path) -> None:
    before = state_of(butler_repo)
    with pytest.raises(
        GraphsInFlightError, match=r"u/ana/one, u/ana/two were committed and not brought back"
    ):
        extend(on_sqlite, PAIR, in_flight=["u/ana/two", "u/ana/one"])
    with pytest.raises(ConfirmationError) as caught:
        extend_dimensions(on_sqlite, [PAIR])
    for part in ("'extend pair'", "open now", "Butler server", "aggregate-graph", "pair_visit_membership"):
        assert part in str(caught.value)
    with pytest.raises(ConfirmationError, match="not 'yes'"):
        extend_dimensions(on_sqlite, [PAIR], confirmation="yes")
    assert state_of(butler_repo) == before
    extend(on_sqlite, PAIR, in_flight=["u/ana/one"], despite_in_flight=True)
    with pytest.raises(GraphsInFlightError):
        revert(on_sqlite, "pair", in_flight=["u/ana/one"])
    with pytest.raises(ConfirmationError, match="'revert pair'"):
        revert_dimensions(on_sqlite, ["pair"], confirmation="extend pair")
    assert names_of(butler_repo) == {"pair"}


def test_what_is_used_is_not_reverted(registry: Registry, any_repo: Path) -> None:
    extend(registry, PAIR, SUBSET, DynamicDimension("sweep", "int", parent="pair"))
    Annotations(registry).add({"instrument": "HSC", "visit": 18202}, "a note of that time")
    with pytest.raises(DimensionInUseError, match="the dimension sweep"):
        revert(registry, "pair")
    with pytest.raises(UnknownNameError, match=r"fold: no dynamic .* there are pair, subset, sweep"):
        plan_reversion(registry, ["fold"])
    with pytest.raises(UnknownNameError, match="visit: no dynamic dimension"):
        plan_reversion(registry, ["visit"])
    # What nothing uses any more is free, though the Butler keeps tables of it.
    with registry.writeable_butler() as butler:
        kind = DatasetType("note", butler.dimensions.conform(["pair", "sweep"]), "StructuredDataDict")
        butler.registry.registerDatasetType(kind)
    with pytest.raises(DimensionInUseError, match="the dataset type note"):
        revert(registry, "pair", "sweep")
    with registry.writeable_butler() as butler:
        butler.registry.removeDatasetType("note")
    registry.declare(TableDeclaration("marks", (Column("mark", "str"),), dimensions=("subset",)))
    with pytest.raises(DimensionInUseError, match="the workbench's table marks"):
        revert(registry, "subset")
    registry.table("marks").drop()
    insert_members(registry, "subset", "folds@1", make_members({"fold0": [18202]}))
    extended = state_of(any_repo)
    with pytest.raises(
        DimensionInUseError, match="1 records of subset; 1 records of subset_visit_membership"
    ):
        revert(registry, "subset")
    assert state_of(any_repo) == extended
    assert revert(registry, "pair", "sweep").changed == ("pair", "sweep")
    assert names_of(any_repo) == {"subset"}
    assert not [name for name in state_of(any_repo)["groups"] if "pair" in name]


def test_a_universe_that_others_changed_is_left_alone(registry: Registry, any_repo: Path) -> None:
    extend(registry, PAIR)
    url, schema = registry.location.url, registry.location.namespace
    assert url is not None
    attributes = sa.table("butler_attributes", sa.column("name"), sa.column("value"), schema=schema)
    is_sqlite = registry.location.sqlite_file is not None
    engine = sa.create_engine(url if is_sqlite else url.set(drivername="postgresql+psycopg"))
    name = "config:dimensions.json"
    with engine.begin() as connection:
        text = connection.scalar(sa.select(attributes.c.value).where(attributes.c.name == name))
        config = {**json.loads(text), "version": 9}
        statement = sa.update(attributes).where(attributes.c.name == name)
        connection.execute(statement.values(value=json.dumps(config)))
    engine.dispose()
    changed = state_of(any_repo)
    for act in (lambda: extend(registry, SUBSET), lambda: revert(registry, "pair")):
        with pytest.raises(DimensionError, match="something else changed them"):
            act()
    assert state_of(any_repo) == changed


def start_extender(root: Path, go: Path, names: str, stage: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.extender", str(root), str(go), names, stage]
    return subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_that_extend_at_once_both_succeed(any_repo: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    both = [start_extender(any_repo, go, names) for names in ("pair,subset", "subset,fold")]
    go.touch()
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    changed = [name for out, _ in said for name in out.split(" ")[0].split(",")]
    assert sorted(changed) == ["fold", "pair", "subset"], "each was made once"
    assert names_of(any_repo) == {"fold", "pair", "subset"}
    template = (any_repo / "butler.yaml").read_text()
    assert all(template.count(f"{{{name}:?}}") == 1 for name in changed)


def test_one_that_is_killed_leaves_what_works(any_repo: Path, tmp_path: Path) -> None:
    """At the worst moment: the file is replaced, the database not."""
    before = state_of(any_repo)
    go = tmp_path / "go"
    go.touch()
    process = start_extender(any_repo, go, "pair", "committing")
    process.communicate(timeout=120)
    assert process.returncode == 9
    killed = state_of(any_repo)
    assert {**killed, "butler.yaml": b""} == {**before, "butler.yaml": b""}
    with open_registry(str(any_repo)) as registry:
        assert list_stale_keys(registry) == ["pair"]
        with registry.writeable_butler(run="u/test/run") as butler:
            butler.registry.registerDatasetType(
                DatasetType("note", butler.dimensions.conform(["visit"]), "StructuredDataDict")
            )
            butler.put({"a": 1}, "note", instrument="HSC", visit=18202)
            assert butler.get("note", instrument="HSC", visit=18202) == {"a": 1}
        left = (any_repo / "butler.yaml").read_bytes()
        # It asks for no words: the key in the templates is all that there is of it.
        assert revert_dimensions(registry, ["pair"]).unchanged == ("pair",)
        assert (any_repo / "butler.yaml").read_bytes() == before["butler.yaml"]
        # Whoever extends next puts it in order as well.
        (any_repo / "butler.yaml").write_bytes(left)
        extend(registry, SUBSET)
        assert list_stale_keys(registry) == []
        assert "{pair:?}" not in (any_repo / "butler.yaml").read_text()


def test_a_writer_that_does_not_finish_is_waited_for_and_named(
    registry: Registry, any_repo: Path, short_wait: float
) -> None:
    before = state_of(any_repo)
    assert short_wait < 1
    with Butler.from_config(str(any_repo), writeable=True) as other, other.transaction():
        other.registry.insertDimensionData("visit_system", {"instrument": "HSC", "id": 3, "name": "x"})
        if registry.location.sqlite_file is None:
            # On PostgreSQL, whoever writes records that tables will refer to is waited for.
            words = "extend pair"
            with pytest.raises(RepositoryLockedError, match="locked by another writer"):
                extend_dimensions(
                    registry,
                    [DynamicDimension("pair", "int", parent="visit_system")],
                    confirmation=words,
                )
        else:
            with pytest.raises(RepositoryLockedError, match="locked by another writer"):
                extend_dimensions(registry, [PAIR], confirmation="extend pair")
    assert state_of(any_repo) == before
