"""A predicted quantum graph as columns: its parts, what must hold of them, its digest, its tables."""
