"""The revisions make exactly the tables that the schema describes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.registry.conftest import SEEING, Site
from workbench.registry.database import migration
from workbench.registry.database.naming import Naming
from workbench.registry.database.schema import Schema


def _naming(site: Site) -> Naming:
    return Naming.for_postgresql("hsc_repo") if site.kind == "postgres" else Naming.for_sqlite()


def test_head_is_known() -> None:
    assert migration.head_revision() in migration.known_revisions()


def test_revisions_and_schema_agree(site: Site) -> None:
    with site.open() as registry, registry.transaction():
        pass
    schema = Schema(_naming(site))
    ours = {table.name for table in schema.metadata.tables.values()}
    engine = sa.create_engine(site.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": site.kind == "postgres",
                "include_name": lambda name, kind, parents: (
                    name in {None, schema.metadata.schema}
                    if kind == "schema"
                    else kind != "table" or name in ours
                ),
            },
        )
        assert compare_metadata(context, schema.metadata) == []
        assert migration.read_revision(connection, schema) == migration.head_revision()


def test_a_second_write_migrates_nothing(site: Site) -> None:
    with site.open() as registry:
        registry.declare(SEEING)
        before = site.list_objects()
        registry.declare(SEEING)
        with registry.transaction():
            pass
    assert site.list_objects() == before


def test_the_table_check_holds(site: Site) -> None:
    states = {"prepared", "committed", "rolled_back"}
    with site.open() as registry:
        table = registry.schema.commit
        for state in (*states, "lost"):
            row = {c.name: "x" for c in table.columns if not c.nullable} | {
                "commit_id": state,
                "state": state,
                "created": 60000.0,
            }
            try:
                with registry.transaction() as connection:
                    connection.execute(sa.insert(table).values(row))
            except sa.exc.IntegrityError:
                assert state == "lost"
        with registry.reading() as connection:
            assert connection is not None
            assert {s for (s,) in connection.execute(sa.select(table.c.state))} == states
