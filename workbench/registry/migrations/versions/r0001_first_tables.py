"""Declarations of extension tables, the commit journal, reserved names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.registry.database.naming import Naming

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    naming: Naming = op.get_context().opts["naming"]
    op.create_table(
        naming.fixed("declaration"),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("recorded", sa.Double, nullable=False),
        schema=naming.schema,
    )
    commit = op.create_table(
        naming.fixed("commit"),
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
        schema=naming.schema,
    )
    op.create_table(
        naming.fixed("reserved_name"),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("commit_id", sa.Text, sa.ForeignKey(commit.c.commit_id), nullable=False),
        schema=naming.schema,
    )


def downgrade() -> None:
    """Drop what `upgrade` created."""
    naming: Naming = op.get_context().opts["naming"]
    for name in ("reserved_name", "commit", "declaration"):
        op.drop_table(naming.fixed(name), schema=naming.schema)
