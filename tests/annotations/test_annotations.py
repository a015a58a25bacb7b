"""Notes: add, supersede, retract, find."""

from __future__ import annotations

import getpass
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from astropy.time import Time
from lsst.daf.butler import DatasetRef

from workbench.annotations import Annotations
from workbench.errors import (
    AnnotationError,
    EmptySetError,
    NoteChangedError,
    ReadOnlyError,
    UnknownDataIdError,
    UnknownNameError,
    WorkbenchError,
)
from workbench.query import select
from workbench.registry import Registry, open_registry
from workbench.sets import DataIdSet

VISIT = {"instrument": "HSC", "visit": 96954}
EXPOSURE = {"instrument": "HSC", "exposure": 96980, "detector": 42}


@pytest.fixture
def registry(any_uri: str) -> Iterator[Registry]:
    with open_registry(any_uri) as registry:
        yield registry


@pytest.fixture
def sqlite_registry(butler_repo: Path) -> Iterator[Registry]:
    with open_registry(str(butler_repo)) as registry:
        yield registry


@pytest.fixture
def notes(sqlite_registry: Registry) -> Annotations:
    return Annotations(sqlite_registry)


def find_raw(registry: Registry) -> DatasetRef:
    return registry.butler.query_datasets("raw", collections="HSC/raw/all", limit=1, explain=False)[0]


def make_set(registry: Registry, visits: list[int]) -> DataIdSet:
    return DataIdSet.from_table(
        registry.universe,
        pa.table({"instrument": ["HSC"] * len(visits), "visit": pa.array(visits, pa.int64())}),
        dimensions=["visit"],
    )


def test_one_note_on_targets_of_every_kind(registry: Registry) -> None:
    notes = Annotations(registry)
    raw = find_raw(registry)
    targets = [VISIT, EXPOSURE, raw, "HSC/raw", make_set(registry, [18202, 19676])]
    note = notes.add(
        targets, "trailed", flag="trailed", tags=["night-1"], links=["https://example.org/1"], author="ana"
    )
    rows = notes.find().to_pylist()
    assert len(note.targets) == len(rows) == 6
    assert [row["kind"] for row in rows] == [
        "data_id",
        "data_id",
        "dataset",
        "collection",
        "data_id",
        "data_id",
    ]
    assert [row["visit"] for row in rows] == [96954, None, None, None, 18202, 19676]
    assert rows[1]["exposure"] == 96980
    assert rows[1]["detector"] == 42
    assert rows[2]["dataset_id"] == str(raw.id)
    # A note on one dataset says nothing of others with its data ID.
    assert rows[2]["exposure"] is None
    assert rows[3]["collection"] == "HSC/raw"
    for row in rows:
        assert row["author"] == "ana"
        assert row["flag"] == "trailed"
        assert row["severity"] == "never use"
        assert json.loads(row["tags"]) == ["night-1"]
        assert json.loads(row["links"]) == ["https://example.org/1"]
        assert row["time"] == pytest.approx(Time.now().tai.mjd, abs=300 / 86400)


def test_the_author_is_the_user_by_default(notes: Annotations) -> None:
    assert notes.add(VISIT, "look").author == getpass.getuser()


def test_flags_work_in_a_where(registry: Registry) -> None:
    notes = Annotations(registry)
    notes.add(VISIT, "trailed", flag="trailed")
    notes.add(VISIT, "psf is odd too", flag="psf")
    notes.add({"instrument": "HSC", "visit": 18202}, "psf", flag="psf")

    def find(where: str) -> set[int]:
        return set(select(registry, ["visit"], f"instrument = 'HSC' AND {where}").table["visit"].to_pylist())

    assert find("annotations.flag = 'trailed'") == {96954}
    assert find("annotations.flag = 'psf'") == {96954, 18202}
    assert len(find("NOT annotations.flag = 'trailed'")) == 11
    assert find("annotations.severity = 'never use'") == {96954}


