"""The group view: a rule or a saved grouping, its groups as lanes, on the sky and in time, and what holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import panel as pn
from param.parameterized import batch_call_watchers

from workbench.faults import describe_error
from workbench.groupings import Grouping
from workbench.session.content.content import make_colours
from workbench.session.content.lanes import GroupRows
from workbench.session.content.rows import VisitRows
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.groups.making import MAKING, GroupMaking, Prepared
from workbench.session.groups.regrouping import Regrouping
from workbench.session.groups.tables import GroupTables
from workbench.session.groups.words import describe_limits, shorten_python
from workbench.session.steps import Step
from workbench.ui.elements.design import WorkbenchDesign
from workbench.ui.elements.files.transfer import DropZone
from workbench.ui.elements.pieces import button, code, panel, row, side_by_side, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.work_bar import WorkBar
from workbench.ui.groups.balance_view import WAYS, BalanceView
from workbench.ui.groups.group_members_view import GroupMembersView
from workbench.ui.groups.rule_form import BY_TABLE, RuleForm
from workbench.ui.views.component import LanesView, PointsView, SkyView, ViewComponent

__all__ = ["GroupView"]

_SAVE = "Save of the groups"
_NOTHING = "Try a rule on a saved set, or open a saved grouping. Nothing is written before it is saved."
_FAILED = "There are no groups of what was asked last: see the error above."


class GroupView:
    """Group a saved set, move members by hand, see what comes out, and save it as the next version.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set that was put together last.
    selection : `~workbench.session.content.selection.SharedSelection`, optional
        What is selected in other views, by key.
    """

    def __init__(self, desk: Desk, curation: Curation, selection: SharedSelection | None = None):
        self.desk = desk
        self.curation = curation
        self.selection = SharedSelection() if selection is None else selection
        self.marked = SharedSelection()
        self.regrouping = Regrouping(desk.bench, author=desk.author)
        self.making = GroupMaking(desk, self._finish)
        self.form = RuleForm(self.try_rule, self._require)
        self.tables = GroupTables(desk)
        self.balance = BalanceView(self.regrouping)
        self.members = GroupMembersView(self.regrouping)
        self._rows: VisitRows | None = None
        self._sizes: dict[str, int] = {}
        self._offered, self._named_for, self._followed = "", self.form.rule.value, ""
        self._listing = self._failed = False
        self._make_widgets()
        self._connect()
        self.view = pn.Column(
            panel(
                "Group a set",
                row(self.rows, self.form.rule, *self.form.fields.values()),
                self.form.help,
                self.drop_place,
                row(*self.form.requirements.values(), self.attempt, self.work.cancel),
                self.work.state,
                self.error,
            ),
            panel(
                "Open and save",
                row(self.opened, self.open, self.name, self.reason, self.save),
                self.saved,
            ),
            panel("Checks", self.checks, row(self.back)),
            self.lanes,
            self.limits,
            side_by_side([self.sky, self.nights], [420, 420]),
            side_by_side([self.members.view, self.balance.view], [420, 420]),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._paint()
        self._show()

    def _make_widgets(self) -> None:
        self.rows = pn.widgets.Select(name="Set to group", margin=0, width=190)
        self.attempt = button("Try")
        self.work = WorkBar(self.desk, MAKING, _SAVE)
        self.drop = DropZone("Drop a table of groups here (ECSV, CSV, Parquet), or", self._take_table)
        # Put on the page for the rule that takes a file alone; the application cannot reach it before.
        self.drop.design = WorkbenchDesign()
        self.drop_place = pn.Column(sizing_mode="stretch_width", margin=0)
        self.error = Prose(visible=False)
        self.opened = pn.widgets.Select(name="Saved grouping", margin=0, width=190)
        self.open = button("Open")
        self.name = pn.widgets.TextInput(name="Name of the grouping", value="fold", margin=0, width=160)
        self.reason = pn.widgets.TextInput(
            name="Why (kept with the grouping)",
            placeholder="one trailed visit moved",
            margin=0,
            styles={"flex": "1 1 220px"},
        )
        self.save = button("Save groups", primary=True)
        self.saved, self.checks = Prose(), Prose(text_html(_NOTHING, css="muted"))
        self.back = button("Show the groups before", visible=False)
        self.limits = Prose(visible=False)
        self.lanes, self.sky, self.nights = LanesView(), SkyView(), PointsView()
        self._views: dict[str, ViewComponent] = {"lanes": self.lanes, "sky": self.sky, "nights": self.nights}

    def _connect(self) -> None:
        self.rows.param.watch(lambda *_: self._choose_set(), "value")
        self.attempt.on_click(lambda _: self.try_rule())
        self.open.on_click(lambda _: self._open())
        self.save.on_click(lambda _: self._save())
        self.back.on_click(lambda _: self._go_back())
        self.lanes.param.watch(self._answer, "request")
        self.lanes.param.watch(lambda *_: self._choose_group(), "state")
        self.members.on_choose(self._show_group)
        for view in self._views.values():
            view.param.watch(self._receive, "brush")
        self.regrouping.param.watch(lambda *_: self._show(), "revision")
        self.marked.param.watch(lambda *_: self._push(), "revision")
        self.selection.param.watch(lambda *_: self._follow(), "revision")
        self.desk.param.watch(lambda *_: self.refresh(), "n_saved")
        self.desk.param.watch(lambda *_: self._paint(), "theme")

    def refresh(self) -> None:
        """List saved sets and groupings again; the newest come first."""
        sets, _ = self.desk.attempt(self.desk.bench.sets.list)
        rows = [] if sets is None else sets.to_pylist()
        self._sizes = {f"{item['name']}@{item['version']}": item["n_rows"] for item in reversed(rows)}
        labels = list(self._sizes)
        saved = self.curation.saved
        kept = self.rows.value
        if saved is not None and saved.label != self._followed:
            # What is saved in Choose is what is grouped next, until another one is chosen here.
            kept = self._followed = saved.label
        groupings, _ = self.desk.attempt(self.desk.bench.groupings.list)
        found = [] if groupings is None else groupings.to_pylist()
        sizes: dict[str, int] = {}
        for item in reversed(found):
            label = f"{item['grouping']}@{item['version']}"
            sizes[label] = sizes.get(label, 0) + item["n_members"]
        self._sizes |= sizes
        versions = list(sizes)
        self._listing = True
        self.rows.param.update(options=labels, value=kept if kept in labels else next(iter(labels), None))
        opened = self.opened.value if self.opened.value in versions else next(iter(versions), None)
        self.opened.param.update(options=versions, value=opened)
        self._listing = False
        self.open.disabled = not versions
        self._offer()

    def try_rule(self) -> None:
        """Group the set by what the form says; nothing is saved."""
        self._suit_rule()
        label = self.rows.value
        if not label:
            self._fail(f"There is no saved set yet: go to {Step.CHOOSE}, and save one.")
            return
        self._offer()
        try:
            rule, python = self.form.make_rule()
            asked = self.form.make_requirements()
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            self._fail(describe_error(error))
            return
        name, trials = typed(self.name) or self.form.default_name, self.regrouping.trials
        self.making.begin(
            lambda progress: trials.try_rule(
                name, label, rule, python, asked, by=WAYS.values(), progress=progress
            ),
            asked=(name, label, python, asked, id(self.form.table)),
            n_rows=self._sizes.get(label, 0),
        )

    def _finish(self, prepared: Prepared | None, error: str) -> None:
        if error:
            self._fail(error)
            return
        self._complain("")
        if prepared is not None:
            failed, self._failed = self._failed, False
            self._do(lambda: self._take(prepared))
            if failed:
                self._show()  # they may be those of before, which are no change

    def _take(self, prepared: Prepared) -> None:
        self.making.keep(prepared)
        self.regrouping.take(prepared.trial)

    def _fail(self, error: str) -> None:
        """Say why there are no groups of what was asked; those of something else do not stay beneath."""
        self._complain(self.form.put_in_words(error))
        self._failed = True
        self.desk.hint = ""
        self._show()

    def _go_back(self) -> None:
        self._complain("")
        self._failed = False
        self._show()

    def _do(self, call: Callable[[], object]) -> str:
        """Change the groups; what is wrong is said beside the fields, and nothing changes."""
        before = self.regrouping.revision
        with batch_call_watchers(self.regrouping):  # shown when the hint says how they were made
            _, error = self.desk.attempt(call)
            now = self.regrouping.current
            if not error and now is not None and self.regrouping.revision != before:
                self.desk.record(now.python, "change", "grouping")
                self.desk.hint = shorten_python(now.python)
        self._complain(error)
        return error

    def _complain(self, error: str) -> None:
        self.error.param.update(object=code(error, "error"), visible=bool(error))

    def _offer(self) -> None:
        """Offer the columns of the set, when another was chosen."""
        label = self.rows.value
        if not label or label == self._offered:
            return
        bench = self.desk.bench
        _, error = self.desk.attempt(lambda: self.form.offer(bench, bench.load(label)))
        if not error:
            self._offered = label

    def _choose_set(self) -> None:
        if not self._listing:
            self.try_rule()

    def _suit_rule(self) -> None:
        """Suggest a name when another rule was chosen."""
        self.drop_place.objects = [self.drop] if self.form.rule.value == BY_TABLE else []
        if self._named_for != self.form.rule.value:
            self._named_for = self.form.rule.value
            self.name.value = self.form.default_name

    def _take_table(self, files: Any) -> None:
        name, content = files[-1]
        table, error = self.tables.read(name, content)
        self._complain(error)
        if table is not None:
            self.form.table, self.form.table_name, self.form.table_python = table
            self.try_rule()

    def _require(self) -> None:
        """Ask something else of the groups: of the rule, or of what was opened or edited."""
        now = self.regrouping.current
        if now is None or now.rule is not None:
            self.try_rule()
        elif error := self._do(lambda: self.regrouping.require(self.form.make_requirements())):
            self._fail(error)

    def _open(self) -> None:
        label = self.opened.value
        if label:
            trials = self.regrouping.trials
            self.making.begin(
                lambda progress: trials.open(label, by=WAYS.values(), progress=progress),
                asked=label,
                n_rows=self._sizes.get(label, 0),
            )
            self.name.value = label.partition("@")[0]

    def _answer(self, event: Any) -> None:
        """Do what the lanes ask for: a move, undo or redo."""
        if event.new:
            self._do(lambda: self.regrouping.answer(event.new))

    def _save(self) -> None:
        self._complain("")
        name, reason, now = typed(self.name), typed(self.reason), self.regrouping.current
        if now is not None and self.desk.is_long(len(now.grouping.relation)):
            self.desk.start(lambda: self._save_long(name, reason))
        else:
            self._finish_save(*self.desk.attempt(lambda: self.regrouping.save(name, reason)))

    async def _save_long(self, name: str, reason: str) -> None:
        self._finish_save(
            *await self.desk.attempt_long(
                _SAVE, lambda progress: self.regrouping.save(name, reason, progress)
            )
        )

    def _finish_save(self, result: tuple[Grouping, str] | None, error: str) -> None:
        if error:
            self.desk.tell(error, "error")
        if result is not None:
            self.desk.tell("")
            with batch_call_watchers(self.regrouping):  # shown when the hint says how they were saved
                self.regrouping.take_saved(result[0])
                self.desk.record(result[1], "write")
                self.desk.hint = shorten_python(result[1])
            self.desk.n_saved += 1
            self.opened.value = result[0].label

    def _show(self) -> None:
        grouping, check, lanes = self.regrouping.grouping, self.regrouping.check, self.regrouping.lanes
        self.back.visible = self._failed and grouping is not None
        self.save.disabled = self._failed
        if self._failed:
            grouping = None
            self.checks.object = text_html(_FAILED, css="muted")
        self._show_saved()
        self.limits.visible = self.sky.visible = self.nights.visible = False
        self.lanes.visible = self.members.view.visible = self.balance.view.visible = grouping is not None
        if grouping is None or check is None or lanes is None:
            return
        self.checks.object = "".join(
            text_html(text, css=css, role="status") for text, css in self.regrouping.describe()
        )
        self.form.show_requirements(grouping.requirements)
        shown = lanes.shown
        if self._rows is not shown.rows:
            self._rows = shown.rows
            self._show_rows(shown)
        self.lanes.detail = self.regrouping.to_wire()
        self.sky.visible = shown.of_visits and bool(shown.rows.regions) and any(shown.rows.regions)
        self.nights.visible = shown.of_visits
        self._say_limits()
        self.members.show()
        self.balance.show()

    def _show_rows(self, shown: GroupRows) -> None:
        """Send the rows to the views; while members are moved, they stay."""
        contents = self.making.find_contents(shown)
        self.lanes.param.update(content=contents["lanes"], detail=b"")
        for name in ("sky", "nights"):
            if name in contents:
                self._views[name].content = contents[name]
        self.marked.show(shown.rows)
        self._follow()

    def _say_limits(self) -> None:
        lanes = self.regrouping.lanes
        said = "" if lanes is None else describe_limits(lanes, on_sky=self.sky.visible)
        self.limits.param.update(object=text_html(said, css="muted"), visible=bool(said))

    def _show_saved(self) -> None:
        saved, now = self.regrouping.saved, self.regrouping.current
        if self.desk.bench.registry.read_only:
            text = "The repository was opened read-only: groups can be tried and edited here, and not saved."
        elif now is None or self._failed:
            text = ""
        elif saved is not None:
            text = f"Saved as {saved.label}, digest {saved.digest[:16]}."
        else:
            text = "Not saved yet: saving makes the next version of the name, and changes no other."
        self.saved.object = text_html(text, css="sentence", role="status")

    def _choose_group(self) -> None:
        self.members.choose(json.loads(self.lanes.state).get("group", ""))

    def _show_group(self, key: str) -> None:
        state = json.loads(self.lanes.state)
        if state.get("group") != key:
            self.lanes.state = json.dumps({**state, "group": key})

    def _receive(self, event: Any) -> None:
        if event.new and self.marked.receive(event.new):
            lanes = self.regrouping.lanes
            if lanes is not None and lanes.shown.of_visits:
                self.selection.select(self.marked.keys)
                if not self.desk.busy:
                    self.desk.hint = self.marked.to_python()

    def _follow(self) -> None:
        """Take what was selected in other views."""
        lanes = self.regrouping.lanes
        if lanes is None or not lanes.shown.of_visits:
            return
        if self.marked.rows.chosen(self.marked.rows.mask(self.selection.keys)) != self.marked.rows.chosen(
            self.marked.mask
        ):
            self.marked.select(self.selection.keys)

    def _push(self) -> None:
        told = self.marked.to_wire()
        for view in self._views.values():
            view.selected = told

    def _paint(self) -> None:
        for view in self._views.values():
            view.colours = make_colours(self.desk.palette)
        self.balance.paint(self.desk.palette)
