"""What another widget previews, as ipywidgets: why not, what if, its quanta, and two graphs compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from workbench.campaigns import Campaign, WhatIf
from workbench.errors import CampaignError
from workbench.graph import GraphDifference, GraphWhyNot
from workbench.session.campaign.supposing import SupposedEdit
from workbench.ui.campaign.compare_view import CompareView
from workbench.ui.campaign.quanta_view import QuantaView
from workbench.ui.campaign.waterfall_view import WaterfallView
from workbench.ui.campaign.what_if_view import WhatIfView
from workbench.ui.widgets.campaigns import GraphPreview, PreviewPart

__all__ = ["ComparisonPanel", "QuantumBrowser", "WaterfallPanel", "WhatIfPanel"]


class WaterfallPanel(PreviewPart):
    """Why a data ID is in the graph, or out: what each stage removed, and the edit that restores it.

    ``value`` is the data ID that is asked about, empty for all, and ``task``
    the task, empty for every one.  Both may be set, and both are forgotten
    when another preview is made.

    Parameters
    ----------
    preview : `~workbench.ui.widgets.GraphPreview`
        Whose preview is asked; it tries the edits that the answer offers.
    value : `~collections.abc.Mapping`, optional
        Data ID to begin with, such as ``{"visit": 58260}``.
    task : `str`, optional
        Task to begin with.
    **options : `object`
        As for `~workbench.ui.widgets.campaigns.PreviewPart`.

    Raises
    ------
    traitlets.TraitError
        Raised for a task or a dimension that the preview has not, also when
        a trait is set later.
    """

    value = traitlets.Dict(help="data ID that is asked about")
    task = traitlets.Unicode(help="task that is asked about")

    def __init__(
        self,
        preview: GraphPreview,
        value: Mapping[str, Any] | None = None,
        task: str = "",
        **options: Any,
    ):
        super().__init__(preview, **options)
        self._view = WaterfallView(self.desk, self.plan, preview.restore)
        self._question = self._view.question
        self._question.param.watch(lambda *_: self._tell(), "revision")
        self.plan.param.watch(lambda *_: self._begin(), "revision")
        self._begin()
        if value or task:
            self._ask(value or {}, task)
        self._host(self._view.view)

    @property
    def answer(self) -> GraphWhyNot | None:
        """The answer (`~workbench.graph.GraphWhyNot`); `None` while there is no preview."""
        return self._question.answer

    def _begin(self) -> None:
        if self.plan.preview is not None:
            self._view.show()
            self._view.open()

    def _tell(self) -> None:
        with self._telling(), self.hold_trait_notifications():
            self.value, self.task = dict(self._question.data_id), self._question.task

    def _ask(self, data_id: Mapping[str, Any], task: str) -> None:
        error = self._question.ask(data_id, task)
        if error:
            self._tell()
            raise traitlets.TraitError(error)

    @traitlets.observe("value", "task")
    def _answer(self, _: Mapping[str, Any]) -> None:
        if not self._is_telling:
            self._ask(self.value, self.task)


class WhatIfPanel(PreviewPart):
    """One change of the constraints, tried before it is made: quanta gained and lost, and depths.

    ``value`` is the change that is tried, as ``Campaign.what_if`` takes it,
    such as ``{"toggle": {"visit": 96954}, "of": 0}`` or ``{"without": 1}``;
    empty for none.  Setting it tries the change: in a notebook beside its
    cells.  What fails is told in the view, and ``value`` is empty then.

    Parameters
    ----------
    preview : `~workbench.ui.widgets.GraphPreview`
        Whose campaign is changed; it keeps what is kept.
    **options : `object`
        As for `~workbench.ui.widgets.campaigns.PreviewPart`.
    """

    value = traitlets.Dict(help="the change that is tried")

    def __init__(self, preview: GraphPreview, **options: Any):
        super().__init__(preview, **options)
        self._view = WhatIfView(self.desk, self.plan, preview.curation)
        self._supposition = self._view.supposition
        self._view.stated.offer_scopes(self.plan.read_scopes())
        self._supposition.param.watch(lambda *_: self._tell(), "revision")
        self._host(self._view.view)

    @property
    def what_if(self) -> WhatIf[Campaign] | None:
        """What was tried (`~workbench.campaigns.WhatIf`); `None` for nothing."""
        return self._supposition.what_if

    def keep(self) -> None:
        """Make the change in the campaign, or in its set; undo in the view takes it back."""
        self._supposition.keep()

    def _tell(self) -> None:
        edit = self._supposition.edit
        with self._telling():
            self.value = {} if edit is None else edit.arguments()

    @traitlets.validate("value")
    def _validate(self, proposal: Mapping[str, Any]) -> Mapping[str, Any]:
        value: Mapping[str, Any] = proposal["value"]
        try:
            return SupposedEdit.from_arguments(value).arguments() if value else {}
        except CampaignError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.observe("value")
    def _suppose(self, change: Mapping[str, Any]) -> None:
        if self._is_telling:
            return
        if not change["new"]:
            self._supposition.discard()
            return

        async def suppose() -> None:
            await self._supposition.suppose(SupposedEdit.from_arguments(change["new"]))
            self._tell()

        self._carry_out(suppose())


class ComparisonPanel(PreviewPart):
    """Two graphs compared: previews of the session, and graphs that were committed.

    ``graphs`` are the names of the two, the earlier first, and ``value`` is
    the task whose quanta are listed; both empty before graphs are compared.
    Setting ``graphs`` compares: in a notebook beside its cells.

    Parameters
    ----------
    preview : `~workbench.ui.widgets.GraphPreview`
        Whose previews are compared.
    **options : `object`
        As for `~workbench.ui.widgets.campaigns.PreviewPart`.

    Raises
    ------
    traitlets.TraitError
        Raised for a graph that there is not, or a task that does not change,
        when a trait is set.
    """

    graphs = traitlets.Tuple(help="names of the two graphs")
    value = traitlets.Unicode(help="task whose quanta are listed")

    def __init__(self, preview: GraphPreview, **options: Any):
        super().__init__(preview, **options)
        self._view = CompareView(self.desk, self.plan)
        self._comparison = self._view.comparison
        self._comparison.list_graphs()
        self._comparison.param.watch(lambda *_: self._tell(), "revision")
        self._view.result.task.param.watch(lambda *_: self._tell(), "value")
        self._host(self._view.view)

    @property
    def names(self) -> tuple[str, ...]:
        """What can be compared, the newest previews first (`tuple` [ `str`, ... ])."""
        return tuple(self._comparison.graphs)

    @property
    def difference(self) -> GraphDifference | None:
        """What one has that the other has not (`~workbench.graph.GraphDifference`); `None` for nothing."""
        return self._comparison.difference

    def _tell(self) -> None:
        compared = self._comparison.compared
        with self._telling():
            self.graphs = compared or ()
            self.value = "" if compared is None else str(self._view.result.task.value or "")

    @traitlets.validate("graphs")
    def _know(self, proposal: Mapping[str, Any]) -> tuple[str, ...]:
        names = tuple(proposal["value"])
        if names and (len(names) != 2 or not set(names) <= set(self.names)):
            raise traitlets.TraitError(f"graphs names two graphs, of {self.names}; given {names}")
        return names

    @traitlets.validate("value")
    def _offered(self, proposal: Mapping[str, Any]) -> str:
        task, offered = str(proposal["value"]), list(self._view.result.task.options)
        if not self._is_telling and (self.difference is None or task not in offered):
            raise traitlets.TraitError(f"value is a task that changes, of {offered}; given {task!r}")
        return task

    @traitlets.observe("graphs")
    def _compare_chosen(self, change: Mapping[str, Any]) -> None:
        if self._is_telling:
            return
        if not change["new"]:
            self._comparison.list_graphs()
            return

        async def compare() -> None:
            await self._comparison.compare(*change["new"])
            self._tell()

        self._carry_out(compare())

    @traitlets.observe("value")
    def _choose(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling:
            self._view.result.task.value = change["new"]


class QuantumBrowser(PreviewPart):
    """The quanta of a task, page by page, and what is around one of them.

    ``value`` is the task, empty for none, and may be linked to that of a
    `~workbench.ui.widgets.TaskGraph`; ``selection`` is the quantum that is
    looked at: a tuple of one pair of task and data ID, or empty.

    Parameters
    ----------
    preview : `~workbench.ui.widgets.GraphPreview`
        Whose preview is looked into.
    value : `str`, optional
        Task to begin with.
    **options : `object`
        As for `~workbench.ui.widgets.campaigns.PreviewPart`.

    Raises
    ------
    traitlets.TraitError
        Raised for a task or a quantum that the preview has not, also when a
        trait is set later.
    """

    value = traitlets.Unicode(help="task whose quanta are listed")
    selection = traitlets.Tuple(help="the quantum that is looked at: (task, data ID)")

    def __init__(self, preview: GraphPreview, value: str = "", **options: Any):
        super().__init__(preview, **options)
        self._view = QuantaView(self.desk, self.plan)
        self._view.on_change(self._tell)
        self.plan.param.watch(lambda *_: self._view.clear(), "revision")
        self.value = value
        self._host(self._view.view)

    def _tell(self) -> None:
        quantum = self._view.quantum
        with self._telling():
            self.value = self._view.task
            self.selection = () if quantum is None else ((quantum[0], dict(quantum[1])),)

    @traitlets.validate("value")
    def _know(self, proposal: Mapping[str, Any]) -> str:
        task, preview = str(proposal["value"]), self.plan.preview
        labels = () if preview is None else preview.graph.labels
        if task and task not in labels:
            raise traitlets.TraitError(f"no task {task!r} in the preview; its tasks are {list(labels)}")
        return task

    @traitlets.observe("value")
    def _list(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling:
            if change["new"]:
                self._view.show(change["new"])
            else:
                self._view.clear()

    @traitlets.observe("selection")
    def _look(self, change: Mapping[str, Any]) -> None:
        if self._is_telling:
            return
        for task, data_id in change["new"]:
            self._view.look(task, data_id)
        self._tell()
        self._complain("selection")
