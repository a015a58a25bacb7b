"""A demonstration repository in which two campaigns were executed and brought back.

Made once a session, since it runs real commands; tests only read it.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import pyarrow as pa
import pytest
from lsst.daf.butler import Butler

from workbench.campaigns import Campaign, Commit
from workbench.demo import PIPELINE, create_repository
from workbench.registry import Registry, open_registry
from workbench.runs import IngestResult, RunResult, ingest_graph, run_graph
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot import Relations

DOUBTFUL = 96954
"""The visit that the deep coadd leaves out and the sharp coadd takes."""

BROKEN = 95104
"""The visit one of whose raws has lost its file when the second campaign runs."""

VISITS = (18202, 19676, DOUBTFUL)


@dataclasses.dataclass(frozen=True, slots=True)
class Execution:
    """A commit, what its run said, and what its ingest said."""

    commit: Commit
    progress: list[tuple[str, float | None]]
    run: RunResult
    ingest: IngestResult


@dataclasses.dataclass(frozen=True, slots=True)
class Executed:
    """The repository, a campaign that succeeded, and one whose quanta failed."""

    root: Path
    good: Execution
    failed: Execution


def commit_campaign(registry: Registry, name: str, pipeline: str, where: str, *, doubtful: bool) -> Commit:
    """Commit a campaign, with the doubtful visit taken from the deep coadd alone."""
    campaign = Campaign(registry, name, pipeline, ["HSC/defaults"]).constrain(where=where)
    if doubtful:
        rows = DataIdSet.from_table(
            registry.universe,
            pa.table({"instrument": ["HSC"], "visit": [DOUBTFUL], "reason": ["looks odd"]}),
            role="exclude",
            butler=registry.butler,
            relations=Relations.read(registry.butler, ["HSC"]),
        )
        campaign.constrain(
            tasks="coadd", exclude=SetStore(registry).save(rows, "doubtful", reason="looks odd")
        )
    campaign.preview()
    return campaign.commit()


def break_raw(root: Path) -> None:
    """Delete the file of a raw, as a disk would."""
    with Butler.from_config(str(root)) as butler:
        ref = butler.find_dataset(
            "raw", instrument="HSC", exposure=BROKEN, detector=41, collections=["HSC/defaults"]
        )
        butler.getURI(ref).remove()


def _execute(registry: Registry, commit: Commit) -> Execution:
    progress: list[tuple[str, float | None]] = []
    run = run_graph(
        registry.uri,
        commit.graph_path,
        progress=lambda stage, fraction=None: progress.append((stage, fraction)),
        check=False,
    )
    return Execution(
        commit, progress, run, ingest_graph(registry, commit.graph_path, commit_id=commit.commit_id)
    )


@functools.cache
def make_executed(base: Path) -> Executed:
    """Make the repository below a directory, once."""
    root = base / "executed"
    create_repository(root)
    visits = ", ".join(map(str, VISITS))
    with open_registry(str(root)) as registry:
        good = commit_campaign(
            registry,
            "u/test/good",
            PIPELINE,
            f"instrument = 'HSC' AND skymap = 'cosmos_rings' AND tract = 3 AND visit IN ({visits})",
            doubtful=True,
        )
        failed = commit_campaign(
            registry,
            "u/test/failed",
            f"{PIPELINE}#visit-level",
            f"instrument = 'HSC' AND visit IN (96980, {BROKEN})",
            doubtful=False,
        )
        break_raw(root)
        return Executed(root, _execute(registry, good), _execute(registry, failed))


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    """The executed demonstration; not to be written to."""
    return make_executed(tmp_path_factory.getbasetemp())
