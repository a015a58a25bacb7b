"""The Butler's tables and attributes while its dimensions change.

The only module of this package that knows private names of ``lsst.daf.butler``:
its database interface makes each table by itself, in a transaction of its
own choosing, and nothing public adds a table for a dimension to a repository
that exists.  What is used here was checked against the manager versions in
`_CHECKED`; a repository with any other is refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping, Sequence

import pydantic
import sqlalchemy as sa
from lsst.daf.butler import ButlerConfig, DimensionConfig, DimensionUniverse
from lsst.daf.butler.registry import RegistryConfig
from lsst.daf.butler.registry.attributes import DefaultButlerAttributeManager
from lsst.daf.butler.registry.interfaces import ButlerAttributeManager, Database
from lsst.daf.butler.registry.managers import RegistryManagerTypes

from workbench.errors import DimensionError
from workbench.registry.database.engine import Database as OwnDatabase
from workbench.registry.database.failure import explained
from workbench.registry.database.location import Location
from workbench.registry.database.naming import Naming

__all__ = ["UniverseChange", "changing_universe", "make_universe", "read_universe"]

_CHECKED: Mapping[str, tuple[str, frozenset[tuple[int, int]]]] = {
    "attributes": ("DefaultButlerAttributeManager", frozenset({(1, 0)})),
    "datasets": ("ByDimensionsDatasetRecordStorageManagerUUID", frozenset({(1, 0), (2, 0)})),
    "dimensions": ("StaticDimensionRecordStorageManager", frozenset({(6, 0)})),
}
"""Managers by what they manage, with major and minor versions of their tables; patches change nothing."""

_DIMENSIONS = "config:dimensions.json"
"""Attribute with the dimension configuration, in every repository that holds its own."""

_BASE = "campaign_workbench:base_dimensions.json"
"""Attribute of ours with the same as it was before anything was added, to the byte."""


def read_universe(location: Location) -> DimensionUniverse:
    """Read the dimensions of a repository as they are now; never writes.

    A Butler that is open holds those of its opening.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository, with a database.

    Returns
    -------
    universe : `lsst.daf.butler.DimensionUniverse`
        What a client that opens the repository would see.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if the repository does not say.
    """
    assert location.url is not None, "repositories without a database are refused before"
    attributes = sa.table(
        "butler_attributes", sa.column("name"), sa.column("value"), schema=location.namespace
    )
    query = sa.select(attributes.c.value).where(attributes.c.name == _DIMENSIONS)
    with OwnDatabase(location.url, Naming.for_sqlite()).connecting() as connection:
        return make_universe(_require(connection.scalar(query)))


def make_universe(text: str) -> DimensionUniverse:
    """Make a universe of its configuration.

    Parameters
    ----------
    text : `str`
        JSON.

    Returns
    -------
    universe : `lsst.daf.butler.DimensionUniverse`
        One instance for each version.
    """
    return DimensionUniverse(DimensionConfig(json.loads(text)))


def _require(text: str | None) -> str:
    if text is None:
        raise DimensionError(
            "Nothing was changed: this repository keeps no dimension configuration of its own, as in times "
            "before the Butler's migrations. Migrate it first."
        )
    return text


@contextlib.contextmanager
def changing_universe(location: Location, *, lock_timeout: float) -> Iterator[UniverseChange]:
    """Lock the dimensions of a repository for the length of a block.

    Writes of the block are committed at its end and rolled back on any
    exception.  Other Butlers go on reading; on SQLite no other writer gets
    in, on PostgreSQL none that changes attributes.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository, with a database.
    lock_timeout : `float`
        How long to wait for others on PostgreSQL (s).

    Yields
    ------
    change : `UniverseChange`
        What can be done inside.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if the repository's managers are unknown to this release.
    workbench.errors.RepositoryLockedError
        Raised if another writer does not finish in time.
    """
    config = RegistryConfig(ButlerConfig(location.uri))
    if location.root is not None:
        config.replaceRoot(str(location.root))
    types = RegistryManagerTypes.fromConfig(config)
    database = config.getDatabaseClass().fromUri(
        config.connectionString,
        origin=config.get("origin", 0),
        namespace=config.get("namespace"),
        writeable=True,
        allow_temporary_tables=config.areTemporaryTablesAllowed,
    )
    try:
        with explained(location.uri), database._session():
            with database.declareStaticTables(create=False) as context:
                attributes = types.attributes.initialize(database, context)
            if not isinstance(attributes, DefaultButlerAttributeManager):
                raise _explain_manager("attributes", types.attributes.__name__, "")
            with database._transaction() as (_, connection):
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(lock_timeout * 1000)}")
                database._lockTables(connection, [attributes._table])
                change = UniverseChange(database, connection, types, attributes)
                change.check_managers()
                yield change
    finally:
        database.dispose()


@dataclasses.dataclass(frozen=True, slots=True)
class UniverseChange:
    """A transaction in which the dimensions are locked.

    Parameters
    ----------
    database : `lsst.daf.butler.registry.interfaces.Database`
        The Butler's own interface, inside the transaction.
    connection : `sqlalchemy.Connection`
        Its connection.
    types : `lsst.daf.butler.registry.managers.RegistryManagerTypes`
        The managers of the repository's configuration.
    attributes : `lsst.daf.butler.registry.interfaces.ButlerAttributeManager`
        Where the configuration of dimensions is.
    """

    database: Database
    connection: sa.Connection
    types: RegistryManagerTypes
    attributes: ButlerAttributeManager

    def check_managers(self) -> None:
        """Check that the tables are those that this module knows.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if they are not.
        """
        found = dict(self.attributes.items())
        for kind, (name, versions) in _CHECKED.items():
            manager = found.get(f"config:registry.managers.{kind}", "")
            version = found.get(f"version:{manager}", "")
            numbers = tuple(map(int, version.split(".")[:2])) if version else ()
            if manager.rpartition(".")[2] != name or numbers not in versions:
                raise _explain_manager(kind, manager, version)

    def read(self) -> str:
        """Read the dimension configuration.

        Returns
        -------
        text : `str`
            JSON.
        """
        return _require(self.attributes.get(_DIMENSIONS))

    def read_base(self) -> str:
        """Read the dimension configuration as it was before it was extended.

        Returns
        -------
        text : `str`
            JSON; what there is, if it was never extended.
        """
        return self.attributes.get(_BASE) or self.read()

    def write(self, text: str, base: str) -> None:
        """Write the dimension configuration; writes.

        Parameters
        ----------
        text, base : `str`
            As it shall be, and as it is without any extension.  Where both
            are equal, no trace of extensions is left.
        """
        self.attributes.set(_DIMENSIONS, text, force=True)
        if text == base:
            self.attributes.delete(_BASE)
        else:
            self.attributes.set(_BASE, base, force=True)

    def load_universe(self) -> DimensionUniverse:
        """Load the Butler's managers against the dimensions as they now are.

        Returns
        -------
        universe : `lsst.daf.butler.DimensionUniverse`
            What a client that opens the repository will see.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if the Butler does not take the configuration.
        """
        try:
            return self.types.loadRepo(self.database).dimensions.universe
        except (pydantic.ValidationError, RuntimeError, LookupError) as error:
            reason = " ".join(str(error).split())
            raise DimensionError(
                f"Nothing was changed: the Butler does not take these dimensions ({reason})."
            ) from error

    def create_tables(self, names: Collection[str]) -> None:
        """Create the tables of new elements, which `load_universe` declared; writes.

        Parameters
        ----------
        names : `~collections.abc.Collection` [ `str` ]
            The elements.

        Raises
        ------
        workbench.errors.DimensionError
            Raised if one exists, or others are missing as well.
        """
        there = self._list_tables()
        tables = {table.name: table for table in self._declared()}
        if taken := sorted(set(names) & there):
            raise DimensionError(
                f"Nothing was changed: the database has tables {', '.join(taken)} already, which are no "
                "dimensions. Choose another name."
            )
        if lacking := sorted(set(tables) - there - set(names)):
            raise DimensionError(
                f"Nothing was changed: the repository lacks tables {', '.join(lacking)} that this release of "
                "the Butler has. Migrate it first."
            )
        for table in self._declared():
            if table.name in names:
                table.create(self.connection, checkfirst=False)

    def count_records(self, names: Collection[str]) -> dict[str, int]:
        """Count the records of elements.

        Parameters
        ----------
        names : `~collections.abc.Collection` [ `str` ]
            The elements.

        Returns
        -------
        counts : `dict` [ `str`, `int` ]
            By element; those that have none are left out.
        """
        found = {
            table.name: self.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in self._declared()
            if table.name in names
        }
        return {name: int(n_rows) for name, n_rows in found.items() if n_rows}

    def list_dataset_types(self, dimensions: Collection[str]) -> list[str]:
        """List the dataset types that have one of some dimensions.

        Parameters
        ----------
        dimensions : `~collections.abc.Collection` [ `str` ]
            Names of dimensions.

        Returns
        -------
        names : `list` [ `str` ]
            Sorted.
        """
        types = self._table("dataset_type")
        query = sa.select(types.c.name).where(types.c.dimensions_key.in_(self._list_groups(dimensions)))
        return sorted(map(str, self.connection.execute(query).scalars()))

    def drop_tables(self, names: Sequence[str]) -> None:
        """Drop the tables of elements, and what dataset types that are gone left behind; writes.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            The elements; nothing may use them.
        """
        groups = self._list_groups(names)
        # The Butler keeps the definition of a dimension group, and its tables of datasets, when the
        # last dataset type goes; no client could load it once its dimensions are gone.
        left = [f"dataset_{kind}_{key:08d}" for key in groups for kind in ("tags", "calibs")]
        for name in sorted(self._list_tables() & set(left)):
            sa.Table(name, sa.MetaData(schema=self.database.namespace)).drop(self.connection)
        for name, column in (
            ("dimension_graph_definition", "dimension_graph_id"),
            ("dimension_graph_key", "id"),
        ):
            table = self._table(name)
            self.connection.execute(sa.delete(table).where(table.c[column].in_(groups)))
        for table in reversed(self._declared()):
            if table.name in names:
                table.drop(self.connection, checkfirst=False)

    def _list_groups(self, dimensions: Collection[str]) -> list[int]:
        definitions = self._table("dimension_graph_definition")
        query = sa.select(definitions.c.dimension_graph_id).distinct()
        query = query.where(definitions.c.dimension_name.in_(list(dimensions)))
        return [int(key) for key in self.connection.execute(query).scalars()]

    def _list_tables(self) -> set[str]:
        return set(sa.inspect(self.connection).get_table_names(schema=self.database.namespace))

    def _declared(self) -> list[sa.Table]:
        """Return the tables of the managers that were loaded last, in the order in which they can be made."""
        metadata = self.database._metadata
        assert metadata is not None, "load_universe has declared the tables"
        return metadata._metadata.sorted_tables

    def _table(self, name: str) -> sa.Table:
        return next(table for table in self._declared() if table.name == name)


def _explain_manager(kind: str, manager: str, version: str) -> DimensionError:
    return DimensionError(
        f"Nothing was changed: {kind} of this repository are managed by {manager or 'nothing'} {version}, "
        "which this release of the workbench was not checked with. Group by the dimension 'group', by a "
        "suffix or by a RUN a group instead."
    )
