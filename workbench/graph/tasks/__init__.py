"""What a graph must know of tasks: their shapes, and the hooks that they override."""
