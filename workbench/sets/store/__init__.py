"""Sets that are kept: versions with their lineage, names, statements."""
