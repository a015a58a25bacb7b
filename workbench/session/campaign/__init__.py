"""The campaign that is planned: constraints, previews, comparisons, its execution."""
