"""Every row of every set that is named is accounted for, and what is advised works."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import Butler

import workbench as wb
from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign
from workbench.demo import PIPELINE, create_repository
from workbench.errors import GraphBuildError
from workbench.graph import BuildMode, BuildOptions, Preview, Remedy

INPUTS = ("HSC/defaults",)
NO_RAW, NO_REGION, BAD, TRAILED = 96870, 96871, 58260, 96980
LATE = "instrument = 'HSC' AND visit > 96800"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration, with a visit that has no raws, and one that has raws and no region."""
    root = tmp_path_factory.mktemp("accounts") / "repo"
    create_repository(root)
    with Butler.from_config(str(root), writeable=True) as butler:
        of = {"instrument": "HSC"}
        insert = butler.registry.insertDimensionData
        (visit,) = butler.query_dimension_records("visit", instrument="HSC", visit=96860)
        (exposure,) = butler.query_dimension_records("exposure", instrument="HSC", exposure=96860)
        for number, changes in ((NO_RAW, {}), (NO_REGION, {"region": None})):
            insert("exposure", exposure.toDict() | {"id": number, "obs_id": str(number)})
            insert("visit", visit.toDict() | {"id": number, "name": str(number)} | changes)
            insert("visit_definition", of | {"visit": number, "exposure": number})
            insert("visit_system_membership", of | {"visit": number, "visit_system": 0})
        insert("tract", {"skymap": "cosmos_rings", "id": 99, "region": None})
    return root


@pytest.fixture(scope="module")
def bench(root: Path) -> Iterator[Bench]:
    with open_bench(root) as opened:
        opened.save(opened.select("visit", LATE), "late", reason="x")
        bad = [{"instrument": "HSC", "visit": BAD, "reason": "clouds"}]
        trailed = [{"instrument": "HSC", "exposure": TRAILED, "reason": "trailed"}]
        opened.save(opened.make_set(bad, role="exclude"), "bad", reason="x")
        opened.save(opened.make_set(trailed, role="exclude"), "trailed", reason="x")
        none = [{"instrument": "HSC", "visit": NO_RAW}]
        opened.save(opened.make_set(none, role="exclude"), "none", reason="x")
        opened.save(opened.select("visit", "instrument = 'HSC' AND band = 'i'"), "iband", reason="x")
        opened.save(opened.select("detector", "instrument = 'HSC'"), "chips", reason="x")
        opened.save(opened.select("exposure", "instrument = 'HSC' AND exposure > 96800"), "shots", reason="x")
        opened.save(opened.select("tract", "skymap = 'cosmos_rings'"), "tracts", reason="x")
        yield opened


def begin(bench: Bench, **options: Any) -> Campaign:
    return bench.campaign("u/test/accounts", PIPELINE, INPUTS, **options)


def told(preview: Preview, kind: str) -> list[str]:
    return [one.sentence for one in preview.row_accounts if one.kind == kind]


@pytest.mark.parametrize("mode", BuildMode)
@pytest.mark.parametrize("tasks", [None, "summarizeVisit"])
def test_a_row_without_raws_is_named(bench: Bench, mode: BuildMode, tasks: str | None) -> None:
    if tasks and mode is BuildMode.ALL_DIMENSIONS:
        pytest.skip("constraints of that mode are on the whole graph")
    campaign = begin(bench, options=BuildOptions(mode=mode)).constrain(include="late", tasks=tasks)
    preview = campaign.preview()
    (sentence,) = told(preview, "include")
    scope = f" ({tasks})" if tasks else ""
    assert sentence.startswith(f"2 of 7 rows of late@1{scope} reach no quantum: ")
    assert f"visit {NO_RAW}" in sentence
    assert "no raw in HSC/defaults" in sentence
    assert sentence in str(preview)
    (account,) = preview.row_accounts
    assert account.table.num_rows == 7
    visits = dict(zip(account.keys["visit"], account.quanta.tolist(), strict=True))
    for visit, number in visits.items():
        quanta = preview.columns.quanta["summarizeVisit"].data_ids
        assert (number > 0) is (visit in quanta["visit"].to_list())
    checks = bench.campaigns.check(campaign, preview).to_pylist()
    (check,) = [row for row in checks if row["check"] == "Every row that is named reaches a quantum"]
    assert check["state"] == "note"
    assert sentence in check["found"]


