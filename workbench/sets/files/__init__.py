"""Sets in files: formats, what is looked at before reading, directories kept in step."""
