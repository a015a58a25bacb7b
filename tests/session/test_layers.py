"""The arrangement of tasks in layers."""

from __future__ import annotations

from workbench.session.content.layers import lay_out

TASKS = ["calibrate", "summarize", "warp", "coadd", "sharpCoadd"]
LINKS = [
    ("calibrate", "summarize"),
    ("summarize", "warp"),
    ("calibrate", "warp"),
    ("warp", "coadd"),
    ("warp", "sharpCoadd"),
]


def test_every_link_points_forward() -> None:
    layout = lay_out(TASKS, LINKS)
    assert all(layout.positions[a][0] < layout.positions[b][0] for a, b in LINKS)
    assert layout.n_layers == 4


def test_no_two_things_share_a_place() -> None:
    layout = lay_out(TASKS, LINKS)
    passing = [place for path in layout.paths.values() for place in path[1:-1]]
    taken = [*layout.positions.values(), *passing]
    assert len(set(taken)) == len(taken)


def test_a_long_link_has_a_place_in_the_layer_that_it_passes() -> None:
    path = lay_out(TASKS, LINKS).paths["calibrate", "warp"]
    assert [layer for layer, _ in path] == [0, 1, 2]


def test_nothing_is_laid_out_as_nothing() -> None:
    layout = lay_out([], [])
    assert (layout.n_layers, layout.breadth, dict(layout.positions)) == (0, 0, {})
