"""What becomes of kept candidates before they are a graph: hooks, skipping, init quanta, content."""
