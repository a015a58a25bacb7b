"""Any table as a file, and plans as scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from astropy.table import Table
from lsst.daf.butler import Butler

from workbench.errors import UnknownNameError
from workbench.exports import write_plan_script, write_table
from workbench.registry.plan.plan import Plan, RegisterTagged

TABLE = pa.table({"patch": [1, 2], "band": ["i", None], "depth": [25.5, None]})


def test_formats_by_ending(tmp_path: Path) -> None:
    ecsv = Table.read(write_table(TABLE, tmp_path / "t.ecsv"), format="ascii.ecsv")
    assert ecsv.colnames == TABLE.column_names
    assert ecsv["depth"].tolist() == [25.5, None]
    assert pyarrow.csv.read_csv(write_table(TABLE, tmp_path / "t.csv"))["patch"].to_pylist() == [1, 2]
    assert pyarrow.parquet.read_table(write_table(TABLE, tmp_path / "t.parquet")).equals(TABLE)


def test_an_unknown_ending_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"\.ecsv, \.csv and \.parquet"):
        write_table(TABLE, tmp_path / "t.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_plan_s_script_does_what_the_plan_does(butler_repo: Path, tmp_path: Path) -> None:
    plan = Plan((), (RegisterTagged("HSC/raw/DM-1", "the good ones"),))
    path = write_plan_script(plan, tmp_path / "publish.py", repo=str(butler_repo), purpose="Publish a list.")
    assert os.access(path, os.X_OK)
    subprocess.run([sys.executable, path], check=True)
    with Butler.from_config(str(butler_repo)) as butler:
        assert butler.collections.get_info("HSC/raw/DM-1").doc == "the good ones"
