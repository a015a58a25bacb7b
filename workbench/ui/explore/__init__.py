"""The pages that look: dimensions, and the linked views of what they hold."""