def test_superseding_keeps_what_is_not_given(registry: Registry) -> None:
    notes = Annotations(registry)
    first = notes.add([VISIT, EXPOSURE], "trailed", flag="trailed", tags=["a"], author="ana")
    second = notes.supersede(first.note_id, reason="looked again", text="a little trailed", author="ben")
    assert second.note_id == first.note_id
    assert second.revision == 2
    rows = notes.find().to_pylist()
    assert [row["text"] for row in rows] == ["a little trailed"] * 2
    assert {(row["flag"], row["tags"], row["author"], row["reason"]) for row in rows} == {
        ("trailed", '["a"]', "ben", "looked again")
    }
    assert [row["visit"] for row in rows] == [96954, None]


def test_superseding_can_change_flag_and_targets(registry: Registry) -> None:
    notes = Annotations(registry)
    note = notes.add([VISIT, EXPOSURE, "HSC/raw"], "trailed", flag="trailed", author="ana")
    notes.supersede(
        note.note_id, reason="wrong visit", targets={"instrument": "HSC", "visit": 18202}, flag=None
    )
    (row,) = notes.find().to_pylist()
    assert (row["visit"], row["flag"], row["severity"]) == (18202, None, None)
    history = notes.history(note.note_id).to_pylist()
    assert [row["revision"] for row in history] == [1, 1, 1, 2, 2, 2]
    assert [row["retracted"] for row in history] == [False] * 4 + [True, True]
    notes.supersede(note.note_id, reason="both", targets=[VISIT, EXPOSURE])
    assert [row["target"] for row in notes.find().to_pylist()] == [0, 1]


def test_a_retracted_note_is_gone_but_not_forgotten(registry: Registry) -> None:
    notes = Annotations(registry)
    note = notes.add([VISIT, "HSC/raw"], "trailed", flag="trailed", author="ana")
    notes.retract(note.note_id, "it was another visit", author="ben")
    assert notes.find().num_rows == 0
    last = notes.history(note.note_id).to_pylist()[-1]
    assert (last["author"], last["reason"], last["retracted"]) == ("ben", "it was another visit", True)
    with pytest.raises(AnnotationError, match=r"retracted by ben \(it was another visit\)"):
        notes.retract(note.note_id, "again")
    with pytest.raises(AnnotationError, match="retracted by ben"):
        notes.supersede(note.note_id, reason="again", text="x")


def test_a_revision_that_was_not_read_is_not_replaced(registry: Registry) -> None:
    notes = Annotations(registry)
    note = notes.add(VISIT, "trailed?", author="ana")
    notes.supersede(note.note_id, reason="looked", text="trailed", author="ben", revision=1)
    with pytest.raises(NoteChangedError, match=r"changed by ben since you read its revision 1"):
        notes.supersede(note.note_id, reason="also looked", text="fine", author="ana", revision=1)
    with pytest.raises(NoteChangedError, match="it is at revision 2 now"):
        notes.retract(note.note_id, "fine", author="ana", revision=1)
    assert notes.find()["text"].to_pylist() == ["trailed"]
    notes.retract(note.note_id, "fine", author="ana", revision=2)
    assert notes.find().num_rows == 0


def test_a_bot_never_overrides_a_person(notes: Annotations) -> None:
    note = notes.add(VISIT, "fine", author="ana")
    with pytest.raises(AnnotationError, match="a bot never overrides a person"):
        notes.supersede(note.note_id, reason="score", text="bad", author="robot", bot=True)
    with pytest.raises(AnnotationError, match="a bot never overrides a person"):
        notes.retract(note.note_id, "score", author="robot", bot=True)
    assert [row["text"] for row in notes.find().to_pylist()] == ["fine"]


def test_a_bot_overrides_itself_until_a_person_steps_in(notes: Annotations) -> None:
    note = notes.add(VISIT, "score 1", author="robot", bot=True)
    notes.supersede(note.note_id, reason="new score", text="score 2", author="robot", bot=True)
    notes.supersede(note.note_id, reason="I looked", text="fine", author="ana")
    with pytest.raises(AnnotationError, match="of ana, a person"):
        notes.supersede(note.note_id, reason="new score", text="score 3", author="robot", bot=True)
    (row,) = notes.find().to_pylist()
    assert (row["text"], row["author"], row["bot"]) == ("fine", "ana", False)


