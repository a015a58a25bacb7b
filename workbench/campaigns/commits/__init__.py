"""Committing and publishing: checks, journal, files, owners, recovery, and what is left of it later."""
