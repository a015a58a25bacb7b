"""Looking at a commit before and after it is made."""

from __future__ import annotations

import pyarrow as pa

from workbench.bench.base import Base
from workbench.campaigns import (
    Campaign,
    Commit,
    CommitForecast,
    Publication,
    check_commit,
    forecast_commit,
    list_written,
    load_commit,
    withdraw,
)
from workbench.graph import Preview

__all__ = ["Committing"]


class Committing(Base):
    """The part of a bench that says what a commit writes and whether it may."""

    def forecast_commit(
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
        return forecast_commit(self.registry, campaign, preview, publication)

    def check_commit(
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
        return check_commit(self.registry, campaign, preview, size)

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
        found = self._commit(commit)
        withdraw(self.registry, found.commit_id, reason=reason)
        return load_commit(self.registry, found.commit_id)

    def written_files(self, commit: Commit | str) -> pa.Table:
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
        return list_written(self.registry, self._commit(commit))
