"""Pair tables, as ts_wep and donut_viz read them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import astropy.table
import pytest
from lsst.daf.butler import Butler, DatasetType

from workbench.bench import Bench, open_bench
from workbench.errors import BadNameError, GroupingError, OutputRunExistsError, ReadOnlyError
from workbench.exports import PAIR_TABLE, make_pair_tables
from workbench.groupings import Grouping, by_table, pairs

RUN = "u/ana/DM-1/pairs"
PAIRS = ((96862, 96860), (18202, 96908))
"""Extra- and intra-focal visits."""


@pytest.fixture
def bench(any_repo: Path) -> Iterator[Bench]:
    with open_bench(any_repo) as opened:
        opened.save(opened.select("visit"), "all", reason="test")
        yield opened


@pytest.fixture
def grouping(bench: Bench) -> Grouping:
    """Two pairs."""
    rows = [
        {"visit": visit, "group_key": str(pair[0]), "role": role}
        for pair in PAIRS
        for visit, role in zip(pair, ("extra", "intra"), strict=True)
    ]
    return bench.group("couple", bench.load("all"), by_table(rows))


def read_tables(root: Path) -> list[astropy.table.Table]:
    with Butler.from_config(str(root)) as butler:
        return [butler.get(ref) for ref in butler.query_datasets(PAIR_TABLE, RUN)]


def test_a_pair_table_is_put_as_its_readers_take_it(bench: Bench, grouping: Grouping, any_repo: Path) -> None:
    put = bench.groupings.export_pair_table("couple", RUN)
    assert (put.run, put.n_datasets, put.script) == (RUN, 1, None)
    with Butler.from_config(str(any_repo)) as butler:
        # ts_wep's connection: storage class AstropyTable, dimensions instrument.
        found = butler.get_dataset_type(PAIR_TABLE)
        assert found == DatasetType(PAIR_TABLE, ("instrument",), "AstropyTable", universe=butler.dimensions)
        table = butler.get(PAIR_TABLE, instrument="HSC", collections=RUN)
        assert grouping.digest in butler.collections.get_info(RUN).doc
    assert table.colnames == ["extra", "intra"]
    assert [tuple(row) for row in table] == sorted(PAIRS)


def test_what_exists_is_never_written_into(bench: Bench, grouping: Grouping, any_repo: Path) -> None:
    bench.groupings.export_pair_table(grouping, RUN)
    with pytest.raises(OutputRunExistsError, match=RUN):
        bench.groupings.export_pair_table(grouping, RUN)
    assert len(read_tables(any_repo)) == 1
    with pytest.raises(BadNameError, match=r"'raw' is there.*under another name"):
        bench.groupings.export_pair_table(grouping, "u/ana/other", dataset_type="raw")
    with Butler.from_config(str(any_repo)) as butler:
        assert not butler.collections.query("u/ana/other*")


@pytest.mark.parametrize("any_repo", ["sqlite"], indirect=True)
def test_a_script_puts_the_same(bench: Bench, grouping: Grouping, any_repo: Path, tmp_path: Path) -> None:
    with open_bench(any_repo, read_only=True) as looking:
        with pytest.raises(ReadOnlyError):
            looking.groupings.export_pair_table(grouping, RUN)
        put = looking.groupings.export_pair_table(grouping, RUN, script=tmp_path / "put.py")
    assert put.script == tmp_path / "put.py"
    with Butler.from_config(str(any_repo)) as butler:
        assert not butler.collections.query("u/ana/*")
    subprocess.run([sys.executable, put.script], check=True)
    (table,) = read_tables(any_repo)
    assert [tuple(row) for row in table] == sorted(PAIRS)


@pytest.mark.parametrize("any_repo", ["sqlite"], indirect=True)
def test_a_type_that_is_there_keeps_its_storage_class(
    bench: Bench, grouping: Grouping, any_repo: Path
) -> None:
    with Butler.from_config(str(any_repo), writeable=True) as butler:
        kind = DatasetType(PAIR_TABLE, ("instrument",), "AstropyQTable", universe=butler.dimensions)
        butler.registry.registerDatasetType(kind)
    bench.registry.refresh()
    bench.groupings.export_pair_table(grouping, RUN)
    (table,) = read_tables(any_repo)
    assert isinstance(table, astropy.table.QTable)
    assert [tuple(row) for row in table] == sorted(PAIRS)


@pytest.mark.parametrize("any_repo", ["sqlite"], indirect=True)
def test_groups_that_are_no_pairs_are_refused(bench: Bench, any_repo: Path) -> None:
    visits = bench.load("all")
    nearby = bench.group("couple", visits, pairs(max_separation=7200))
    with pytest.raises(GroupingError, match="roles first, second; a pair table needs one extra"):
        bench.groupings.export_pair_table(nearby, RUN)
    rows = [{"visit": 96860, "group_key": "a", "role": "extra"}]
    alone = bench.group("couple", visits, by_table(rows))
    with pytest.raises(GroupingError, match="Group a of couple@2 has the roles extra;"):
        make_pair_tables(alone)
    detectors = bench.save(visits.expand("detector"), "detectors", reason="test")
    finer = bench.group("couple", detectors, by_table([{"visit": 96860, "detector": 41, "group_key": "a"}]))
    with pytest.raises(GroupingError, match="visits or exposures alone"):
        bench.groupings.export_pair_table(finer, RUN)
    with Butler.from_config(str(any_repo)) as butler:
        assert not butler.collections.query("u/ana/*")
