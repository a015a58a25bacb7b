"""The preview of a campaign and its commit as ipywidgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.errors import CampaignError
from workbench.graph import Preview, Remedy
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import WHOLE_GRAPH, PlannedConstraint
from workbench.session.curation.curation import Curation
from workbench.ui.campaign.commit_view import CommitView
from workbench.ui.campaign.graph_view import GraphView
from workbench.ui.widgets.hosted import HostedWidget

__all__ = ["CommitPanel", "GraphPreview", "PreviewPart"]


class GraphPreview(HostedWidget):
    """A campaign with its constraints, and all that a preview of its graph says.

    ``value`` are the quanta of each task in the last preview, as
    ``preview.n_quanta_by_task``; empty before the first.  ``where`` is an
    expression that limits the whole graph, and ``selection`` the labels of
    the sets that the graph includes; both may be set.  They are constraints
    among the others, and the next preview heeds them.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    name : `str`
        Output collection.
    pipeline : `str`
        Path or URI of a pipeline file.
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections.
    where : `str`, optional
        Expression to begin with.
    selection : `~collections.abc.Sequence` [ `str` ], optional
        Labels of saved sets to begin with, such as "cosmos-i@3".
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.
    """

    selection = traitlets.Tuple(help="labels of the sets that the whole graph includes")
    where = traitlets.Unicode(help="expression that limits the whole graph")
    value = traitlets.Dict(help="quanta of each task in the last preview")

    def __init__(
        self,
        bench: Bench,
        name: str,
        pipeline: str,
        inputs: Sequence[str],
        *,
        where: str = "",
        selection: Sequence[str] = (),
        **options: Any,
    ):
        super().__init__(bench, **options)
        self.curation = Curation(self.desk)
        self.curation.refresh()
        self.plan = CampaignPlan(
            self.desk,
            self.curation,
            campaign_name=name,
            pipeline=pipeline,
            inputs=", ".join(inputs),
            constraints=[],
        )
        self._view = GraphView(self.desk, self.plan, self.curation)
        self._view.refresh()
        self.plan.param.watch(lambda *_: self._tell(), ["revision", "constraints"])
        self.selection = tuple(selection)
        self.where = where
        self._host(self._view.view)

    @property
    def preview(self) -> Preview | None:
        """The last preview; `None` before the first (`~workbench.graph.Preview`)."""
        return self.plan.preview

    async def restore(self, remedy: Remedy) -> None:
        """Try the edit of a remedy, and show what it would do; nothing is saved.

        Parameters
        ----------
        remedy : `~workbench.graph.Remedy`
            Such as one of ``panel.preview.why_not(visit=58260).remedies``.
        """
        await self._view.account.restore(remedy)

    def _tell(self) -> None:
        preview = self.plan.preview
        whole = [item for item in self.plan.constraints if item.scope == WHOLE_GRAPH]
        with self._telling():
            self.value = {} if preview is None else preview.n_quanta_by_task
            self.selection = tuple(item.rows for item in whole if item.rows and item.mode == "include")
            self.where = next((item.where for item in whole if item.where), "")

    @traitlets.observe("where", "selection")
    def _constrain(self, _: Mapping[str, Any]) -> None:
        if self._is_telling:
            return
        others = [
            item
            for item in self.plan.constraints
            if item.scope != WHOLE_GRAPH or (item.rows and item.mode == "exclude")
        ]
        stated = [PlannedConstraint(str(label), "include", WHOLE_GRAPH) for label in self.selection]
        if self.where:
            stated.append(PlannedConstraint("", "include", WHOLE_GRAPH, self.where))
        self.plan.constraints = [*others, *stated]


class PreviewPart(HostedWidget):
    """A view of what another widget previews; it follows each preview that is made there.

    Parameters
    ----------
    preview : `GraphPreview`
        The other widget.
    **options : `object`
        Traits of any widget, such as ``layout``, and ``theme``.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if it is no such widget.
    """

    def __init__(self, preview: GraphPreview, **options: Any):
        if not isinstance(preview, GraphPreview):
            raise CampaignError(
                f"{type(self).__name__} is a view of a GraphPreview widget, not of {type(preview).__name__}."
            )
        super().__init__(preview.bench, beside=preview, **options)
        self.plan = preview.plan


class CommitPanel(PreviewPart):
    """What the commit of a preview will write, its checks, its confirmation, and its execution.

    ``value`` is the RUN of the commit; empty before there is one.

    Parameters
    ----------
    preview : `GraphPreview`
        Whose preview is committed.
    **options : `object`
        As for `PreviewPart`.
    """

    value = traitlets.Unicode(help="RUN of the commit")

    def __init__(self, preview: GraphPreview, **options: Any):
        super().__init__(preview, **options)
        self._view = CommitView(self.desk, self.plan)
        self.plan.param.watch(lambda *_: self._tell(), "revision")
        self._tell()
        self._host(self._view.view)

    def _tell(self) -> None:
        commit = self.plan.commit
        self.value = "" if commit is None or commit.run is None else commit.run
