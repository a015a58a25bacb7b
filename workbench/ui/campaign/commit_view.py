"""The commit panel: what will be written, the checks, a typed confirmation, and the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn

from workbench.campaigns import CommitForecast
from workbench.graph import Preview
from workbench.session.campaign.execution import Execution
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.content.column_view import ColumnView
from workbench.session.desk.desk import Desk
from workbench.ui.campaign.run_view import RunView
from workbench.ui.elements.pieces import button, heading, panel, row, side_by_side, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.elements.work_bar import WorkBar

__all__ = ["CommitView"]

_COLLECTIONS = [ColumnView("collection", wide=True), ColumnView("type"), ColumnView("when", "written by")]
_FILES = [
    ColumnView("what"),
    ColumnView("path", mark="code", wide=True),
    ColumnView("n_bytes", "bytes", align="right"),
    ColumnView("size"),
]
_TYPES = [
    ColumnView("dataset_type", "dataset type", wide=True),
    ColumnView("n_datasets", "datasets", align="right"),
    ColumnView("registered"),
    ColumnView("when", "written by"),
]
_CHECKS = [
    ColumnView("state", mark="state"),
    ColumnView("check", wide=True),
    ColumnView("found", wide=True),
    ColumnView("remedy", "what to do", wide=True),
]
_STATES = {"passed": "in", "failed": "out", "note": "part"}
_SHOWN = ["revision", "outdated", "doubt", "constraints", "n_checked", "problem"]
"""What of the plan is shown."""


class CommitView:
    """Commit what was previewed, or say what is in the way; then run it.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its preview.
    """

    def __init__(self, desk: Desk, plan: CampaignPlan):
        self.desk = desk
        self.plan = plan
        self.execution = Execution(desk)
        self.title = heading("What will be written")
        self.what = Prose()
        self.collections = DataTable(caption="Collections that will be written", visible=False)
        self.files = DataTable(caption="Files that will be written", visible=False)
        self.types = DataTable(
            caption="Dataset types of what will be written", visible=False, height_limit=230
        )
        self.verdict = Prose()
        self.checks = DataTable(caption="Checks before the commit", visible=False)
        self.again = button("Check again", height=30)
        self.confirmation = pn.widgets.TextInput(
            name="Type the name of the RUN to confirm", margin=0, styles={"flex": "1 1 300px"}
        )
        self.commit = button("Commit", primary=True, disabled=True)
        self.work = WorkBar(desk, "Commit")
        self.cancel = self.work.cancel
        self.run = RunView(desk, self.execution)
        self._connect()
        self.view = pn.Column(
            side_by_side(
                [
                    panel("", self.title, self.what, self.collections, self.files, self.types),
                    panel(
                        "Checks and confirmation",
                        self.verdict,
                        self.checks,
                        row(self.again),
                        row(self.confirmation, self.commit, self.cancel),
                        self.work.state,
                    ),
                ],
                [500, 460],
            ),
            self.run.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self.show()

    def _connect(self) -> None:
        self.confirmation.param.watch(lambda *_: self._allow(), ["value", "value_input"])
        # Enter in the field does what the button does.
        self.confirmation.param.watch(self.desk.guard(self._confirm), "enter_pressed")
        self.commit.on_click(self.desk.guard(self._commit))
        self.again.on_click(self.desk.guard(self._check))
        self.plan.param.watch(lambda *_: self.show(), _SHOWN)
        self.plan.curation.param.watch(lambda *_: self.show(), "revision")
        self.desk.param.watch(lambda *_: self._allow(), "busy")

    async def open(self) -> None:
        """Look at the commits, and at what a commit would write now."""
        self.execution.show(visible=True)
        self.execution.list_commits()
        if self.execution.commit is None and self.execution.commits:
            self.execution.choose(self.execution.commits[0]["commit_id"])
        if self.plan.preview is not None and self.plan.commit is None and not self.desk.busy:
            await self.plan.look_ahead()

    def show(self) -> None:
        """Show what a commit would write now."""
        preview, forecast = self.plan.preview, self.plan.forecast
        if preview is None or self.plan.problem:
            self.what.object = text_html("Nothing yet: there is no preview.", css="muted")
        else:
            campaign = self.plan.campaign
            name = self.plan.campaign_name if campaign is None else campaign.name
            self.what.object = _describe(preview, name)
        for table in (self.collections, self.files, self.types):
            table.visible = forecast is not None and not self.plan.problem
        if forecast is not None:
            self._fill(forecast)
        is_written = self.plan.commit is not None
        self.title.object = heading("What was written" if is_written else "What will be written").object
        were = "were" if is_written else "will be"
        self.collections.caption = f"Collections that {were} written"
        self.files.caption = f"Files that {were} written"
        self.types.caption = f"Dataset types of what {'was' if is_written else 'will be'} written"
        self._show_checks()

    def _fill(self, forecast: CommitForecast) -> None:
        self.collections.fill(_COLLECTIONS, [list(row.values()) for row in forecast.collections.to_pylist()])
        self.files.fill(
            _FILES,
            [
                [item["what"], item["path"], f"{item['n_bytes']:,}", item["size"]]
                for item in forecast.files.to_pylist()
            ],
        )
        self.types.fill(
            _TYPES,
            [
                [
                    item["dataset_type"],
                    f"{item['n_datasets']:,}",
                    "yes" if item["registered"] else "new",
                    item["when"],
                ]
                for item in forecast.dataset_types.to_pylist()
            ],
        )

    def _show_checks(self) -> None:
        rows = self.plan.check_rows()
        obstacles = self.plan.obstacles()
        if self.plan.commit is not None:
            text, css = "This preview is committed. Preview again for another RUN.", "in"
        elif obstacles:
            text, css = "Not ready: " + " ".join(obstacles), "out"
        elif not self.plan.checked:
            text, css = "Not checked yet.", "muted"
        else:
            notes = [
                f" {item['check']}: {item['found']} {item['remedy']}"
                for item in rows
                if item["state"] == "note"
            ]
            text, css = "Ready: every check has passed. A commit is all or nothing." + "".join(notes), "in"
        self.verdict.object = text_html(text, css=f"sentence {css}", role="status")
        # What was found of the preview before says nothing of the one that failed.
        is_checkable = self.plan.commit is None and not self.plan.problem
        self.checks.visible = is_checkable and bool(rows)
        self.again.visible = is_checkable and self.plan.preview is not None
        self.checks.fill(
            _CHECKS,
            [[item[name] for name in ("state", "check", "found", "remedy")] for item in rows],
            states=[_STATES[item["state"]] for item in rows],
        )
        self._allow()

    def _is_ready(self) -> bool:
        plan = self.plan
        return (
            plan.preview is not None
            and plan.commit is None
            and plan.checked
            and not plan.obstacles()
            and not self.desk.busy
            and typed(self.confirmation) == plan.preview.output_run
        )

    def _allow(self) -> None:
        preview = self.plan.preview
        self.confirmation.placeholder = preview.output_run if preview is not None else ""
        self.commit.disabled = not self._is_ready()
        self.again.disabled = bool(self.desk.busy)

    async def _check(self, _: Any) -> None:
        await self.plan.look_ahead()

    async def _confirm(self, _: Any) -> None:
        if self._is_ready():
            await self._commit(None)

    async def _commit(self, _: Any) -> None:
        await self.plan.make_commit()
        commit = self.plan.commit
        if commit is not None:
            self.confirmation.param.update(value="", value_input="")
            self.execution.list_commits()
            self.execution.choose(commit.commit_id)


def _describe(preview: Preview, campaign: str) -> str:
    lines: list[tuple[str, str]] = [
        ("Output RUN", preview.output_run),
        ("Added after execution to", campaign),
        ("Quanta", f"{preview.n_quanta:,}"),
        ("Record", "campaign, pipeline, sets, package versions; in our tables and in the RUN"),
    ]
    lines += [("Constraint", _name(item)) for item in preview.constraints.to_pylist()]
    listed = "".join(text_html(name, tag="dt") + text_html(value, tag="dd") for name, value in lines)
    return f"<dl>{listed}</dl>"


def _name(item: Mapping[str, Any]) -> str:
    return f"{item['mode']} {item['constraint']}, scope {item['scope']}: {item['tasks']}"