def test_finding_by_target(sqlite_registry: Registry) -> None:
    notes = Annotations(sqlite_registry)
    raw = find_raw(sqlite_registry)
    for target, text in (
        (VISIT, "visit"),
        ({**VISIT, "detector": 42}, "part"),
        ({"instrument": "HSC", "detector": 42}, "detector"),
        ({"instrument": "HSC"}, "instrument"),
        (raw, "raw"),
        ("HSC/raw", "collection"),
    ):
        notes.add(target, text)

    def texts(target: object) -> set[str]:
        return set(notes.find(target)["text"].to_pylist())  # type: ignore[arg-type]

    assert texts(VISIT) == {"visit", "part", "instrument"}
    assert texts({**VISIT, "detector": 42}) == {"visit", "part", "detector", "instrument"}
    assert texts({"instrument": "HSC", "visit": 18202}) == {"instrument"}
    assert texts(raw) == texts(raw.id) == texts(str(raw.id)) == {"raw"}
    assert texts("HSC/raw") == {"collection"}
    assert texts(make_set(sqlite_registry, [96954, 18202])) == {"visit", "part", "instrument"}
    assert texts(make_set(sqlite_registry, [])) == set()


def test_finding_by_content(notes: Annotations) -> None:
    notes.add(VISIT, "one", flag="trailed", tags=["a", "b"], author="ana")
    notes.add(VISIT, "two", flag="psf", author="ben")
    notes.add(VISIT, "three", author="ben")
    assert notes.find(flag="psf")["text"].to_pylist() == ["two"]
    assert notes.find(flag=["psf", "trailed"])["text"].to_pylist() == ["one", "two"]
    assert notes.find(severity="needs follow-up")["text"].to_pylist() == ["two"]
    assert notes.find(author="ben")["text"].to_pylist() == ["two", "three"]
    assert notes.find(tag="b")["text"].to_pylist() == ["one"]
    assert notes.find(VISIT, author="ana")["text"].to_pylist() == ["one"]


def test_an_empty_answer_has_all_columns(notes: Annotations) -> None:
    before = notes.find()
    assert before.num_rows == 0
    notes.add(VISIT, "look")
    assert before.schema.equals(notes.find().schema)


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        ({"instrument": "HSC", "visit": 1}, UnknownDataIdError, "no data ID"),
        ({"patch": 3}, UnknownNameError, "tract|skymap"),
        ({"instrument": "HSC", "vist": 96954}, UnknownNameError, "'vist'"),
        (uuid.UUID(int=1), UnknownDataIdError, "no dataset"),
        ("HSC/rew", UnknownNameError, "HSC/raw"),
        ([], AnnotationError, "needs something"),
        ({}, AnnotationError, "without any dimension"),
        ([VISIT, 7], AnnotationError, "cannot be about 7"),
    ],
)
def test_targets_must_exist(
    notes: Annotations, targets: object, error: type[WorkbenchError], message: str
) -> None:
    with pytest.raises(error, match=message):
        notes.add(targets, "text")  # type: ignore[arg-type]
    assert notes.find().num_rows == 0


