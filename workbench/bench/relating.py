"""Grouping sets."""

from __future__ import annotations

from workbench.bench.base import Base
from workbench.groupings import Grouping, GroupingRule, Requirements, make_grouping, parse_rule
from workbench.progress import Progress, silent
from workbench.sets import DataIdSet, read_given

__all__ = ["Relating"]


class Relating(Base):
    """The part of a bench that groups sets."""

    def group(
        self,
        name: str,
        rows: DataIdSet | str,
        rule: GroupingRule | str,
        *,
        require: Requirements | None = None,
        sets: bool | None = None,
        reason: str = "",
        author: str | None = None,
        progress: Progress = silent,
    ) -> Grouping:
        """Group a set by a rule and save the grouping.

        Parameters
        ----------
        name : `str`
            Lower-case name.
        rows : `~workbench.sets.DataIdSet` or `str`
            What to group, saved; or its name.
        rule : `~workbench.groupings.GroupingRule` or `str`
            Such as ``folds(2, seed=42)`` or ``best_seeing(fraction=0.5)``.
        require : `~workbench.groupings.Requirements`, optional
            What to ask of the groups beside what the rule asks.
        sets : `bool`, optional
            Whether to save each group as the set "name-key" too; by default
            where there are few.
        reason : `str`, optional
            Why, kept with the version.
        author : `str`, optional
            Who; by default the user of this process.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; where it cancels, nothing is written.

        Returns
        -------
        grouping : `~workbench.groupings.Grouping`
            Its next version, or the latest where that says just the same;
            writes to our tables.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if the groups are not what was asked for, with a sentence
            for each thing; nothing is written.
        """
        return make_grouping(
            self.registry,
            name,
            read_given(self.registry, rows),
            parse_rule(rule) if isinstance(rule, str) else rule,
            require=require,
            sets=sets,
            reason=reason,
            author=author,
            progress=progress,
        )
