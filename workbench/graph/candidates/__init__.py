"""Candidates: every quantum that the inputs allow, and the identities of what they make."""
