"""Groups of a grouping as records of the Butler's own dimension ``group``.

The repository's universe stays as it is; no record says who the members are,
so that every query and graph needs a data ID table beside.
"""

from __future__ import annotations

import pyarrow as pa
from lsst.daf.butler import Butler

from workbench.errors import DimensionError, UnknownDataIdError
from workbench.progress import Progress, silent
from workbench.registry.dimensions.members import GROUP, MembersPlan
from workbench.registry.dimensions.minting import mint_key
from workbench.registry.plan.plan import InsertRecords, Plan
from workbench.registry.registry import Registry

__all__ = ["GROUP_DIMENSION", "insert_group_records", "plan_group_records", "read_group_names"]

GROUP_DIMENSION = "group"
"""The Butler's own dimension, of which every exposure implies one."""

_INSTRUMENT = "instrument"


def plan_group_records(butler: Butler, grouping: str, members: pa.Table) -> MembersPlan:
    """Plan to insert the groups of a grouping as records of ``group``; never writes.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository.
    grouping : `str`
        Name and version, such as ``folds@3``.
    members : `pyarrow.Table`
        Columns ``group``, the group's key in the grouping, and ``instrument``,
        which the dimension belongs to; others are of no account.

    Returns
    -------
    plan : `MembersPlan`
        What there is already is no obstacle: names belong to one version.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if grouping or group cannot be in a name.
    workbench.errors.DimensionError
        Raised if there are no members, or they have no instrument.
    workbench.errors.UnknownDataIdError
        Raised if there is no such instrument.
    """
    if _INSTRUMENT not in members.column_names:
        raise DimensionError(
            f"The members of {grouping} ({', '.join(members.column_names)}) have no instrument, which a "
            f"{GROUP_DIMENSION!r} belongs to. Extend the repository by a dimension without a parent instead."
        )
    rows = sorted({(str(row[_INSTRUMENT]), str(row[GROUP])) for row in members.to_pylist()})
    if not rows:
        raise DimensionError(f"{grouping} has no members to insert into {GROUP_DIMENSION!r}.")
    there = {record.name for record in butler.query_dimension_records(_INSTRUMENT, explain=False)}
    if missing := sorted({instrument for instrument, _ in rows} - there):
        raise UnknownDataIdError(
            f"{grouping} has members of {', '.join(missing)}, and the repository has no such instrument."
        )
    records = tuple((instrument, mint_key(grouping, key)) for instrument, key in rows)
    keys = [
        {GROUP: key, "name": name, _INSTRUMENT: instrument}
        for (instrument, name), (_, key) in zip(records, rows, strict=True)
    ]
    step = InsertRecords(GROUP_DIMENSION, (_INSTRUMENT, "name"), records)
    return MembersPlan(Plan(preparation=(), steps=(step,)), pa.Table.from_pylist(keys))


def insert_group_records(
    registry: Registry, grouping: str, members: pa.Table, *, progress: Progress = silent
) -> pa.Table:
    """Insert the groups of a grouping as records of ``group``.  Writes to the Butler, for good.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    grouping : `str`
        Name and version, such as ``folds@3``.
    members : `pyarrow.Table`
        As `plan_group_records` takes them.
    progress : `~workbench.progress.Progress`, optional
        Told each step; may cancel.

    Returns
    -------
    keys : `pyarrow.Table`
        Columns ``group``, the key in the grouping, ``name``, that of the
        dimension, and ``instrument``.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if there are no members, or they have no instrument.
    workbench.errors.ReadOnlyError
        Raised if the Butler cannot be written.
    """
    with registry.writeable_butler() as butler:
        plan = plan_group_records(butler, grouping, members)
        plan.plan.execute(butler, progress=progress)
    registry.refresh()
    return plan.keys


def read_group_names(butler: Butler) -> set[tuple[str, str]]:
    """Read all records of ``group``; never writes.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository.

    Returns
    -------
    names : `set` [ `tuple` [ `str`, `str` ] ]
        Instrument and name of each.
    """
    records = butler.query_dimension_records(GROUP_DIMENSION, explain=False, limit=None)
    return {(str(record.dataId[_INSTRUMENT]), str(record.dataId[GROUP_DIMENSION])) for record in records}
