"""Snapshots of simulated surveys too large to be put into a repository first; also run as a process.

``python -m tests.benchmarks.wide_survey ROOT N_VISITS TARGET`` saves the
snapshot that a repository would give with so many visits of 189 detectors, on
patches of about 0.2 deg.  ROOT is a small repository of the same survey, from
which everything is taken that does not grow.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import itertools
import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import Butler, DimensionUniverse
from lsst.daf.butler.time_utils import TimeConverter
from lsst.sphgeom import Pixelization, Region

from tests.benchmarks.nine_tasks import INPUTS, OUTPUT, OUTPUT_RUN, make_pipeline
from workbench.demo.model import DEFAULT_SEED
from workbench.demo.observations import Observation
from workbench.demo.records import make_timespan
from workbench.demo.survey import make_survey_skymap, observe_survey
from workbench.graph import GraphRequest
from workbench.graph.engines.columnar import read_graph_snapshot
from workbench.snapshot import Snapshot, save_snapshot
from workbench.snapshot.frames import sort_frame

INSTRUMENT, SKYMAP = "SimCam", "simcam_rings"
RUN = f"{INSTRUMENT}/raw/all"
N_PATCHES = 8
"""Patches along a side of a tract of 1.53 deg: 0.2 deg each, borders included."""
_BATCH = 100

Columns = dict[str, Any]


def take_small_snapshot(root: Path) -> Snapshot:
    """Take the snapshot of a repository for the nine tasks."""
    pipeline = make_pipeline("plain")
    with Butler.from_config(str(root), writeable=False) as butler:
        pipeline.resolve(butler.registry)
        request = GraphRequest(pipeline, INPUTS, OUTPUT, OUTPUT_RUN, datastore_records=False)
        return read_graph_snapshot(butler, request)


def widen(small: Snapshot, n_visits: int, n_patches: int = N_PATCHES) -> Snapshot:
    """Make the snapshot of a survey of another size; only the IDs of its raws are not a repository's."""
    schemas = {name: frame.schema for name, frame in small.frames.items()}
    jobs = [range(begin, min(begin + _BATCH, n_visits)) for begin in range(0, n_visits, _BATCH)]
    parts = [_tabulate_skymap(n_visits, n_patches, schemas)]
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        parts += pool.map(_tabulate_visits, itertools.repeat(n_visits), jobs, itertools.repeat(schemas))
    frames = dict(small.frames)
    for name in dict.fromkeys(name for part in parts for name in part):
        frame = frames[name]
        key, own = ("skymap", SKYMAP) if "skymap" in frame.column_names else ("instrument", INSTRUMENT)
        others = frame.filter(pc.not_equal(frame[key], pa.scalar(own)))
        tables = [part[name] for part in parts if name in part]
        if name == "records/day_obs":  # a night may be in two batches
            rows = {row["day_obs"]: row for table in tables for row in table.to_pylist()}
            tables = [pa.Table.from_pylist(list(rows.values()), schema=frame.schema)]
        grown = pa.concat_tables([others, *tables]).unify_dictionaries()
        frames[name] = sort_frame(grown, _sort_keys(small.universe, name, frame))
    return dataclasses.replace(small, frames=frames)


def _sort_keys(universe: DimensionUniverse, name: str, frame: pa.Table) -> list[str]:
    kind, _, element = name.partition("/")
    if kind == "records":
        return list(universe[element].required.names)
    return [key for key in frame.column_names if key in universe.dimensions.names or key.startswith("htm")]


def _table(schema: pa.Schema, columns: Columns, n_rows: int) -> pa.Table:
    """Make a table of columns, of values that are the same in all rows, and of nulls."""
    arrays = []
    for field in schema:
        values = columns.get(field.name)
        if isinstance(values, list | np.ndarray | pa.Array):
            array = pa.array(values, field.type) if not pa.types.is_dictionary(field.type) else values
        else:
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            array = pa.repeat(pa.scalar(values, kind), n_rows)
        arrays.append(array.dictionary_encode() if pa.types.is_dictionary(field.type) else array)
    return pa.table(arrays, schema=schema)


def _pixels(pixelization: Pixelization, regions: Sequence[Region]) -> tuple[list[int], list[int]]:
    """Return rows and common pixels of regions, as the Butler computes them."""
    rows: list[int] = []
    pixels: list[int] = []
    for row, region in enumerate(regions):
        for begin, end in pixelization.envelope(region):
            pixels += range(begin, end)
            rows += [row] * (end - begin)
    return rows, pixels