def test_a_row_that_all_reach_is_silent(bench: Bench) -> None:
    preview = begin(bench).constrain(include="iband").preview()
    assert told(preview, "include") == [""]
    assert preview.warnings == ()
    (row,) = preview.accounts.to_pylist()
    assert (row["rows"], row["why"]) == (6, "")


def test_rows_of_other_dimensions(bench: Bench) -> None:
    """Detectors, exposures in place of visits, and a tract that nothing overlaps."""
    preview = (
        begin(bench)
        .constrain(include="chips")
        .constrain(include="shots")
        .constrain(include="tracts")
        .preview()
    )
    chips, shots, tracts = preview.row_accounts
    assert (chips.n_idle, chips.sentence) == (0, "")
    assert shots.sentence.startswith("2 of 7 rows of shots@1 reach no quantum: ")
    assert f"exposure {NO_RAW}" in shots.sentence
    assert "tract 99" in tracts.sentence


def test_a_row_that_another_constraint_takes(bench: Bench) -> None:
    campaign = begin(bench).constrain(include="iband").constrain(exclude="bad").constrain(exclude="trailed")
    preview = campaign.preview()
    (sentence,) = told(preview, "include")
    assert sentence == (
        f"2 of 6 rows of iband@1 reach no quantum: visit {BAD}: taken by exclude bad@1; "
        f"visit {TRAILED}: taken by exclude trailed@1"
    )
    assert told(preview, "exclude") == ["", ""]
    above = begin(bench).constrain(include="iband", tasks="coadd").constrain(exclude="bad", tasks="calibrate")
    (sentence,) = told(above.preview(), "include")
    assert f"1 of 6 rows of iband@1 (coadd) reach no quantum: visit {BAD}" in sentence
    assert "too few inputs left by exclude bad@1" in sentence


@pytest.mark.parametrize("mode", BuildMode)
def test_an_exclusion_that_takes_nothing(bench: Bench, mode: BuildMode) -> None:
    campaign = (
        begin(bench, options=BuildOptions(mode=mode)).constrain(exclude="none").constrain(exclude="bad")
    )
    preview = campaign.preview()
    assert told(preview, "exclude") == [
        f"1 of 1 rows of none@1 take nothing from the graph: visit {NO_RAW}: no raw in HSC/defaults",
        "",
    ]


def test_members_of_groups_are_accounted_for(bench: Bench) -> None:
    bench.group("halves", bench.load("late"), wb.folds(2, seed=1))
    campaign = begin(bench).group(tasks="coadd", by="halves", way="suffix")
    sentences = [one for one in told(campaign.preview(), "grouping") if one]
    assert any(f"visit {NO_RAW}" in one and "halves@1" in one for one in sentences)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("instrument = 'hsc'", "instrument is one of 'HSC'"),
        ("band = 'z'", "band is one of 'i', 'r'"),
        ("instrument = 'HSC' AND visit = 1", "include visit = 1"),
        (f"instrument = 'HSC' AND visit = {NO_RAW}", f"include visit = {NO_RAW} leaves nothing of what"),
    ],
)
def test_an_empty_graph_names_what_emptied_it(bench: Bench, where: str, said: str) -> None:
    campaign = begin(bench).constrain(where=where)
    preview = campaign.preview()
    assert said in str(preview)
    assert preview.refusals
    with pytest.raises(GraphBuildError) as refused:
        campaign.commit(preview)
    assert said in str(refused.value)


