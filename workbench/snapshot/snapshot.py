"""A snapshot: what a graph is built from, as immutable frames."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from lsst.daf.butler import DatasetType, DimensionGroup, DimensionUniverse

from workbench.errors import UnknownNameError
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.snapshot.frames import digest_frame, find_first, rank_frame
from workbench.snapshot.overlap_cache import OverlapCache
from workbench.snapshot.overlaps import Overlaps
from workbench.snapshot.reader import Collection, CollectionChains
from workbench.snapshot.records import finish_records
from workbench.snapshot.schemas import certification_schema, dataset_schema, digest_universe, find_element

__all__ = ["Snapshot"]


@presented
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Snapshot:
    """Dimension records, datasets and validity ranges of one consistent state.

    Made by `workbench.snapshot.take_snapshot`; threads may share it.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    search : `tuple` [ `str`, ... ]
        Input collections as they were asked for.
    skip_existing_in : `tuple` [ `str`, ... ]
        Collections in which existing outputs are looked up, as asked for.
    tree : `~workbench.snapshot.reader.CollectionChains`
        All of these that exist, with what is below them.
    dataset_types : `~collections.abc.Mapping`
        Dataset types by name; `None` for one that is not registered.
    groups : `~collections.abc.Mapping`
        Dimensions by name of the dataset types whose dimensions are known.
    frames : `~collections.abc.Mapping` [ `str`, `pyarrow.Table` ]
        What was read, in canonical form, by ``kind/name``.
    source : `str`
        ``butler tables``, or ``public interface (slower)`` and why.
    overlap_cache : `~workbench.snapshot.overlap_cache.OverlapCache`, optional
        Where computed overlaps are kept.
    """

    universe: DimensionUniverse
    search: tuple[str, ...]
    skip_existing_in: tuple[str, ...]
    tree: CollectionChains
    dataset_types: Mapping[str, DatasetType | None]
    groups: Mapping[str, DimensionGroup]
    frames: Mapping[str, pa.Table]
    source: str
    overlap_cache: OverlapCache | None = None
    _derived: dict[tuple[str, ...], pa.Table] = dataclasses.field(default_factory=dict, init=False)

    def __repr__(self) -> str:
        return f"Snapshot({', '.join(self.search)}: {len(self.frames)} frames, {self.source})"

    @functools.cached_property
    def collections(self) -> tuple[Collection, ...]:
        """Input collections in the order in which they are searched, chains followed."""
        return self.tree.flatten(self.search)

    @property
    def chains(self) -> Mapping[str, tuple[str, ...]]:
        """Children of every chain among the collections, by name."""
        return self.tree.chains

    @property
    def missing_collections(self) -> tuple[str, ...]:
        """Those of ``skip_existing_in`` that do not exist: an output run before its first use."""
        return tuple(name for name in self.skip_existing_in if name not in self.tree.types)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 in hex over all that was read; it does not depend on how, nor on the database."""
        digest = hashlib.sha256(json.dumps(self.describe(), sort_keys=True).encode())
        for name, frame in sorted(self.frames.items()):
            digest.update(f"\n{name}\t{digest_frame(frame)}".encode())
        return digest.hexdigest()

    def describe(self) -> dict[str, Any]:
        """Return everything but the frames.

        Returns
        -------
        description : `dict`
            What JSON holds.
        """
        return {
            "universe": digest_universe(self.universe),
            "search": list(self.search),
            "skip_existing_in": list(self.skip_existing_in),
            "types": {name: kind.name for name, kind in self.tree.types.items()},
            "chains": {name: list(children) for name, children in self.tree.chains.items()},
            "dataset_types": {
                name: None if found is None else found.to_simple().model_dump(mode="json")
                for name, found in self.dataset_types.items()
            },
            "groups": {name: list(group.required) for name, group in self.groups.items()},
        }

    def dataset_type(self, name: str) -> DatasetType | None:
        """Return the definition of a dataset type.

        Parameters
        ----------
        name : `str`
            One of the dataset types that the snapshot was asked for.

        Returns
        -------
        dataset_type : `lsst.daf.butler.DatasetType` or `None`
            `None` where the repository did not know it.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for it.
        """
        if name not in self.dataset_types:
            raise UnknownNameError(
                f"The snapshot holds no dataset type {name!r}. It was taken of: "
                f"{', '.join(sorted(self.dataset_types))}."
            )
        return self.dataset_types[name]

    def datasets(self, dataset_type: str) -> pa.Table:
        """Find the datasets of the input collections.

        Parameters
        ----------
        dataset_type : `str`
            Name of a dataset type.

        Returns
        -------
        datasets : `pyarrow.Table`
            With `~workbench.snapshot.schemas.dataset_schema`: one row a data
            ID, from the first collection of the search that has it, sorted
            by data ID.  CALIBRATION collections count in ``rank``, but what
            they hold is in `calibrations`.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for it, or if neither the
            repository nor the request says what dimensions it has.
        """
        return self.existing(dataset_type, self.search)

    def existing(self, dataset_type: str, collections: Sequence[str]) -> pa.Table:
        """Find the datasets of some of the collections.

        Parameters
        ----------
        dataset_type : `str`
            Name of a dataset type.
        collections : `~collections.abc.Sequence` [ `str` ]
            In the order of the search: input collections, collections of
            ``skip_existing_in``, or what is below them.  One that does not
            exist has nothing.

        Returns
        -------
        datasets : `pyarrow.Table`
            As `datasets` gives them.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for the dataset type or for
            one of the collections.
        """
        key = ("datasets", dataset_type, *collections)
        if key not in self._derived:
            self._derived[key] = self._find_datasets(dataset_type, collections)
        return self._derived[key]

    def _find_datasets(self, dataset_type: str, collections: Sequence[str]) -> pa.Table:
        schema = dataset_schema(self._group(dataset_type))
        order = self.tree.flatten([name for name in collections if name not in self.missing_collections])
        frame = self.frames.get(f"associations/{dataset_type}")
        if frame is None:
            return schema.empty_table()
        ranked = rank_frame(frame, [found.name for found in order]).drop_columns(["collection"]).cast(schema)
        return find_first(ranked, list(self._group(dataset_type).required), "rank")

    def calibrations(self, dataset_type: str) -> pa.Table:
        """Return what the CALIBRATION collections of the search certify.

        Parameters
        ----------
        dataset_type : `str`
            Name of a dataset type.

        Returns
        -------
        certifications : `pyarrow.Table`
            With `~workbench.snapshot.schemas.certification_schema`, ranked:
            one row a certification, none left out; times are TAI
            nanoseconds.

        Raises
        ------
        workbench.errors.UnknownNameError
            As `datasets`.
        """
        key = ("calibrations", dataset_type)
        if key not in self._derived:
            frame = self.frames.get(f"certifications/{dataset_type}")
            schema = certification_schema(self._group(dataset_type), ranked=True)
            names = [found.name for found in self.collections]
            self._derived[key] = (
                schema.empty_table() if frame is None else rank_frame(frame, names).cast(schema)
            )
        return self._derived[key]

    def _group(self, dataset_type: str) -> DimensionGroup:
        self.dataset_type(dataset_type)
        if dataset_type not in self.groups:
            raise UnknownNameError(
                f"The repository has no dataset type {dataset_type!r}, so its dimensions are not known. "
                "Take the snapshot with the dataset type itself instead of its name."
            )
        return self.groups[dataset_type]

    def stored_records(self, element: str) -> pa.Table:
        """Return the records of an element, with exact times.

        Parameters
        ----------
        element : `str`
            Name of a dimension element.

        Returns
        -------
        records : `pyarrow.Table`
            With `~workbench.snapshot.schemas.stored_schema`, by key: what the
            element itself holds, times in TAI nanoseconds.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for it.
        """
        return self._frame("records", element)

    def records(self, element: str) -> pa.Table:
        """Return the records of an element.

        Parameters
        ----------
        element : `str`
            Name of a dimension element.

        Returns
        -------
        records : `pyarrow.Table`
            With `workbench.snapshot.element_schema`, by key, as
            `workbench.snapshot.read_dimension_records` gives them: all
            implied dimensions, times in MJD TAI.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for it.
        """
        key = ("records", element)
        if key not in self._derived:
            stored = self.stored_records(element)
            self._derived[key] = finish_records(self.universe[element], stored, self.stored_records)
        return self._derived[key]

    def _frame(self, kind: str, element: str) -> pa.Table:
        find_element(self.universe, element)
        if f"{kind}/{element}" not in self.frames:
            held = sorted(name.partition("/")[2] for name in self.frames if name.startswith(f"{kind}/"))
            raise UnknownNameError(
                f"The snapshot holds no {kind} of {element!r}, only those of: {', '.join(held) or '(none)'}."
            )
        return self.frames[f"{kind}/{element}"]

    @functools.cached_property
    def regions(self) -> Overlaps:
        """Joins regions, each measured once (`~workbench.snapshot.overlaps.Overlaps`)."""
        return Overlaps(self.universe, self.stored_records, self.pixels, self.overlap_cache)

    def overlaps(self, left: str, right: str, *, progress: Progress = silent) -> pa.Table:
        """Pair the records of two spatial elements whose regions overlap.

        Parameters
        ----------
        left, right : `str`
            Spatial elements of different families, such as ``visit`` and
            ``patch``; one may be the common pixelization (``htm7``).
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; where it cancels, nothing is kept.

        Returns
        -------
        pairs : `pyarrow.Table`
            Required dimensions of both, sorted: the pairs that the Butler's
            own query joins, which share a common pixel and of which
            `lsst.sphgeom.Region.overlaps` is not `False`.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for one of them, or if they
            cannot be joined.
        """
        first, second = sorted((left, right))
        key = ("overlaps", first, second)
        if key not in self._derived:
            self._derived[key] = self.regions.find(first, second, progress)
        return self._derived[key]

    def pixels(self, element: str) -> pa.Table:
        """Return which common pixels the regions of an element touch.

        Parameters
        ----------
        element : `str`
            A spatial element.

        Returns
        -------
        pixels : `pyarrow.Table`
            With `~workbench.snapshot.schemas.pixel_schema`.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the snapshot was not asked for elements of two spatial
            families, among them this.
        """
        return self._frame("pixels", element)
