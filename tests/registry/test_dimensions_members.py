"""Groups and members as dimension records: keys that belong to a version, for good."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import Butler, DatasetType

from tests.extended import PAIR, SUBSET, extend, make_members
from workbench.errors import BadNameError, DimensionError, FenceChangedError, UnknownNameError
from workbench.registry import Registry, open_registry
from workbench.registry.dimensions.members import insert_members, plan_members, read_members
from workbench.registry.dimensions.minting import mint_key
from workbench.registry.plan.plan import InsertRecords, Plan

PAIRS = {"p0": [18202, 19676], "p1": [93380, 95104]}
NO_VISIT: int | None = None
LEGAL = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-@")

labels = st.text(min_size=1, max_size=128)
groupings = st.from_regex(r"[a-z][a-z0-9_-]{0,20}@[1-9][0-9]{0,3}", fullmatch=True)


@pytest.fixture
def registry(any_repo: Path) -> Iterator[Registry]:
    with open_registry(str(any_repo)) as registry:
        extend(registry, PAIR, SUBSET)
        yield registry


@pytest.fixture
def on_sqlite(butler_repo: Path) -> Iterator[Registry]:
    """What does not ask the database anything of its own is tested with one."""
    with open_registry(str(butler_repo)) as registry:
        extend(registry, PAIR, SUBSET)
        yield registry


def test_string_keys_say_what_they_are() -> None:
    assert mint_key("folds@3", "fold0") == "folds@3-fold0"
    assert mint_key("best-seeing@12", "2015-01_i") == "best-seeing@12-2015-01_i"
    assert mint_key("folds@3", "tract=3, patch=5").startswith("folds@3-tract_3_patch_5-")
    for grouping in ("folds", "folds@0", "Folds@1", "folds@1@2", "@1"):
        with pytest.raises(BadNameError, match="no name and version"):
            mint_key(grouping, "fold0")
    for label in ("", "x" * 129):
        with pytest.raises(BadNameError, match="no key of a group"):
            mint_key("folds@3", label)
    with pytest.raises(BadNameError, match="too long"):
        mint_key("f" * 60 + "@1", "fold.0")


@given(st.lists(st.tuples(groupings, labels), min_size=2, max_size=2, unique=True))
def test_no_two_groups_share_a_key(groups: list[tuple[str, str]]) -> None:
    first, second = (mint_key(*group) for group in groups)
    assert first != second
    assert set(first) <= LEGAL
    assert len(first) <= 64


@given(groupings, labels)
def test_a_label_cannot_be_made_to_look_like_another_s_key(grouping: str, label: str) -> None:
    key = mint_key(grouping, label)
    made = key.removeprefix(f"{grouping}-")
    assert made == label or mint_key(grouping, made) != key


def test_members_are_read_back_as_they_were_given(registry: Registry, any_repo: Path) -> None:
    keys = insert_members(registry, "pair", "pairs@1", make_members(PAIRS))
    assert keys.to_pydict() == {"group": ["p0", "p1"], "pair": [1, 2], "instrument": ["HSC", "HSC"]}
    found = read_members(registry.butler, "pair", "pairs@1", "visit")
    assert found.select(["group", "pair", "visit"]).to_pylist() == [
        {"group": group, "pair": key, "visit": visit}
        for key, (group, visits) in enumerate(PAIRS.items(), start=1)
        for visit in visits
    ]
    assert read_members(registry.butler, "pair", "pairs@2", "visit").num_rows == 0
    keys = insert_members(registry, "subset", "folds@3", make_members(PAIRS))
    assert keys.to_pydict() == {"group": ["p0", "p1"], "subset": ["folds@3-p0", "folds@3-p1"]}
    with Butler.from_config(str(any_repo)) as butler:
        where = "instrument = 'HSC' AND subset = 'folds@3-p1'"
        assert [one["visit"] for one in butler.query_data_ids(["visit"], where=where)] == PAIRS["p1"]
        (record,) = butler.query_dimension_records("subset", where="subset = 'folds@3-p0'")
        assert (record.grouping, record.label) == ("folds@3", "p0")


def test_versions_have_keys_of_their_own_and_once_is_enough(registry: Registry) -> None:
    for name, key in (("pair", "int"), ("subset", "string")):
        first = insert_members(registry, name, "seed@1", make_members(PAIRS))
        second = insert_members(registry, name, "seed@2", make_members(PAIRS))
        again = insert_members(registry, name, "seed@1", make_members(PAIRS))
        assert again == first, key
        assert not set(first[name].to_pylist()) & set(second[name].to_pylist())
        assert len(registry.butler.query_dimension_records(name)) == 4


def test_a_version_never_gets_other_members(registry: Registry) -> None:
    insert_members(registry, "pair", "pairs@1", make_members(PAIRS))
    for changed in ([18202], [18202, 19676, 23682], [18202, 23682]):
        with pytest.raises(
            DimensionError, match=r"pairs@1 has other members in pair 1 already.*next version"
        ):
            insert_members(registry, "pair", "pairs@1", make_members({"p0": changed}))
    assert read_members(registry.butler, "pair", "pairs@1", "visit").num_rows == 4
    keys = insert_members(registry, "pair", "pairs@1", make_members({"p2": [23682, 58260]}))
    assert keys["pair"].to_pylist() == [3]


UNFIT = [
    ("pair", make_members({"p0": [18202, 1]}), r"1 members of pairs@1 are no visit .* HSC, 1"),
    ("pair", pa.table({"group": ["p0"], "visit": [18202]}), r"give group, instrument; or group, instrument"),
    ("pair", pa.table({"instrument": ["HSC"], "visit": [18202]}), r"have the columns instrument, visit"),
    ("pair", make_members({"p0": [18202]}).slice(0, 0), r"has no members"),
    ("pair", pa.table({"group": ["p0"], "instrument": ["HSC"], "visit": [NO_VISIT]}), r"lack a value"),
    ("visit", make_members(PAIRS), r"'visit' is no dynamic dimension .* there are pair, subset"),
]


def test_members_that_do_not_fit_are_refused(on_sqlite: Registry) -> None:
    for dimension, members, says in UNFIT:
        with pytest.raises((DimensionError, UnknownNameError), match=says):
            insert_members(on_sqlite, dimension, "pairs@1", members)
    assert len(on_sqlite.butler.query_dimension_records("pair", explain=False)) == 0
    with pytest.raises(UnknownNameError, match="no relation to 'exposure'; it has: visit"):
        read_members(on_sqlite.butler, "pair", "pairs@1", "exposure")


def test_a_dimension_without_members_takes_keys_alone(on_sqlite: Registry) -> None:
    keys = insert_members(on_sqlite, "subset", "years@1", pa.table({"group": ["2015", "2016"]}))
    assert keys["subset"].to_pylist() == ["years@1-2015", "years@1-2016"]
    assert read_members(on_sqlite.butler, "subset", "years@1")["group"].to_pylist() == ["2015", "2016"]


def test_a_group_belongs_to_one_parent(on_sqlite: Registry) -> None:
    with on_sqlite.writeable_butler() as butler:
        instrument = {"class_name": "x", "visit_max": 9, "exposure_max": 9, "detector_max": 9}
        butler.registry.insertDimensionData("instrument", {"name": "Other", **instrument})
    both = pa.table({"group": ["p0", "p0"], "instrument": ["HSC", "Other"]})
    with pytest.raises(DimensionError, match="p0: these groups have members of more than one instrument"):
        insert_members(on_sqlite, "pair", "pairs@1", both)


def test_files_of_odd_labels_never_meet(on_sqlite: Registry) -> None:
    """A dot in a key would have the rest of the name, run included, taken for its ending."""
    odd = ["v1.5", "v1.6", "a:b", "a/b", "a b", "a_b", "é"]
    keys = insert_members(on_sqlite, "subset", "odd@1", pa.table({"group": odd}))["subset"].to_pylist()
    with on_sqlite.writeable_butler(run="u/test/run") as butler:
        kind = DatasetType("note", butler.dimensions.conform(["subset"]), "StructuredDataDict")
        butler.registry.registerDatasetType(kind)
        for label, key in zip(sorted(odd), keys, strict=True):
            butler.put({"label": label}, "note", subset=key)
        paths = {butler.getURI("note", subset=key).ospath for key in keys}
        assert len(paths) == len(odd)
        assert all(path.endswith("_u_test_run.yaml") for path in paths)
        for label, key in zip(sorted(odd), keys, strict=True):
            assert butler.get("note", subset=key) == {"label": label}


def test_integers_that_somebody_else_took_are_counted_on(registry: Registry, any_repo: Path) -> None:
    with Butler.from_config(str(any_repo), writeable=True) as butler:
        stale = plan_members(butler, "pair", "pairs@1", make_members(PAIRS))
        insert_members(registry, "pair", "others@1", make_members(PAIRS))
        with pytest.raises(FenceChangedError, match=r"the pair .* cannot be inserted"):
            stale.plan.execute(butler)
    assert read_members(registry.butler, "pair", "pairs@1").num_rows == 0
    keys = insert_members(registry, "pair", "pairs@1", make_members(PAIRS))
    assert keys["pair"].to_pylist() == [3, 4]


def test_a_script_says_what_is_in_its_way(butler_repo: Path, tmp_path: Path) -> None:
    with open_registry(str(butler_repo)) as registry:
        extend(registry, PAIR)
        insert_members(registry, "pair", "pairs@1", make_members(PAIRS))
        other = Plan((), (InsertRecords("pair", ("instrument", "id", "label"), (("HSC", 1, "other"),)),))
        script = other.to_script(repository=registry.uri, purpose="Insert another.")
    (tmp_path / "plan.py").write_text(script)
    command = [sys.executable, str(tmp_path / "plan.py")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing was changed: the pair ")
