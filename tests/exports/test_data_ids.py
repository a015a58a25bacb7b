"""Lists of data IDs for the middleware and for the observatory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from astropy.table import Table
from lsst.daf.butler import Butler
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from tests.demo.conftest import run_command
from tests.executed import Executed
from workbench.demo import PIPELINE
from workbench.errors import BadDataIdTableError, EmptySetError
from workbench.sets import DataIdSet, read_set_file
from workbench.sets.files.lists import write_data_id_table, write_excluded_visits
from workbench.snapshot import Relations


def make_set(butler: Butler, columns: dict[str, list[object]]) -> DataIdSet:
    return DataIdSet.from_table(
        butler.dimensions, pa.table(columns), butler=butler, relations=Relations.read(butler, ["HSC"])
    )


def test_pipetask_takes_the_table(executed: Executed, tmp_path: Path) -> None:
    with Butler.from_config(str(executed.root)) as butler:
        rows = make_set(
            butler,
            {
                "instrument": ["HSC"] * 3,
                "visit": [18202, 18202, 96954],
                "detector": [41, 42, 58],
                "reason": ["x"] * 3,
            },
        )
        path = write_data_id_table(rows, tmp_path / "ids.ecsv")
    graph = tmp_path / "graph.qg"
    run_command(
        "pipetask", "qgraph", "-b", executed.root, "-i", "HSC/defaults", "-o", "u/test/table",
        "-p", f"{PIPELINE}#calibrate", "--data-id-table", path, "--save-qgraph", graph,
    )  # fmt: skip
    with PredictedQuantumGraph.open(str(graph)) as reader:
        reader.read_thin_graph()
        quanta = reader.finish().quanta_by_task["calibrate"]
    assert {(data_id["visit"], data_id["detector"]) for data_id in quanta} == {
        (18202, 41),
        (18202, 42),
        (96954, 58),
    }


def test_the_table_has_required_dimensions_only(butler_repo: Path, tmp_path: Path) -> None:
    with Butler.from_config(str(butler_repo)) as butler:
        rows = make_set(butler, {"instrument": ["HSC"] * 2, "visit": [18202, 19676], "reason": ["a", None]})
    table = Table.read(write_data_id_table(rows, tmp_path / "ids.ecsv"), format="ascii.ecsv")
    assert table.colnames == ["instrument", "visit"]
    assert list(table["visit"]) == [18202, 19676]
    assert max(Counter(map(tuple, table)).values()) == 1


def test_an_empty_table_is_refused(butler_repo: Path, tmp_path: Path) -> None:
    with Butler.from_config(str(butler_repo)) as butler:
        rows = make_set(butler, {"instrument": ["HSC"], "visit": [18202]})
    with pytest.raises(EmptySetError, match="takes no empty table"):
        write_data_id_table(rows - rows, tmp_path / "ids.ecsv")
    assert not list(tmp_path.glob("*.ecsv"))


def test_another_ending_is_refused(butler_repo: Path, tmp_path: Path) -> None:
    with Butler.from_config(str(butler_repo)) as butler:
        rows = make_set(butler, {"instrument": ["HSC"], "visit": [18202]})
    with pytest.raises(BadDataIdTableError):
        write_data_id_table(rows, tmp_path / "ids.json")


def test_visits_become_a_list_of_bad_exposures(butler_repo: Path, tmp_path: Path) -> None:
    with Butler.from_config(str(butler_repo)) as butler:
        rows = make_set(
            butler,
            {"instrument": ["HSC"] * 2, "visit": [96954, 18202], "reason": ["trailed, badly", "donuts"]},
        )
        path = write_excluded_visits(rows, tmp_path / "HSC" / "bad.ecsv")
        again = read_set_file(path, butler, instrument="HSC")
    lines = path.read_text().splitlines()
    assert lines[-2:] == ["18202, donuts", '96954, "trailed, badly"']
    assert "# - {name: exposure, datatype: uint64}" in lines
    assert again.table["exposure"].to_pylist() == [18202, 96954]
    assert again.table["reason"].to_pylist() == ["donuts", "trailed, badly"]


def test_detectors_are_no_list_of_bad_exposures(butler_repo: Path, tmp_path: Path) -> None:
    with Butler.from_config(str(butler_repo)) as butler:
        rows = make_set(butler, {"instrument": ["HSC"], "visit": [18202], "detector": [41]})
    with pytest.raises(BadDataIdTableError, match="instrument and exposure"):
        write_excluded_visits(rows, tmp_path / "bad.ecsv")
