"""What a repository has of data IDs that somebody names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lsst.daf.butler import Butler, DataIdValue

from workbench.errors import UnknownDataIdError
from workbench.sets.content.asked import DataId, describe_data_ids, same_dimensions
from workbench.snapshot import conform, read_data_ids, read_dimension_records

__all__ = ["check_existence", "close_governors"]


def close_governors(butler: Butler, data_ids: Iterable[DataId]) -> list[DataId]:
    """Fill in the governors that data IDs leave open, where the repository has one.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Butler to ask; nothing is written.
    data_ids : `~collections.abc.Iterable` [ `dict` ]
        As `list_data_ids` gives them.

    Returns
    -------
    data_ids : `list` [ `dict` ]
        Each with its governors.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised where there are several; the message has what to add.
    """
    closed = []
    for data_id in data_ids:
        filled: DataId = {}
        for governor in sorted(set(conform(butler.dimensions, data_id).governors) - set(data_id)):
            known = [str(one) for one in read_dimension_records(butler, governor)[governor].to_pylist()]
            if len(known) != 1:
                raise UnknownDataIdError(
                    f"{describe_data_ids([data_id])} has a meaning within one {governor} only. "
                    f"Name it too, such as {governor}={known[0] if known else '...'} "
                    f"(there are: {', '.join(known) or 'none'})."
                )
            filled[governor] = known[0]
        closed.append(filled | data_id)
    return closed


def check_existence(butler: Butler, repository: str, data_ids: Sequence[Mapping[str, DataIdValue]]) -> None:
    """Refuse data IDs that the repository does not have; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Butler to ask.
    repository : `str`
        What to call it.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        As `list_data_ids` gives them.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised with those that it lacks.
    """
    unknown = []
    for names, rows in same_dimensions(data_ids).items():
        known = read_data_ids(butler, names).select(list(names)).to_pylist()
        there = {tuple(row.values()) for row in known}
        unknown += [dict(zip(names, row, strict=True)) for row in rows if tuple(row) not in there]
    if unknown:
        what = "has no data ID" if len(unknown) == 1 else "lacks"
        raise UnknownDataIdError(
            f"The repository {repository} {what} {describe_data_ids(unknown)}. "
            "Check the values, and whether they belong together."
        )
