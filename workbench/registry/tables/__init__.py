"""Extension tables: declared, laid out, altered, read and written."""
