"""Butler database to immutable Arrow frames.

Everything that leaves this package is a `pyarrow.Table` cast to a declared
schema, without a connection behind it:

- `read_dimension_records`: the records of an element, keys and metadata;
- `read_data_ids`: the data IDs that a repository has for some dimensions;
- `Relations`: which exposures make which visits, which detectors a visit has;
  `RepositoryRelations` reads the same, and any other join, when asked.

Reading goes through the Butler's public query interface, so it works on any
database and on a remote Butler alike.
"""

from workbench.registry.times import mjd_from_time, timespan_bounds
from workbench.snapshot.data_ids import make_data_id_table, read_data_ids
from workbench.snapshot.records import read_dimension_records
from workbench.snapshot.relations import AnyRelations, Relations, RepositoryRelations
from workbench.snapshot.schemas import (
    conform,
    data_id_schema,
    dimension_field,
    element_schema,
    find_element,
    key_names,
)

__all__ = [
    "AnyRelations",
    "Relations",
    "RepositoryRelations",
    "conform",
    "data_id_schema",
    "dimension_field",
    "element_schema",
    "find_element",
    "key_names",
    "make_data_id_table",
    "mjd_from_time",
    "read_data_ids",
    "read_dimension_records",
    "timespan_bounds",
]
