"""The groupings of a repository: kept, tried, checked, and handed on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from workbench.arguments import checked
from workbench.exports import (
    PAIR_TABLE,
    Put,
    SelectionForm,
    plan_pair_tables,
    plan_visit_selection,
    put_datasets,
    write_group_table,
    write_table,
)
from workbench.groupings import (
    Grouping,
    GroupingCheck,
    GroupingRule,
    Requirements,
    check_grouping,
    group_rows,
    load_grouping,
    parse_rule,
    read_groupings,
    read_strata,
)
from workbench.groupings.renaming import GROUPING_NAMES
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.registry.tables.aliases import hide, rename
from workbench.sets import GivenSet, read_given
from workbench.sets.content.provenance import current_author

__all__ = ["Groupings"]


@checked
@presented
class Groupings:
    """The saved groupings of a repository, and what becomes of their groups.

    ``bench.group`` makes one and saves it.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where the groupings are kept.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def list(self) -> pa.Table:
        """List the groups of all groupings.

        Returns
        -------
        groups : `pyarrow.Table`
            One row a group: grouping, version, group_key, members (label of
            its set), parent, rule, n_members, dimensions, requirements,
            digest, author, time (MJD TAI), reason.
        """
        return read_groupings(self._registry)

    def load(self, label: str) -> Grouping:
        """Load a grouping.

        Parameters
        ----------
        label : `str`
            "name", for the latest version, or "name@2".

        Returns
        -------
        grouping : `~workbench.groupings.Grouping`
            As it was saved.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such grouping; lists what there is.
        """
        return load_grouping(self._registry, label)

    def try_rule(
        self,
        name: str,
        rows: GivenSet,
        rule: GroupingRule | str,
        *,
        require: Requirements | None = None,
        progress: Progress = silent,
    ) -> tuple[Grouping, GroupingCheck]:
        """Group a set by a rule and save nothing.

        Parameters
        ----------
        name : `str`
            Name, for messages.
        rows : `~workbench.sets.GivenSet`
            What to group, saved or not.
        rule : `~workbench.groupings.GroupingRule` or `str`
            Such as ``folds(2, seed=42)``.
        require : `~workbench.groupings.Requirements`, optional
            What to ask of the groups beside what the rule asks.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; it cancels by raising
            `~workbench.errors.OperationCancelledError`.

        Returns
        -------
        grouping : `~workbench.groupings.Grouping`
            Of version 0.
        check : `~workbench.groupings.GroupingCheck`
            What holds of it, with a sentence for what does not.
        """
        found = parse_rule(rule) if isinstance(rule, str) else rule
        given = read_given(self._registry, rows)
        grouping = group_rows(self._registry, name, given, found, require=require, progress=progress)
        progress("checking groups")
        return grouping, check_grouping(self._registry, grouping)

    def check(self, grouping: Grouping | str, *, require: Requirements | None = None) -> GroupingCheck:
        """Check a grouping against its set and the repository.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping` or `str`
            The grouping, or its label.
        require : `~workbench.groupings.Requirements`, optional
            What to ask for beside what was asked when it was made.

        Returns
        -------
        check : `~workbench.groupings.GroupingCheck`
            What holds, with a sentence for what does not.
        """
        return check_grouping(self._registry, self._find(grouping), require)

    def strata(
        self, grouping: Grouping | str, by: Sequence[str] = ("band",), *, progress: Progress = silent
    ) -> pa.Table:
        """Read in which strata the rows that were grouped are.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping` or `str`
            The grouping, or its label; after members were moved in it, the
            strata are still the same.
        by : `~collections.abc.Sequence` [ `str` ], optional
            Columns, as rules read them, such as ``["tract", "patch", "band"]``.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; it cancels by raising
            `~workbench.errors.OperationCancelledError`.

        Returns
        -------
        strata : `pyarrow.Table`
            Data IDs and these columns, for `~workbench.groupings.Grouping.balance`.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if there is no such stratum for the set: it has no regions,
            or overlaps no patch.
        """
        return read_strata(self._registry, self._find(grouping), by, progress)

    def rename(self, name: str, new_name: str, *, reason: str, author: str | None = None) -> None:
        """Give a grouping another name.

        Parameters
        ----------
        name : `str`
            What it is called now.
        new_name : `str`
            What it is called from now on.  Its versions keep their numbers,
            and the old name still finds them.
        reason : `str`
            Why.
        author : `str`, optional
            Who says so; by default the user of this process.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such grouping.
        workbench.errors.BadNameError
            Raised if the new name has another form, or is taken.

        Notes
        -----
        Writes to our tables.
        """
        told_by = author or current_author()
        rename(self._registry, GROUPING_NAMES, name, new_name, author=told_by, reason=reason)

    def hide(self, name: str, *, reason: str, hidden: bool = True, author: str | None = None) -> None:
        """Leave a grouping out of lists, or show it again.

        Parameters
        ----------
        name : `str`
            Its name, by which it is still found.
        reason : `str`
            Why.
        hidden : `bool`, optional
            False to show it again.
        author : `str`, optional
            Who says so; by default the user of this process.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such grouping.

        Notes
        -----
        Writes to our tables; nothing is deleted.
        """
        told_by = author or current_author()
        hide(self._registry, GROUPING_NAMES, name, hidden=hidden, author=told_by, reason=reason)

    def export(self, grouping: Grouping | str, path: str | Path) -> Path:
        """Write the relation of a grouping to a file.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping` or `str`
            The grouping, or its label.
        path : `str` or `pathlib.Path`
            File ending in .ecsv, .csv or .parquet; replaced if it exists.
            ``by_table`` takes what it holds.

        Returns
        -------
        path : `pathlib.Path`
            What was written: ``group_key``, data IDs, ``role``, ``ordinal``.
        """
        return write_table(self._find(grouping).relation, path)

    def export_group_table(self, grouping: Grouping | str, path: str | Path) -> Path:
        """Write who is in which ``group``, for ``pipetask qgraph --data-id-table``.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping` or `str`
            The grouping, or its label; its names are in the dimension
            ``group`` after ``bench.dimensions.insert("group", grouping)``.
        path : `str` or `pathlib.Path`
            File ending in .ecsv; replaced if it exists.

        Returns
        -------
        path : `pathlib.Path`
            What was written.
        """
        return write_group_table(self._find(grouping), path)

    def export_pair_table(
        self,
        grouping: Grouping | str,
        run: str,
        *,
        dataset_type: str = PAIR_TABLE,
        script: str | Path | None = None,
    ) -> Put:
        """Put the pairs of a grouping as a ``donutVisitPairTable``.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping` or `str`
            Pairs of "extra" and "intra" members, or their label.
        run : `str`
            RUN collection, which must not exist.
        dataset_type : `str`, optional
            Name of the dataset type, {instrument}.
        script : `str` or `pathlib.Path`, optional
            Script to write instead, where the Butler may not be written.

        Returns
        -------
        put : `~workbench.exports.Put`
            One dataset an instrument.  Writes to the Butler, or the script.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if a group is no such pair.
        """
        found = self._find(grouping)
        plan = plan_pair_tables(self._registry, found, run, dataset_type=dataset_type)
        return put_datasets(self._registry, plan, purpose=f"Put the pairs of {found.label}.", script=script)

    def export_visit_selection(
        self,
        grouping: Grouping | str,
        key: str,
        run: str,
        *,
        dataset_type: str,
        form: SelectionForm = "visits",
        script: str | Path | None = None,
    ) -> Put:
        """Put the visits of a group as a selection for each patch and band.

        Parameters
        ----------
        grouping : `~workbench.groupings.Grouping` or `str`
            A grouping of visits, in each patch or whole, or its label.
        key : `str`
            The group to select.
        run : `str`
            RUN collection, which must not exist.
        dataset_type : `str`
            Dataset type, such as ``goodSeeingVisits``.
        form : `str`, optional
            "visits", as pipe_tasks reads it, or "rows", as the demonstration
            does.
        script : `str` or `pathlib.Path`, optional
            Script to write instead, where the Butler may not be written.

        Returns
        -------
        put : `~workbench.exports.Put`
            One dataset a patch and band.  Writes to the Butler, or the script.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if the members are no visits, or none overlaps a patch.
        """
        found = self._find(grouping)
        plan = plan_visit_selection(self._registry, found, key, run, dataset_type=dataset_type, form=form)
        purpose = f"Put the visits of {found.label}/{key} for each patch and band."
        return put_datasets(self._registry, plan, purpose=purpose, script=script)

    def _find(self, grouping: Grouping | str) -> Grouping:
        return self.load(grouping) if isinstance(grouping, str) else grouping