def test_rows_of_a_set_must_exist(sqlite_registry: Registry) -> None:
    notes = Annotations(sqlite_registry)
    with pytest.raises(UnknownDataIdError, match=r"1 of the 2 data IDs .*visit=7"):
        notes.add(make_set(sqlite_registry, [7, 96954]), "text")
    with pytest.raises(EmptySetError, match="empty"):
        notes.add(make_set(sqlite_registry, []), "text")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"text": " "}, "needs a text"),
        ({"text": "x", "author": " "}, "needs an author"),
        ({"text": "x", "flag": "badd"}, "not in the vocabulary.*bad"),
        ({"text": "x", "tags": ["a,b"]}, "is no tag"),
        ({"text": "x", "links": ["example.org"]}, "is no link"),
    ],
)
def test_notes_must_be_complete(notes: Annotations, content: dict[str, object], message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        notes.add(VISIT, **content)  # type: ignore[arg-type]
    assert notes.find().num_rows == 0


def test_changes_need_a_reason_and_a_note(notes: Annotations) -> None:
    note = notes.add(VISIT, "look")
    with pytest.raises(AnnotationError, match="needs a reason"):
        notes.supersede(note.note_id, reason=" ", text="x")
    with pytest.raises(AnnotationError, match="needs a reason"):
        notes.retract(note.note_id, "")
    for unknown in (uuid.uuid4(), "not even a UUID"):
        with pytest.raises(UnknownNameError, match="There is no note"):
            notes.retract(unknown, "why")
    assert notes.history(note.note_id).num_rows == 1


def test_a_read_only_registry_is_not_written(butler_repo: Path) -> None:
    with open_registry(str(butler_repo), read_only=True) as registry:
        notes = Annotations(registry)
        with pytest.raises(ReadOnlyError):
            notes.add(VISIT, "look")
        assert notes.find().num_rows == 0


def test_sky_pixels_get_their_column_when_they_are_annotated(registry: Registry) -> None:
    notes = Annotations(registry)
    notes.add(VISIT, "a visit")
    pixel = (
        select(registry, ["visit", "htm7"], "instrument = 'HSC' AND visit = 96954").table["htm7"][0].as_py()
    )
    notes.add({"htm7": pixel}, "a ghost", flag="artifact")
    notes.add({**VISIT, "htm7": pixel}, "a ghost in a visit", flag="suspect")
    assert notes.find({"htm7": pixel})["text"].to_pylist() == ["a ghost", "a ghost in a visit"]
    assert notes.find(VISIT)["text"].to_pylist() == ["a visit", "a ghost in a visit"]
    found = select(registry, ["visit", "htm7"], "instrument = 'HSC' AND annotations.flag = 'artifact'").table
    assert set(found["htm7"].to_pylist()) == {pixel}
    assert 96954 in found["visit"].to_pylist()
    with pytest.raises(UnknownDataIdError, match="htm7=3"):
        notes.add({"htm7": 3}, "no such pixel")
    # Others see the new column, and a note on one visit is written as before.
    assert Annotations(registry).add(VISIT, "again").revision == 1
    assert notes.find(VISIT).num_rows == 3


def test_tracts_and_patches(registry: Registry) -> None:
    notes = Annotations(registry)
    patch = select(registry, ["patch"], "skymap = 'cosmos'").table.to_pylist()[0]
    tract = {"skymap": patch["skymap"], "tract": patch["tract"]}
    notes.add({**tract, "patch": patch["patch"], "band": "i"}, "bright star", flag="background")
    notes.add(tract, "the whole tract", flag="suspect")
    assert notes.find(tract)["text"].to_pylist() == ["bright star", "the whole tract"]
    where = f"skymap = 'cosmos' AND tract = {patch['tract']}"
    inside = select(registry, ["patch"], f"{where} AND annotations.flag = 'suspect'").table
    assert inside.num_rows == select(registry, ["patch"], where).table.num_rows
    found = select(registry, ["patch", "band"], f"{where} AND band = 'i' AND annotations.flag = 'background'")
    assert found.table.select(["patch"]).to_pylist() == [{"patch": patch["patch"]}]


def test_many_targets_are_checked_and_written_together(registry: Registry) -> None:
    notes = Annotations(registry)
    visits = select(registry, ["visit"], "instrument = 'HSC'").table["visit"].to_pylist()
    targets = [
        {"instrument": "HSC", "visit": visit, "detector": detector}
        for visit in visits
        for detector in (41, 42, 49, 50, 57, 58)
    ]
    note = notes.add([*targets, "HSC/raw", VISIT], "all of it")
    assert [target.data_id for target in note.targets[: len(targets)]] == targets
    assert [target.kind for target in note.targets[len(targets) :]] == ["collection", "data_id"]
    assert notes.find().num_rows == len(targets) + 2
    with pytest.raises(UnknownDataIdError, match=r"1 of the 73 data IDs .*detector=999"):
        notes.add([*targets, {**VISIT, "detector": 999}], "one too many")
    with pytest.raises(UnknownDataIdError, match="wrong type"):
        notes.add([*targets, {**VISIT, "detector": "x"}], "one too many")
    assert notes.find().num_rows == len(targets) + 2


@pytest.mark.parametrize("n_visits", [1, 12])
def test_the_only_instrument_is_filled_in(sqlite_registry: Registry, n_visits: int) -> None:
    registry = sqlite_registry
    notes = Annotations(registry)
    visits = select(registry, ["visit"], "instrument = 'HSC'").table["visit"].to_pylist()[:n_visits]
    note = notes.add({"visit": visits}, "of one instrument")
    assert [target.data_id for target in note.targets] == [{"instrument": "HSC", "visit": v} for v in visits]
    assert notes.find({"visit": visits}).num_rows == n_visits
    with registry.writeable_butler() as butler:
        (hsc,) = butler.query_dimension_records("instrument")
        butler.registry.insertDimensionData("instrument", hsc.toDict() | {"name": "SimCam"})
    registry.refresh()
    with pytest.raises(UnknownNameError, match=r"add instrument=\.\.\. \(there are: HSC, SimCam\)"):
        notes.add({"visit": visits}, "of which one?")


HOSTILE = [
    "it's \"quoted\"'); DROP TABLE dataset; --",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\N{TELESCOPE} größer \u202e",
    "!!python/object/apply:os.system ['true']",
    "\x1b[31mred",
    "%s :name ? {0}",
    "x" * 10_000_000,
]


def test_texts_are_kept_as_they_are(registry: Registry) -> None:
    notes = Annotations(registry)
    for text in HOSTILE:
        notes.add(VISIT, text, tags=[text[:200].replace(",", "").strip()], author=text[:200].strip())
    rows = notes.find(VISIT).to_pylist()
    assert [row["text"] for row in rows] == HOSTILE
    assert [json.loads(row["tags"]) for row in rows] == [[t[:200].replace(",", "").strip()] for t in HOSTILE]
    for text in HOSTILE[:-1]:
        assert select(
            registry, ["visit"], "instrument = 'HSC' AND annotations.text = :t", bind={"t": text}
        ).table["visit"].to_pylist() == [96954]
        assert notes.find(author=text.strip())["text"].to_pylist() == [text]


@pytest.mark.parametrize(
    "content",
    [{"text": "a\0b"}, {"text": "x", "author": "a\0"}, {"text": "x", "tags": ["a\0b"]}, {"text": "\ud800"}],
)
def test_what_no_database_holds_is_refused(notes: Annotations, content: dict[str, object]) -> None:
    with pytest.raises(AnnotationError, match=r"cannot hold NUL|UTF-8"):
        notes.add(VISIT, **content)  # type: ignore[arg-type]
    note = notes.add(VISIT, "fine")
    with pytest.raises(AnnotationError, match="NUL"):
        notes.retract(note.note_id, "a\0b")


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "JavaScript://example.org",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "vbscript://example.org/x",
        "https://",
        "https://exa mple.org",
        "http://[",
        "https://example.org/\n",
        "//example.org/1",
    ],
)
def test_a_link_is_the_address_of_a_page(notes: Annotations, link: str) -> None:
    with pytest.raises(AnnotationError, match="is no link"):
        notes.add(VISIT, "text", links=[link])


