"""Plans: writes to the Butler as values that are checked, executed, or printed as a script."""
