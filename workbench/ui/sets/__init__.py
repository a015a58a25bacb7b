"""The pages of a set: choose, combine, save, compare versions, replay."""
