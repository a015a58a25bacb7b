"""Columns of datasets, regions and timespans."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from lsst.daf.butler import Butler, DatasetRef, DatasetType, Timespan
from lsst.sphgeom import ConvexPolygon, Region, UnitVector3d

from tests.registry.conftest import Site
from workbench.errors import DeclarationError, UnknownDataIdError
from workbench.registry import Column, Registry, TableDeclaration

REVIEWS = TableDeclaration(
    "reviews",
    (Column("dataset", "dataset", nullable=False), Column("verdict", "str")),
    key=("dataset",),
    current="latest",
)
WEATHER = TableDeclaration(
    "weather",
    (Column("valid", "timespan"), Column("field", "region"), Column("clouds", "float")),
    dimensions=("instrument",),
    key=("instrument", "valid"),
    current="latest",
)


@pytest.fixture
def registry(site: Site) -> Iterator[Registry]:
    with site.open() as registry:
        yield registry


@pytest.fixture
def datasets(site: Site) -> list[DatasetRef]:
    """Three datasets in a RUN of the repository."""
    with Butler.from_config(str(site.root), writeable=True, run="u/test/reviewed") as butler:
        kind = DatasetType("reviewed", ["instrument"], "StructuredDataDict", universe=butler.dimensions)
        butler.registry.registerDatasetType(kind)
        refs = []
        for number in range(3):
            run = f"u/test/reviewed{number}"
            butler.collections.register(run)
            refs.append(butler.put({"number": number}, "reviewed", instrument="HSC", run=run))
    return refs


def test_rows_go_with_their_datasets(site: Site, registry: Registry, datasets: list[DatasetRef]) -> None:
    reviews = registry.declare(REVIEWS)
    for verdict in ("good", "better"):
        reviews.append([{"dataset": ref.id, "verdict": verdict} for ref in datasets])
    with Butler.from_config(str(site.root), writeable=True) as butler:
        butler.pruneDatasets([datasets[0]], unstore=True, purge=True, disassociate=True)
        butler.removeRuns(["u/test/reviewed1"])
    left = {str(datasets[2].id)} if registry.home == "beside" else {str(ref.id) for ref in datasets}
    assert set(reviews.read(current=False)["dataset"].to_pylist()) == left


def test_unknown_datasets_are_refused(registry: Registry, datasets: list[DatasetRef]) -> None:
    reviews = registry.declare(REVIEWS)
    rows = [{"dataset": datasets[0].id}, {"dataset": uuid.UUID(int=7)}]
    if registry.home == "sidecar":
        assert reviews.append(rows) == 2
        return
    with pytest.raises(UnknownDataIdError, match=r"does not have, none was written: 00000000-.*07\."):
        reviews.append(rows)
    assert reviews.count() == 0
    assert reviews.read(where={"dataset": datasets[0].id}).num_rows == 0


def test_migrated_columns_refer_too(site: Site, registry: Registry, datasets: list[DatasetRef]) -> None:
    plain = TableDeclaration("links", (Column("word", "str"),), key=("word",))
    registry.declare(plain)
    links = registry.declare(
        TableDeclaration("links", (Column("word", "str"), Column("of", "dataset")), key=("word",), version=2)
    )
    links.append([{"word": "a", "of": datasets[0].id}, {"word": "b"}])
    with Butler.from_config(str(site.root), writeable=True) as butler:
        butler.removeRuns(["u/test/reviewed0"])
    assert links.read()["word"].to_pylist() == (["b"] if registry.home == "beside" else ["a", "b"])


def _region() -> ConvexPolygon:
    corners = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
    return ConvexPolygon([UnitVector3d(*corner) for corner in corners])


def test_regions_and_timespans_come_back(registry: Registry) -> None:
    weather = registry.declare(WEATHER)
    unbounded = Timespan.makeEmpty().from_day_obs(20150101)
    weather.append(
        [
            {"instrument": "HSC", "valid": unbounded, "field": _region(), "clouds": 0.5},
            {"instrument": "HSC", "valid": Timespan(None, None), "field": _region().encode()},
            {"instrument": "HSC", "valid": (60000.0, 60000.5)},
            {"instrument": "HSC", "valid": None},
        ]
    )
    rows = weather.read().to_pylist()
    assert [(row["valid_begin"], row["valid_end"]) for row in rows] == [
        (57023.0, 57024.0),
        (float("-inf"), float("inf")),
        (60000.0, 60000.5),
        (None, None),
    ]
    assert Region.decode(rows[0]["field"]) == _region()
    assert rows[2]["field"] is None
    assert weather.upsert([{"instrument": "HSC", "valid": unbounded, "clouds": 0.75}]) == 1
    assert weather.count() == 4


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"field": b"nothing"}, "is no encoded region"),
        ({"field": "circle"}, r"a region is an lsst\.sphgeom\.Region"),
        ({"valid": Timespan.makeEmpty()}, "not a Timespan that has a length"),
        ({"valid": 60000.0}, "or a pair of times"),
    ],
)
def test_what_is_none(registry: Registry, row: dict[str, object], fault: str) -> None:
    with pytest.raises(DeclarationError, match=fault):
        registry.declare(WEATHER).append([{"instrument": "HSC"} | row])


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_nul_is_refused_everywhere(registry: Registry, text: str) -> None:
    table = registry.declare(TableDeclaration("log", (Column("line", "str"), Column("more", "json"))))
    with pytest.raises(DeclarationError, match=r"NUL character, in rows 1 \(counted from 0\)"):
        table.append([{"line": "fine"}, {"line": text}])
    assert table.count() == 0


_HOSTILE = [
    "'; DROP TABLE wb_x_log; --",
    "\"quoted\" 'and' `so` on",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "!!python/object/apply:os.system ['true']",
    "😀 \u202e gnol \x1b[31m",
    "\\N",
    "a\tb\nc\rd",
    "",
    "x" * 10_000_000,
]


def test_hostile_text_is_text(registry: Registry) -> None:
    table = registry.declare(TableDeclaration("log", (Column("line", "str"), Column("more", "json"))))
    table.append([{"line": text, "more": {"said": text}} for text in _HOSTILE])
    assert table.read()["line"].to_pylist() == _HOSTILE
    for text in _HOSTILE[:-1]:
        assert table.count(where={"line": text}) == 1
