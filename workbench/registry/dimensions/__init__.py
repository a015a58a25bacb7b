"""Dynamic dimensions: a universe extended and taken back, groups as records."""
