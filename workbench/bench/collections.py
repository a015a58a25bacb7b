"""The collections of a repository, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from workbench.arguments import checked
from workbench.presentation import presented
from workbench.registry import Registry
from workbench.sets import AskedDataIds, close_governors, list_data_ids
from workbench.snapshot.browse import list_collections, list_dataset_types

__all__ = ["Collections"]


@checked
@presented
class Collections:
    """The collections of a repository; nothing here writes.

    ``bench.publish`` makes one of a set.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def list(self) -> pa.Table:
        """List all collections.

        Returns
        -------
        collections : `pyarrow.Table`
            Columns ``name``, ``type``, ``children``, ``dataset_types``,
            ``doc``.
        """
        return list_collections(self._registry.butler)

    def dataset_types(
        self, collections: Sequence[str] | None = None, *, data_id: AskedDataIds | None = None
    ) -> pa.Table:
        """List dataset types.

        Parameters
        ----------
        collections : `~collections.abc.Sequence` [ `str` ], optional
            Where to count; all by default.
        data_id : `~workbench.sets.AskedDataIds`, optional
            Count only datasets with these values of dimensions, or with those
            of one of several data IDs; dataset types
            without one of these dimensions are left out.  Exposures belong to
            their visits.

        Returns
        -------
        dataset_types : `pyarrow.Table`
            Columns ``name``, ``dimensions``, ``storage_class``, ``datasets``.
        """
        butler, asked = self._registry.butler, None
        if data_id is not None:
            asked = close_governors(butler, list_data_ids(butler.dimensions, [data_id]))
        return list_dataset_types(butler, collections, asked)
