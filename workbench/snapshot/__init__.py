"""Butler database to immutable Arrow frames.

Everything that leaves this package is a `pyarrow.Table` cast to a declared
schema, without a connection behind it:

- `read_dimension_records`: the records of an element, keys and metadata;
- `read_data_ids`: the data IDs that a repository has for some dimensions;
- `read_registered`: UUIDs of what a RUN collection holds; `find_existence`:
  what became of datasets;
- `Relations`: which exposures make which visits, which detectors a visit has;
  `RepositoryRelations` reads the same, and any other join, when asked.

`take_snapshot` reads all that a graph is built from in one consistent state
and gives a `Snapshot`, which is immutable, can be shared, saved and reopened:

- ``records(element)``, and ``stored_records(element)`` with exact times;
- ``datasets(dataset_type)`` and ``existing(dataset_type, collections)``: what
  find-first finds; ``calibrations(dataset_type)``: validity ranges;
- ``overlaps(left, right)``: which regions overlap; ``pixels(element)``;
- ``dataset_type(name)``, ``collections``, ``chains``, ``missing_collections``;
- ``digest`` of all that was read, and ``source``: how it was read;
- `save_snapshot` and `open_snapshot` keep it in a directory.

All records of an element, data IDs and snapshots come as columns from the
Butler's own tables where these are known; everything else, a remote Butler's
too, goes through the public query interface.
"""

from workbench.registry.database.times import mjd_from_time, timespan_bounds
from workbench.snapshot.data_ids import read_data_id_results, read_data_ids
from workbench.snapshot.existence import EXISTENCE, find_existence, find_stored
from workbench.snapshot.files import open_snapshot, save_snapshot
from workbench.snapshot.records import read_all_keys, read_dimension_records
from workbench.snapshot.registered import read_registered
from workbench.snapshot.relations import AnyRelations, Relations, RepositoryRelations
from workbench.snapshot.schemas import (
    conform,
    data_id_schema,
    dimension_field,
    element_schema,
    find_element,
    key_names,
)
from workbench.snapshot.snapshot import Snapshot
from workbench.snapshot.take import take_snapshot

__all__ = [
    "AnyRelations",
    "EXISTENCE",
    "Relations",
    "RepositoryRelations",
    "Snapshot",
    "conform",
    "data_id_schema",
    "dimension_field",
    "element_schema",
    "find_element",
    "find_existence",
    "find_stored",
    "key_names",
    "mjd_from_time",
    "open_snapshot",
    "read_all_keys",
    "read_data_id_results",
    "read_data_ids",
    "read_dimension_records",
    "read_registered",
    "save_snapshot",
    "take_snapshot",
    "timespan_bounds",
]
