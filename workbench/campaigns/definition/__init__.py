"""What a campaign says: pipeline, constraints, groupings, its file."""
