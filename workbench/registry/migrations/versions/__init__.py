"""Revisions of our fixed tables, in order of their numbers."""
