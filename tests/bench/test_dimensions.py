"""Dynamic dimensions from the bench: what is in flight, and the main job afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executed import Executed
from tests.extended import PAIR, SUBSET, make_members
from tests.grouped_tasks import PIPELINE as GROUPED
from workbench.bench import Bench, open_bench
from workbench.errors import ConfirmationError, GraphsInFlightError, UnknownNameError

PAIRS = {"p0": [18202, 19676], "p1": [93380, 95104]}


def test_a_committed_graph_is_in_flight_until_it_is_gone(bench: Bench) -> None:
    campaign = bench.campaign(
        "u/test/flight", "resource://workbench/demo/demo.yaml#calibrate", ["HSC/defaults"]
    )
    campaign.constrain(where="instrument = 'HSC' AND visit = 18202")
    campaign.preview()
    commit = campaign.commit()
    assert bench.dimensions.in_flight() == [f"{commit.run} ({commit.commit_id[:8]})"]
    words = bench.dimensions.plan_extend(PAIR).words
    with pytest.raises(GraphsInFlightError, match=f"{commit.run} .* were committed and not brought back"):
        bench.dimensions.extend(PAIR, confirmation=words)
    assert bench.dimensions.status().num_rows == 0
    assert commit.graph_path is not None
    commit.graph_path.unlink()
    assert bench.dimensions.in_flight() == []
    assert bench.dimensions.extend(PAIR, confirmation=words).changed == ("pair",)


def test_what_was_ingested_is_not_in_flight(executed: Executed) -> None:
    with open_bench(executed.root, read_only=True) as bench:
        assert bench.campaigns.list().num_rows >= 2
        assert bench.dimensions.in_flight() == []


def test_groups_get_a_data_id_key_and_a_graph(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ConfirmationError, match="'extend pair subset'"):
        bench.dimensions.extend(PAIR, SUBSET)
    before = bench.butler
    bench.dimensions.extend(PAIR, SUBSET, confirmation="extend pair subset")
    assert bench.butler is not before
    with pytest.raises(UnknownNameError, match=r"'fold' is no dynamic dimension .* there are pair, subset"):
        bench.dimensions.insert("fold", "pairs@1", make_members(PAIRS))
    keys = bench.dimensions.insert("pair", "pairs@1", make_members(PAIRS))
    assert keys["pair"].to_pylist() == [1, 2]
    assert bench.dimensions.members("pair", "pairs@1", "visit").num_rows == 4
    rows = {row["name"]: row for row in bench.dimensions.status().to_pylist()}
    assert (rows["pair"]["records"], rows["pair"]["dataset_types"]) == (2, [])
    assert (rows["subset"]["key"], rows["subset"]["parent"]) == ("string", None)
    # Everything that the bench does knows the new keys.
    assert len(bench.select("pair", "instrument = 'HSC' AND pair.grouping = 'pairs@1'")) == 2
    assert len(bench.select(["pair", "visit"], "instrument = 'HSC' AND pair.label = 'p1'")) == 2
    note = bench.annotate({"instrument": "HSC", "pair": 1}, "clouds in the second")
    assert note.text == "clouds in the second"
    (tmp_path / "pairs.yaml").write_text(GROUPED)
    campaign = bench.campaign("u/test/pairs", f"{tmp_path}/pairs.yaml#measure,comparePair", ["HSC/defaults"])
    campaign.constrain(where="instrument = 'HSC' AND pair.grouping = 'pairs@1' AND pair.label = 'p1'")
    preview = campaign.preview()
    assert {row["task"]: row["kept"] for row in preview.counts.to_pylist()} == {
        "measure": 12,
        "comparePair": 6,
    }
