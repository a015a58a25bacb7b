"""Repositories that are extended by dynamic dimensions, and all of them that an extension may touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import ButlerConfig
from lsst.daf.butler.registry import RegistryConfig

from workbench.registry import Registry
from workbench.registry.dimensions.dynamic import DynamicDimension
from workbench.registry.dimensions.extending import UniverseOutcome, extend_dimensions, revert_dimensions

PAIR = DynamicDimension("pair", "int", parent="instrument", relations=("visit",), doc="Two visits.")
SUBSET = DynamicDimension("subset", "string", relations=("visit",), doc="A part of the visits.")


def extend(registry: Registry, *dimensions: DynamicDimension, **kwargs: object) -> UniverseOutcome:
    """Extend a repository by whoever knows the words."""
    words = f"extend {' '.join(sorted(dimension.name for dimension in dimensions))}"
    return extend_dimensions(registry, dimensions, confirmation=words, **kwargs)  # type: ignore[arg-type]


def revert(registry: Registry, *names: str, **kwargs: object) -> UniverseOutcome:
    """Revert dimensions by whoever knows the words."""
    words = f"revert {' '.join(sorted(names))}"
    return revert_dimensions(registry, names, confirmation=words, **kwargs)  # type: ignore[arg-type]


def state_of(root: Path) -> dict[str, object]:
    """Read the configuration file, the attributes and the whole schema of a repository's Butler."""
    config = RegistryConfig(ButlerConfig(str(root)))
    config.replaceRoot(str(root))
    engine = sa.create_engine(config.connectionString, poolclass=sa.NullPool)
    schema = config.get("namespace")
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        attributes = sa.Table("butler_attributes", sa.MetaData(schema=schema), autoload_with=connection)
        groups = sa.Table("dimension_graph_definition", sa.MetaData(schema=schema), autoload_with=connection)
        return {
            "files": sorted(path.name for path in root.iterdir() if not path.name.endswith("-journal")),
            "butler.yaml": (root / "butler.yaml").read_bytes(),
            "attributes": dict(map(tuple, connection.execute(sa.select(attributes)))),
            "groups": sorted(map(tuple, connection.execute(sa.select(groups)).all())),
            "schema": {
                name: ([str(column["name"]) for column in columns], sorted(str(key["name"]) for key in keys))
                for (_, name), columns, keys in _iter_tables(inspector, schema)
            },
        }


def _iter_tables(
    inspector: sa.Inspector, schema: str | None
) -> Iterator[tuple[tuple[str | None, str], Any, Any]]:
    keys = inspector.get_multi_foreign_keys(schema=schema)
    for table, columns in inspector.get_multi_columns(schema=schema).items():
        yield table, columns, keys[table]


def make_members(groups: dict[str, list[int]]) -> pa.Table:
    """Make the members of groups of visits."""
    rows = [
        {"group": group, "instrument": "HSC", "visit": visit}
        for group, visits in groups.items()
        for visit in visits
    ]
    return pa.Table.from_pylist(rows)
