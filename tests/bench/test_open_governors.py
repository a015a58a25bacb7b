"""A governor left open where there are several is one error behind every door, with the term to add."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.bench import Bench, open_bench
from workbench.cli.root import main
from workbench.demo import PIPELINE
from workbench.demo.main_job import create
from workbench.errors import WorkbenchError
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import WHOLE_GRAPH, PlannedConstraint, PlannedScope
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk

INSTRUMENT = "Add instrument = 'HSC' (there are: HSC, SimCam)"
SKYMAP = "Add skymap = 'cosmos_rings' (there are: cosmos_rings, other_rings)"
OPEN = {
    "visit > 5": INSTRUMENT,
    "instrument IN ('HSC') AND detector = 50": INSTRUMENT,
    "tract = 0": SKYMAP,
    "instrument = 'HSC' AND patch = 3": SKYMAP,
    "in_set('none') OR skymap = 'cosmos_rings' AND day_obs > 20150101": INSTRUMENT,
}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The demonstration with a second instrument and a second sky map."""
    root = tmp_path_factory.mktemp("several") / "repo"
    create(root)
    with open_bench(root) as bench:
        with bench.registry.writeable_butler() as butler:
            (hsc,) = butler.query_dimension_records("instrument")
            butler.registry.insertDimensionData("instrument", hsc.toDict() | {"name": "SimCam"})
            (rings,) = butler.query_dimension_records("skymap")
            other = rings.toDict() | {"name": "other_rings", "hash": b"12345678"}
            butler.registry.insertDimensionData("skymap", other)
        bench.registry.refresh()
        bench.save(bench.select("visit", "band = 'i'"), "none", reason="a test")
        yield bench


def ask_campaign(bench: Bench, where: str, **scope: str) -> None:
    bench.campaign("u/x/y", PIPELINE, ["HSC/defaults"]).constrain(where=where, **scope).preview()


def ask_plan(bench: Bench, where: str, scope: PlannedScope = WHOLE_GRAPH) -> None:
    desk = Desk(bench)
    curation = Curation(desk)
    plan = CampaignPlan(desk, curation, pipeline=PIPELINE, inputs="HSC/defaults", campaign_name="u/x/y")
    plan.constraints = [PlannedConstraint("", "include", scope, where)]
    asyncio.run(plan.make_preview())
    if plan.problem:
        raise WorkbenchError(plan.problem)


def ask_curation(bench: Bench, where: str) -> None:
    curation = Curation(Desk(bench))
    curation.choose(where)
    if curation.error:
        raise WorkbenchError(curation.error)


def ask_command(*words: str) -> Callable[[Bench, str], None]:
    def ask(bench: Bench, where: str) -> None:
        given = [bench.uri if word == "REPO" else where if word == "WHERE" else word for word in words]
        result = CliRunner().invoke(main, given)
        if result.exit_code:
            raise WorkbenchError(result.output)

    return ask


DOORS: dict[str, Callable[[Bench, str], object]] = {
    "select": lambda bench, where: bench.select("visit", where),
    "finer": lambda bench, where: bench.select(["visit", "detector"], where),
    "query": lambda bench, where: bench.query("visit", where),
    "records": lambda bench, where: bench.dimensions.records("visit", where),
    "why not": lambda bench, where: bench.why_not("visit", where, instrument="HSC", visit=18202),
    "campaign": ask_campaign,
    "campaign, a task": lambda bench, where: ask_campaign(bench, where, tasks="coadd"),
    "page of the campaign": ask_plan,
    "page, a task": lambda bench, where: ask_plan(bench, where, PlannedScope.of_tasks("coadd")),
    "page of the set": ask_curation,
    "workbench query": ask_command("query", "REPO", "visit", "--where", "WHERE"),
    "workbench select": ask_command("select", "REPO", "visit", "--where", "WHERE"),
}


@pytest.mark.parametrize("where", OPEN)
@pytest.mark.parametrize("door", DOORS)
def test_a_condition_is_refused_with_the_term_to_add(several: Bench, door: str, where: str) -> None:
    if door == "why not" and OPEN[where] == INSTRUMENT:
        return  # the data ID names it
    with pytest.raises(WorkbenchError) as caught:
        DOORS[door](several, where)
    told = " ".join(str(caught.value).split())
    assert OPEN[where] in told, told


@pytest.mark.parametrize("door", DOORS)
def test_a_condition_that_names_it_is_answered(several: Bench, door: str) -> None:
    DOORS[door](several, "instrument = 'HSC' AND visit > 5 AND band = 'i'")


@pytest.mark.parametrize(
    "where",
    [
        "instrument > 'A' AND visit = 18202",
        "NOT GLOB(instrument, 'Sim*') AND visit = 18202",
        "(instrument = 'HSC' OR in_set('none')) AND visit = 18202 AND visit.exposure_time > 1",
        "instrument != 'SimCam' AND visit = 18202",
        "instrument = 'HSC' AND visit = 18202",
    ],
)
def test_whoever_evaluates_what_closes_it(several: Bench, where: str) -> None:
    """The Butler is not asked what is open for it because the condition on the governor is not its own."""
    assert several.select("visit", where).table["visit"].to_pylist() == [18202]


@pytest.mark.parametrize(
    ("columns", "known"),
    [("visit\n18202", "HSC, SimCam"), ("tract,patch\n0,1", "cosmos_rings, other_rings")],
)
def test_tables_without_it_are_refused(several: Bench, tmp_path: Path, columns: str, known: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(columns + "\n")
    names, values = (line.split(",") for line in columns.split("\n"))
    row = dict(zip(names, map(int, values), strict=True))
    doors: dict[str, Callable[[], object]] = {
        "make_set": lambda: several.make_set([row]),
        "read_set": lambda: several.read_set(path),
        "metrics": lambda: several.metrics.import_file(path, table="quick"),
        "workbench sets import": lambda: ask_command(
            "sets", "import", "REPO", str(path), "--name", "x", "--reason", "y"
        )(several, ""),
    }
    for door, ask in doors.items():
        with pytest.raises(WorkbenchError) as caught:
            ask()
        assert f"(there are: {known})" in " ".join(str(caught.value).split()), (door, str(caught.value))
    with pytest.raises(WorkbenchError, match="has a meaning within one"):
        several.campaign("u/x/y", PIPELINE, ["HSC/defaults"]).constrain(include=[row]).preview()
