"""The natural join of dimensions, on whole numbers in place of values."""
