"""What a command line says, read: shared arguments, data IDs, pairs, the repository."""
