"""Tables that somebody dropped by hand: named in a sentence, and made again only on request."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.registry.conftest import SEEING, Site
from workbench.errors import MissingTableError
from workbench.registry import Registry

ROWS = [{"instrument": "HSC", "visit": 96954, "psf_fwhm": 0.6}]
USES: dict[str, Callable[[Registry], object]] = {
    "commit": lambda registry: registry.journal.read(),
    "reserved_name": lambda registry: registry.journal.reserved_names(),
    "declaration": lambda registry: registry.tables(),
    "alembic_version": lambda registry: registry.declare(SEEING),
    "x_metrics": lambda registry: registry.table("metrics").read(),
    "v_metrics": lambda registry: registry.table("metrics").read(),
}


@pytest.fixture
def filled(site: Site) -> Site:
    with site.open() as registry:
        registry.declare(SEEING).append(ROWS)
    return site


def drop(site: Site, name: str) -> None:
    """Drop a table as somebody does by hand."""
    kind = "VIEW" if name.startswith("v_") else "TABLE"
    site.execute(f"DROP {kind} {site.name(name)}" + (" CASCADE" if site.kind == "postgres" else ""))


def test_a_whole_registry_and_one_where_nothing_was_written(site: Site) -> None:
    with site.open() as registry:
        assert registry.wholeness.find_missing() == []
        assert registry.wholeness.recreate() == []
        registry.declare(SEEING)
        assert registry.wholeness.find_missing() == []


@pytest.mark.parametrize("name", USES)
def test_what_is_gone_is_named_and_its_use_is_a_sentence(name: str, filled: Site) -> None:
    drop(filled, name)
    with filled.open() as registry:
        # On PostgreSQL a table takes what refers to it along.
        missing = {one.table.removeprefix("wb_") for one in registry.wholeness.find_missing()}
        assert name in missing
        with pytest.raises(MissingTableError, match="backup") as caught:
            USES[name](registry)
    assert "Ask for the table again" not in str(caught.value)


@pytest.mark.parametrize("name", ["commit", "reserved_name", "x_metrics", "v_metrics"])
def test_it_is_made_again_on_request(name: str, filled: Site) -> None:
    drop(filled, name)
    with filled.open() as registry:
        assert name in {one.table.removeprefix("wb_") for one in registry.wholeness.recreate()}
        assert registry.wholeness.find_missing() == []
        rows = registry.table("metrics").read(columns=["visit"])["visit"].to_pylist()
        # With a view no row was lost.
        assert rows == ([] if name == "x_metrics" else [96954])
        registry.table("metrics").append(ROWS)
        assert registry.journal.read().num_rows == 0


@pytest.mark.parametrize("name", ["declaration", "alembic_version"])
def test_what_others_cannot_be_read_without_is_not_made_again(name: str, filled: Site) -> None:
    drop(filled, name)
    before = filled.list_objects()
    with (
        filled.open() as registry,
        pytest.raises(MissingTableError, match="restore the database from a backup"),
    ):
        registry.wholeness.recreate()
    assert filled.list_objects() == before


def test_all_dropped_is_as_if_nothing_was_ever_written(filled: Site) -> None:
    drop(filled, "v_metrics")
    for name in ("reserved_name", "commit", "declaration", "alembic_version", "x_metrics"):
        drop(filled, name)
    with filled.open() as registry:
        assert registry.wholeness.find_missing() == []
        assert registry.tables() == {}
