"""Annotations that are written: on what, in which words."""
