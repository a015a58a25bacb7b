"""The campaign that is being planned: its fields, constraints, previews and commit."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Sequence
from typing import Any

import param
import pyarrow as pa

from workbench.campaigns import Campaign, Commit, CommitForecast
from workbench.campaigns.definition.pipeline import require_installed
from workbench.errors import CampaignError
from workbench.graph import Preview
from workbench.progress import Progress
from workbench.session.campaign.kept import KeptPreview, keep_preview
from workbench.session.campaign.planned_constraint import (
    CURRENT,
    WHOLE_GRAPH,
    PlannedConstraint,
    PlannedScope,
    Unsaved,
    name_rows,
)
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.steps import Step
from workbench.sets import DataIdSet

__all__ = ["CampaignPlan"]

_FIELDS = ("campaign_name", "pipeline", "inputs", "skip", "partial")
"""Parameters of a plan that a preview depends on."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Signature:
    """What a preview was made from."""

    fields: tuple[str, ...]
    doubt: str
    constraints: tuple[tuple[PlannedConstraint, str], ...]

    def changes_from(self, before: _Signature | None) -> str:
        """Say in a few words what differs."""
        if before is None:
            return "the first"
        names = ("name", "pipeline", "inputs", "skipped runs", "missing inputs")
        found = [
            name for name, one, other in zip(names, self.fields, before.fields, strict=True) if one != other
        ]
        stated, others = dict(self.constraints), dict(before.constraints)
        found += [f"with {one}" for one in stated if one not in others]
        found += [f"without {one}" for one in others if one not in stated]
        if any(digest != others.get(one, digest) for one, digest in stated.items()):
            found.append(name_rows(CURRENT))
        return ", ".join(found) or "the same again"


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


