"""The campaigns of a repository: what was committed, what would be, and whether all of it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from workbench.arguments import checked
from workbench.bench.committed import find_commit
from workbench.campaigns import (
    Campaign,
    Commit,
    CommitForecast,
    Publication,
    begin_campaign,
    check_commit,
    forecast_commit,
    list_written,
    load_commit,
    read_campaign_file,
    read_commits,
    recover,
    withdraw,
)
from workbench.campaigns.commits.damages import Damage, acknowledge, find_damages, read_acknowledged
from workbench.campaigns.commits.leftovers import sweep_repository
from workbench.graph import Preview
from workbench.presentation import presented
from workbench.registry import Registry
from workbench.registry.scratch import Leftover
from workbench.registry.tables.wholeness import MissingTable
from workbench.runs.purged import find_purged

__all__ = ["Campaigns", "Examination"]

_JOURNAL = {"commit", "reserved_name", "alembic_version"}
"""Fixed tables without which nothing is known of commits."""


@presented
@dataclass(frozen=True, slots=True)
class Examination:
    """What doctor found.

    Parameters
    ----------
    settled : `tuple` [ `tuple` [ `str`, `str` ], ... ]
        Interrupted commits, and what was done with each.
    n_commits : `int`
        Commits that were looked at.
    missing_tables : `tuple` [ `~workbench.registry.tables.wholeness.MissingTable`, ... ]
        Tables of ours that are gone.
    damages : `tuple` [ `~workbench.campaigns.commits.damages.Damage`, ... ]
        What of commits is missing or was changed, and nobody acknowledged.
    acknowledged : `tuple` [ `tuple` [ `~workbench.campaigns.commits.damages.Damage`, `str` ], ... ]
        What is so on purpose, and why.
    leftovers : `tuple` [ `~workbench.registry.scratch.Leftover`, ... ]
        Files that were swept, and those that were left, with the reason.
    """

    settled: tuple[tuple[str, str], ...]
    n_commits: int
    missing_tables: tuple[MissingTable, ...]
    damages: tuple[Damage, ...]
    acknowledged: tuple[tuple[Damage, str], ...]
    leftovers: tuple[Leftover, ...]

    @property
    def n_damages(self) -> int:
        """Missing tables and damages (`int`)."""
        return len(self.missing_tables) + len(self.damages)


@checked
@presented
class Campaigns:
    """The campaigns of a repository: their commits, before and after they are made.

    ``bench.campaign`` begins one.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where they are recorded.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def read(self, path: str | Path) -> Campaign:
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
        return begin_campaign(self._registry, read_campaign_file(path))

    def list(self, *, pending: bool = False) -> pa.Table:
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
        return read_commits(self._registry, pending=pending)

    def find(self, commit: Commit | str) -> Commit:
        """Find a commit.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            Its identifier or its RUN, or the commit itself.

        Returns
        -------
        commit : `~workbench.campaigns.Commit`
            The newest of this name.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if nothing of this name was committed; lists what was.
        """
        return find_commit(self._registry, commit)

    def forecast(
        self, campaign: Campaign, preview: Preview, *, publication: Publication | None = None
    ) -> CommitForecast:
        """Say what a commit of a preview will write.

        Parameters
        ----------
        campaign : `~workbench.campaigns.Campaign`
            The campaign.
        preview : `~workbench.graph.Preview`
            Its graph.
        publication : `~workbench.campaigns.Publication`, optional
            What will be published in the same step.

        Returns
        -------
        forecast : `~workbench.campaigns.CommitForecast`
            Collections, files with their sizes, dataset types with counts;
            writes nothing.
        """
        return forecast_commit(self._registry, campaign, preview, publication)

    def check(
        self, campaign: Campaign, preview: Preview, *, forecast: CommitForecast | None = None
    ) -> pa.Table:
        """Look at everything that a commit could be refused for.

        Parameters
        ----------
        campaign : `~workbench.campaigns.Campaign`
            The campaign.
        preview : `~workbench.graph.Preview`
            Its graph.
        forecast : `~workbench.campaigns.CommitForecast`, optional
            What it will write, if that is known already.

        Returns
        -------
        checks : `pyarrow.Table`
            One row a check: ``check``, ``state`` ("passed", "failed" or
            "note"), what was ``found``, and the ``remedy``.  Writes nothing.
        """
        size = preview.measure_size() if forecast is None else forecast.graph
        return check_commit(self._registry, campaign, preview, size)

    def files(self, commit: Commit | str) -> pa.Table:
        """List the files of a commit with their sizes.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        files : `pyarrow.Table`
            ``what``, ``path``, ``n_bytes``, ``size`` ("written"): graph,
            script, record, and the logs of executions and ingests here.
        """
        return list_written(self._registry, self.find(commit))

    def withdraw(self, commit: Commit | str, *, reason: str) -> Commit:
        """Withdraw a commit whose script nobody has executed yet.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        reason : `str`
            Why.

        Returns
        -------
        commit : `~workbench.campaigns.Commit`
            The same, in the state "withdrawn".  Writes to our tables: its
            names are free, its record stays, and its script refuses.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if it was carried out or withdrawn already.
        workbench.errors.ReasonRequiredError
            Raised if the reason is empty.
        """
        found = self.find(commit)
        withdraw(self._registry, found.commit_id, reason=reason)
        return load_commit(self._registry, found.commit_id)

    def recover(self) -> Sequence[tuple[str, str]]:
        """Settle commits that a dead process left half done.

        Returns
        -------
        actions : `~collections.abc.Sequence` [ `tuple` [ `str`, `str` ] ]
            Commit identifiers and what was done.
        """
        return recover(self._registry)

    def examine(self, *, force: bool = False) -> Examination:
        """Settle interrupted commits, sweep what killed writers left, and check all else.

        Parameters
        ----------
        force : `bool`, optional
            Settle also commits of processes that may be at work elsewhere.

        Returns
        -------
        examination : `Examination`
            What was found.  Writes only to settle and to sweep; opened
            read-only it writes nothing.
        """
        registry = self._registry
        missing = tuple(registry.wholeness.find_missing())
        if any(one.fixed in _JOURNAL for one in missing):
            return Examination((), 0, missing, (), (), ())
        settled = tuple(recover(registry, force=force))
        leftovers = tuple(sweep_repository(registry, dry_run=registry.read_only))
        # Without the declarations, or the rows of a table of ours, what is left can be looked at.
        gone = {one.declared or one.fixed for one in missing}
        damages = list(find_damages(registry))
        if not gone & {"prov_dataset", "declaration"}:
            damages += find_purged(registry)
        reasons = {} if gone & {"acknowledged", "declaration"} else read_acknowledged(registry)
        return Examination(
            settled,
            self._registry.journal.read().num_rows,
            missing,
            tuple(one for one in damages if one.key not in reasons),
            tuple((one, reasons[one.key]) for one in damages if one.key in reasons),
            leftovers,
        )

    def acknowledge(self, *subjects: str, reason: str, found: Examination | None = None) -> Sequence[Damage]:
        """Acknowledge that something of a commit was removed or changed on purpose.

        Parameters
        ----------
        *subjects : `str`
            RUNs, other collections, or identifiers of commits with which
            `examine` found something amiss.
        reason : `str`
            Why it is as it should be.
        found : `Examination`, optional
            What was looked at; looked at now by default.

        Returns
        -------
        acknowledged : `~collections.abc.Sequence` [ `~workbench.campaigns.commits.damages.Damage` ]
            What `examine` no longer counts; written to our tables.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if nothing is amiss with a subject.
        """
        damages = (self.examine() if found is None else found).damages
        return acknowledge(self._registry, damages, subjects, reason=reason)