def test_an_empty_join_blames_the_condition(bench: Bench) -> None:
    options = BuildOptions(mode=BuildMode.ALL_DIMENSIONS)
    with pytest.raises(GraphBuildError, match=r"include band = 'z'.*band is one of 'i', 'r'"):
        begin(bench, options=options).constrain(where="band = 'z'").preview()


def test_constraints_that_only_together_leave_nothing(bench: Bench) -> None:
    campaign = begin(bench).constrain(include="iband").constrain(where="band = 'r'")
    assert "Only together, include iband@1 and include band = 'r' leave nothing." in str(campaign.preview())


def kept(preview: Preview, data_id: Mapping[str, Any]) -> int:
    return sum(row["kept"] for row in preview.explain(**data_id).table.to_pylist())


def follow(campaign: Campaign, remedies: tuple[Remedy, ...]) -> Campaign:
    """Do what a remedy says, and what it says has to be done with it."""
    changed = campaign
    # Those that take constraints away last, and from the end: positions count those that are left.
    for remedy in sorted(remedies, key=lambda one: (one.kind == "without", -one.constraint)):
        position = campaign.find_constraint(remedy.constraint)
        assert position is not None
        change = (
            {"toggle": remedy.data_ids, "of": position} if remedy.kind == "toggle" else {"without": position}
        )
        changed = changed.what_if(**change).campaign
    return changed


CAMPAIGNS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "an include": ({"include": "iband"},),
    "an exclude": ({"exclude": "bad"},),
    "exposures": ({"exclude": "trailed"},),
    "upstream": ({"exclude": "bad", "tasks": "calibrate"},),
    "edges": ({"include": "iband", "tasks": "coadd"}, {"exclude": "bad", "tasks": "coadd"}),
    "a dataset type": ({"exclude": "bad", "dataset_type": "warp_stats"},),
    "a condition": ({"where": "band = 'r' AND skymap = 'cosmos_rings' AND tract = 0"},),
    "two of them": ({"exclude": "bad"}, {"where": "instrument = 'HSC' AND visit != 58260"}),
}


@pytest.mark.parametrize("constraints", CAMPAIGNS.values(), ids=CAMPAIGNS)
@pytest.mark.parametrize(
    "data_id", [{"visit": BAD}, {"visit": TRAILED}, {"visit": BAD, "detector": 50}, {"tract": 3}], ids=str
)
def test_a_remedy_works(
    bench: Bench, constraints: tuple[dict[str, Any], ...], data_id: dict[str, Any]
) -> None:
    campaign = begin(bench)
    for one in constraints:
        campaign.constrain(**one)
    preview = campaign.preview()
    remedies = preview.why_not(**data_id).remedies
    told = [one for one in preview.explain(**data_id).sentences if one.startswith("To restore")]
    assert [*dict.fromkeys(one.sentence for one in remedies)] == told
    assert len(told) == len({frozenset([one.constraint, *one.together]) for one in remedies}), (
        "joint ones once"
    )
    before = kept(preview, data_id)
    for remedy in remedies:
        together = tuple(one for one in remedies if one.constraint in remedy.together)
        changed = follow(campaign, (remedy, *together))
        assert kept(changed.preview(), data_id) > before, remedy.sentence
    everything = begin(bench).preview()
    if before < kept(everything, data_id):
        assert remedies