class CampaignPlan(param.Parameterized):
    """A campaign under construction, its last previews and its commit.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set that is being put together.
    **params
        Initial values of the parameters, such as ``pipeline=...``.
    """

    campaign_name = param.String(default="")
    pipeline = param.String(default="")
    inputs = param.String(default="", doc="input collections, separated by commas")
    skip = param.String(default="", doc="collections whose quanta are not run again, separated by commas")
    partial: param.Selector[str] = param.Selector(objects=["complete", "drop", "allow"], default="complete")
    constraints = param.List(default=[PlannedConstraint(CURRENT, "include", WHOLE_GRAPH)])
    revision = param.Integer(default=0, doc="counts previews and commits")
    n_checked = param.Integer(default=0, doc="counts the looks at what a commit would write")
    outdated = param.Boolean(default=False, doc="whether the preview is older than what it was made from")
    doubt = param.String(doc="why nobody knows which set is meant by `CURRENT`; empty if it is clear")
    problem = param.String(doc="why there is no preview of the campaign as it is now; empty if none failed")

    def __init__(self, desk: Desk, curation: Curation, **params: Any):
        super().__init__(**{"campaign_name": f"u/{getpass.getuser()}/first", **params})
        self.desk = desk
        self.curation = curation
        self.campaign: Campaign | None = None
        self.preview: Preview | None = None
        self.previous: Preview | None = None
        self.kept: tuple[KeptPreview, ...] = ()
        self.commit: Commit | None = None
        self.forecast: CommitForecast | None = None
        self.checks: pa.Table | None = None
        self.unchecked = ""
        self._signature: _Signature | None = None
        self._failed: _Signature | None = None
        curation.param.watch(self._compare, ["revision", "error"])
        self.param.watch(self._compare, [*_FIELDS, "constraints"])

    @property
    def collections(self) -> list[str]:
        """Input collections in order (`list` [ `str` ])."""
        return _split(self.inputs)

    @property
    def options(self) -> dict[str, list[str]]:
        """How the graph is built, as ``bench.campaign`` takes it (`dict`)."""
        skipped = _split(self.skip)
        return {"skip_existing_in": skipped} if skipped else {}

    def read_scopes(self) -> list[PlannedScope]:
        """Read the pipeline and return what a constraint may speak of.

        Returns
        -------
        scopes : `list` [ `PlannedScope` ]
            `WHOLE_GRAPH`, the tasks and the dataset types of the pipeline;
            only the first if it cannot be read, and the user is told.
        """
        if not (self.pipeline and self.collections and self.campaign_name):
            return [WHOLE_GRAPH]
        found = self.desk.act("", self._begin)
        if found is None:
            return [WHOLE_GRAPH]
        graph = found.pipeline_graph
        inputs = [name for name, _ in graph.iter_overall_inputs()]
        made = [
            name
            for name in graph.dataset_types
            if name not in inputs and not name.endswith(("_log", "_metadata"))
        ]
        types = sorted([name for name in inputs if not name.endswith("_config")] + made)
        return [
            WHOLE_GRAPH,
            *(PlannedScope.of_tasks(label) for label in graph.tasks),
            *(PlannedScope.of_dataset_type(name) for name in types),
        ]

    async def make_preview(self) -> None:
        """Build the graph in memory, with progress and cancel."""
        signature = self._sign()
        if self.doubt:
            self._failed, self.problem = signature, self.doubt
            return
        rows, python = self.curation.rows, self.to_python()
        done, error = await self.desk.attempt_long(
            "Preview", lambda progress: self._build(rows, progress), python
        )
        if done is None:
            self._failed = signature
            self.problem = error
            return
        changed = signature.changes_from(self._signature)
        self.previous, self._signature = self.preview, signature
        self.campaign, self.preview = done
        self.kept = keep_preview(self.kept, self.preview, changed, python)
        self.commit = self.forecast = self.checks = None
        self.unchecked = ""
        self.problem = ""
        self._compare()
        self.revision += 1

    async def make_commit(self) -> None:
        """Write what was previewed: the graph file, the RUN and the record."""
        campaign, preview = self.campaign, self.preview
        if campaign is None or preview is None:
            return
        hint = f"{self.to_python()}\ncommit = campaign.commit(preview)"
        done = await self.desk.work(
            "Commit", hint, lambda progress: campaign.commit(preview, progress=progress), kind="write"
        )
        if done is not None:
            self.commit = done
            self.desk.tell(f"Committed {preview.n_quanta} quanta to {done.run}.", "done")
            self.revision += 1

    async def look_ahead(self) -> None:
        """Look at what a commit would write, and at what stands in its way."""
        campaign, preview, bench = self.campaign, self.preview, self.desk.bench
        if campaign is None or preview is None or self.problem:
            return

        def call(progress: Progress) -> tuple[CommitForecast, pa.Table]:
            progress("measuring the graph file")
            forecast = bench.campaigns.forecast(campaign, preview)
            progress("checking")
            return forecast, bench.campaigns.check(campaign, preview, forecast=forecast)

        hint = (
            f"{self.kept[-1].python}\nforecast = bench.campaigns.forecast(campaign, preview)\n"
            "checks = bench.campaigns.check(campaign, preview, forecast=forecast)"
        )
        done, error = await self.desk.attempt_long("Check", call, hint)
        if preview is self.preview and (done is not None or error):
            self.forecast, self.checks = done or (None, None)
            self.unchecked = error
            self.n_checked += 1

    @property
    def checked(self) -> bool:
        """Whether it was looked at what a commit of this preview would meet (`bool`)."""
        return self.checks is not None

    def check_rows(self) -> list[dict[str, str]]:
        """Return all checks: those of the repository, and whether the preview is up to date.

        Returns
        -------
        rows : `list` [ `dict` ]
            As `~workbench.bench.Campaigns.check` gives them; empty without
            a preview.
        """
        if self.preview is None:
            return []
        found = (
            "The last preview failed."
            if self.problem
            else "The set or the campaign has changed since."
            if self.outdated
            else ""
        )
        own = {
            "check": "The preview is up to date",
            "state": "failed" if found else "passed",
            "found": found or "Nothing has changed since.",
            "remedy": f"Go to {Step.PREVIEW}, and make it again." if found else "",
        }
        return [own, *([] if self.checks is None else self.checks.to_pylist())]

    def obstacles(self) -> list[str]:
        """Return what stands between the preview and its commit.

        Returns
        -------
        sentences : `list` [ `str` ]
            Empty if it can be committed.
        """
        if self.problem:
            return [f"The last preview failed: {self.problem}"]
        if self.preview is None:
            return [f"There is no preview: go to {Step.PREVIEW}, and make one."]
        found = []
        if self.desk.bench.registry.read_only:
            found.append("The repository was opened read-only.")
        if self.doubt:
            found.append(self.doubt)
        elif self.outdated:
            found.append(f"The preview is out of date: go to {Step.PREVIEW}, and make it again.")
        if any(item.rows == CURRENT for item in self.constraints) and self.curation.saved is None:
            found.append(
                f"The set in {Step.CHOOSE} is not saved. Save it and preview again: then the commit can be "
                "replayed."
            )
        if self.preview.conflicts.num_rows and self.partial != "allow":
            found.append(
                f"{self.preview.conflicts.num_rows} quanta would run with inputs missing: see {Step.PREVIEW}."
            )
        if not self.preview.n_quanta:
            cause = self.preview.emptiness.splitlines()[1]
            found.append(f"The graph is empty. {cause.strip()}")
        if self.unchecked:
            found.append(f"It could not be checked: {self.unchecked}")
        if not found:
            failed = [item for item in self.check_rows() if item["state"] == "failed"]
            found = [f"{item['found']} {item['remedy']}" for item in failed]
        return found

    def to_python(self) -> str:
        """Return the Python that makes the preview.

        Returns
        -------
        code : `str`
            A few lines that end with ``preview``.
        """
        lines = []
        saved = self.curation.saved
        if any(item.rows == CURRENT for item in self.constraints):
            lines.append(f"visits = bench.load({saved.label!r})" if saved else self.curation.to_python())
        arguments = [repr(self.campaign_name), repr(self.pipeline), repr(self.collections)]
        if self.partial != "complete":
            arguments.append(f"partial={self.partial!r}")
        if self.options:
            arguments.append(f"options={self.options!r}")
        lines.append(f"campaign = bench.campaign({', '.join(arguments)})")
        for item in self.constraints:
            given = "visits" if item.rows == CURRENT else repr(item.rows)
            what = f"where={item.where!r}" if item.where else f"{item.mode}={given}"
            scope = [f"{name}={value!r}" for name, value in item.scope.arguments().items()]
            lines.append(f"campaign.constrain({', '.join([*scope, what])})")
        return "\n".join([*lines, "preview = campaign.preview()"])

    def _begin(self) -> Campaign:
        bench = self.desk.bench
        for given, what in (
            (self.campaign_name.strip(), "name of the campaign"),
            (self.pipeline.strip(), "pipeline"),
            (self.collections, "input collection"),
        ):
            if not given:
                raise CampaignError(f"There is no {what} yet: write one into the field of {Step.PREVIEW}.")
        if self.desk.installed_only:
            require_installed(self.pipeline)
        return bench.campaign(
            self.campaign_name, self.pipeline, self.collections, partial=self.partial, options=self.options
        )

    def _build(self, rows: DataIdSet | None, progress: Progress) -> tuple[Campaign, Preview]:
        progress("reading the pipeline")
        campaign = self._begin()
        for item in self.constraints:
            if item.where:
                campaign.constrain(where=item.where, **item.scope.arguments())
                continue
            given = rows if isinstance(item.rows, Unsaved) else item.rows
            include, exclude = (given, None) if item.mode == "include" else (None, given)
            campaign.constrain(include=include, exclude=exclude, **item.scope.arguments())
        preview = campaign.preview(progress=progress)
        if preview.skipping.n_skipped:
            progress("comparing what is kept with what would be made")
            _ = preview.skipping.counts, preview.skipping.table, str(preview.skipping)
        return campaign, preview

    def _sign(self) -> _Signature:
        rows = self.curation.rows
        digest = f"{rows.label} {rows.record_digest}" if rows is not None else ""
        constraints: Sequence[PlannedConstraint] = self.constraints
        return _Signature(
            tuple(str(getattr(self, name)) for name in _FIELDS),
            self.doubt,
            tuple((item, digest if item.rows == CURRENT else "") for item in constraints),
        )

    def _compare(self, *_: object) -> None:
        self.doubt = self._find_doubt()
        now = self._sign()
        if now != self._failed:
            self.problem = ""
        self.outdated = self._signature is not None and now != self._signature

    def _find_doubt(self) -> str:
        """Say why the set that is being put together is not the one that stands there."""
        curation = self.curation
        if not curation.error or curation.by_hand or all(item.rows != CURRENT for item in self.constraints):
            return ""
        said = f"What was entered last in {Step.CHOOSE} was not taken, so the set is still the one before: "
        kept = f"{curation.size}, {curation.draft.origin}. Correct it there, or keep that set."
        return f"{said}{kept}\n{curation.error.splitlines()[0]}"
