"""What belongs to a record: other records, datasets, annotations, sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from workbench.bench import Bench

__all__ = ["count_related"]

_MOST_SETS = 50


def count_related(
    bench: Bench, elements: Iterable[str], element: str, data_id: Mapping[str, str | int]
) -> list[tuple[str, str]]:
    """Count what belongs to a record; writes nothing.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    elements : `~collections.abc.Iterable` [ `str` ]
        Elements whose records are counted, where they have its dimensions.
    element : `str`
        Element of the record.
    data_id : `~collections.abc.Mapping`
        Required dimensions of the record.

    Returns
    -------
    related : `list` [ `tuple` [ `str`, `str` ] ]
        What, and how many; of sets the labels.
    """
    universe = bench.butler.dimensions
    required = set(data_id)
    where = " AND ".join(f"{name} = {value!r}" for name, value in data_id.items())
    found: list[tuple[str, str]] = []
    for other in elements:
        names = set(universe[other].minimal_group.required)
        if other != element and required < names:
            number = bench.dimensions.count(other, where)
            if number:
                found.append((f"{other} records", f"{number:,}"))
    types = bench.collections.dataset_types(data_id=data_id).to_pylist()
    found += [(f"{row['name']} datasets", f"{row['datasets']:,}") for row in types if row["datasets"]]
    notes = bench.annotations.find(dict(data_id))
    found.append(("annotations", f"{len(set(notes['note_id'].to_pylist())):,}"))
    key = pa.Table.from_pylist([dict(data_id)])
    members = []
    for row in bench.sets.list().to_pylist()[:_MOST_SETS]:
        label = f"{row['name']}@{row['version']}"
        rows = bench.load(label)
        if set(rows.dimensions.required) == required and rows.contains(key)[0]:
            members.append(label)
    found.append(("sets", ", ".join(members) or "none"))
    return found
