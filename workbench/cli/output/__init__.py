"""What a command prints: tables, JSON, previews, progress."""
