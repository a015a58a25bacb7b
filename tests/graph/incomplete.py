"""Inputs of which a random part is there, each type another, and pipelines of parts that share them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lsst.daf.butler import Butler, CollectionType, DataCoordinate, DatasetType, DimensionGroup, Timespan
from lsst.pipe.base.tests.mocks import MockStorageClass

from tests.graph.mocked import DICT, EXPOSURE, Connection, connect, makes, reads

V, VD, D = ("instrument", "visit"), ("instrument", "visit", "detector"), ("instrument", "detector")
VTP = ("instrument", "visit", "skymap", "tract", "patch")
T, TP, TPB = ("skymap", "tract"), ("skymap", "tract", "patch"), ("skymap", "tract", "patch", "band")
EXPOSURES = ("instrument", "exposure")
EMPTY: tuple[str, ...] = ()
SHARES = (1.0, 0.9, 0.7)
TYPES = {
    "w": V,
    "x": VD,
    "y": VD,
    "z": V,
    "tracts": T,
    "patches": TPB,
    "none": VD,
    "one": EMPTY,
    "sky": D,
    "pairs": VTP,
}

Tasks = dict[str, tuple[Sequence[str], list[Connection]]]


def iter_data_ids(butler: Butler, group: DimensionGroup) -> Iterator[DataCoordinate]:
    """Yield all data IDs; those of visits and patches whether they overlap or not, as put by hand."""
    if group != butler.dimensions.conform(VTP):
        yield from butler.query_data_ids(group, explain=False, limit=None)
        return
    for visit in butler.query_data_ids(V, explain=False, limit=None):
        for patch in butler.query_data_ids(TP, explain=False, limit=None):
            yield DataCoordinate.standardize(visit, **patch.mapping, dimensions=group)


def fill(butler: Butler, share: float) -> None:
    """Insert a random part of every type."""
    generator = random.Random(f"shared inputs {share}")
    run = f"in/{share}"
    for kind in (run, f"{run}/before"):
        butler.collections.register(kind)
    made = {"made_one": VD, "do_one_metadata": V, "made_one_v": V}
    for name, group in {**TYPES, "pairs": VTP, "image": VD, "dark": D, **made, "frames": EXPOSURES}.items():
        storage = MockStorageClass.get_or_register_mock(EXPOSURE if name == "image" else DICT)
        real = "TaskMetadata" if name.endswith("_metadata") else storage
        dataset_type = DatasetType(name, butler.dimensions.conform(group), real, isCalibration=name == "dark")
        butler.registry.registerDatasetType(dataset_type)
        every = sorted(iter_data_ids(butler, dataset_type.dimensions))
        part = {"none": 0.0, "one": 1.0}.get(name, 0.6 if name in made else share)
        chosen = [data_id for data_id in every if generator.random() < part]
        where = f"{run}/before" if name in made else run
        refs = butler.registry.insertDatasets(dataset_type, chosen, run=where)
        if name == "dark":
            butler.collections.register(f"{run}/calib", CollectionType.CALIBRATION)
            butler.registry.certify(f"{run}/calib", refs, Timespan(None, None))


def make_incomplete(demo_root: Path, root: Path) -> None:
    """Make a repository like the demonstration's with all, 90 % and 70 % of the inputs."""
    shutil.copytree(demo_root, root)
    with Butler.from_config(str(root), writeable=True) as butler:
        for share in SHARES:
            fill(butler, share)


def inputs_of(share: float) -> tuple[str, ...]:
    return (f"in/{share}", f"in/{share}/calib")


PARTS: Mapping[str, Tasks] = {
    "two tasks, one with another input": {
        "one": (V, [reads("x", *VD), makes("out1", *V)]),
        "two": (V, [reads("x", *VD), reads("y", *VD), makes("out2", *V)]),
    },
    "each with another input": {
        "one": (V, [reads("x", *VD), reads("z", *V), makes("out1", *V)]),
        "two": (V, [reads("x", *VD), reads("w", *V), makes("out2", *V)]),
    },
    "three share two inputs": {
        "one": (VD, [reads("x", *VD), reads("w", *V), makes("out1", *VD)]),
        "two": (V, [reads("x", *VD), reads("w", *V), reads("y", *VD), makes("out2", *V)]),
        "three": (D, [reads("x", *VD), reads("w", *V), reads("sky", *D), makes("out3", *D)]),
    },
    "one part joins to nothing": {
        "one": (V, [reads("x", *VD), reads("y", *VD), makes("out1", *V)]),
        "two": (V, [reads("x", *VD), reads("none", *VD), makes("out2", *V)]),
    },
    "a chain beside a task": {
        "first": (VD, [reads("x", *VD), reads("z", *V), makes("mid", *VD)]),
        "second": (V, [reads("mid", *VD), reads("x", *VD), makes("out1", *V)]),
        "beside": (V, [reads("x", *VD), reads("w", *V), makes("out2", *V)]),
    },
    "an optional and a deferred input": {
        "one": (V, [reads("x", *VD), reads("y", *VD, minimum=0), makes("out1", *V)]),
        "two": (V, [reads("x", *VD), reads("y", *VD, deferGraphConstraint=True), makes("out2", *V)]),
        "three": (VD, [reads("y", *VD), makes("out3", *VD)]),
    },
    "a component and the whole": {
        "one": (V, [reads("image.wcs", *VD, storage="Wcs"), reads("x", *VD), makes("out1", *V)]),
        "two": (V, [reads("image", *VD, storage=EXPOSURE), reads("y", *VD), makes("out2", *V)]),
    },
    "other dimensions": {
        "one": (TP, [reads("patches", *TPB), reads("x", *VD), makes("out1", *TP)]),
        "two": (T, [reads("patches", *TPB), reads("tracts", *T), makes("out2", *T)]),
        "three": (TPB, [reads("patches", *TPB), reads("x", *VD), reads("w", *V), makes("out3", *TPB)]),
    },
    "visits and exposures, together in one part alone": {
        "one": (V, [reads("w", *V), makes("out1", *V)]),
        "two": (EXPOSURES, [reads("frames", *EXPOSURES), makes("out2", *EXPOSURES)]),
        "three": (V, [reads("frames", *EXPOSURES), reads("z", *V), makes("out3", *V)]),
    },
    "without dimensions": {
        "one": (V, [reads("one"), reads("x", *VD), makes("out1", *V)]),
        "two": (EMPTY, [reads("one"), reads("y", *VD), makes("out2")]),
        "three": (EMPTY, [reads("one"), reads("none", *VD), makes("out3")]),
    },
    "pairs that do not overlap": {
        "one": (VTP, [reads("pairs", *VTP), makes("out1", *VTP)]),
        "two": (TP, [reads("pairs", *VTP), reads("patches", *TPB), makes("out2", *TP)]),
        "three": (V, [reads("pairs", *VTP), reads("x", *VD), makes("out3", *V)]),
    },
    "prerequisites": {
        "one": (
            V,
            [
                reads("x", *VD),
                reads("y", *VD),
                connect("prerequisite", "sky", D, multiple=True, minimum=0),
                connect("prerequisite", "dark", D, multiple=True, minimum=0, isCalibration=True),
                makes("out1", *V),
            ],
        ),
        "two": (
            VD,
            [
                reads("x", *VD),
                connect("prerequisite", "sky", D, minimum=0),
                connect("prerequisite", "dark", D, minimum=0, isCalibration=True),
                makes("out2", *VD),
            ],
        ),
    },
}
