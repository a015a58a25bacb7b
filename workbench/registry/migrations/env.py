"""Run the revisions on a connection, inside the transaction that it has begun."""

from __future__ import annotations

from alembic import context

_naming = context.config.attributes["naming"]

context.configure(
    connection=context.config.attributes["connection"],
    version_table=_naming.fixed("alembic_version"),
    version_table_schema=_naming.schema,
    naming=_naming,
)
with context.begin_transaction():
    context.run_migrations()
