"""The fence: same repository, same digest; anything that a campaign reads changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import astropy.time
import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetRef, MissingDatasetTypeError, Timespan

from tests.snapshot.hostile import DATASET_TYPES, SEARCH, make_hostile
from workbench.errors import UnknownNameError
from workbench.snapshot.fence import compute_fence, read_fence
from workbench.snapshot.public import PublicReader

INPUTS = ["HSC/defaults"]
TYPES = ["raw", "bias"]


@pytest.fixture
def butler(any_repo: Path) -> Iterator[Butler]:
    with Butler.from_config(str(any_repo), writeable=True) as butler:
        yield butler


def _raws(butler: Butler) -> list[DatasetRef]:
    return butler.query_datasets("raw", "HSC/raw/all", find_first=False)


def _biases(butler: Butler) -> list[DatasetRef]:
    return butler.query_datasets("bias", "HSC/calib/bias", find_first=False)


def _mjd(day: float) -> astropy.time.Time:
    return astropy.time.Time(day, format="mjd", scale="tai")


def test_fence_is_stable(butler: Butler, any_repo: Path) -> None:
    fence = compute_fence(butler, INPUTS, TYPES)
    assert len(fence) == 64
    assert fence == compute_fence(butler, INPUTS, TYPES)
    assert fence == compute_fence(butler, INPUTS, [*reversed(TYPES), "raw"])
    with Butler.from_config(str(any_repo)) as other:
        assert fence == compute_fence(other, INPUTS, TYPES)
    with butler.transaction():
        assert fence == compute_fence(butler, INPUTS, TYPES)


def _add_tag_to_chain(butler: Butler) -> None:
    butler.collections.register("tag", CollectionType.TAGGED)
    butler.collections.redefine_chain("HSC/raw", ["tag", "HSC/raw/all"])


def _swap_children(butler: Butler) -> None:
    butler.collections.redefine_chain("HSC/defaults", ["HSC/calib", "HSC/raw"])


def _put_raw(butler: Butler) -> None:
    ref = _raws(butler)[0]
    butler.collections.register("HSC/raw/more")
    butler.put({}, "raw", ref.dataId, run="HSC/raw/more")
    butler.collections.extend_chain("HSC/raw", "HSC/raw/more")


def _remove_raw(butler: Butler) -> None:
    butler.pruneDatasets(_raws(butler)[:1], disassociate=True, unstore=True, purge=True)


def _decertify_one(butler: Butler) -> None:
    butler.registry.decertify("HSC/calib", "bias", Timespan(None, None), dataIds=[_biases(butler)[0].dataId])


def _shorten_validity(butler: Butler) -> None:
    butler.registry.decertify("HSC/calib", "bias", Timespan(_mjd(59000), None))


def _certify_other_range(butler: Butler) -> None:
    butler.registry.decertify("HSC/calib", "bias", Timespan(_mjd(59000), None))
    butler.registry.certify("HSC/calib", _biases(butler)[:1], Timespan(_mjd(60000), None))


@pytest.mark.parametrize(
    "change",
    [
        _add_tag_to_chain,
        _swap_children,
        _put_raw,
        _remove_raw,
        _decertify_one,
        _shorten_validity,
        _certify_other_range,
    ],
)
def test_fence_sees(butler: Butler, change: Callable[[Butler], None]) -> None:
    before = compute_fence(butler, INPUTS, TYPES)
    change(butler)
    assert compute_fence(butler, INPUTS, TYPES) != before


def test_fence_sees_a_tag_grow_and_shrink(butler: Butler) -> None:
    butler.collections.register("tag", CollectionType.TAGGED)
    empty = compute_fence(butler, ["tag"], TYPES)
    one = _raws(butler)[:1]
    butler.registry.associate("tag", one)
    assert compute_fence(butler, ["tag"], TYPES) != empty
    butler.registry.disassociate("tag", one)
    assert compute_fence(butler, ["tag"], TYPES) == empty


def test_fence_does_not_see_what_is_not_read(butler: Butler) -> None:
    before = compute_fence(butler, ["HSC/raw"], ["raw"])
    _decertify_one(butler)
    butler.collections.register("u/someone/run")
    butler.collections.register("u/someone/tag", CollectionType.TAGGED)
    assert compute_fence(butler, ["HSC/raw"], ["raw"]) == before


def test_unregistered_dataset_type_and_empty_chain(butler: Butler) -> None:
    butler.collections.register("empty", CollectionType.CHAINED)
    assert compute_fence(butler, ["empty"], ["raw"]) != compute_fence(butler, ["HSC/raw"], ["raw"])
    assert compute_fence(butler, INPUTS, [*TYPES, "later"]) != compute_fence(butler, INPUTS, TYPES)


def test_unknown_collection(butler: Butler) -> None:
    with pytest.raises(UnknownNameError, match="HSC/nowhere"):
        compute_fence(butler, ["HSC/nowhere"], TYPES)


def reference_fence(butler: Butler, collections: list[str], dataset_types: list[str]) -> str:
    """The fence, row by row through the Butler's queries."""
    lines = ["campaign-workbench fence 1", "\t".join(["search", *collections])]
    infos = butler.collections.query_info(collections, flatten_chains=True, include_chains=True)
    # The Butler lists the children of a chain once for each way that leads to it.
    lines += [
        "\t".join(["collection", info.type.name, info.name, *dict.fromkeys(info.children)])
        for info in sorted(infos)
    ]
    for name in sorted(set(dataset_types)):
        lines.append(f"dataset type\t{name}")
        try:
            is_calibration = butler.get_dataset_type(name).isCalibration()
        except MissingDatasetTypeError:
            continue
        with butler.query() as query:
            joined = query.join_dataset_search(
                name, butler.collections.query(collections, flatten_chains=True)
            )
            fields = {"dataset_id", "collection", *(["timespan"] if is_calibration else [])}
            found = set()
            for row in joined.general((), dataset_fields={name: fields}, find_first=False):
                line = f"{row[f'{name}.collection']}\t{row[f'{name}.dataset_id']}"
                if is_calibration:
                    line += "\t{}\t{}".format(*row[f"{name}.timespan"].nsec)
                found.add(line)
        lines.extend(sorted(found))
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_every_path_gives_the_same_fence(butler: Butler) -> None:
    make_hostile(butler)
    collections, types = list(SEARCH), list(DATASET_TYPES)
    expected = reference_fence(butler, collections, types)
    assert compute_fence(butler, collections, types) == expected
    assert read_fence(PublicReader(butler), collections, types) == expected
    with butler.transaction():
        assert compute_fence(butler, collections, types) == expected


def test_inside_a_transaction_its_writes_are_seen(butler: Butler) -> None:
    before = compute_fence(butler, INPUTS, TYPES)
    with butler.transaction():
        _decertify_one(butler)
        _swap_children(butler)
        inside = compute_fence(butler, INPUTS, TYPES)
    assert inside != before
    assert inside == compute_fence(butler, INPUTS, TYPES) == reference_fence(butler, INPUTS, TYPES)