def _tabulate_skymap(n_visits: int, n_patches: int, schemas: dict[str, pa.Schema]) -> dict[str, pa.Table]:
    skymap = dataclasses.replace(make_survey_skymap(n_visits), n_patches=n_patches)
    pixelization = DimensionUniverse().commonSkyPix.pixelization
    tracts = list(range(skymap.n_tracts))
    regions = [skymap.tract_region(tract) for tract in tracts]
    patches = [(tract, *patch) for tract in tracts for patch in skymap.iter_patches(tract)]
    outlines = [patch[-1] for patch in patches]
    tract_rows, tract_pixels = _pixels(pixelization, regions)
    rows, pixels = _pixels(pixelization, outlines)
    columns: dict[str, tuple[Columns, int]] = {
        "records/skymap": (
            {
                "hash": skymap.hash,
                "tract_max": skymap.n_tracts,
                "patch_nx_max": n_patches,
                "patch_ny_max": n_patches,
            },
            1,
        ),
        "records/tract": ({"tract": tracts, "region": [one.encode() for one in regions]}, len(tracts)),
        "pixels/tract": ({"tract": tract_rows, "htm7": tract_pixels}, len(tract_rows)),
        "records/patch": (
            {
                "tract": [patch[0] for patch in patches],
                "patch": [patch[1] for patch in patches],
                "cell_x": [patch[2] for patch in patches],
                "cell_y": [patch[3] for patch in patches],
                "region": [one.encode() for one in outlines],
            },
            len(patches),
        ),
        "pixels/patch": (
            {
                "tract": [patches[row][0] for row in rows],
                "patch": [patches[row][1] for row in rows],
                "htm7": pixels,
            },
            len(rows),
        ),
    }
    return {
        name: _table(schemas[name], {"skymap": SKYMAP, **given}, n_rows)
        for name, (given, n_rows) in columns.items()
    }


def _tabulate_visits(
    n_visits: int, numbers: Iterable[int], schemas: dict[str, pa.Schema]
) -> dict[str, pa.Table]:
    """Make the rows of some visits, in a process of its own."""
    observations = observe_survey(n_visits, DEFAULT_SEED, numbers)
    pixelization = DimensionUniverse().commonSkyPix.pixelization
    visits = np.array([one.id for one in observations])
    outlines = [region for one in observations for region in one.outlines.values()]
    owners = np.repeat(visits, [len(one.outlines) for one in observations])
    detectors = np.array([detector for one in observations for detector in one.outlines])
    rows, pixels = _pixels(pixelization, [one.region for one in observations])
    rows_of_outlines, pixels_of_outlines = _pixels(pixelization, outlines)
    shared = _shared_columns(observations)
    nights = {one.day_obs: int(one.begin - 0.5) + 0.5 for one in observations}
    night_times = [make_timespan(noon, noon + 1) for noon in nights.values()]
    ids = np.random.default_rng(int(visits[0])).bytes(16 * len(owners))
    columns: dict[str, tuple[Columns, int]] = {
        "records/day_obs": (
            {
                "day_obs": list(nights),
                "timespan_begin": [_nsec(span.begin) for span in night_times],
                "timespan_end": [_nsec(span.end) for span in night_times],
            },
            len(nights),
        ),
        "records/group": ({"group": [str(one.id) for one in observations]}, len(visits)),
        "records/exposure": (
            {
                **shared,
                "exposure": visits,
                "group": [str(one.id) for one in observations],
                "obs_id": [one.obs_id for one in observations],
                "dark_time": [one.exposure_time for one in observations],
                "observation_type": "science",
                "seq_start": shared["seq_num"],
                "seq_end": shared["seq_num"],
                "tracking_ra": [one.ra for one in observations],
                "tracking_dec": [one.dec for one in observations],
                "sky_angle": [one.sky_angle for one in observations],
                "has_simulated": True,
                "can_see_sky": True,
            },
            len(visits),
        ),
        "records/visit": (
            {
                **shared,
                "visit": visits,
                "name": [one.obs_id for one in observations],
                "region": [one.region.encode() for one in observations],
            },
            len(visits),
        ),
        "records/visit_definition": ({"exposure": visits, "visit": visits}, len(visits)),
        "records/visit_detector_region": (
            {"visit": owners, "detector": detectors, "region": [one.encode() for one in outlines]},
            len(owners),
        ),
        "pixels/visit": ({"visit": visits[rows], "htm7": pixels}, len(rows)),
        "pixels/visit_detector_region": (
            {
                "visit": owners[rows_of_outlines],
                "detector": detectors[rows_of_outlines],
                "htm7": pixels_of_outlines,
            },
            len(rows_of_outlines),
        ),
        "associations/raw": (
            {
                "exposure": owners,
                "detector": detectors,
                "dataset_id": [ids[at : at + 16] for at in range(0, len(ids), 16)],
                "run": RUN,
                "collection": RUN,
            },
            len(owners),
        ),
    }
    return {
        name: _table(schemas[name], {"instrument": INSTRUMENT, **given}, n_rows)
        for name, (given, n_rows) in columns.items()
    }


def _shared_columns(observations: Sequence[Observation]) -> Columns:
    """Make what the records of exposures and of visits have in common."""
    times = [make_timespan(one.begin, one.begin + one.exposure_time / 86400.0) for one in observations]
    return {
        "day_obs": [one.day_obs for one in observations],
        "physical_filter": [one.physical_filter for one in observations],
        "seq_num": [one.seq_num for one in observations],
        "exposure_time": [one.exposure_time for one in observations],
        "target_name": [one.target_name for one in observations],
        "observation_reason": "science",
        "science_program": [one.science_program for one in observations],
        "zenith_angle": [one.zenith_angle for one in observations],
        "timespan_begin": [_nsec(span.begin) for span in times],
        "timespan_end": [_nsec(span.end) for span in times],
    }


def _nsec(time: Any) -> int:
    return TimeConverter().astropy_to_nsec(time)


if __name__ == "__main__":
    save_snapshot(widen(take_small_snapshot(Path(sys.argv[1])), int(sys.argv[2])), sys.argv[3])
