"""What a campaign says: pipeline, inputs and what was published among them, constraints, groupings."""
