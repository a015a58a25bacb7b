"""Recording, building and tracing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from lsst.pipe.base import Pipeline

from workbench.annotations import Note, TargetLike
from workbench.bench.base import Base
from workbench.campaigns import (
    Campaign,
    Commit,
    begin_campaign,
    read_campaign_file,
    read_commits,
    recover,
)
from workbench.errors import ReadOnlyError
from workbench.exports import write_bps_yaml
from workbench.graph import BuildOptions
from workbench.metrics import write_metrics
from workbench.sets import AskedDataIds, list_asked

__all__ = ["Working"]


class Working(Base):
    """The part of a bench that annotates, builds, commits and traces."""

    def write_metrics(self, table: pa.Table, *, source: str) -> int:
        """Write measured or modelled values of visits.

        Parameters
        ----------
        table : `pyarrow.Table`
            Columns of the table ``metrics``; new ones extend it.  Without a
            unit in their metadata they are in the declared one.
        source : `str`
            Where they come from, such as "modelled, seed=42".

        Returns
        -------
        n_rows : `int`
            How many rows were written to our tables; those that say nothing
            new are not.  ``metrics.import_file`` and its like read files,
            databases and datasets.
        """
        return write_metrics(self.registry, table, source=source)

    def annotate(
        self,
        targets: TargetLike | Iterable[TargetLike],
        text: str,
        *,
        flag: str | None = None,
        tags: Sequence[str] = (),
        links: Sequence[str] = (),
    ) -> Note:
        """Write a note on datasets, data IDs or collections.

        Parameters
        ----------
        targets : `TargetLike` or `~collections.abc.Iterable`
            A data ID, a `~lsst.daf.butler.DatasetRef`, a collection name, a
            `~workbench.sets.DataIdSet`, or a sequence of these.
        text : `str`
            The note.
        flag : `str`, optional
            From ``annotations.vocabulary()``.
        tags, links : `~collections.abc.Sequence` [ `str` ], optional
            Free tags, and URLs.

        Returns
        -------
        note : `~workbench.annotations.Note`
            Writes to our tables, append-only.
        """
        return self.annotations.add(targets, text, flag=flag, tags=tags, links=links)

    def campaign(
        self,
        name: str,
        pipeline: str | Pipeline,
        inputs: Sequence[str],
        *,
        output_run: str | None = None,
        partial: str = "complete",
        growth_limit: float = 2.0,
        options: Mapping[str, object] | BuildOptions | None = None,
    ) -> Campaign:
        """Begin a campaign; nothing is written before its commit.

        Parameters
        ----------
        name : `str`
            Output CHAINED collection, such as "u/ana/DM-1234".
        pipeline : `str` or `lsst.pipe.base.Pipeline`
            Path or URI of a pipeline file, or the pipeline.
        inputs : `~collections.abc.Sequence` [ `str` ]
            Input collections.
        output_run : `str`, optional
            Output RUN; the next free "<name>/rN" by default.
        partial : `str`, optional
            "complete", "drop" or "allow".
        growth_limit : `float`, optional
            Largest factor by which completing may grow the graph.
        options : `~workbench.graph.BuildOptions` or `~collections.abc.Mapping`, optional
            How the graph is built, such as ``{"skip_existing_in": [...]}``.

        Returns
        -------
        campaign : `~workbench.campaigns.Campaign`
            To be constrained, previewed and committed.
        """
        return Campaign(
            self.registry,
            name,
            pipeline,
            inputs,
            output_run=output_run,
            partial=partial,
            growth_limit=growth_limit,
            options=options
            if isinstance(options, BuildOptions)
            else BuildOptions.from_mapping(options or {}),
        )

    def open_campaign(self, path: str | Path) -> Campaign:
        """Begin a campaign from a campaign file.

        Parameters
        ----------
        path : `str` or `pathlib.Path`
            YAML file, as `~workbench.campaigns.CampaignFile` describes.

        Returns
        -------
        campaign : `~workbench.campaigns.Campaign`
            With the file's constraints.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if the file is wrong; the message says where.
        """
        return begin_campaign(self.registry, read_campaign_file(path))

    def commits(self, *, pending: bool = False) -> pa.Table:
        """List commits.

        Parameters
        ----------
        pending : `bool`, optional
            Show also what is prepared and not yet committed.

        Returns
        -------
        commits : `pyarrow.Table`
            One row a commit, oldest first.
        """
        return read_commits(self.registry, pending=pending)

    def impact(self, *data_ids: AskedDataIds, dataset_type: str | None = None, **named: object) -> pa.Table:
        """Find which outputs contain a data ID, or one of several.

        Parameters
        ----------
        *data_ids : `~workbench.sets.AskedDataIds`
            Mappings, sets, or tables of data IDs.
        dataset_type : `str`, optional
            Only outputs of this type.
        **named : `int`, `str` or `~collections.abc.Iterable`
            Dimension values, such as ``visit=96954``; several of one
            dimension are a union: ``visit=[96954, 18202]``.

        Returns
        -------
        outputs : `pyarrow.Table`
            One row an output dataset of a run that was brought back;
            ``produced`` says whether the run made it, and ``exists`` whether
            the Butler has it now: "stored", "registered" without its file,
            or "gone".
        """
        universe = self.registry.universe
        asked = list_asked(universe, data_ids, named)
        return self.provenance.impact(asked, dataset_type=dataset_type)

    def export_bps(self, commit: Commit | str, path: str | Path, *, repo: str | None = None) -> Path:
        """Write a BPS submission file for a committed graph.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        path : `str` or `pathlib.Path`
            YAML file to write; replaced if it exists.
        repo : `str`, optional
            The repository as it is called where the graph is executed; has
            to be given where only its Butler server is known here.

        Returns
        -------
        path : `pathlib.Path`
            What was written.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the repository is served, and ``repo`` is not given.
        workbench.errors.RunGoneError
            Raised if the RUN was removed, or is another's now.
        """
        if repo is None and self.registry.location.is_served:
            raise ReadOnlyError(
                f"No graph is executed through the Butler server of {self.uri}: say what the repository is "
                "called where its files are, with repo= (--repo)."
            )
        found = self._commit(commit)
        return write_bps_yaml(self._runnable(found), path, repo=repo or self.uri, name=found.campaign)

    def recover(self) -> list[tuple[str, str]]:
        """Settle commits that a dead process left half done.

        Returns
        -------
        actions : `list` [ `tuple` [ `str`, `str` ] ]
            Commit identifiers and what was done.
        """
        return recover(self.registry)
