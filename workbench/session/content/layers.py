"""A layered arrangement of the tasks of a pipeline."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Layout", "lay_out"]


Place = tuple[float, float]
"""Layer, counted from 0, and place in the layer, centred on 0."""


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Where tasks stand, and where links pass between them.

    Attributes
    ----------
    positions : `~collections.abc.Mapping`
        Layer, counted from 0, and place in the layer, centred on 0, of each
        task.
    paths : `~collections.abc.Mapping`
        Positions along each link: producer, one for each layer that it
        passes, consumer.
    n_layers : `int`
        Number of layers.
    breadth : `int`
        Tasks and passing links in the fullest layer.
    """

    positions: Mapping[str, Place]
    paths: Mapping[tuple[str, str], Sequence[Place]]
    n_layers: int
    breadth: int


def lay_out(tasks: Sequence[str], links: Iterable[tuple[str, str]]) -> Layout:
    """Arrange tasks in layers, so that every link points forward.

    Parameters
    ----------
    tasks : `~collections.abc.Sequence` [ `str` ]
        In an order in which producers come before consumers.
    links : `~collections.abc.Iterable` [ `tuple` [ `str`, `str` ] ]
        Producer and consumer.

    Returns
    -------
    layout : `Layout`
        A task stands one layer after its last producer, and in its layer near
        the mean of its producers.  A link that passes a layer gets a place of
        its own there, so that it crosses no task.
    """
    wanted = list(dict.fromkeys(links))
    producers: dict[str, list[str]] = {task: [] for task in tasks}
    for producer, consumer in wanted:
        producers[consumer].append(producer)
    layer: dict[str, int] = {}
    for task in tasks:
        layer[task] = 1 + max((layer[producer] for producer in producers[task]), default=-1)
    rows: dict[int, list[str]] = {}
    for task in tasks:
        rows.setdefault(layer[task], []).append(task)
    chains = {link: _chain(link, layer, rows) for link in wanted}
    before: dict[str, list[str]] = {}
    for chain in chains.values():
        for earlier, later in itertools.pairwise(chain):
            before.setdefault(later, []).append(earlier)
    positions: dict[str, Place] = {}
    for number, members in sorted(rows.items()):
        wished = {name: _mean(positions[other][1] for other in before.get(name, ())) for name in members}
        members.sort(key=wished.__getitem__)
        for place, name in enumerate(members):
            positions[name] = (float(number), place - (len(members) - 1) / 2.0)
    return Layout(
        {task: positions[task] for task in tasks},
        {link: [positions[name] for name in chain] for link, chain in chains.items()},
        len(rows),
        max(map(len, rows.values()), default=0),
    )


def _chain(link: tuple[str, str], layer: Mapping[str, int], rows: dict[int, list[str]]) -> list[str]:
    """Name the places along a link, and make room for those between its ends."""
    producer, consumer = link
    passing = []
    for number in range(layer[producer] + 1, layer[consumer]):
        passing.append(f"{producer} -> {consumer} @ {number}")
        rows[number].append(passing[-1])
    return [producer, *passing, consumer]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
