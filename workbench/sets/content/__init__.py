"""A set of data IDs as a value: rows, algebra, conversions, origin, digests."""
