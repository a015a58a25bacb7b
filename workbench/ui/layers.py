"""A layered drawing of the tasks of a pipeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Layout", "lay_out"]


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Where tasks stand.

    Attributes
    ----------
    positions : `~collections.abc.Mapping`
        Layer, counted from 0, and place in the layer, centred on 0, of each
        task.
    n_layers : `int`
        Number of layers.
    breadth : `int`
        Tasks in the fullest layer.
    """

    positions: Mapping[str, tuple[float, float]]
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
        the mean of its producers.
    """
    producers: dict[str, list[str]] = {task: [] for task in tasks}
    for producer, consumer in links:
        producers[consumer].append(producer)
    layer: dict[str, int] = {}
    for task in tasks:
        layer[task] = 1 + max((layer[producer] for producer in producers[task]), default=-1)
    rows: dict[int, list[str]] = {}
    for task in tasks:
        rows.setdefault(layer[task], []).append(task)
    positions: dict[str, tuple[float, float]] = {}
    for number, members in sorted(rows.items()):
        wished = {
            task: sum(positions[p][1] for p in producers[task]) / max(1, len(producers[task]))
            for task in members
        }
        members.sort(key=lambda task: wished[task])
        for place, task in enumerate(members):
            positions[task] = (float(number), place - (len(members) - 1) / 2.0)
    return Layout(positions, len(rows), max(map(len, rows.values()), default=0))
