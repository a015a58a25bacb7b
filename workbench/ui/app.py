"""The application: the steps from a repository to a committed graph."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn

from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.desk.watch import Watch
from workbench.session.steps import Step
from workbench.ui.campaign.commit_view import CommitView
from workbench.ui.campaign.graph_view import GraphView
from workbench.ui.elements.pieces import button, heading, row, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.stage import PageStage
from workbench.ui.elements.steps import Steps
from workbench.ui.elements.tables.page_turner import PageTurner
from workbench.ui.explore.browser_view import BrowserView
from workbench.ui.explore.explore_view import ExploreView
from workbench.ui.explore.selected_view import SelectedView
from workbench.ui.groups.group_view import GroupView
from workbench.ui.schedule import PageSchedule
from workbench.ui.sets.replay_view import ReplayView
from workbench.ui.sets.set_view import SetView

__all__ = ["Application", "app", "make_application"]

STEPS = tuple(Step)
"""The tabs, in order."""


class Application:
    """The views of one user on one bench, and what they share.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the application is used.
    pipeline : `str`
        Pipeline to begin with.
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections to begin with.
    theme : `str`
        ``light`` or ``dark``.
    author : `str`, optional
        Who saves and notes; by default the user of this process.
    """

    def __init__(
        self, bench: Bench, pipeline: str, inputs: Sequence[str], theme: str, author: str | None = None
    ):
        self.desk = Desk(bench, theme=theme, author=author, schedule=PageSchedule())
        self.curation = Curation(self.desk)
        self.plan = CampaignPlan(self.desk, self.curation, pipeline=pipeline, inputs=", ".join(inputs))
        self.selection = SharedSelection()
        self.browser = BrowserView(self.desk, self.selection)
        self.selected = SelectedView(self.desk, self.selection, self.curation, self._note_on_selection)
        self.explorer = ExploreView(self.desk, self.selection, self.selected.view)
        self.chooser = SetView(self.desk, self.curation, self.selection)
        self.groups = GroupView(self.desk, self.curation, self.selection)
        self.graph = GraphView(self.desk, self.plan, self.curation)
        self.commit = CommitView(self.desk, self.plan)
        self.steps = Steps(labels=[str(step) for step in STEPS], notes=[""] * len(STEPS))
        self.stage = PageStage(self.desk)
        self.news = Prose(visible=False)
        self.watch = Watch(self.desk)
        self.replay = ReplayView(self.desk, self.curation)
        self.theme = button("Dark theme", height=30)
        self.reload = button("Read again", height=30)
        views = {
            Step.BROWSE: self.browser.view,
            Step.EXPLORE: self.explorer.view,
            Step.CHOOSE: self.chooser.view,
            Step.GROUP: self.groups.view,
            Step.PREVIEW: self.graph.view,
            Step.COMMIT: self.commit.view,
        }
        self._is_stale = True
        # What was told of one page does not stand above another; what is told while turning does.
        self.steps.param.watch(lambda *_: self.desk.tell(""), "active")
        self._pages = PageTurner(self.steps, [views[step] for step in STEPS], self._prepare)
        self._connect()
        self._lay_out()
        self.view = self.stage.view
        self.refresh()
        self.desk.log.clear()
        self._name_theme()

    def _connect(self) -> None:
        desk = self.desk
        self._pages.on_turn(STEPS.index(Step.EXPLORE), self.explorer.open)
        self._pages.on_turn(STEPS.index(Step.COMMIT), self.commit.open)
        self.theme.on_click(lambda _: self._change_theme())
        self.reload.on_click(lambda _: self.refresh())
        desk.param.watch(lambda *_: self._name_theme(), "theme")
        desk.param.watch(lambda *_: self._prepare(), "busy")
        self.watch.param.watch(lambda *_: self._show_news(), "news")
        self.curation.param.watch(lambda *_: self._note(), "revision")
        self.plan.param.watch(lambda *_: self._note(), ["revision", "outdated", "problem"])
        execution = self.commit.execution
        execution.param.watch(lambda *_: self._note(), ["revision", "looked", "starting"])
        self.selection.param.watch(lambda *_: self._note(), "revision")

    def _lay_out(self) -> None:
        bench = self.desk.bench
        where = "beside the Butler's" if bench.registry.home == "beside" else "in a sidecar"
        mode = "read-only" if bench.registry.read_only else f"our tables {where}"
        title = row(
            heading("Campaign Workbench", 1),
            Prose(
                text_html(
                    f"{bench.uri.rstrip('/').rpartition('/')[2]} ({mode})", css="muted", title=bench.uri
                ),
                styles={"flex": "1 1 200px"},
            ),
            self.reload,
            self.theme,
            align_items="center",
        )
        self.stage.show(title, self.steps, self.stage.message, self.news, self._pages.view, self.replay.view)

    def refresh(self) -> None:
        """Read the repository again in every view; sets and graphs when they are next turned to."""
        if self.desk.busy:
            self.desk.tell(f"{self.desk.busy} is under way. Wait for it, or cancel it.")
            return
        self._is_stale = True
        self.browser.refresh()
        self.explorer.refresh()
        self._prepare()
        self.desk.hint = f"bench = wb.open({self.desk.bench.uri!r})"

    def _prepare(self) -> None:
        step = STEPS[self.steps.active]
        self.commit.execution.show(step is Step.COMMIT)
        if step not in (Step.BROWSE, Step.EXPLORE) and self._is_stale and not self.desk.busy:
            # Who only looks around does not wait for what a set and a graph need; during long work
            # nothing can be read, and this is called again when it ends.
            self._is_stale = False
            self.chooser.refresh()
            self.groups.refresh()
            self.graph.refresh()

    def _note_on_selection(self) -> None:
        self.steps.active = STEPS.index(Step.CHOOSE)
        self.chooser.turn_to("Notes")
        self.chooser.notes.aim_at_selection()

    def _change_theme(self) -> None:
        self.desk.theme = "light" if self.desk.theme == "dark" else "dark"

    def _name_theme(self) -> None:
        self.theme.name = "Light theme" if self.desk.theme == "dark" else "Dark theme"

    def _show_news(self) -> None:
        shown = text_html(self.watch.news, css="sentence", role="status")
        self.news.param.update(object=shown, visible=bool(shown))

    def _note(self) -> None:
        preview, saved = self.plan.preview, self.curation.saved
        chosen = f"{self.curation.size}{'' if saved is None else ', saved'}"
        if self.plan.problem:
            built = "failed"
        elif preview is None:
            built = ""
        else:
            built = "out of date" if self.plan.outdated else f"{preview.n_quanta:,} quanta"
        picked = f"{len(self.selection):,} selected" if len(self.selection) else ""
        notes = {
            Step.EXPLORE: picked,
            Step.CHOOSE: chosen,
            Step.PREVIEW: built,
            Step.COMMIT: self._note_run(),
        }
        self.steps.notes = [notes.get(step, "") for step in STEPS]

    def _note_run(self) -> str:
        execution = self.commit.execution
        if execution.is_running:
            status = execution.status
            return f"running {status.counts['successful']:,}/{status.n_quanta:,}" if status else "running"
        return "done" if self.plan.commit is not None else ""


def app(
    bench: Bench,
    *,
    pipeline: str | None = None,
    inputs: Sequence[str] | None = None,
    theme: str = "light",
    author: str | None = None,
) -> pn.viewable.Viewable:
    """Return the application, for a notebook cell or a page.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        An open repository.
    pipeline : `str`, optional
        Pipeline to begin with; the demonstration's where the repository is
        the demonstration's.
    inputs : `~collections.abc.Sequence` [ `str` ], optional
        Input collections to begin with; by default a chain whose name ends
        with ``/defaults``.
    theme : `str`, optional
        ``light`` or ``dark``; there is a button to change it.
    author : `str`, optional
        Who saves and notes; by default the user of this process.

    Returns
    -------
    view : `panel.viewable.Viewable`
        Shown by a notebook as the last line of a cell.

    Notes
    -----
    In a notebook, load Panel's resources first, in a cell of their own, from
    the installed package rather than from a CDN::

        import panel as pn
        pn.extension(inline=True)

    Nothing is written but by the buttons that save, group and commit.
    """
    application = make_application(bench, pipeline=pipeline, inputs=inputs, theme=theme, author=author)
    application.watch.start()
    return application.view


def make_application(
    bench: Bench,
    *,
    pipeline: str | None = None,
    inputs: Sequence[str] | None = None,
    theme: str = "light",
    author: str | None = None,
    installed_only: bool = False,
) -> Application:
    """Make the application with what suits the repository.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        An open repository.
    pipeline, inputs, theme, author : optional
        As for `app`.
    installed_only : `bool`, optional
        Look at no pipelines but those of packages that are loaded.

    Returns
    -------
    application : `Application`
        Its ``view`` is to be shown.
    """
    collections = bench.collections.list().to_pylist()
    if inputs is None:
        chains = [item["name"] for item in collections if item["type"] == "CHAINED"]
        inputs = [name for name in chains if name.endswith("/defaults")][:1]
    if pipeline is None:
        is_demonstration = any(str(item["doc"] or "").startswith("All raws of HSC") for item in collections)
        pipeline = PIPELINE if is_demonstration else ""
    application = Application(bench, pipeline, inputs, theme, author)
    application.desk.installed_only = installed_only
    return application
