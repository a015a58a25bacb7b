"""A campaign: a pipeline, its inputs, and who may use which data."""

from __future__ import annotations

import getpass
import itertools
from collections.abc import Sequence

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.utils.packages import getAllPythonDistributions, getPythonPackages

from workbench.campaigns.commit import commit
from workbench.campaigns.file import CampaignFile
from workbench.campaigns.pipeline import read_pipeline, select_labels
from workbench.campaigns.record import Commit
from workbench.campaigns.request import CommitRequest, Publication
from workbench.errors import BindingError, CampaignError, EmptySetError, UnknownNameError
from workbench.graph import (
    BuildOptions,
    Constraint,
    GraphRequest,
    GraphSource,
    Mode,
    PartialPolicy,
    Preview,
    ResolvedConstraint,
    Scope,
    build_preview,
    resolve_expression,
    resolve_set,
)
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot.browse import collection_exists

__all__ = ["Campaign"]


class Campaign:
    """One campaign under construction: constrain it, preview it, commit it.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        Output CHAINED collection, such as ``u/ana/DM-1234``.
    pipeline : `str` or `lsst.pipe.base.Pipeline`
        Path or URI of a pipeline file (``#subset`` allowed), or the pipeline.
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections, searched in order.
    output_run : `str`, optional
        Output RUN collection; by default the next free ``<name>/rN``.
    partial : `str`, optional
        "complete" adds the producers of missing inputs, "drop" leaves partial
        quanta out, "allow" marks them.
    growth_limit : `float`, optional
        Largest factor by which completing may grow the graph.
    author : `str`, optional
        Who is responsible; by default the login name.
    options : `~workbench.graph.BuildOptions`, optional
        How the graph is built: the mode, what is skipped, and so on.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the pipeline cannot be read or a choice is not known.

    Notes
    -----
    Nothing is written before `commit`.
    """

    def __init__(
        self,
        registry: Registry,
        name: str,
        pipeline: str | Pipeline,
        inputs: Sequence[str],
        *,
        output_run: str | None = None,
        partial: str = "complete",
        growth_limit: float = 2.0,
        author: str | None = None,
        options: BuildOptions | None = None,
    ):
        if partial not in {policy.value for policy in PartialPolicy}:
            raise CampaignError(
                f"partial={partial!r} is not known; choose of {[policy.value for policy in PartialPolicy]}."
            )
        if isinstance(inputs, str) or not inputs:
            raise CampaignError(f"inputs={inputs!r}: give a list of one or more input collections.")
        self.name = name
        self.inputs = tuple(inputs)
        self.author = author or getpass.getuser()
        self.partial = PartialPolicy(partial)
        self.growth_limit = growth_limit
        self.options = options or BuildOptions()
        self._registry = registry
        self._sets = SetStore(registry)
        self._pipeline, self.pipeline_name = read_pipeline(pipeline)
        self._graph = self._pipeline.to_graph(registry.butler.registry)
        self._output_run = output_run
        self._constraints: list[Constraint] = []
        self._resolved: list[tuple[ResolvedConstraint, ...]] = []
        self._source = GraphSource(registry)
        self._preview: Preview | None = None

    @classmethod
    def from_file(cls, registry: Registry, file: CampaignFile) -> Campaign:
        """Begin the campaign that a campaign file describes.

        Parameters
        ----------
        registry : `~workbench.registry.Registry`
            The embedded registry.
        file : `~workbench.campaigns.CampaignFile`
            What the file says.

        Returns
        -------
        campaign : `Campaign`
            With the file's constraints.
        """
        campaign = cls(
            registry,
            file.campaign,
            file.pipeline,
            file.inputs,
            output_run=file.output_run,
            partial=file.partial,
            growth_limit=file.growth_limit,
            options=file.options,
        )
        for constraint in file.constraints:
            campaign.constrain(**constraint)  # type: ignore[arg-type]
        return campaign

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints so far (`tuple` [ `Constraint`, ... ])."""
        return tuple(self._constraints)

    @property
    def pipeline_graph(self) -> PipelineGraph:
        """The resolved pipeline, not to be modified.

        (`lsst.pipe.base.pipeline_graph.PipelineGraph`.)
        """
        return self._graph

    @property
    def output_run(self) -> str:
        """RUN collection that a commit would use now (`str`)."""
        return self._output_run or self._next_free_run()

    def constrain(
        self,
        *,
        tasks: str | Sequence[str] | None = None,
        dataset_type: str | None = None,
        where: str = "",
        include: DataIdSet | str | None = None,
        exclude: DataIdSet | str | None = None,
        allow_empty: bool = False,
    ) -> Campaign:
        """Say which data some of the tasks may use.

        Parameters
        ----------
        tasks : `str` or `~collections.abc.Sequence` [ `str` ], optional
            Task labels, subset names or ``pipetask --select-tasks``
            expressions; by default the whole graph.
        dataset_type : `str`, optional
            Constrain the edges of this dataset type to its consumers instead.
        where : `str`, optional
            Expression; its conjuncts bind one by one, a disjunction as a whole.
        include, exclude : `~workbench.sets.DataIdSet` or `str`, optional
            Sets, or names of saved ones such as "cosmos-i@3".
        allow_empty : `bool`, optional
            Accept empty sets.

        Returns
        -------
        campaign : `Campaign`
            Itself, so that calls can be chained.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if nothing, or tasks and a dataset type, are given.
        workbench.errors.UnknownNameError
            Raised for an unknown task, subset, dataset type or set.
        workbench.errors.EmptySetError, workbench.errors.ExpressionError
            Raised for an empty set, unless allowed, or a wrong expression.
        """
        if not where and include is None and exclude is None:
            raise CampaignError("Nothing to constrain by: give where=, include= or exclude=.")
        if tasks is not None and dataset_type is not None:
            raise CampaignError("A constraint has one scope: give tasks= or dataset_type=, not both.")
        named = (tasks,) if isinstance(tasks, str) else tuple(tasks or ())
        labels = select_labels(self._graph, named)
        scope = Scope.DATASET_TYPE if dataset_type else Scope.TASKS if named else Scope.GRAPH
        if dataset_type and dataset_type not in self._graph.dataset_types:
            raise UnknownNameError(
                f"No dataset type {dataset_type!r} in the pipeline; "
                f"it has {sorted(self._graph.dataset_types)}."
            )
        new: list[tuple[Constraint, tuple[ResolvedConstraint, ...]]] = []
        if where:
            constraint = Constraint(where, Mode.INCLUDE, scope, named, dataset_type or "", where=where)
            new.append((constraint, resolve_expression(self._registry, constraint, labels)))
        for mode, given in ((Mode.INCLUDE, include), (Mode.EXCLUDE, exclude)):
            if given is None:
                continue
            rows = self._sets.load(given) if isinstance(given, str) else given
            if not len(rows) and not allow_empty:
                raise EmptySetError(
                    f"The set {rows.label} to {mode.value} is empty; pass allow_empty=True if that is meant."
                )
            constraint = Constraint(
                rows.label,
                mode,
                scope,
                named,
                dataset_type or "",
                set_label=rows.label if rows.name else "",
                key_digest=rows.key_digest,
            )
            new.append((constraint, (resolve_set(constraint, rows, labels),)))
        for constraint, resolved in new:
            self._constraints.append(constraint)
            self._resolved.append(resolved)
        self._preview = None
        return self

    def remove_constraint(self, position: int) -> Constraint:
        """Take a constraint back.

        Parameters
        ----------
        position : `int`
            Its position in `constraints`.

        Returns
        -------
        constraint : `Constraint`
            What was removed.

        Raises
        ------
        workbench.errors.BindingError
            Raised if there is none at that position.
        """
        if not 0 <= position < len(self._constraints):
            raise BindingError(
                f"No constraint {position}; there are {len(self._constraints)}, counted from 0."
            )
        self._preview = None
        self._resolved.pop(position)
        return self._constraints.pop(position)

    def preview(self, *, progress: Progress = silent) -> Preview:
        """Build the graph in memory and account for every quantum.

        Parameters
        ----------
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.

        Returns
        -------
        preview : `~workbench.graph.Preview`
            The graph that `commit` would write.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised if the graph cannot be built; subclasses say why.
        """
        self._registry.refresh()
        request = GraphRequest(
            pipeline_graph=self._graph,
            inputs=self.inputs,
            output=self.name,
            output_run=self.output_run,
            policy=self.partial,
            growth_limit=self.growth_limit,
            metadata={"campaign": self.name, "constraints": [item.to_json() for item in self._constraints]},
            **self.options.as_keywords(),
        )
        resolved = [item for group in self._resolved for item in group]
        self._preview = build_preview(self._source, request, resolved, progress=progress)
        return self._preview

    def commit(
        self,
        preview: Preview | None = None,
        *,
        publication: Publication | None = None,
        progress: Progress = silent,
    ) -> Commit:
        """Write the graph file, the output RUN and the record - or nothing.

        Parameters
        ----------
        preview : `~workbench.graph.Preview`, optional
            What to commit; by default the last preview, made now if the
            constraints have changed since.
        publication : `~workbench.campaigns.Publication`, optional
            A TAGGED collection to publish in the same step.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel before the commit point.

        Returns
        -------
        commit : `~workbench.campaigns.Commit`
            The record of what was written.

        Raises
        ------
        workbench.errors.PartialInputsError
            Raised if quanta are partial and the policy does not allow it.
        workbench.errors.CampaignError
            Raised if a set of a constraint was never saved.
        workbench.errors.CommitError
            Raised if the commit failed; nothing remains of it.

        Notes
        -----
        Writes to the Butler and to our tables, by the journal of
        `workbench.campaigns.commit`.
        """
        unsaved = [item for item in self._constraints if item.key_digest and not item.set_label]
        if unsaved:
            raise CampaignError(
                f"{len(unsaved)} constraint(s) use sets that were never saved, so that the commit could not "
                "be replayed. Save them with bench.save(set, name, reason=...) and constrain by the result."
            )
        ready = preview or self._preview or self.preview(progress=progress)
        ready.require_quanta()
        ready.require_whole()
        request = CommitRequest(
            campaign=self.name,
            kind="graph",
            run=ready.output_run,
            collections=tuple(ready.inputs),
            dataset_types=ready.fence_dataset_types,
            fence=ready.fence,
            write_graph=ready.write,
            workflow_record=self.to_record(ready),
            publication=publication,
            author=self.author,
            output=self.name,
        )
        done = commit(self._registry, request, progress)
        self._preview = None
        self._registry.refresh()
        return done

    def to_record(self, preview: Preview) -> dict[str, object]:
        """Return what a commit records of this campaign.

        Parameters
        ----------
        preview : `~workbench.graph.Preview`
            The graph it belongs to.

        Returns
        -------
        record : `dict`
            JSON-friendly.
        """
        return {
            "campaign": self.name,
            "author": self.author,
            "pipeline": {"name": self.pipeline_name, "text": str(self._pipeline)},
            "inputs": list(self.inputs),
            "output_run": preview.output_run,
            "constraints": [item.to_json() for item in self._constraints],
            "partial": self.partial.value,
            "growth_limit": self.growth_limit,
            "options": self.options.to_json(),
            "fence": preview.fence,
            "quanta": preview.n_quanta_by_task,
            "packages": dict(sorted((getAllPythonDistributions() | getPythonPackages()).items())),
        }

    def _next_free_run(self) -> str:
        reserved = self._registry.journal.reserved_names()
        names = (f"{self.name}/r{number}" for number in itertools.count(1))
        return next(
            run for run in names if run not in reserved and not collection_exists(self._registry.butler, run)
        )
