"""Groups that are tried, changed by hand and saved."""