def test_a_note_on_a_whole_is_one_on_its_parts_and_not_the_other_way_round(registry: Registry) -> None:
    notes = Annotations(registry)
    notes.add(VISIT, "the visit", flag="trailed")
    notes.add({"instrument": "HSC", "visit": 18202, "detector": 42}, "one detector", flag="psf")

    def find(dimensions: list[str], where: str) -> set[tuple[object, ...]]:
        table = select(registry, dimensions, f"instrument = 'HSC' AND {where}").table
        return {tuple(row.values()) for row in table.select(dimensions).to_pylist()}

    parts = find(["visit", "detector"], "annotations.flag = 'trailed'")
    assert {visit for visit, _ in parts} == {96954}
    assert len(parts) == len(find(["visit", "detector"], "visit = 96954"))
    assert find(["visit", "detector"], "annotations.flag = 'psf'") == {(18202, 42)}
    others = find(["visit", "detector"], "visit = 18202 AND NOT annotations.flag = 'psf'")
    assert len(others) == len(parts) - 1
    # A note on one detector says nothing of the visit as a whole; the selection tells so.
    assert find(["visit"], "annotations.flag = 'psf'") == set()
    found = select(registry, ["visit"], "instrument = 'HSC' AND annotations.flag = 'psf'")
    assert any("finer data IDs" in note for note in found.notes)
