"""The repository's dynamic dimensions: added, filled with groups, taken back."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from workbench.arguments import checked
from workbench.campaigns import read_commits
from workbench.exports import write_plan_script
from workbench.groupings import Grouping, load_grouping, to_group_table
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.provenance.tables import PROV_QUANTUM
from workbench.registry import Registry
from workbench.registry.dimensions.dynamic import DynamicDimension, read_dynamic_dimensions
from workbench.registry.dimensions.extending import UniverseOutcome, extend_dimensions, revert_dimensions
from workbench.registry.dimensions.group_records import (
    GROUP_DIMENSION,
    insert_group_records,
    plan_group_records,
)
from workbench.registry.dimensions.members import insert_members, plan_members, read_members
from workbench.registry.dimensions.universe_plan import (
    UniversePlan,
    list_stale_keys,
    plan_extension,
    plan_reversion,
)

__all__ = ["Dimensions"]

_TYPES: dict[str, pa.DataType] = {
    "name": pa.string(),
    "key": pa.string(),
    "parent": pa.string(),
    "relations": pa.list_(pa.string()),
    "records": pa.int64(),
    "dataset_types": pa.list_(pa.string()),
    "doc": pa.string(),
}


@checked
@presented
class Dimensions:
    """Data ID keys that the repository's static configuration lacks.

    Extending makes them real for every Butler client, with no change of the
    client: it adds to the repository's universe, in one transaction, or does
    nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def status(self) -> pa.Table:
        """List the dynamic dimensions; never writes.

        Returns
        -------
        dimensions : `pyarrow.Table`
            ``name``, ``key``, ``parent``, ``relations``, ``records``,
            ``dataset_types`` and ``doc``.
        """
        butler = self._registry.butler
        types = list(butler.registry.queryDatasetTypes())
        with butler.query() as query:
            rows = [
                {
                    "name": name,
                    "key": one.key,
                    "parent": one.parent,
                    "relations": list(one.relations),
                    "records": query.dimension_records(name).count(),
                    "dataset_types": sorted(kind.name for kind in types if name in kind.dimensions),
                    "doc": one.doc,
                }
                for name, one in read_dynamic_dimensions(butler.dimensions).items()
            ]
        return pa.Table.from_pylist(rows, schema=pa.schema(_TYPES))

    def stale_keys(self) -> list[str]:
        """List keys in the file templates that a killed process left behind; never writes.

        Returns
        -------
        names : `list` [ `str` ]
            Harmless; `revert` takes them out, and so does the next `extend`.
        """
        return list_stale_keys(self._registry)

    def in_flight(self) -> list[str]:
        """List commits whose graph may still be executed or ingested; never writes.

        Returns
        -------
        commits : `list` [ `str` ]
            The RUN of each, with its identifier.
        """
        tables = self._registry.tables()
        quanta = tables.get(PROV_QUANTUM.name)
        found = []
        for row in read_commits(self._registry, pending=True).to_pylist():
            is_prepared = row["state"] == "prepared" and row["run"] is not None
            # Graph files may be cleared away; then nobody can execute them either.
            has_graph = row["graph_path"] is not None and Path(row["graph_path"]).is_file()
            ingested = quanta is not None and quanta.count(where={"commit_id": row["commit_id"]}) > 0
            if (is_prepared or has_graph) and not ingested:
                found.append(f"{row['run']} ({row['commit_id'][:8]})")
        return found

    def plan_extend(self, *dimensions: DynamicDimension) -> UniversePlan:
        """Plan to extend the repository; never writes.

        Parameters
        ----------
        *dimensions : `~workbench.registry.dimensions.dynamic.DynamicDimension`
            What it shall have.

        Returns
        -------
        plan : `~workbench.registry.dimensions.universe_plan.UniversePlan`
            What would be made, what would befall others, and the words that
            confirm it.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if a dimension cannot be added; lists why.
        workbench.errors.ReadOnlyError
            Raised if the repository is remote or read-only.
        """
        return plan_extension(self._registry, dimensions)

    def extend(
        self,
        *dimensions: DynamicDimension,
        confirmation: str = "",
        despite_in_flight: bool = False,
        progress: Progress = silent,
    ) -> UniverseOutcome:
        """Add dimensions to the repository, for every Butler client.

        Parameters
        ----------
        *dimensions : `~workbench.registry.dimensions.dynamic.DynamicDimension`
            What it shall have; those that it has already are left as they are.
        confirmation : `str`, optional
            The words of the plan, such as "extend pair".
        despite_in_flight : `bool`, optional
            Go on although graphs were committed and not brought back.
        progress : `~workbench.progress.Progress`, optional
            Told each step; may cancel.

        Returns
        -------
        outcome : `~workbench.registry.dimensions.extending.UniverseOutcome`
            What was added.  Writes to the Butler, all or nothing; ``butler``
            is a new one afterwards.

        Raises
        ------
        workbench.errors.ConfirmationError
            Raised without the words; lists what would break for others.
        workbench.errors.GraphsInFlightError
            Raised if graphs of ours are in flight.
        workbench.errors.DimensionError
            Raised if a dimension cannot be added; lists why.
        workbench.errors.ReadOnlyError
            Raised if the repository is remote or read-only.
        """
        return extend_dimensions(
            self._registry,
            dimensions,
            confirmation=confirmation,
            in_flight=self.in_flight(),
            despite_in_flight=despite_in_flight,
            progress=progress,
        )

    def plan_revert(self, *names: str) -> UniversePlan:
        """Plan to take dimensions back; never writes.

        Parameters
        ----------
        *names : `str`
            Dynamic dimensions.

        Returns
        -------
        plan : `~workbench.registry.dimensions.universe_plan.UniversePlan`
            What would go, and the words that confirm it.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if one is no dynamic dimension.
        """
        return plan_reversion(self._registry, names)

    def revert(
        self,
        *names: str,
        confirmation: str = "",
        despite_in_flight: bool = False,
        progress: Progress = silent,
    ) -> UniverseOutcome:
        """Take dimensions back that nothing uses.

        Parameters
        ----------
        *names : `str`
            Dynamic dimensions.
        confirmation : `str`, optional
            The words of the plan, such as "revert pair".
        despite_in_flight : `bool`, optional
            Go on although graphs were committed and not brought back.
        progress : `~workbench.progress.Progress`, optional
            Told each step; may cancel.

        Returns
        -------
        outcome : `~workbench.registry.dimensions.extending.UniverseOutcome`
            What was taken back.  Writes to the Butler, all or nothing.

        Raises
        ------
        workbench.errors.DimensionInUseError
            Raised if anything uses them; lists what.
        workbench.errors.ConfirmationError
            Raised without the words.
        workbench.errors.GraphsInFlightError
            Raised if graphs of ours are in flight.
        """
        return revert_dimensions(
            self._registry,
            names,
            confirmation=confirmation,
            in_flight=self.in_flight(),
            despite_in_flight=despite_in_flight,
            progress=progress,
        )

    def insert(
        self,
        dimension: str,
        grouping: Grouping | str,
        members: pa.Table | None = None,
        *,
        script: str | Path | None = None,
        progress: Progress = silent,
    ) -> pa.Table:
        """Insert the groups of a grouping's version, for good.

        Parameters
        ----------
        dimension : `str`
            A dynamic dimension, which holds their members too; or the Butler's
            own "group", which holds their names alone.
        grouping : `~workbench.groupings.Grouping` or `str`
            A saved grouping, or name and version, such as "folds@3".
        members : `pyarrow.Table`, optional
            Column ``group`` and the required dimensions of a relation, one
            row a member; or of the dimension's parent alone.  By default the
            grouping's own.
        script : `str` or `pathlib.Path`, optional
            Script to write instead, for somebody who may write the Butler.
        progress : `~workbench.progress.Progress`, optional
            Told each step; may cancel.

        Returns
        -------
        keys : `pyarrow.Table`
            The key of each group.  Writes to the Butler, all or nothing, or
            the script alone.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if members do not fit, or the version has others already.
        workbench.errors.GroupingError
            Raised if the grouping was never saved.
        workbench.errors.ReadOnlyError
            Raised if the Butler cannot be written, and no script is asked for.
        """
        if members is None:
            found = load_grouping(self._registry, grouping) if isinstance(grouping, str) else grouping
            grouping, members = found, to_group_table(found)
        label = grouping if isinstance(grouping, str) else grouping.label
        if script is not None:
            butler = self._registry.butler
            planned = (
                plan_group_records(butler, label, members)
                if dimension == GROUP_DIMENSION
                else plan_members(butler, dimension, label, members)
            )
            purpose = f"Insert the groups of {label} into the dimension {dimension}."
            write_plan_script(planned.plan, script, repo=self._registry.writeable_uri, purpose=purpose)
            return planned.keys
        if dimension == GROUP_DIMENSION:
            return insert_group_records(self._registry, label, members, progress=progress)
        return insert_members(self._registry, dimension, label, members, progress=progress)

    def members(self, dimension: str, grouping: str, relation: str | None = None) -> pa.Table:
        """Read the groups of a grouping's version; never writes.

        Parameters
        ----------
        dimension : `str`
            A dynamic dimension.
        grouping : `str`
            Name and version, such as "folds@3".
        relation : `str`, optional
            Also their members in this relation, such as "visit".

        Returns
        -------
        members : `pyarrow.Table`
            Groups and keys, with members one row each.
        """
        return read_members(self._registry.butler, dimension, grouping, relation)
