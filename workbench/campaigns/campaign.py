"""A campaign: a pipeline, its inputs, and who may use which data."""

from __future__ import annotations

import copy
import functools
import getpass
import hashlib
import weakref
from collections.abc import Sequence
from types import MappingProxyType
from typing import Self

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.arguments import checked
from workbench.campaigns.commits.named_options import check_option_names
from workbench.campaigns.commits.naming import find_free_run
from workbench.campaigns.commits.numbering import commit_numbered
from workbench.campaigns.commits.outputs import check_outputs
from workbench.campaigns.commits.record import Commit
from workbench.campaigns.definition.conditions import read_state, require_conditions, restate
from workbench.campaigns.definition.constraining import StatedConstraint, state_constraints
from workbench.campaigns.definition.file import CampaignFile
from workbench.campaigns.definition.grouping import CampaignGroupings
from workbench.campaigns.definition.lowering import LoweredGrouping
from workbench.campaigns.definition.pipeline import GIVEN, read_pipeline
from workbench.campaigns.definition.publications import Publications
from workbench.campaigns.definition.request import CommitRequest, Publication
from workbench.campaigns.definition.statement import check_preview, make_record, require_saved, state_campaign
from workbench.campaigns.what_if import WhatIf, suppose
from workbench.errors import BindingError, CampaignError
from workbench.graph import (
    BuildOptions,
    Constraint,
    GraphRequest,
    GraphSource,
    Lowering,
    PartialPolicy,
    Preview,
    build_preview,
)
from workbench.groupings import Grouping
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.sets import AskedDataIds, GivenSet

__all__ = ["Campaign"]


