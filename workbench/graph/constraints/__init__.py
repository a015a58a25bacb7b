"""Constraints: as they are stated, as they are resolved, and what groupings ask."""
