"""Views of previews as ipywidgets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import traitlets

from workbench.errors import UnknownNameError
from workbench.graph import GraphDifference, Preview, Stage
from workbench.session.content.content import make_colours
from workbench.session.content.depth import DepthChoice, make_depth_map
from workbench.session.content.graph_drawing import make_task_graph
from workbench.session.content.palette import PALETTES
from workbench.ui.views.modules import read_module
from workbench.ui.widgets.drawn import DrawnWidget

__all__ = ["DepthMap", "TaskGraph"]


class TaskGraph(DrawnWidget):
    """The tasks of a preview with their counts and what binds them.

    ``value`` is the task that was chosen, empty for none; ``selection`` are
    the data IDs of its kept quanta, at most ``limit``: all required
    dimensions, in the order of ``preview.quanta``.

    Parameters
    ----------
    preview : `~workbench.graph.Preview`
        The preview.
    value : `str`, optional
        Task to begin with.
    limit : `int`, optional
        Most quanta that ``selection`` has.
    theme : `str`, optional
        ``light`` or ``dark``.
    title : `str`, optional
        Heading.
    **options : `object`
        Traits of any widget, such as ``layout``.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a task that the preview has not, also when ``value`` is set
        later.
    """

    _esm = read_module("layered", "anywidget")

    value = traitlets.Unicode(help="task that is chosen")
    selection = traitlets.Tuple(help="data IDs of its kept quanta")

    def __init__(
        self,
        preview: Preview,
        value: str = "",
        *,
        limit: int = 1000,
        theme: str = "light",
        title: str = "Tasks",
        **options: Any,
    ):
        self.preview = preview
        self._limit = limit
        self._heading = title
        super().__init__(**options)
        self.theme = theme
        self.colours = make_colours(PALETTES[theme])
        self.content = make_task_graph(preview, title)
        self.value = value

    @traitlets.validate("value")
    def _check(self, proposal: Mapping[str, Any]) -> str:
        task = str(proposal["value"])
        if task and task not in self.preview.graph.tasks:
            raise UnknownNameError(
                f"No task {task!r} in this graph; its tasks are {self.preview.graph.labels}."
            )
        return task

    @traitlets.observe("value")
    def _choose(self, change: Mapping[str, Any]) -> None:
        task = change["new"]
        self.content = make_task_graph(self.preview, self._heading, task)
        if not task:
            self.selection = ()
            return
        names = self.preview.graph.tasks[task].dimensions.required
        rows = self.preview.quanta(task, stage=Stage.KEPT, limit=self._limit).to_pylist()
        self.selection = tuple({name: row[name] for name in names} for row in rows)

    @traitlets.observe("state")
    def _tap(self, change: Mapping[str, Any]) -> None:
        self.value = json.loads(change["new"]).get("value", "")


class DepthMap(DrawnWidget):
    """Visits of each patch before and after, and the difference, on the sky.

    ``value`` is what is shown: task and band.

    Parameters
    ----------
    difference : `~workbench.graph.GraphDifference`
        Such as ``campaign.what_if(...).difference``.
    task, band : `str`, optional
        What to begin with; by default what changes.
    theme : `str`, optional
        ``light`` or ``dark``.
    title : `str`, optional
        Heading.
    **options : `object`
        Traits of any widget, such as ``layout``.
    """

    _esm = read_module("depth_map", "anywidget")

    value = traitlets.Tuple(traitlets.Unicode(), traitlets.Unicode(), help="task and band")

    def __init__(
        self,
        difference: GraphDifference,
        task: str = "",
        band: str = "",
        *,
        theme: str = "light",
        title: str = "Visits in patches",
        **options: Any,
    ):
        self.difference = difference
        self._heading = title
        super().__init__(**options)
        self.theme = theme
        self.colours = make_colours(PALETTES[theme])
        choice = DepthChoice(task, band).within(difference)
        self.value = (choice.task, choice.band)
        self._show({"new": self.value})

    @traitlets.validate("value")
    def _nearest(self, proposal: Mapping[str, Any]) -> tuple[str, str]:
        choice = DepthChoice(*proposal["value"]).within(self.difference)
        return (choice.task, choice.band)

    @traitlets.observe("value")
    def _show(self, change: Mapping[str, Any]) -> None:
        self.content = make_depth_map(self.difference, DepthChoice(*change["new"]), self._heading)

    @traitlets.observe("state")
    def _ask(self, change: Mapping[str, Any]) -> None:
        asked = json.loads(change["new"])
        if "task" in asked:
            self.value = (asked["task"], asked["band"])