@checked
@presented
class Campaign:
    """One campaign under construction; nothing is written before `commit`.

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
        "complete" adds what is missing, "drop" leaves partial quanta out, "allow" marks them.
    growth_limit : `float`, optional
        Largest factor by which completing may grow the graph.
    author : `str`, optional
        Who is responsible; by default the login name.
    options : `~workbench.graph.BuildOptions`, optional
        How the graph is built: the mode, what is skipped, and so on.

    Attributes
    ----------
    stated : `list` [ `~workbench.campaigns.definition.constraining.StatedConstraint` ]
        The constraints, and what they are resolved to.
    lowering : `~workbench.campaigns.definition.grouping.CampaignGroupings`
        The pipeline with what works in it by group.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the pipeline cannot be read, a choice is not known, the
        output is a chain of others, or (as BadNameError) has an odd name.
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
                f"partial={partial!r} is not known; choose one of {[one.value for one in PartialPolicy]}."
            )
        if isinstance(inputs, str) or not inputs:
            raise CampaignError(f"inputs={inputs!r}: give a list of one or more input collections.")
        check_outputs(registry, name, output_run, inputs)
        self.name = name
        self.inputs = tuple(inputs)
        self.author = author or getpass.getuser()
        self.partial = PartialPolicy(partial)
        self.growth_limit = growth_limit
        self.options = options or BuildOptions()
        read, self.pipeline_name = read_pipeline(pipeline)
        self.pipeline_digest = hashlib.sha256(str(read).encode()).hexdigest()
        self._registry = registry
        self.stated: list[StatedConstraint] = []
        self._condition_state: str | None = None
        self.lowering = CampaignGroupings(registry, read)
        self._preview: Preview | None = None
        self._committed: weakref.WeakSet[Preview] = weakref.WeakSet()
        self._output_run = output_run
        self._source = GraphSource(registry, publications=Publications(registry))

    def _shown_facts(self) -> dict[str, object]:
        return {"name": self.name, "pipeline": self.pipeline_name, "constraints": len(self.constraints)}

    @property
    def registry(self) -> Registry:
        """The embedded registry (`~workbench.registry.Registry`)."""
        return self._registry

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints so far (`tuple` [ `Constraint`, ... ])."""
        return tuple(one.constraint for one in self.stated)

    @property
    def groupings(self) -> tuple[LoweredGrouping, ...]:
        """The groupings so far (`tuple` [ `~workbench.campaigns.LoweredGrouping`, ... ])."""
        return self.lowering.lowered

    @property
    def pipeline_graph(self) -> PipelineGraph:
        """The resolved pipeline with the clones of its groupings, not to be modified.

        (`lsst.pipe.base.pipeline_graph.PipelineGraph`.)
        """
        return self.lowering.graph

    def constrain(
        self,
        *,
        tasks: str | Sequence[str] | None = None,
        dataset_type: str | None = None,
        where: str = "",
        include: GivenSet | None = None,
        exclude: GivenSet | None = None,
        allow_empty: bool = False,
    ) -> Self:
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
        include, exclude : `~workbench.sets.GivenSet`, optional
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
        self._condition_state = None
        self.stated += state_constraints(
            self._registry,
            self.lowering.graph,
            tasks=tasks,
            dataset_type=dataset_type,
            where=where,
            include=include,
            exclude=exclude,
            allow_empty=allow_empty,
        )
        return self

    def group(
        self,
        *,
        by: Grouping | str,
        tasks: str | Sequence[str] | None = None,
        way: Lowering | str = Lowering.EXTEND,
        dimension: str | None = None,
    ) -> Self:
        """Let some of the tasks work group by group, each with its group's members alone.

        Parameters
        ----------
        by : `~workbench.groupings.Grouping` or `str`
            A saved grouping, or its label, such as "folds@3".
        tasks : `str` or `~collections.abc.Sequence` [ `str` ], optional
            Tasks, as `constrain` takes them; the whole graph only where
            ``way`` is "run".
        way : `~workbench.graph.Lowering` or `str`, optional
            "extend": the tasks have a dynamic dimension, whose records of
            this version are there; "group": they have the Butler's own
            dimension ``group``, with a data ID table; "suffix": they, and
            all downstream of them, are cloned, with the group's key behind
            labels and output dataset types; "run": a graph and a RUN a group,
            see `split`.
        dimension : `str`, optional
            Which dynamic dimension, where the tasks have several.

        Returns
        -------
        campaign : `Campaign`
            Itself, so that calls can be chained.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if the grouping cannot be lowered so; says what to do.
        workbench.errors.UnknownNameError
            Raised for an unknown task, subset or grouping.
        workbench.errors.CampaignError
            Raised if clones would have names that are taken.
        """
        self.stated = self.lowering.add(by, tasks, way, dimension, self.stated)
        return self

    def refresh_conditions(self) -> None:
        """Evaluate the conditions anew, where what they speak of may have changed since."""
        state = read_state(self._registry, self.stated)
        if state != self._condition_state:
            self.stated = [restate(self._registry, one) for one in self.stated]
            self._condition_state = state

    def find_constraint(self, number: int) -> int | None:
        """Find which of the constraints one of a preview is.

        Parameters
        ----------
        number : `int`
            Position among the constraints of a preview of this campaign,
            which has one for each conjunct of an expression.

        Returns
        -------
        position : `int` or `None`
            Position in `constraints`; `None` for what a grouping implies.
        """
        for position, one in enumerate(self.stated):
            number -= len(one.resolved)
            if number < 0:
                return position
        return None

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
        if not 0 <= position < len(self.stated):
            raise BindingError(f"No constraint {position}; there are {len(self.stated)}, counted from 0.")
        return self.stated.pop(position).constraint

    def to_file(self) -> CampaignFile:
        """Describe the campaign as a campaign file does.

        Returns
        -------
        file : `~workbench.campaigns.CampaignFile`
            ``file.to_yaml()`` is the text of one;
            `~workbench.campaigns.begin_campaign` begins the same campaign
            again.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if a set was never saved, or the pipeline is no file.
        """
        require_saved(state_campaign(self))
        if self.pipeline_name == GIVEN:
            raise CampaignError("A campaign file names its pipeline; write the pipeline to a file first.")
        return CampaignFile(
            campaign=self.name,
            pipeline=self.pipeline_name,
            inputs=self.inputs,
            constraints=tuple(one.to_arguments() for one in self.constraints),
            output_run=self._output_run,
            partial=self.partial.value,
            growth_limit=self.growth_limit,
            options=self.options,
            groups=tuple(one.to_arguments() for one in self.groupings),
        )

    @property
    def output_run(self) -> str:
        """RUN collection that a commit would use now (`str`)."""
        return self._output_run or find_free_run(self._registry, self.name)

    def split(self) -> dict[str, Campaign]:
        """Make a campaign of each group that has a RUN of its own.

        Returns
        -------
        campaigns : `dict` [ `str`, `Campaign` ]
            By key of the group; each has the outputs ``<name>/<key>``.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if no grouping is lowered by the way "run".
        """
        branches = {}
        for key, suffix in self.lowering.list_runs().items():
            branch = Campaign(
                self._registry,
                f"{self.name}/{suffix}",
                self.lowering.pipeline,
                self.inputs,
                output_run=self._output_run and f"{self._output_run}/{suffix}",
                partial=self.partial.value,
                growth_limit=self.growth_limit,
                author=self.author,
                options=self.options,
            )
            branch.pipeline_name = self.pipeline_name
            branch.stated = list(self.stated)
            branch.lowering = self.lowering.of_group(key)
            branches[key] = branch
        return branches

    def parts(self) -> list[Campaign]:
        """Return the campaigns that have a graph each.

        Returns
        -------
        campaigns : `list` [ `Campaign` ]
            Those of `split`, where groups have a RUN each; itself otherwise.
        """
        runs = any(one.way is Lowering.RUN and not one.group for one in self.groupings)
        return list(self.split().values()) if runs else [self]

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
        workbench.errors.GroupingError
            Raised if groups would have other members than their groupings, or
            if each has a RUN of its own: then `split` comes first.
        """
        self._registry.refresh()
        self.refresh_conditions()
        check_option_names(self._registry, self.name, self.options, self.pipeline_graph)
        groupings, implied = self.lowering.apply(self.options.mode)
        request = GraphRequest(
            pipeline_graph=self.lowering.graph,
            inputs=self.inputs,
            output=self.name,
            output_run=self.output_run,
            policy=self.partial,
            growth_limit=self.growth_limit,
            metadata=MappingProxyType(state_campaign(self)),
            groupings=groupings,
            **self.options.as_keywords(),
        )
        resolved = [item for one in self.stated for item in one.resolved]
        self._preview = build_preview(self._source, request, [*resolved, *implied], progress=progress)
        return self._preview

    def latest_preview(self, *, progress: Progress = silent) -> Preview:
        """Return the last preview, made now if the campaign has changed since.

        Parameters
        ----------
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.

        Returns
        -------
        preview : `~workbench.graph.Preview`
            Of what the campaign says now.
        """
        last, now = self._preview, state_campaign(self)
        if last is not None and all(last.request.metadata.get(name) == said for name, said in now.items()):
            return last
        return self.preview(progress=progress)

    def copy(self) -> Self:
        """Return a campaign that says the same, and can be changed by itself.

        Returns
        -------
        campaign : `Campaign`
            With the constraints and groupings of this one.
        """
        other = copy.copy(self)
        other.stated, other.lowering = [*self.stated], copy.copy(self.lowering)
        return other

    def what_if(
        self,
        *,
        without: int | None = None,
        toggle: AskedDataIds | None = None,
        of: int | None = None,
        tasks: str | Sequence[str] | None = None,
        dataset_type: str | None = None,
        where: str = "",
        include: GivenSet | None = None,
        exclude: GivenSet | None = None,
        allow_empty: bool = False,
        progress: Progress = silent,
    ) -> WhatIf[Campaign]:
        """Preview one change of the constraints, and leave the campaign as it is; writes nothing.

        Parameters
        ----------
        without : `int`, optional
            Position in `constraints` of one to take away.
        toggle : `~workbench.sets.AskedDataIds`, optional
            A data ID, such as ``{"visit": 96954}`` or with a detector, to
            take out of the set of a constraint if it is in, or to add.
        of : `int`, optional
            Position of that constraint; may be left out where only one
            constraint is by a set.
        tasks, dataset_type, where, include, exclude, allow_empty : optional
            A constraint to add, as `constrain` takes it.
        progress : `~workbench.progress.Progress`, optional
            Told the stage; may cancel.

        Returns
        -------
        what_if : `~workbench.campaigns.WhatIf`
            The preview with the change, its difference to the last preview
            (made now, if the campaign has changed since), and the campaign
            with the change.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if not just one change is given.
        workbench.errors.EmptySetError
            Raised for an empty set, unless allowed.
        workbench.errors.BindingError
            Raised if there is no such constraint, or it has no set.
        workbench.errors.GraphBuildError
            Raised if the graph cannot be built; subclasses say why.
        """
        constraint = {
            "tasks": tasks,
            "dataset_type": dataset_type,
            "where": where or None,
            "include": include,
            "exclude": exclude,
        }
        added = {name: value for name, value in constraint.items() if value is not None}
        return suppose(self, without, toggle, of, added, allow_empty=allow_empty, progress=progress)

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
            What to commit, of this campaign; by default the last preview,
            made now if the campaign has changed since.  What is recorded is
            what the preview was made from, whatever the campaign says by now.
            If another commit took the number of its RUN since, it gets the
            next free one.
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
            Raised if a set of a constraint was never saved, or if the preview
            is of another campaign.
        workbench.errors.CommitError
            Raised if the commit failed; nothing remains of it.

        Notes
        -----
        Writes to the Butler and to our tables, by the journal of
        `workbench.campaigns.commits.commit`.
        """
        ready = preview or self.latest_preview(progress=progress)
        check_preview(self, ready)
        require_saved(ready.request.metadata)
        require_conditions(self._registry, ready)
        ready.require_quanta()
        ready.require_whole()
        is_free = not self._output_run and ready not in self._committed

        def request(final: Preview) -> CommitRequest:
            return CommitRequest(
                campaign=self.name,
                kind="graph",
                run=final.output_run,
                fence=final.fence,
                write_graph=functools.partial(final.write, progress=progress),
                workflow_record=self.to_record(final),
                publication=publication,
                author=self.author,
                output=self.name,
            )

        done = commit_numbered(self._registry, ready, request, is_free=is_free, progress=progress)
        self._committed.add(ready)
        self._preview = None
        self._registry.refresh()
        return done

    def to_record(self, preview: Preview) -> dict[str, object]:
        """Return what a commit of a preview records: what it was made from.

        Parameters
        ----------
        preview : `~workbench.graph.Preview`
            The graph.

        Returns
        -------
        record : `dict`
            JSON-friendly.
        """
        return make_record(preview, self.author)
