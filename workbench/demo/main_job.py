"""The main job, end to end: from a repository to what ran, and what it says."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from workbench.bench import Bench, open_bench
from workbench.campaigns import Commit
from workbench.demo import BAD_LIST, DEFAULT_SEED, PIPELINE, create_repository, modelled_metrics
from workbench.groupings import best_seeing
from workbench.progress import Progress, silent
from workbench.sets import DataIdSet

__all__ = ["MainJob", "compare_coadds", "create", "read_coadds", "run_main_job", "walk_main_job"]

WHERE = "band IN ('i', 'r') AND metrics.psf_fwhm < 0.9"
"""The seeing cut (arcsec) of the main job, on modelled quick-look metrics."""

INPUTS = ("HSC/defaults",)
TAGGED = "HSC/raw/DM-1234"
CHAIN = "HSC/raw"


@dataclasses.dataclass(frozen=True, eq=False)
class MainJob:
    """What the main job made.

    Parameters
    ----------
    visits : `~workbench.sets.DataIdSet`
        The saved set of good visits.
    before, after : `~workbench.campaigns.Commit`
        The campaigns without and with the exclusion.
    quanta : `~collections.abc.Mapping` [ `str`, `int` ]
        Executed quanta of the second by status.
    comparison : `pyarrow.Table`
        Depth and PSF of each deep coadd before and after.
    exports : `tuple` [ `pathlib.Path`, ... ]
        Files written.
    """

    visits: DataIdSet
    before: Commit
    after: Commit
    quanta: Mapping[str, int]
    comparison: pa.Table
    exports: tuple[Path, ...]


def create(
    path: str | Path,
    *,
    survey: int = 0,
    seed: int = DEFAULT_SEED,
    overwrite: bool = False,
    progress: Progress = silent,
) -> None:
    """Make the demonstration repository with its quick-look metrics.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        Directory of the new repository.
    survey : `int`, optional
        Number of visits of a simulated survey to add.
    seed : `int`, optional
        Seed of everything that is modelled.
    overwrite : `bool`, optional
        Replace a repository that is there.
    progress : `~workbench.progress.Progress`, optional
        Told the stage.

    Raises
    ------
    workbench.errors.WorkbenchError
        Raised if the directory holds something else.
    """
    create_repository(path, survey=survey, seed=seed, overwrite=overwrite, progress=progress)
    with open_bench(path) as bench:
        bench.metrics.write(modelled_metrics(seed=seed, survey=survey), source=f"modelled, seed={seed}")


def run_main_job(path: str | Path, *, echo: Callable[[str], None], progress: Progress = silent) -> MainJob:
    """Remake the demonstration repository and walk the main job through it.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        Directory of the repository; a demonstration that is there is replaced.
    echo : `~collections.abc.Callable`
        Told what was done, line by line.
    progress : `~workbench.progress.Progress`, optional
        Told the stage.

    Returns
    -------
    job : `MainJob`
        What it made.
    """
    root = Path(path)
    echo(f"Making the demonstration repository in {root}: twelve real HSC COSMOS visits, modelled pixels.")
    create(root, overwrite=True, progress=progress)
    with open_bench(root) as bench:
        return walk_main_job(bench, root / "exports", echo=echo, progress=progress)


def walk_main_job(
    bench: Bench, exports: Path, *, echo: Callable[[str], None], progress: Progress = silent
) -> MainJob:
    """Walk the main job through a demonstration repository, wherever that is.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository, with its quick-look metrics.
    exports : `pathlib.Path`
        Directory of the files that are exported; made if there is none.
    echo : `~collections.abc.Callable`
        Told what was done, line by line.
    progress : `~workbench.progress.Progress`, optional
        Told the stage.

    Returns
    -------
    job : `MainJob`
        What it made.
    """
    counts = {row["element"]: row["records"] for row in bench.dimensions.elements().to_pylist()}
    echo(f"It has {counts['visit']} visits, {counts['detector']} detectors, {counts['patch']} patches.")

    seen = bench.selection("visit", WHERE)
    echo(f"\nSelecting visits where {WHERE}")
    for row in seen.waterfall.to_pylist():
        echo(f"  {row['rows_before']:3} -> {row['rows_after']:3}  {row['conjunct']}")
    selected = bench.save(
        bench.select("visit", WHERE), "cosmos-all", reason="seeing cut alone, for comparison"
    )
    before = _process(bench, "u/demo/before", selected, echo, progress)

    bad = bench.read_set(BAD_LIST, instrument="HSC", role="exclude")
    echo(f"\nSubtracting {len(bad)} exposures listed in {BAD_LIST.name}:")
    for row in bad.table.to_pylist():
        echo(f"  {row['exposure']}: {row['reason']}")
    visits = bench.save(selected - bad, "cosmos", reason="seeing cut, less the bad list")
    echo(f"Saved set {visits.label}: {len(visits)} visits, key digest {visits.key_digest}")
    published = bench.publish(visits, TAGGED, chain=CHAIN, reason="good visits of COSMOS")
    echo(f"Published {published.n_published} raws as {TAGGED} behind {CHAIN}.")

    after = _process(bench, "u/demo/after", visits, echo, progress, bad)
    status = _status(bench, after)
    echo("Executed quanta by status: " + ", ".join(f"{n} {name}" for name, n in status.items()))

    comparison = compare_coadds(bench, before, after)
    echo("\nDeep coadds before -> after the exclusion:")
    for row in comparison.to_pylist():
        echo(
            f"  tract {row['tract']} patch {row['patch']} {row['band']}: {row['n_before']} -> "
            f"{row['n_after']} visits, "
            f"depth {row['depth_before']:.2f} -> {row['depth_after']:.2f} mag, "
            f"PSF {row['psf_before']:.3f} -> {row['psf_after']:.3f} arcsec"
        )
    _trace(bench, before, after, bad, echo)
    files = _export(bench, exports, visits, bad, after)
    echo("Exported " + ", ".join(str(path) for path in files))
    return MainJob(visits, before, after, status, comparison, files)


def _process(
    bench: Bench,
    name: str,
    visits: DataIdSet,
    echo: Callable[[str], None],
    progress: Progress,
    bad: DataIdSet | None = None,
) -> Commit:
    """Group, constrain, preview, commit, run and ingest one campaign."""
    groups = bench.group("seeing", visits, best_seeing(fraction=0.5))
    campaign = bench.campaign(name, PIPELINE, INPUTS)
    campaign.constrain(tasks="coadd", include=groups["deep"])
    campaign.constrain(tasks="sharpCoadd", include=groups["sharp"])
    preview = campaign.preview(progress=progress)
    echo(f"\nPreview of {name}: coadd takes {groups['deep'].label}, sharpCoadd takes {groups['sharp'].label}")
    echo(f"  {'task':20} {'quanta':>7} {'not needed':>11} {'inputs excluded':>16} {'partial':>8}")
    for row in preview.counts.to_pylist():
        echo(
            f"  {row['task']:20} {row['kept']:7} {row['not_demanded']:11} "
            f"{row['inputs_excluded']:16} {row['partial']:8}"
        )
    for row in preview.constraints.to_pylist():
        echo(f"  {row['mode']} {row['constraint']} bound to {row['tasks']}: {row['inputs_cut']} inputs cut")
    sizes = ", ".join(
        f"{row['datasets']} {row['dataset_type']}"
        for row in preview.datasets.to_pylist()
        if row["kind"] == "input"
    )
    echo(f"  reads {sizes}")
    if bad is not None:
        for sentence in preview.explain(visit=int(bad.to_visits().keys["visit"][0].as_py())).sentences:
            echo(f"  why? {sentence}")
    commit = campaign.commit(progress=progress)
    echo(f"Committed {commit.run}: {commit.graph_path}")
    result = bench.run(commit, progress=progress)
    echo(f"Executed {result.n_quanta} quanta with pipetask in {result.wall_time:.0f} s.")
    bench.ingest(commit, progress=progress)
    return commit


def _status(bench: Bench, commit: Commit) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in bench.provenance.status_counts(commit.commit_id).to_pylist():
        found[row["status"]] = found.get(row["status"], 0) + row["n_quanta"]
    return found


def read_coadds(
    bench: Bench, commit: Commit, dataset_type: str = "deep_coadd"
) -> dict[tuple[int, int, str], dict[str, float]]:
    """Read depth and PSF of the coadds of a campaign.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    commit : `~workbench.campaigns.Commit`
        The campaign's commit.
    dataset_type : `str`, optional
        Type of the coadds.

    Returns
    -------
    coadds : `dict`
        By tract, patch and band: ``n_visits``, ``depth`` (mag), ``psf_fwhm``
        (arcsec).
    """
    coadds = {}
    for ref in bench.butler.query_datasets(dataset_type, collections=commit.run, limit=None):
        table = bench.butler.get(ref)
        key = (int(ref.dataId["tract"]), int(ref.dataId["patch"]), str(ref.dataId["band"]))
        coadds[key] = {name: float(table[name][0]) for name in ("n_visits", "depth", "psf_fwhm")}
    return coadds


def compare_coadds(bench: Bench, before: Commit, after: Commit) -> pa.Table:
    """Compare the deep coadds of two campaigns.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    before, after : `~workbench.campaigns.Commit`
        The two.

    Returns
    -------
    comparison : `pyarrow.Table`
        One row for each coadd that is in both and differs: depth in mag, PSF
        FWHM in arcsec.
    """
    old, new = read_coadds(bench, before), read_coadds(bench, after)
    rows = [
        {
            "tract": key[0],
            "patch": key[1],
            "band": key[2],
            "n_before": int(old[key]["n_visits"]),
            "n_after": int(new[key]["n_visits"]),
            "depth_before": old[key]["depth"],
            "depth_after": new[key]["depth"],
            "psf_before": old[key]["psf_fwhm"],
            "psf_after": new[key]["psf_fwhm"],
        }
        for key in sorted(old.keys() & new.keys())
        if old[key] != new[key]
    ]
    return pa.Table.from_pylist(rows)


def _trace(bench: Bench, before: Commit, after: Commit, bad: DataIdSet, echo: Callable[[str], None]) -> None:
    """Ask which coadds contain a visit, and annotate one."""
    visit = int(bad.table["exposure"][0].as_py())
    outputs = bench.impact(visit=visit, dataset_type="deep_coadd").to_pylist()
    contaminated = [row for row in outputs if row["commit"] == before.commit_id]
    still = [row for row in outputs if row["commit"] == after.commit_id]
    echo(
        f"\nVisit {visit} is in {len(contaminated)} deep coadds of {before.run}, and in "
        f"{len(still)} of {after.run}."
    )
    reason = bad.table["reason"][0].as_py()
    note = bench.annotate(
        uuid.UUID(contaminated[0]["dataset_id"]),
        f"Contains visit {visit} ({reason}); superseded by {after.run}.",
        flag="bad",
        tags=["demonstration"],
    )
    echo(f"Annotated one of them: {note.text}")


def _export(
    bench: Bench, directory: Path, visits: DataIdSet, bad: DataIdSet, commit: Commit
) -> tuple[Path, ...]:
    directory.mkdir(exist_ok=True)
    return (
        bench.sets.export(visits, directory / "cosmos.ecsv"),
        bench.sets.export(visits, directory / "cosmos.json", form="set"),
        bench.sets.export(bad, directory / "bad.ecsv", form="excluded_visits"),
        bench.runs.export_bps(commit, directory / "bps.yaml"),
    )
