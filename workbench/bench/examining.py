"""Seeing whether all that was committed is whole, and sweeping what was not."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.bench.base import Base
from workbench.campaigns import recover
from workbench.campaigns.commits.damages import Damage, acknowledge, find_damages, read_acknowledged
from workbench.campaigns.commits.leftovers import sweep_repository
from workbench.presentation import presented
from workbench.registry.scratch import Leftover
from workbench.registry.tables.wholeness import MissingTable
from workbench.runs.purged import find_purged

__all__ = ["Examination", "Examining"]

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


class Examining(Base):
    """The part of a bench that looks whether all is whole."""

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
        registry = self.registry
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
            self.registry.journal.read().num_rows,
            missing,
            tuple(one for one in damages if one.key not in reasons),
            tuple((one, reasons[one.key]) for one in damages if one.key in reasons),
            leftovers,
        )

    def acknowledge(self, *subjects: str, reason: str, found: Examination | None = None) -> list[Damage]:
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
        acknowledged : `list` [ `~workbench.campaigns.commits.damages.Damage` ]
            What `examine` no longer counts; written to our tables.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if nothing is amiss with a subject.
        """
        damages = (self.examine() if found is None else found).damages
        return acknowledge(self.registry, damages, subjects, reason=reason)
