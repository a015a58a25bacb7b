"""One repository on the bench: the verbs of the main job, and a noun for everything else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import pyarrow as pa
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline

from workbench.annotations import Annotations, Note, TargetLike, make_annotations_declaration
from workbench.arguments import checked, checked_call
from workbench.bench.campaigns import Campaigns
from workbench.bench.collections import Collections
from workbench.bench.committed import find_commit, find_runnable
from workbench.bench.dimensions import Dimensions, dimension_names
from workbench.bench.groupings import Groupings
from workbench.bench.moved import MOVED
from workbench.bench.runs import Runs
from workbench.bench.tables import ExtensionTables
from workbench.campaigns import Campaign, Commit, publish_set, recover
from workbench.errors import ReadOnlyError
from workbench.graph import BuildOptions
from workbench.groupings import Grouping, GroupingRule, Requirements, make_grouping, parse_rule
from workbench.metrics import METRICS, Metrics
from workbench.names import quote, require_reason
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.provenance import Provenance
from workbench.query import Selection, WhyNot, attach_columns, select
from workbench.registry import Registry, open_registry
from workbench.runs import (
    IngestResult,
    RunResult,
    check_files_here,
    ingest_elsewhere,
    ingest_graph,
    run_graph,
)
from workbench.sets import (
    AnyTable,
    AskedDataIds,
    DataIdSet,
    Role,
    SetProvenance,
    SetStore,
    list_asked,
    read_given,
    read_set_file,
)
from workbench.snapshot import conform

__all__ = ["Bench", "open_bench"]


@checked_call
def open_bench(uri: str | Path, *, read_only: bool = False, sidecar: str | None = None) -> Bench:
    """Open a Butler repository with the workbench's tables beside it.

    Parameters
    ----------
    uri : `str` or `pathlib.Path`
        Path, label, ``butler.yaml`` or URL of a Butler repository.
    read_only : `bool`, optional
        Never write, not even on request.
    sidecar : `str`, optional
        Path or URL of a database for our tables, where they are not welcome
        in the repository's own; chosen by itself where that is not writeable.

    Returns
    -------
    bench : `Bench`
        Also a context manager.

    Raises
    ------
    workbench.errors.NotARepositoryError
        Raised if there is no repository.
    workbench.errors.NewerSchemaError
        Raised if our tables were written by a newer release.
    workbench.errors.RepositoryLockedError
        Raised if another writer holds the database.

    Notes
    -----
    Opening writes nothing, except that commits which a dead process left
    half done are rolled forward or back.
    """
    registry = open_registry(str(uri), read_only=read_only, sidecar=sidecar)
    if not read_only:
        recover(registry)
    return Bench(registry)


@checked
@presented
class Bench:
    """One repository on the bench.

    The verbs of the main job are its methods.  All else is a method of its
    noun: ``bench.sets.diff("good@1", "good@2")``.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; closed with the bench.

    Notes
    -----
    Browsing uses a read-only Butler; each call that writes opens its own
    short writeable one.  Safe to use from one thread at a time.
    """

    def __init__(self, registry: Registry):
        self.registry = registry
        # A fresh repository has neither table, and an expression may name both.
        registry.expect(METRICS, make_annotations_declaration(registry.universe))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        mode = "read-only" if self.registry.read_only else "writeable"
        return f"Bench({self.uri!r}, {mode}, tables {self.registry.home})"

    def _shown_facts(self) -> dict[str, object]:
        return {
            "repository": self.uri,
            "mode": "read-only" if self.registry.read_only else "writeable",
            "tables": self.registry.home,
        }

    def close(self) -> None:
        """Close the connections; the bench must not be used afterwards."""
        self.registry.close()

    if not TYPE_CHECKING:  # a checker is to refuse what is not there

        def __getattr__(self, name: str) -> object:
            where = f"; it is bench.{MOVED[name]} now" if name in MOVED else ""
            raise AttributeError(f"A bench has no attribute {name!r}{where}.", name=name, obj=self)

    @property
    def uri(self) -> str:
        """Root of the repository (`str`)."""
        return self.registry.uri

    @property
    def butler(self) -> Butler:
        """The read-only Butler (`lsst.daf.butler.Butler`)."""
        return self.registry.butler

    @cached_property
    def sets(self) -> SetStore:
        """The saved sets (`~workbench.sets.SetStore`)."""
        return SetStore(self.registry)

    @cached_property
    def groupings(self) -> Groupings:
        """The saved groupings (`~workbench.bench.Groupings`)."""
        return Groupings(self.registry)

    @cached_property
    def annotations(self) -> Annotations:
        """Notes on datasets, data IDs and collections (`~workbench.annotations.Annotations`)."""
        return Annotations(self.registry)

    @cached_property
    def metrics(self) -> Metrics:
        """Measured and modelled values of data IDs (`~workbench.metrics.Metrics`)."""
        return Metrics(self.registry)

    @cached_property
    def tables(self) -> ExtensionTables:
        """Extension tables (`~workbench.bench.ExtensionTables`)."""
        return ExtensionTables(self.registry)

    @cached_property
    def dimensions(self) -> Dimensions:
        """Dimension records, and dynamic dimensions (`~workbench.bench.Dimensions`)."""
        return Dimensions(self.registry)

    @cached_property
    def collections(self) -> Collections:
        """Collections and dataset types (`~workbench.bench.Collections`)."""
        return Collections(self.registry)

    @cached_property
    def campaigns(self) -> Campaigns:
        """What was committed, and what would be (`~workbench.bench.Campaigns`)."""
        return Campaigns(self.registry)

    @cached_property
    def runs(self) -> Runs:
        """Executions of what was committed (`~workbench.bench.Runs`)."""
        return Runs(self.registry)

    @cached_property
    def provenance(self) -> Provenance:
        """What ran, as ingests brought it back (`~workbench.provenance.Provenance`)."""
        return Provenance(self.registry)

    def select(
        self,
        dimensions: str | Sequence[str],
        where: str = "",
        *,
        bind: Mapping[str, object] | None = None,
        role: Role = "include",
    ) -> DataIdSet:
        """Select data IDs as a set.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            Dimensions of the set.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        role : `str`, optional
            "include" or "exclude".

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Unsaved; it remembers the expression.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong; the message points at the place.
        """
        return self.sets.from_selection(self.selection(dimensions, where, bind=bind), role=role)

    def selection(
        self, dimensions: str | Sequence[str], where: str = "", *, bind: Mapping[str, object] | None = None
    ) -> Selection:
        """Select data IDs and keep the account of each conjunct.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What to select.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        selection : `~workbench.query.Selection`
            Rows, waterfall and ``why_not``.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong; the message points at the place.
        """
        return select(
            self.registry,
            dimension_names(dimensions),
            where,
            bind=bind,
            membership=self.sets.read_keys,
        )

    def query(
        self,
        dimensions: str | Sequence[str],
        where: str = "",
        columns: Sequence[str] = (),
        *,
        bind: Mapping[str, object] | None = None,
    ) -> pa.Table:
        """Select data IDs with columns beside them.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What to select.
        where : `str`, optional
            Expression; extension columns and ``in_set('name@3')`` allowed.
        columns : `~collections.abc.Sequence` [ `str` ], optional
            Metadata (``visit.exposure_time``), columns of extension tables
            (``metrics.psf_fwhm``), aggregates (``mean(chips.bias)``).
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        table : `pyarrow.Table`
            Required and implied dimensions, and the columns; times are MJD
            TAI in days.  What is to be said of the condition is in the
            schema's metadata, as a JSON list of sentences named ``notes``.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression or a column is wrong.
        """
        names = dimension_names(dimensions)
        found = select(self.registry, names, where, bind=bind, membership=self.sets.read_keys)
        table = attach_columns(self.registry, found, columns, bind=bind)
        if not found.notes:
            return table
        return table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"notes": json.dumps(found.notes).encode()}
        )

    def why_not(
        self,
        dimensions: str | Sequence[str],
        where: str,
        *data_ids: AskedDataIds,
        bind: Mapping[str, object] | None = None,
        **named: object,
    ) -> WhyNot:
        """Say why an expression selects a data ID, or does not; of several, of each.

        Parameters
        ----------
        dimensions : `str` or `~collections.abc.Sequence` [ `str` ]
            What is selected.
        where : `str`
            Expression.
        *data_ids : `~workbench.sets.AskedDataIds`
            Mappings, sets, or tables of data IDs.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.
        **named : `int`, `str` or `~collections.abc.Iterable`
            Values of required dimensions, such as ``visit=96954``; several of
            one dimension are as many data IDs.

        Returns
        -------
        reason : `~workbench.query.WhyNot`
            A sentence that names the conjunct which drops it, and the value
            there: a line for each data ID, none for an empty set.  Of a set in
            ``in_set`` it says since which version it has the data ID or leaves
            it out, by which set, for what reason, who said so, and from which
            parent.  Cheap for one, however many there are.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the expression is wrong.
        workbench.errors.UnknownNameError
            Raised if a name is no required dimension.
        """
        names = dimension_names(dimensions)
        known = conform(self.butler.dimensions, names).required
        asked = list_asked(self.butler.dimensions, data_ids, named)
        # The evaluation is cut to one data ID; of many, it is cheaper to evaluate once.
        one = asked[0] if len(asked) == 1 else {}
        given = {name: value for name, value in one.items() if name in known}
        found = select(
            self.registry, names, where, bind=bind, membership=self.sets.read_keys, data_id=given or None
        )
        told = [[found.why_not(one), *self.sets.recount(where, one, bind=bind)] for one in asked]
        return WhyNot("\n".join(" ".join(sentences) for sentences in told), found.waterfall)

    def read_set(
        self,
        path: str | Path,
        *,
        dimensions: Sequence[str] | None = None,
        instrument: str | None = None,
        role: Role | None = None,
        unknown: Literal["error", "drop"] = "error",
        free_columns: Sequence[str] = (),
    ) -> DataIdSet:
        """Read a set from a file.

        Parameters
        ----------
        path : `str` or `pathlib.Path`
            ECSV, CSV, JSON or Parquet file.
        dimensions : `~collections.abc.Sequence` [ `str` ], optional
            Dimensions of the set, where the columns do not say.
        instrument : `str`, optional
            Value of the instrument column, where the file has none.
        role : `str`, optional
            "include" or "exclude"; by default what the file says, or include.
        unknown : `str`, optional
            "error", or "drop" to leave out data IDs that the repository lacks.
        free_columns : `~collections.abc.Sequence` [ `str` ], optional
            Columns to keep beside the keys.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Unsaved.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised for duplicates and stray columns, which it lists.
        workbench.errors.UnknownDataIdError
            Raised for data IDs that do not exist, which it lists.
        """
        return read_set_file(
            path,
            self.butler,
            dimensions=dimensions,
            instrument=instrument,
            role=role,
            unknown=unknown,
            free_columns=free_columns,
            relations=self.sets.relations,
        )

    def make_set(
        self,
        rows: AnyTable,
        *,
        dimensions: Sequence[str] | None = None,
        role: Role = "include",
        instrument: str | None = None,
        skymap: str | None = None,
        free_columns: Sequence[str] = (),
        unknown: Literal["error", "drop"] = "error",
        source: str = "table",
    ) -> DataIdSet:
        """Make a set from a table, or from rows.

        Parameters
        ----------
        rows : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
            Dimension columns, and ``reason`` where known; rows are mappings
            or `lsst.daf.butler.DataCoordinate`.
        dimensions : `~collections.abc.Sequence` [ `str` ], optional
            Dimensions of the set; all that the table has by default.  An empty
            list of rows needs them.
        role : `str`, optional
            "include" or "exclude".
        instrument, skymap : `str`, optional
            Value of that column, where the table has none.
        free_columns : `~collections.abc.Sequence` [ `str` ], optional
            Columns to keep beside the keys.
        unknown : `str`, optional
            "error", or "drop" to leave out data IDs that the repository lacks.
        source : `str`, optional
            Where the rows come from, for the provenance.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Unsaved.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised for duplicates and stray columns, which it lists.
        workbench.errors.UnknownDataIdError
            Raised for data IDs that do not exist, which it lists.
        """
        return DataIdSet.from_table(
            self.registry.universe,
            rows,
            dimensions,
            role,
            relations=self.sets.relations,
            butler=self.butler,
            instrument=instrument,
            skymap=skymap,
            free_columns=free_columns,
            unknown=unknown,
            provenance=SetProvenance.now(source=source),
        )

    def save(
        self,
        rows: DataIdSet,
        name: str,
        *,
        reason: str,
        author: str | None = None,
        allow_empty: bool = False,
    ) -> DataIdSet:
        """Save a set as the next version of a name.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet`
            The set.
        name : `str`
            Lower-case name, such as "cosmos-i".
        reason : `str`
            Why; kept with the version.
        author : `str`, optional
            Who saves it; by default the user of this process.
        allow_empty : `bool`, optional
            Accept an empty set.

        Returns
        -------
        saved : `~workbench.sets.DataIdSet`
            With name and version.  Writes to our tables.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if the name has another form.
        workbench.errors.ReasonRequiredError
            Raised if the reason is empty.
        workbench.errors.EmptySetError
            Raised if the set has no rows, unless that is allowed.

        Notes
        -----
        The sets that this one was made from are kept with it, with their rows
        and reasons: ``sets.reasons`` tells of a data ID that was left out who
        did so, and why.  Saving just the same again (rows, reasons, steps,
        author and reason) gives the version that there is; the same rows with
        another reason or by somebody else are a new version.
        """
        return self.sets.save(rows, name, reason=reason, author=author, allow_empty=allow_empty)

    def load(self, label: str) -> DataIdSet:
        """Load a saved set.

        Parameters
        ----------
        label : `str`
            "name", for the latest version, or "name@3".

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            As it was saved.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set; lists what there is.
        """
        return self.sets.load(label)

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

    def publish(
        self,
        rows: DataIdSet,
        tagged: str,
        *,
        chain: str,
        reason: str,
        dataset_type: str = "raw",
        source: Sequence[str] | None = None,
        allow_empty: bool = False,
        progress: Progress = silent,
    ) -> Commit:
        """Publish a saved set as a TAGGED collection behind a chain.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet`
            A saved set.
        tagged : `str`
            New TAGGED collection, such as "HSC/raw/DM-1234".
        chain : `str`
            CHAINED collection to point at it, such as "HSC/raw".
        reason : `str`
            Why; goes into the collection's documentation.
        dataset_type : `str`, optional
            What to tag.
        source : `~collections.abc.Sequence` [ `str` ], optional
            Collections to search; every RUN with the type by default.
        allow_empty : `bool`, optional
            Accept an empty set.
        progress : `~workbench.progress.Progress`, optional
            Told the step; may cancel before the commit point.

        Returns
        -------
        commit : `~workbench.campaigns.Commit`
            The record.  Writes to the Butler, all or nothing.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if a collection cannot be called so.
        workbench.errors.ReasonRequiredError
            Raised if the reason is empty.
        """
        require_reason(reason, f"{quote(tagged)} is published")
        done = publish_set(
            self.registry,
            rows,
            tagged,
            chain=chain,
            reason=reason,
            dataset_type=dataset_type,
            source=source,
            allow_empty=allow_empty,
            progress=progress,
        )
        self.registry.refresh()
        return done

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

    def run(self, commit: Commit | str, *, jobs: int = 1, progress: Progress = silent) -> RunResult:
        """Execute a committed graph with ``pipetask``.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        jobs : `int`, optional
            Number of processes.
        progress : `~workbench.progress.Progress`, optional
            Told quanta done; may cancel, which ends the processes.

        Returns
        -------
        result : `~workbench.runs.RunResult`
            Counts, wall time and log.

        Raises
        ------
        workbench.errors.RunError
            Raised if a quantum failed, with the end of its log, or if the
            graph is being executed already.
        workbench.errors.GraphChangedError
            Raised if the graph file is not what was committed.
        workbench.errors.RunGoneError
            Raised if the RUN was removed, or is another commit's now.
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN.
        workbench.errors.ReadOnlyError
            Raised if the repository was opened read-only, or its files cannot
            be written from here; says what to do where they are.

        Notes
        -----
        Writes to the datastore; the database learns of it by `ingest`.  Quanta
        that are done are skipped, so that doing it again continues.
        """
        if self.registry.read_only:
            raise ReadOnlyError(
                f"The execution of a graph was asked, but {self.uri} was opened read-only. "
                "Open it without read_only=True or --read-only."
            )
        check_files_here(self.registry, found := find_commit(self.registry, commit))
        graph = find_runnable(self.registry, found)
        return run_graph(self.uri, graph, jobs=jobs, progress=progress)

    def status(self, commit: Commit | str) -> pa.Table:
        """Look how far the execution of a commit is, whoever executes it.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        status : `pyarrow.Table`
            One row a task, in the order of the pipeline: ``task``,
            ``n_quanta``, and how many of them are ``successful``, ``failed``,
            ``blocked`` (something upstream failed), ``running`` (known of
            executions on this machine) and ``waiting``.

        Notes
        -----
        Writes nothing.  Of a run that was ingested, its provenance is
        counted; before, what its quanta have left in the datastore.
        """
        return self.runs.read_status(commit).table

    def ingest(self, commit: Commit | str, *, progress: Progress = silent) -> IngestResult:
        """Bring back what ran: outputs and provenance.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        progress : `~workbench.progress.Progress`, optional
            Told the stage.

        Returns
        -------
        result : `~workbench.runs.IngestResult`
            Quanta by status, and what is new.

        Raises
        ------
        workbench.errors.GraphChangedError
            Raised if the graph file is not what was committed.
        workbench.errors.RunGoneError
            Raised if the RUN was removed, or is another commit's now.
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN; nothing was done.

        Notes
        -----
        Writes to the Butler (``butler aggregate-graph``, ``ingest-graph``)
        and to our tables; doing it again adds nothing.  Where the Butler
        cannot be written, what somebody else brought back is read into our
        tables.
        """
        found = find_commit(self.registry, commit)
        if not self.registry.butler_writeable and not self.registry.read_only:
            return ingest_elsewhere(self.registry, found, progress)
        graph = find_runnable(self.registry, found)
        done = ingest_graph(self.registry, graph, commit_id=found.commit_id, progress=progress)
        self.registry.refresh()
        return done

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
        asked = list_asked(self.registry.universe, data_ids, named)
        return self.provenance.impact(asked, dataset_type=dataset_type)
