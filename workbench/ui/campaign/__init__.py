"""The pages of a campaign: its graph, its losses, what-if, and the commit."""
