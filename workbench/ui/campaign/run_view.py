"""The run panel: the commits, how to run them, how far they are, and what came back."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import panel as pn

from workbench.campaigns import Commit
from workbench.rendering import render_time
from workbench.runs import STATES, RunStatus, run_commands
from workbench.session.campaign.execution import Execution
from workbench.session.content.column_view import ColumnView
from workbench.session.desk.desk import Desk
from workbench.ui.elements.commands import Commands
from workbench.ui.elements.pieces import button, code, panel, row, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable

__all__ = ["RunView"]

_COMMITS = [
    ColumnView("run", "RUN", wide=True),
    ColumnView("campaign", wide=True),
    ColumnView("author"),
    ColumnView("committed", "committed (TAI)"),
]
_FILES = [
    ColumnView("what"),
    ColumnView("path", mark="code", wide=True),
    ColumnView("n_bytes", "bytes", align="right"),
]
_JOBS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
_MOST_FAILURES = 20

_ELSEWHERE = (
    "This repository is seen through a Butler server: put what it is called where its files are in the place "
    "of REPOSITORY, and give these commands there."
)


class RunView:
    """Choose a commit, run it here or elsewhere, and watch it.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    execution : `~workbench.session.campaign.execution.Execution`
        The commit that is looked at.
    """

    def __init__(self, desk: Desk, execution: Execution):
        self.desk = desk
        self.execution = execution
        self._make_pieces()
        self._lay_out()
        self._connect()
        self._list()
        self._show_commit()

    def _make_pieces(self) -> None:
        self.commits = DataTable(
            caption="Commits of this repository",
            action="Show",
            empty="Nothing was committed yet",
            pager=True,
            height_limit=230,
        )
        self.facts = Prose()
        self.files = DataTable(caption="Files of the commit")
        self.commands = Commands()
        self.bps, self.refused = button("Write the BPS file"), Prose(visible=False)
        self.elsewhere = Prose(
            text_html(_ELSEWHERE, css="muted"), visible=False, styles={"flex": "1 1 320px"}, align="center"
        )
        self.jobs = pn.widgets.Select(name="Processes", options=_JOBS, value=1, width=90, margin=0)
        self.start = button("Run", primary=True)
        self.cancel = button("Cancel the run", disabled=True)
        self.ingest = button("Ingest what ran", disabled=True)
        self.log_button = button("Show the log", height=30)
        self.state = Prose(align="center", styles={"flex": "1 1 300px"})
        self.problem = Prose(visible=False)
        self.status = Prose(live=False)
        self.failures = Prose(live=False)
        self.log = Prose(live=False, visible=False)
        self.came_back = Prose()

    def _lay_out(self) -> None:
        self._one = pn.Column(
            panel("Committed", self.facts, self.files),
            panel("Commands: run it anywhere", self.commands, row(self.bps, self.elsewhere), self.refused),
            panel(
                "Run it here",
                row(self.jobs, self.start, self.cancel, self.ingest, self.state, align_items="center"),
                self.came_back,
                self.problem,
                self.status,
                self.failures,
                row(self.log_button),
                self.log,
            ),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self.view = pn.Column(
            panel("Commits", self.commits),
            self._one,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def _connect(self) -> None:
        execution = self.execution
        self.commits.on_row(self._choose)
        self.start.on_click(lambda _: self._start())
        self.cancel.on_click(self.desk.guard(self._stop))
        self.ingest.on_click(self.desk.guard(self._ingest))
        self.bps.on_click(lambda _: self._write_bps())
        self.log_button.on_click(lambda _: self._toggle_log())
        execution.param.watch(lambda *_: self._show_commit(), "revision")
        execution.param.watch(lambda *_: self._list(), "n_listed")
        execution.param.watch(lambda *_: self._show_status(), ["looked", "starting", "stopping", "problem"])
        self.desk.param.watch(lambda *_: self._show_buttons(), "busy")
        self.desk.param.watch(lambda *_: self._show_sentence(), ["stage", "elapsed"])

    def _list(self) -> None:
        rows = [
            [str(item["run"]), str(item["campaign"]), str(item["author"]), render_time(item["finished"])]
            for item in self.execution.commits
        ]
        self.commits.fill(
            _COMMITS,
            rows,
            keys=[str(item["commit_id"]) for item in self.execution.commits],
            actions=[f"Show {item['run']}" for item in self.execution.commits],
        )

    def _choose(self, name: str) -> None:
        if not self.execution.choose(name) and not self.desk.busy:
            self.execution.forget()  # nothing is run or stopped that is not the one which was asked for

    def _show_commit(self) -> None:
        commit = self.execution.commit
        self._one.visible = commit is not None
        if commit is None:
            return
        self.commits.selected = commit.commit_id
        facts = [
            ("Commit", commit.commit_id),
            ("RUN", commit.run or ""),
            ("Added after execution to", commit.output or ""),
            ("Graph file", str(commit.graph_path)),
            ("SHA-256", commit.graph_digest or ""),
        ]
        if commit.script_path is not None:
            facts.append(("Script for somebody who may write to the Butler", str(commit.script_path)))
        listed = "".join(text_html(name, tag="dt") + text_html(value, tag="dd") for name, value in facts)
        self.facts.object = f'<div role="status"><dl>{listed}</dl></div>'
        self._show_files(commit)
        self._show_commands(commit)
        self.came_back.object = ""
        self.refused.visible = False
        self._show_status()

    def _show_files(self, commit: Commit) -> None:
        files = self.desk.act("", lambda: self.desk.bench.campaigns.files(commit))
        rows = [] if files is None else files.to_pylist()
        self.files.fill(_FILES, [[item["what"], item["path"], f"{item['n_bytes']:,}"] for item in rows])

    def _show_commands(self, commit: Commit) -> None:
        uri, graph = self.desk.bench.uri, str(commit.graph_path)
        is_served = self._is_served
        self.bps.disabled = is_served
        self.elsewhere.visible = is_served
        prepare, run = run_commands("REPOSITORY" if is_served else uri, graph)
        bps = _bps_path(commit)
        script = commit.script_path
        self.commands.commands = [
            *(
                []
                if script is None
                else [("register, where the files are", shlex.join(["python", str(script), "REPOSITORY"]))]
            ),
            ("write the init outputs", prepare),
            ("run the quanta", run),
            *([("submit by BPS", shlex.join(["bps", "submit", str(bps)]))] if bps.is_file() else []),
            *(
                [
                    (
                        "write the BPS file",
                        shlex.join(
                            [
                                *("workbench", "export", "bps", uri, commit.run or "", str(bps)),
                                *("--repo", "REPOSITORY"),
                            ]
                        ),
                    )
                ]
                if is_served
                else []
            ),
            ("see how far it is", shlex.join(["workbench", "status", uri, commit.run or commit.commit_id])),
            ("bring back what ran", shlex.join(["workbench", "ingest", uri, commit.run or commit.commit_id])),
        ]

    @property
    def _is_served(self) -> bool:
        return self.desk.bench.registry.location.is_served

    def _start(self) -> None:
        self.execution.start(int(str(self.jobs.value)))

    def _write_bps(self) -> None:
        commit = self.execution.commit
        if commit is None:
            return
        path = _bps_path(commit)
        hint = f"bench.runs.export_bps({commit.run!r}, {str(path)!r})"
        written, error = self.desk.carry_out(
            hint, lambda: self.desk.bench.runs.export_bps(commit, path), kind="write"
        )
        self.refused.param.update(object=code(error, "error"), visible=bool(error))
        if written is not None:
            self.desk.tell(f"Wrote {written}.", "done")
            self._show_commands(commit)

    def _toggle_log(self) -> None:
        self.log.visible = not self.log.visible
        self.log_button.name = "Hide the log" if self.log.visible else "Show the log"
        self._show_log()

    def _show_log(self) -> None:
        if self.log.visible:
            text = self.execution.log or "There is no log of an execution on this machine."
            self.log.object = text_html(
                text, tag="pre", css="tail", tabindex="0", role="region", **{"aria-label": "End of the log"}
            )

    def _show_status(self) -> None:
        execution = self.execution
        status = execution.status
        self.status.object = "" if status is None else _show_status(status)
        self.failures.object = self._describe_failures()
        # The log has its own place below.
        problem = execution.problem.partition("\nLog: ")[0]
        self.problem.param.update(object=code(problem, "error"), visible=bool(problem))
        self._show_log()
        self._show_buttons()
        self._show_sentence()

    def _describe_failures(self) -> str:
        failures = self.execution.failures
        if failures is None or not failures.num_rows:
            return ""
        lines = []
        for item in failures.to_pylist():
            data_id = ", ".join(f"{name}={value}" for name, value in json.loads(item["data_id"]).items())
            title = text_html(f"{item['task']}: {data_id}", tag="summary")
            lines.append(
                f"<details>{title}{text_html(item['log'] or 'no log', tag='pre', tabindex='0')}</details>"
            )
        more = " (the first of them)" if failures.num_rows == _MOST_FAILURES else ""
        return text_html(f"Failed quanta{more}, with the ends of their logs", css="out above") + "".join(
            lines
        )

    def _show_buttons(self) -> None:
        execution, status = self.execution, self.execution.status
        ingested = status is not None and status.ingested
        counts = {} if status is None else status.counts
        tried = sum(counts.get(state, 0) for state in ("successful", "failed"))
        done = status is not None and counts["successful"] == status.n_quanta
        writes = not self.desk.bench.registry.read_only
        self.start.name = "Run again" if tried else "Run"
        self.start.disabled = status is None or execution.is_running or ingested or done or not writes
        self.jobs.disabled = self.start.disabled
        self.cancel.disabled = not execution.is_running or execution.stopping or not writes
        # What ran behind a server is not seen from here before it is asked for.
        may_have_run = bool(tried) or (status is None and self._is_served)
        self.ingest.disabled = (
            not may_have_run or execution.is_running or ingested or bool(self.desk.busy) or not writes
        )

    def _show_sentence(self) -> None:
        execution, status = self.execution, self.execution.status
        if self.desk.busy == "Ingest":
            text, css = f"Ingest: {self.desk.stage}, {self.desk.elapsed:.0f} s", ""
        elif execution.stopping:
            text, css = "Stopping the run.", ""
        elif status is None:
            text, css = ("" if execution.problem else "Looking how far it is."), "muted"
        elif execution.starting and not status.running:
            text, css = "Starting: pipetask writes the init outputs.", ""
        else:
            text, css = _describe(status)
        shown = text_html(text, css=f"sentence {css}", role="status")
        if self.state.object != shown:
            self.state.object = shown

    async def _stop(self, _: Any) -> None:
        await self.execution.stop()

    async def _ingest(self, _: Any) -> None:
        await self.execution.ingest()
        done, commit = self.execution.ingest_result, self.execution.commit
        if done is None or commit is None:
            return
        counts = ", ".join(f"{n:,} {state}" for state, n in sorted(done.counts.items()))
        self.came_back.object = text_html(
            f"Ingested: {counts}; {done.n_datasets:,} datasets in {done.run}, "
            f"{done.n_new_rows:,} new rows of provenance.",
            css="sentence in",
            role="status",
        )
        self._show_files(commit)


def _bps_path(commit: Commit) -> Path:
    assert commit.graph_path is not None, "only commits with a graph are listed"
    return commit.graph_path.with_suffix(".bps.yaml")


def _describe(status: Any) -> tuple[str, str]:
    """Say in a sentence how far it is, and in which colour."""
    counts = status.counts
    if status.ingested:
        if status.presence is not None and not status.presence.is_present:
            return f"Ingested: {status}. Its outputs are {status.presence}.", "out"
        return f"Ingested: {status}.", "in"
    if status.running:
        where = "" if status.note is None or status.note.is_here else f" on {status.note.host}"
        return f"Running{where}: {status}.", ""
    if counts["failed"]:
        return (
            f"Stopped: {status}. Mend the cause and run again: what succeeded is skipped. After an ingest, "
            "failed quanta cannot be run again in this RUN.",
            "out",
        )
    if counts["successful"] == status.n_quanta:
        return f"Done: {status}. Ingest it, so that the Butler knows the outputs.", "in"
    if counts["successful"]:
        return f"Stopped: {status}. Run again to continue.", ""
    return f"Not run yet: {status}.", "muted"


def _show_status(status: RunStatus) -> str:
    """Return a table with a row a task and one of all; its bars say nothing that the numbers do not."""
    head = "".join(text_html(name, tag="th", scope="col") for name in ("task", "quanta", *STATES, "progress"))
    rows = [_show_counts(str(row["task"]), row) for row in status.table.to_pylist()]
    total = _show_counts("all tasks", {"n_quanta": status.n_quanta, **status.counts}, css="total")
    return (
        '<div class="scrolled" tabindex="0" role="region" aria-label="Status by task">'
        '<table class="status"><caption class="hidden">Quanta of each task by state</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}{total}</tbody></table></div>"
    )


def _show_counts(task: str, counts: Mapping[str, int | str], css: str = "") -> str:
    number = int(counts["n_quanta"])
    cells = "".join(
        text_html(f"{int(counts[name]):,}", tag="td", css="right") for name in ("n_quanta", *STATES)
    )
    pieces = "".join(
        f'<i class="{state}" style="width: {100 * int(counts[state]) / max(number, 1):.3f}%"></i>'
        for state in STATES
        if counts[state]
    )
    bar = f'<td><div class="progress" aria-hidden="true">{pieces}</div></td>'
    return f'<tr class="{css}">{text_html(task, tag="th", scope="row")}{cells}{bar}</tr>'
