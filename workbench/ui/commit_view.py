"""The commit panel: what will be written, a typed confirmation, and how to run it."""

from __future__ import annotations

import shlex
from typing import Any

import panel as pn

from workbench.ui.desk import Desk
from workbench.ui.pieces import button, code, panel, row, side_by_side, text_html, typed
from workbench.ui.plan import Plan
from workbench.ui.prose import Prose

__all__ = ["CommitView", "run_commands"]


class CommitView:
    """Commit what was previewed, or say what is in the way.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Carries out the calls.
    plan : `~workbench.ui.plan.Plan`
        The campaign with its preview.
    """

    def __init__(self, desk: Desk, plan: Plan):
        self.desk = desk
        self.plan = plan
        self.what = Prose()
        self.checks = Prose()
        self.confirmation = pn.widgets.TextInput(
            name="Type the name of the RUN to confirm", margin=0, styles={"flex": "1 1 300px"}
        )
        self.commit = button("Commit", primary=True, disabled=True)
        self.result = Prose()
        self.confirmation.param.watch(lambda *_: self._allow(), ["value", "value_input"])
        self.commit.on_click(self._commit)
        plan.param.watch(lambda *_: self.show(), ["revision", "outdated", "constraints"])
        plan.curation.param.watch(lambda *_: self.show(), "revision")
        desk.param.watch(lambda *_: self._allow(), "busy")
        self._written = panel("Committed", self.result, visible=False)
        self.view = pn.Column(
            side_by_side(
                [
                    panel("What will be written", self.what),
                    panel("Checks and confirmation", self.checks, row(self.confirmation, self.commit)),
                ],
                [520, 420],
            ),
            self._written,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self.show()

    def show(self) -> None:
        """Show what a commit would write now, and what it wrote."""
        preview = self.plan.preview
        if preview is None:
            self.what.object = text_html("Nothing yet: there is no preview.", css="muted")
        else:
            lines = [
                ("Output RUN", preview.output_run),
                ("Added after execution to", self.plan.campaign_name),
                ("Quanta", f"{preview.n_quanta:,}"),
                ("Graph file, below", str(self.desk.bench.registry.storage_dir)),
                ("Record", "campaign, pipeline, sets, package versions; in our tables and in the RUN"),
            ]
            lines += [
                ("Constraint", f"{item['mode']} {item['constraint']}, scope {item['scope']}: {item['tasks']}")
                for item in preview.constraints.to_pylist()
            ]
            listed = "".join(text_html(name, tag="dt") + text_html(value, tag="dd") for name, value in lines)
            self.what.object = f"<dl>{listed}</dl>"
        self._show_checks()
        self._show_result()

    def _show_checks(self) -> None:
        obstacles = [] if self.plan.commit is not None else self.plan.obstacles()
        if self.plan.commit is not None:
            self.checks.object = text_html(
                "This preview is committed. Preview again for another RUN.", css="in"
            )
        elif obstacles:
            lines = "".join(text_html(sentence, tag="li", css="out") for sentence in obstacles)
            self.checks.object = f"<ul>{lines}</ul>"
        else:
            self.checks.object = text_html(
                "Ready: the preview is up to date, every set is saved, no inputs are missing. "
                "A commit is all or nothing.",
                css="in",
            )
        self._allow()

    def _allow(self) -> None:
        preview = self.plan.preview
        ready = (
            preview is not None
            and self.plan.commit is None
            and not self.plan.obstacles()
            and not self.desk.busy
        )
        self.confirmation.placeholder = preview.output_run if preview is not None else ""
        self.commit.disabled = not (
            ready and preview is not None and typed(self.confirmation) == preview.output_run
        )

    async def _commit(self, _: Any) -> None:
        await self.plan.make_commit()

    def _show_result(self) -> None:
        commit = self.plan.commit
        self._written.visible = commit is not None
        if commit is None:
            return
        self.confirmation.param.update(value="", value_input="")
        facts = [
            ("Commit", commit.commit_id),
            ("RUN", commit.run or ""),
            ("Graph file", str(commit.graph_path)),
            ("SHA-256", commit.graph_digest or ""),
        ]
        if commit.script_path is not None:
            facts.append(("Script for somebody who may write to the Butler", str(commit.script_path)))
        listed = "".join(text_html(name, tag="dt") + text_html(value, tag="dd") for name, value in facts)
        commands = "\n".join(run_commands(self.desk.bench.uri, str(commit.graph_path)))
        again = text_html("To run it:", css="sentence above")
        self.result.object = f'<dl role="status">{listed}</dl>{again}{code(commands)}'


def run_commands(repository: str, graph: str) -> list[str]:
    """Return the commands that execute a committed graph.

    Parameters
    ----------
    repository : `str`
        Root of the Butler repository.
    graph : `str`
        Path of the graph file.

    Returns
    -------
    commands : `list` [ `str` ]
        For a POSIX shell.
    """
    return [
        shlex.join(["pipetask", "pre-exec-init-qbb", repository, graph]),
        shlex.join(["pipetask", "run-qbb", repository, graph, "-j", "2"]),
    ]
