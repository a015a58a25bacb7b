"""The journal of commits: what was intended, what was done, which names are taken."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import pyarrow as pa
import sqlalchemy as sa

from workbench.errors import CollectionExistsError, CommitError, OutputRunExistsError, UnknownNameError
from workbench.registry.database import clock
from workbench.registry.database.engine import Database
from workbench.rendering import time_field

__all__ = ["COMMIT_SCHEMA", "Journal"]


def _field(name: str, kind: pa.DataType, doc: str, *, nullable: bool = False) -> pa.Field[pa.DataType]:
    return pa.field(name, kind, nullable=nullable, metadata={"doc": doc})


COMMIT_SCHEMA = pa.schema(
    [
        _field("commit_id", pa.string(), "identifier, 32 hexadecimal digits"),
        _field("state", pa.string(), "'prepared', 'committed' or 'rolled_back'"),
        _field("kind", pa.string(), "what was committed, such as 'graph' or 'publish'"),
        _field("campaign", pa.string(), "name of the campaign"),
        _field("run", pa.string(), "output RUN collection", nullable=True),
        _field("author", pa.string(), "who committed"),
        time_field("created", "when it was prepared, MJD TAI", nullable=False),
        time_field("finished", "when it was committed or rolled back, MJD TAI"),
        _field("fence", pa.string(), "digest of what the preview read"),
        _field("graph_path", pa.string(), "graph file, relative to the storage directory", nullable=True),
        _field("graph_digest", pa.string(), "SHA-256 of the graph file, in hex", nullable=True),
        _field("intent", pa.string(), "JSON: all else that the commit records"),
    ]
)
"""Columns of what `Journal.read` returns (`pyarrow.Schema`)."""


class Journal:
    """Rows of the commit journal and the collection names they reserve.

    Each method is one transaction on our tables, so none of them may be
    called while a Butler transaction is open: on SQLite that would wait for
    itself.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        Where the tables are.
    writing : `~collections.abc.Callable`
        Opens a write transaction there, if it is allowed.
    """

    def __init__(
        self, database: Database, writing: Callable[[], contextlib.AbstractContextManager[sa.Connection]]
    ):
        self._database = database
        self._writing = writing

    def prepare(
        self,
        commit_id: str,
        *,
        kind: str,
        campaign: str,
        run: str | None,
        author: str,
        fence: str,
        intent: Mapping[str, object],
        names: Sequence[str],
    ) -> float:
        """Write the intent of a commit and reserve its names.  Writes.

        Parameters
        ----------
        commit_id, kind, campaign : `str`
            As in `COMMIT_SCHEMA`.
        run : `str` or `None`
            Output RUN collection.
        author, fence : `str`
            As in `COMMIT_SCHEMA`.
        intent : `~collections.abc.Mapping`
            JSON object.
        names : `~collections.abc.Sequence` [`str`]
            Names of collections that this commit alone may register.

        Returns
        -------
        created : `float`
            Time of the row, MJD TAI in days.

        Raises
        ------
        workbench.errors.OutputRunExistsError
            Raised if ``run`` is reserved by another commit.
        workbench.errors.CollectionExistsError
            Raised if another name is.
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        commit, reserved = self._database.schema.commit, self._database.schema.reserved_name
        created = clock.now()
        # The transaction excludes other writers from its beginning, so what
        # is free now is still free below.
        with self._writing() as connection:
            # All states that still hold a name are looked at, the RUN before others: its error says most.
            held = connection.execute(
                sa.select(reserved.c.name, commit.c.commit_id, commit.c.state, commit.c.author)
                .join_from(reserved, commit)
                .where(reserved.c.name.in_(names))
                .order_by(sa.func.coalesce(reserved.c.name == run, False).desc())
            ).first()
            if held is not None:
                kind_of_error = OutputRunExistsError if held.name == run else CollectionExistsError
                remedy = (
                    "whose script has still to be executed. Choose another name, or withdraw that commit "
                    "(bench.campaigns.withdraw, 'workbench campaign withdraw')."
                    if held.state == "committed"
                    else "which is under way. Choose another name; if that commit was interrupted, open the "
                    "repository again or run 'workbench doctor', then retry."
                )
                raise kind_of_error(
                    f"The collection name {held.name!r} is reserved by the {held.state} commit "
                    f"{held.commit_id} of {held.author}, {remedy}"
                )
            connection.execute(
                sa.insert(commit).values(
                    commit_id=commit_id,
                    state="prepared",
                    kind=kind,
                    campaign=campaign,
                    run=run,
                    author=author,
                    created=created,
                    fence=fence,
                    intent=json.dumps(intent, sort_keys=True),
                )
            )
            if names:
                connection.execute(
                    sa.insert(reserved), [{"name": name, "commit_id": commit_id} for name in names]
                )
        return created

    def record_graph(self, commit_id: str, *, path: str, digest: str) -> None:
        """Record the final name of a graph file before it gets it.  Writes.

        Parameters
        ----------
        commit_id : `str`
            A prepared commit.
        path : `str`
            Final path, relative to the storage directory.
        digest : `str`
            SHA-256 of the file in hex.

        Raises
        ------
        workbench.errors.CommitError
            Raised if the commit is no longer prepared.
        """
        commit = self._database.schema.commit
        with self._writing() as connection:
            done = connection.execute(
                sa.update(commit)
                # The condition on the state makes this a compare-and-set: another process may have settled
                # the commit meanwhile, taking this one for dead.
                .where(commit.c.commit_id == commit_id, commit.c.state == "prepared")
                .values(graph_path=path, graph_digest=digest)
            )
            if done.rowcount != 1:
                raise CommitError(f"The commit {commit_id} was rolled back by another process; commit again.")

    def mark_committed(self, commit_id: str, *, keep_names: bool = False) -> bool:
        """Make a prepared commit visible to readers.  Writes.

        Parameters
        ----------
        commit_id : `str`
            The commit.
        keep_names : `bool`, optional
            Keep its names reserved, because no collection holds them yet.

        Returns
        -------
        changed : `bool`
            `False` if it was committed already.

        Raises
        ------
        workbench.errors.CommitError
            Raised if the commit was rolled back.
        """
        changed, state = self._finish(commit_id, "committed", release=not keep_names)
        if state == "rolled_back":
            raise CommitError(f"The commit {commit_id} was rolled back by another process; commit again.")
        return changed

    def roll_back(self, commit_id: str) -> bool:
        """Take a prepared commit back and release its names.  Writes.

        Parameters
        ----------
        commit_id : `str`
            The commit.

        Returns
        -------
        changed : `bool`
            `False` if it was rolled back already.

        Raises
        ------
        workbench.errors.CommitError
            Raised if it is committed.
        """
        changed, state = self._finish(commit_id, "rolled_back", release=True)
        if state == "committed":
            raise CommitError(f"The commit {commit_id} is committed and cannot be rolled back.")
        return changed

    def release(self, commit_id: str) -> None:
        """Release the names of a commit that collections hold by now.  Writes.

        Parameters
        ----------
        commit_id : `str`
            A committed commit, whose script was executed.
        """
        reserved = self._database.schema.reserved_name
        with self._writing() as connection:
            connection.execute(sa.delete(reserved).where(reserved.c.commit_id == commit_id))

    def _finish(self, commit_id: str, state: str, *, release: bool) -> tuple[bool, str]:
        """Move a prepared commit to a final state; return whether it moved, and its state."""
        commit, reserved = self._database.schema.commit, self._database.schema.reserved_name
        with self._writing() as connection:
            done = connection.execute(
                sa.update(commit)
                .where(commit.c.commit_id == commit_id, commit.c.state == "prepared")
                .values(state=state, finished=clock.now())
            )
            if done.rowcount == 1:
                # In the same transaction: a name is never free under a running commit, nor taken after it.
                if release:
                    connection.execute(sa.delete(reserved).where(reserved.c.commit_id == commit_id))
                return True, state
            # Nothing moved: either it is final already, which the caller judges, or there is no such commit.
            found: str | None = connection.scalar(
                sa.select(commit.c.state).where(commit.c.commit_id == commit_id)
            )
        if found is None:
            raise UnknownNameError(f"There is no commit {commit_id} in the journal.")
        return False, found

    def pending(self) -> pa.Table:
        """Return the prepared commits; never writes.

        Returns
        -------
        commits : `pyarrow.Table`
            Of `COMMIT_SCHEMA`, oldest first: commits that are under way, or
            that were interrupted.
        """
        return self.read(states=["prepared"])

    def read(
        self,
        *,
        states: Iterable[str] = ("committed",),
        commit_id: str | None = None,
        run: str | None = None,
    ) -> pa.Table:
        """Return commits; never writes.

        Parameters
        ----------
        states : `~collections.abc.Iterable` [`str`], optional
            States that the rows may have.
        commit_id, run : `str`, optional
            Only the commit with this identifier, or those of this output RUN.

        Returns
        -------
        commits : `pyarrow.Table`
            Of `COMMIT_SCHEMA`, oldest first.
        """
        commit = self._database.schema.commit
        query = sa.select(*(commit.c[name] for name in COMMIT_SCHEMA.names)).where(
            commit.c.state.in_(list(states))
        )
        if commit_id is not None:
            query = query.where(commit.c.commit_id == commit_id)
        if run is not None:
            query = query.where(commit.c.run == run)
        with self._database.reading() as connection:
            if connection is None:
                return COMMIT_SCHEMA.empty_table()
            found = connection.execute(query.order_by(commit.c.created, commit.c.commit_id)).mappings().all()
        return pa.Table.from_pylist([dict(row) for row in found], schema=COMMIT_SCHEMA)

    def reserved_names(self) -> dict[str, str]:
        """Return the names of collections that commits have reserved; never writes.

        Returns
        -------
        names : `dict` [`str`, `str`]
            The identifier of the commit by name: of commits under way, and of
            those whose script has still to register the name.
        """
        reserved = self._database.schema.reserved_name
        with self._database.reading() as connection:
            if connection is None:
                return {}
            found = connection.execute(sa.select(reserved.c.name, reserved.c.commit_id)).all()
        return {row.name: row.commit_id for row in found}

    def is_graph_in_use(self, digest: str, *, except_by: str) -> bool:
        """Tell whether a commit other than the one given keeps a graph file; never writes.

        Parameters
        ----------
        digest : `str`
            SHA-256 of the file in hex, which is its name.
        except_by : `str`
            Identifier of the commit that does not count.

        Returns
        -------
        used : `bool`
            Whether the file must stay.
        """
        commit = self._database.schema.commit
        query = sa.select(sa.literal(1)).where(
            commit.c.graph_digest == digest, commit.c.commit_id != except_by, commit.c.state != "rolled_back"
        )
        with self._database.reading() as connection:
            return connection is not None and connection.execute(query.limit(1)).first() is not None
