"""Our fixed tables: the declarations of extension tables, the commit journal."""

from __future__ import annotations

import sqlalchemy as sa

from workbench.registry.database.naming import Naming

__all__ = ["Schema"]


class Schema:
    """SQLAlchemy tables of the fixed part of the registry.

    The migrations make the tables; this class only describes them as they are
    at the newest revision.  A test holds the two together.

    Parameters
    ----------
    naming : `~workbench.registry.database.naming.Naming`
        How the tables are named in this database.
    """

    def __init__(self, naming: Naming):
        self.metadata = sa.MetaData(schema=naming.schema)
        self.version = sa.Table(
            naming.fixed("alembic_version"),
            sa.MetaData(schema=naming.schema),  # Alembic's own: not ours to compare
            sa.Column("version_num", sa.String(32), primary_key=True),
        )
        self.declaration = sa.Table(
            naming.fixed("declaration"),
            self.metadata,
            sa.Column("name", sa.Text, primary_key=True),
            sa.Column("version", sa.Integer, primary_key=True),
            sa.Column("body", sa.Text, nullable=False),
            sa.Column("recorded", sa.Double, nullable=False),
        )
        self.commit = sa.Table(
            naming.fixed("commit"),
            self.metadata,
            sa.Column("commit_id", sa.Text, primary_key=True),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("campaign", sa.Text, nullable=False),
            sa.Column("run", sa.Text),
            sa.Column("author", sa.Text, nullable=False),
            sa.Column("created", sa.Double, nullable=False),
            sa.Column("finished", sa.Double),
            sa.Column("fence", sa.Text, nullable=False),
            sa.Column("graph_path", sa.Text),
            sa.Column("graph_digest", sa.Text),
            sa.Column("intent", sa.Text, nullable=False),
            sa.CheckConstraint(
                "state IN ('prepared', 'committed', 'rolled_back')", name=naming.fixed("commit_state")
            ),
        )
        self.reserved_name = sa.Table(
            naming.fixed("reserved_name"),
            self.metadata,
            sa.Column("name", sa.Text, primary_key=True),
            sa.Column("commit_id", sa.Text, sa.ForeignKey(self.commit.c.commit_id), nullable=False),
        )
