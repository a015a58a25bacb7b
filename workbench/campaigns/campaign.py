"""A campaign: a pipeline, its inputs, and who may use which data."""

from __future__ import annotations

import functools
import getpass
import itertools
from collections.abc import Sequence

from lsst.pipe.base import Pipeline
from lsst.utils.packages import getAllPythonDistributions, getPythonPackages

from workbench.campaigns.commit import commit
from workbench.campaigns.file import CampaignFile
from workbench.campaigns.pipeline import GIVEN, read_pipeline
from workbench.campaigns.record import Commit
from workbench.campaigns.request import CommitRequest, Publication
from workbench.campaigns.what_if import Supposing
from workbench.errors import CampaignError, UnknownNameError
from workbench.graph import (
    BuildOptions,
    GraphRequest,
    GraphSource,
    PartialPolicy,
    Preview,
    Way,
    build_preview,
)
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.snapshot.browse import collection_exists

__all__ = ["Campaign"]


class Campaign(Supposing):
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
        read, self.pipeline_name = read_pipeline(pipeline)
        super().__init__(registry, read)
        self._output_run = output_run
        self._source = GraphSource(registry)

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
            With the file's constraints and groupings.
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
        of_clones = []
        for constraint in file.constraints:
            try:
                campaign.constrain(**constraint)  # type: ignore[arg-type]
            except UnknownNameError:
                if not file.groups:
                    raise
                of_clones.append(constraint)
        for grouping in file.groups:
            campaign.group(**grouping)  # type: ignore[arg-type]
        for constraint in of_clones:
            campaign.constrain(**constraint)  # type: ignore[arg-type]
        return campaign

    def to_file(self) -> CampaignFile:
        """Describe the campaign as a campaign file does.

        Returns
        -------
        file : `~workbench.campaigns.CampaignFile`
            ``file.to_yaml()`` is the text of one; `from_file` begins the same
            campaign again.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if a set was never saved, or the pipeline is no file.
        """
        self._require_saved()
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
        return self._output_run or self._next_free_run()

    def split(self) -> dict[str, Campaign]:
        """Make a campaign of each group that has a RUN of its own.

        Returns
        -------
        campaigns : `dict` [ `str`, `Campaign` ]
            By key of the group; of the outputs ``<name>/<key>``, to be
            previewed and committed one by one.

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
        runs = any(one.way is Way.RUN and not one.group for one in self.groupings)
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
        if stray := set(self.options.prune_unanchored_quanta or ()) - self.pipeline_graph.tasks.keys():
            raise UnknownNameError(
                f"The option prune_unanchored_quanta names {', '.join(sorted(stray))}, and the tasks are "
                f"{list(self.pipeline_graph.tasks)}."
            )
        groupings, implied = self.lowering.apply(self.options.mode)
        request = GraphRequest(
            pipeline_graph=self.lowering.graph,
            inputs=self.inputs,
            output=self.name,
            output_run=self.output_run,
            policy=self.partial,
            growth_limit=self.growth_limit,
            metadata={
                "campaign": self.name,
                "constraints": [item.to_json() for item in self.constraints],
                "groups": [item.to_json() for item in self.groupings],
            },
            groupings=groupings,
            **self.options.as_keywords(),
        )
        resolved = [item for one in self.stated for item in one.resolved]
        self._preview = build_preview(self._source, request, [*resolved, *implied], progress=progress)
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
        self._require_saved()
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
            write_graph=functools.partial(ready.write, progress=progress),
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
            "pipeline": {"name": self.pipeline_name, "text": str(self.lowering.pipeline)},
            "inputs": list(self.inputs),
            "output_run": preview.output_run,
            "constraints": [item.to_json() for item in self.constraints],
            "groups": [item.to_json() for item in self.groupings],
            "partial": self.partial.value,
            "growth_limit": self.growth_limit,
            "options": self.options.to_json(),
            "fence": preview.fence,
            "quanta": preview.n_quanta_by_task,
            "packages": dict(sorted((getAllPythonDistributions() | getPythonPackages()).items())),
        }

    @property
    def n_unsaved(self) -> int:
        """Number of constraints by sets that were never saved (`int`)."""
        return sum(1 for item in self.constraints if item.key_digest and not item.set_label)

    def _require_saved(self) -> None:
        if self.n_unsaved:
            raise CampaignError(
                f"{self.n_unsaved} constraint(s) use sets that were never saved, so that the campaign "
                "could not be replayed. Save them with bench.save(set, name, reason=...) and constrain by "
                "the result."
            )

    def _next_free_run(self) -> str:
        reserved = self._registry.journal.reserved_names()
        names = (f"{self.name}/r{number}" for number in itertools.count(1))
        return next(
            run for run in names if run not in reserved and not collection_exists(self._registry.butler, run)
        )
