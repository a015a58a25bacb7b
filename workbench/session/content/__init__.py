"""What is drawn: rows, outlines and counts as arrays, values as text, colours."""
