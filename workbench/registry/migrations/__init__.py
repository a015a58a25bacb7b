"""Alembic environment of our fixed tables."""
