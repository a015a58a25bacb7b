"""The steps of the application: keys with their titles, in one list."""

from __future__ import annotations

import enum

__all__ = ["Step"]


class Step(enum.Enum):
    """A step on the way from a repository to a committed graph.

    The order is that of the tabs, and the value is the title, as tabs and
    messages show it: no message counts steps.
    """

    BROWSE = "Browse"
    EXPLORE = "Explore"
    CHOOSE = "Choose"
    GROUP = "Group"
    PREVIEW = "Preview"
    COMMIT = "Commit"

    def __str__(self) -> str:
        return self.value
