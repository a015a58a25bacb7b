"""What is asked of a grouping."""

from __future__ import annotations

import dataclasses
import json

from workbench.errors import GroupingError
from workbench.presentation import presented

__all__ = ["Requirements"]


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Requirements:
    """What the groups must be; a grouping that is not is refused.

    Parameters
    ----------
    disjoint : `bool`, optional
        No data ID may be in two groups.
    covering : `bool`, optional
        Every data ID of the set must be in some group.
    balanced : `bool`, optional
        The sizes of the groups may differ by at most one.
    minimum : `int`, optional
        Members that each group must have at least.
    roles : `tuple` [ `str`, ... ], optional
        Roles of which each group must have just one member each, and no other
        members, such as ``("extra", "intra")``.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the minimum is below 1.
    """

    disjoint: bool = False
    covering: bool = False
    balanced: bool = False
    minimum: int = 1
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise GroupingError(
                f"minimum={self.minimum}: a group without members is none; ask for at least 1."
            )

    def __or__(self, other: Requirements) -> Requirements:
        """Ask for all that either asks for."""
        return Requirements(
            self.disjoint or other.disjoint,
            self.covering or other.covering,
            self.balanced or other.balanced,
            max(self.minimum, other.minimum),
            tuple(dict.fromkeys((*self.roles, *other.roles))),
        )

    def to_json(self) -> str:
        """Write as it is recorded.

        Returns
        -------
        text : `str`
            JSON.
        """
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> Requirements:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : `str` or `None`
            JSON; `None` asks for nothing.

        Returns
        -------
        requirements : `Requirements`
            As it was written.
        """
        told = {} if text is None else json.loads(text)
        return cls(**{**told, "roles": tuple(told.get("roles", ()))})
