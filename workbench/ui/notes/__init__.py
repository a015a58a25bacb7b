"""The page of annotations and of the words they use."""
