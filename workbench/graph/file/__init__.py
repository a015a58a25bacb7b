"""Predicted quantum graph files, read and written in bulk."""
