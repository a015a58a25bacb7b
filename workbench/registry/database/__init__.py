"""The database of our tables: where it is, connecting, writing, what its errors mean."""
