"""Any two graphs compared: previews of the session, and graphs that were committed."""

from __future__ import annotations

from pathlib import Path

import param

from workbench.graph import GraphColumns, GraphDifference, read_graph
from workbench.progress import Progress
from workbench.session.campaign.kept import KeptPreview
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.desk.desk import Desk

__all__ = ["Comparison"]


class Comparison(param.Parameterized):
    """Which graphs there are, which two are compared, and their difference.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its previews.
    """

    revision = param.Integer(default=0, doc="counts the lists of graphs and the comparisons")

    def __init__(self, desk: Desk, plan: CampaignPlan):
        super().__init__()
        self.desk = desk
        self.plan = plan
        self.graphs: dict[str, KeptPreview | Path] = {}
        self.compared: tuple[str, str] | None = None
        self.difference: GraphDifference | None = None
        self.error = ""
        plan.param.watch(lambda *_: self.list_graphs(), "revision")

    def list_graphs(self) -> None:
        """List what can be compared, the newest previews first; nothing is compared then."""
        kept = {one.label: one for one in self.plan.kept}
        commits, _ = self.desk.attempt(self.desk.bench.campaigns.list)
        files = [] if commits is None else [one for one in commits.to_pylist() if one["graph_path"]]
        committed = {f"committed {one['run']}": Path(one["graph_path"]) for one in reversed(files)}
        self.graphs = {**dict(reversed(kept.items())), **committed}
        self.compared = self.difference = None
        self.error = ""
        self.revision += 1

    async def compare(self, before: str, after: str) -> None:
        """Compare two graphs, with progress and cancel.

        Parameters
        ----------
        before, after : `str`
            Names of graphs.
        """
        one, other = self.graphs.get(before), self.graphs.get(after)
        if one is None or other is None:
            return

        def compare(progress: Progress) -> GraphDifference:
            columns = []
            for graph in (one, other):
                progress("reading the graphs")
                columns.append(_read(graph))
            progress("comparing")
            difference = GraphDifference(*columns)
            # Made in the worker: what is shown first.
            _ = difference.tasks, difference.inputs, difference.coverage
            return difference

        done, error = await self.desk.attempt_long("Compare", compare, _to_python(one, other))
        if done is not None:
            self.compared, self.difference, self.error = (before, after), done, ""
            self.revision += 1
        elif error:
            self.compared, self.difference, self.error = None, None, error
            self.revision += 1


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
