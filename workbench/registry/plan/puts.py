"""The steps of a plan that put datasets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

__all__ = ["DataIdPairs", "PutDocument", "PutMapping", "PutTable"]

DataIdPairs: TypeAlias = tuple[tuple[str, int | str], ...]
"""A data ID as plain values, which a script can print."""


@dataclasses.dataclass(frozen=True, slots=True)
class PutDocument:
    """Put a small structured dataset without dimensions into a RUN.

    Parameters
    ----------
    run, dataset_type : `str`
        RUN collection and dataset type.
    dataset_id : `uuid.UUID`
        UUID that the dataset gets.
    document : `str`
        Content, as JSON text of an object.
    """

    run: str
    dataset_type: str
    dataset_id: UUID
    document: str

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"put {self.dataset_type} into {self.run}"


@dataclasses.dataclass(frozen=True, slots=True)
class PutMapping:
    """Put a mapping into a RUN, as a ``StructuredDataDict``.

    Parameters
    ----------
    run, dataset_type : `str`
        RUN collection and dataset type.
    dataset_id : `uuid.UUID`
        UUID that the dataset gets.
    data_id : `tuple` [`tuple` [`str`, `int` or `str`], ...]
        Dimensions and their values.
    content : `~collections.abc.Mapping`
        The mapping; keys that are numbers stay numbers.
    """

    run: str
    dataset_type: str
    dataset_id: UUID
    data_id: DataIdPairs
    content: Mapping[object, object]

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return _put_title(self.dataset_type, self.data_id, self.run)


@dataclasses.dataclass(frozen=True, slots=True)
class PutTable:
    """Put a table of whole numbers into a RUN, as an astropy table.

    Parameters
    ----------
    run, dataset_type : `str`
        RUN collection and dataset type.
    dataset_id : `uuid.UUID`
        UUID that the dataset gets.
    data_id : `tuple` [`tuple` [`str`, `int` or `str`], ...]
        Dimensions and their values.
    columns : `tuple` [`tuple` [`str`, `tuple` [`int`, ...]], ...]
        Names and values of the columns.
    """

    run: str
    dataset_type: str
    dataset_id: UUID
    data_id: DataIdPairs
    columns: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return _put_title(self.dataset_type, self.data_id, self.run)


def _put_title(dataset_type: str, data_id: DataIdPairs, run: str) -> str:
    values = ", ".join(f"{name}={value}" for name, value in data_id)
    return f"put {dataset_type} ({values}) into {run}"