SEVERAL: Mapping[str, tuple[tuple[dict[str, Any], ...], tuple[str, ...]]] = {
    "one for all": (
        ({"exclude": "worse"},),
        (f"To restore 2 data IDs (visit={BAD}; visit={TRAILED}), take them out of worse@1.",),
    ),
    "one for each cause": (
        ({"exclude": "bad"}, {"where": f"instrument = 'HSC' AND visit != {TRAILED}"}),
        (
            f"To restore visit={BAD}, take it out of bad@1.",
            f"To restore visit={TRAILED}, take the constraint include visit != {TRAILED} away, or widen it.",
        ),
    ),
    "only what is lacking": (
        ({"include": "rest"},),
        (f"To restore 2 data IDs (visit={BAD}; visit={TRAILED}), add them to rest@1.",),
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_remedies_of_several_work(bench: Bench, name: str) -> None:
    """Asked about with one that is kept; what a remedy gives back is what it speaks of, and no more."""
    constraints, sentences = SEVERAL[name]
    campaign = begin(bench)
    worse = [{"instrument": "HSC", "visit": visit} for visit in (BAD, TRAILED)]
    bad = bench.make_set(worse, dimensions=["visit"], role="exclude")
    if name == "one for all":
        bench.save(bad, "worse", reason="two of them")
    if name == "only what is lacking":
        bench.save(bench.select("visit", "") - bad, "rest", reason="all others")
    for one in constraints:
        campaign.constrain(**one)
    preview = campaign.preview()
    asked = [{"visit": visit} for visit in (BAD, TRAILED, 96954)]
    waterfall = preview.why_not(asked)
    assert tuple(one.sentence for one in waterfall.remedies) == sentences
    assert preview.explain(asked).sentences[-len(sentences) :] == sentences
    everything = begin(bench).preview()
    changed = follow(campaign, waterfall.remedies).preview()
    for data_id in asked:
        assert kept(changed, data_id) == kept(everything, data_id)
    for remedy in waterfall.remedies:
        after = follow(campaign, (remedy,)).preview()
        given = [one for one in asked if kept(after, one) > kept(preview, one)]
        assert given == list(remedy.data_ids)


def test_what_no_constraint_took_is_advised_beside(bench: Bench) -> None:
    preview = begin(bench).constrain(exclude="bad").preview()
    answer = preview.why_not(visit=[BAD, NO_RAW])
    assert [one.sentence for one in answer.remedies] == [f"To restore visit={BAD}, take it out of bad@1."]
    assert f"visit {NO_RAW} is no candidate" in str(answer)
    many = preview.why_not([{"visit": BAD, "detector": number} for number in range(40, 80)])
    (remedy,) = many.remedies
    assert dict(remedy.data_id) == {"visit": BAD}


@pytest.fixture
def own_bench(bench: Bench, root: Path, tmp_path: Path) -> Iterator[Bench]:
    """A copy, for a test that moves the chain of the inputs."""
    shutil.copytree(root, tmp_path / "own")
    with open_bench(tmp_path / "own") as opened:
        yield opened


def test_what_was_left_out_of_a_publication_is_named(own_bench: Bench) -> None:
    bench = own_bench
    good = bench.load("iband")
    keep = bench.save(good - bench.load("bad") - bench.load("trailed"), "cosmos-i", reason="first")
    bench.publish(keep, tagged="HSC/raw/DM-1234", chain="HSC/raw", reason="list of May")
    preview = begin(bench).constrain(include="iband").preview()
    left_out = "left out of HSC/raw/DM-1234 (cosmos-i@1) by"
    assert f"no raw in HSC/defaults, {left_out} bad@1 (clouds)" in str(preview.why_not(visit=BAD))
    assert f"{left_out} trailed@1 (trailed)" in str(preview.explain(visit=TRAILED, detector=50))
    (sentence,) = told(preview, "include")
    assert sentence.startswith("2 of 6 rows of iband@1 reach no quantum: ")
    assert f"visit {BAD}: no raw in HSC/defaults, {left_out} bad@1 (clouds)" in sentence
    assert told(preview, "publication") == [""]
    narrow = begin(bench).constrain(where="instrument = 'HSC' AND visit = 96954").preview()
    (sentence,) = told(narrow, "publication")
    assert sentence.startswith("3 of 4 rows of HSC/raw/DM-1234 (cosmos-i@1) reach no quantum: ")
    assert "taken by include visit = 96954" in sentence
