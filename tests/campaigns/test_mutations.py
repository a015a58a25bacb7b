"""Previews and records that are wrong on purpose: what the other tests assert has to fail for each."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.campaigns.test_previews import comparable, content
from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign
from workbench.campaigns import campaign as campaign_module
from workbench.demo import PIPELINE, create_repository
from workbench.graph.columns.uuids import UuidMint
from workbench.graph.engines import columnar
from workbench.snapshot.reads import Fence

Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    with open_bench(root) as opened:
        yield opened


def begin(bench: Bench, name: str = "u/test/mutated") -> Campaign:
    return bench.campaign(name, PIPELINE, ["HSC/defaults"]).constrain(
        where="instrument = 'HSC' AND band = 'i'"
    )


# ---- what is wrong ---------------------------------------------------------------


def finish_by_the_last_request(patch: Patch) -> None:
    """Every graph has the header of the request that came last."""
    finish, last = columnar.ColumnarEngine.finish, []
    make = columnar._ColumnarContent.make_columns

    def note(self: Any, request: Any, *args: Any, **rest: Any) -> Any:
        last.append(request)
        return finish(self, request, *args, **rest)

    def of_the_last(self: Any, finished: Any) -> Any:
        columns = make(self, finished)
        columns.header.metadata = dict(last[-1].metadata)
        return columns

    patch.setattr(columnar.ColumnarEngine, "finish", note)
    patch.setattr(columnar._ColumnarContent, "make_columns", of_the_last)


def mint_the_same(patch: Patch) -> None:
    """All graphs of a process get the same IDs."""
    patch.setattr(columnar, "UuidMint", functools.partial(UuidMint, milliseconds=1, seed=1))


def record_the_campaign_of_now(patch: Patch) -> None:
    def record(self: Campaign, preview: Any) -> dict[str, object]:
        return {**campaign_module.make_record(preview, self.author), **campaign_module.state_campaign(self)}

    patch.setattr(Campaign, "to_record", record)


def fence_nothing(patch: Patch) -> None:
    patch.setattr(Fence, "list_changes", lambda *_: [])


def never_read_again(patch: Patch) -> None:
    """A changed repository is not noticed by the next preview."""
    patch.setattr(Fence, "read", classmethod(lambda cls, _, reads: _Equal(reads, _Equal.Parts(), {})))


class _Equal(Fence):
    """A fence that takes everything for unchanged."""

    class Parts(dict[str, str]):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]


# ---- what the other tests assert ---------------------------------------------------


def assert_a_value(bench: Bench) -> None:
    alone = comparable(content(begin(bench).preview()))
    campaign = begin(bench)
    first = campaign.preview()
    campaign.constrain(where="visit > 19000").preview().columns  # noqa: B018 - made for what it does to others
    assert comparable(content(first)) == alone


def assert_own_ids(bench: Bench) -> None:
    campaign = begin(bench)
    one, other = (campaign.preview().columns.quanta["calibrate"].uuids for _ in range(2))
    assert not {uuid.tobytes() for uuid in one} & {uuid.tobytes() for uuid in other}


def assert_recorded_as_shown(bench: Bench) -> None:
    campaign = begin(bench)
    first = campaign.preview()
    campaign.constrain(where="visit > 19000")
    constraints = campaign.to_record(first)["constraints"]
    assert isinstance(constraints, list)
    assert len(constraints) == 1


def assert_fenced(bench: Bench) -> None:
    campaign = begin(bench)
    first = campaign.preview()
    _add_patch(bench)
    assert first.fence.list_changes(Fence.read(bench.butler, first.fence.reads)) == ["the records of patch"]


def assert_seen(bench: Bench) -> None:
    campaign = begin(bench)
    first = campaign.preview()
    _add_patch(bench)
    assert campaign.preview().graph is not first.graph


def _add_patch(bench: Bench) -> None:
    with bench.registry.writeable_butler() as butler:
        records = butler.query_dimension_records("patch")
        number = max(record.id for record in records) + 1
        butler.registry.insertDimensionData("patch", records[0].toDict() | {"patch": number, "id": number})
    bench.registry.refresh()


CASES: dict[str, tuple[Callable[[Patch], None], Callable[[Bench], None]]] = {
    "finish by the last request": (finish_by_the_last_request, assert_a_value),
    "mint the same IDs": (mint_the_same, assert_own_ids),
    "record the campaign of now": (record_the_campaign_of_now, assert_recorded_as_shown),
    "fence nothing": (fence_nothing, assert_fenced),
    "never read again": (never_read_again, assert_seen),
}


@pytest.mark.parametrize("case", CASES)
def test_right_passes_and_wrong_goes_red(case: str, bench: Bench, monkeypatch: Patch) -> None:
    mutate, claim = CASES[case]
    claim(bench)
    mutate(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        claim(bench)
