"""The difference of any two previews of the session, and of graphs that were committed."""

from __future__ import annotations

from pathlib import Path

import panel as pn

from workbench.graph import GraphColumns, GraphDifference, read_graph
from workbench.progress import Progress
from workbench.ui.desk import Desk
from workbench.ui.difference_view import DifferenceView
from workbench.ui.kept import KeptPreview
from workbench.ui.pieces import button, panel, row, text_html
from workbench.ui.plan import Plan
from workbench.ui.prose import Prose

__all__ = ["CompareView"]


class CompareView:
    """Choose two graphs, and see what one has that the other has not.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Carries out the calls.
    plan : `~workbench.ui.plan.Plan`
        The campaign with its previews.
    """

    def __init__(self, desk: Desk, plan: Plan):
        self.desk = desk
        self.plan = plan
        self._graphs: dict[str, KeptPreview | Path] = {}
        wide = {"flex": "1 1 320px"}
        self.before = pn.widgets.Select(name="From", options=[], margin=0, styles=wide)
        self.after = pn.widgets.Select(name="To", options=[], margin=0, styles=wide)
        self.compare = button("Compare graphs", primary=True)
        self.state = Prose()
        self.result = DifferenceView(desk)
        self.compare.on_click(self._compare)
        plan.param.watch(lambda *_: self.show(), "revision")
        self.view = pn.Column(
            panel(
                "Two previews of this session, or graphs that were committed",
                row(self.before, self.after, self.compare),
                self.state,
            ),
            self.result.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def show(self) -> None:
        """List what can be compared: the last two previews are chosen."""
        kept = {one.label: one for one in self.plan.kept}
        commits, _ = self.desk.attempt(self.desk.bench.commits)
        files = [] if commits is None else [one for one in commits.to_pylist() if one["graph_path"]]
        committed = {f"committed {one['run']}": Path(one["graph_path"]) for one in reversed(files)}
        self._graphs = {**dict(reversed(kept.items())), **committed}
        names = list(self._graphs)
        for select, at in ((self.after, 0), (self.before, 1)):
            select.param.update(options=names, value=names[min(at, len(names) - 1)] if names else None)
        self.compare.disabled = len(names) < 2
        self.result.show(None)
        text = (
            "Choose two and compare them."
            if len(names) > 1
            else "There is one graph so far: preview again after a change, and compare the two."
        )
        self.state.object = text_html(text, css="sentence muted", role="status")

    async def _compare(self, _: object) -> None:
        before, after = (self._graphs.get(str(select.value)) for select in (self.before, self.after))
        if before is None or after is None:
            return

        def compare(progress: Progress) -> GraphDifference:
            columns = []
            for graph in (before, after):
                progress("reading the graphs")
                columns.append(_read(graph))
            progress("comparing")
            difference = GraphDifference(*columns)
            # Made in the worker: what is shown first.
            _ = difference.tasks, difference.inputs, difference.coverage
            return difference

        done = await self.desk.work("Compare", _to_python(before, after), compare)
        if done is None:
            return
        self.result.show(done)
        same = " They have the same quanta with the same inputs." if done.is_empty else ""
        self.state.object = text_html(
            f"From {self.before.value} to {self.after.value}.{same}", css="sentence", role="status"
        )


def _read(graph: KeptPreview | Path) -> GraphColumns:
    return read_graph(graph) if isinstance(graph, Path) else graph.preview.columns


def _to_python(before: KeptPreview | Path, after: KeptPreview | Path) -> str:
    lines = ["from pathlib import Path", "from workbench.graph import GraphDifference, read_graph"]
    for name, graph in (("before", before), ("after", after)):
        if isinstance(graph, Path):
            lines.append(f"{name} = read_graph(Path({str(graph)!r}))")
        else:
            lines += [graph.python, f"{name} = preview.columns"]
    return "\n".join([*lines, "difference = GraphDifference(before, after)"])
