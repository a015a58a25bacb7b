"""Tables of the page: one that is filled by whoever has the rows, shown page by page."""
