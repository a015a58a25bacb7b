"""Taking a snapshot of a repository."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

import pyarrow as pa
from lsst.daf.butler import Butler, DatasetType, DimensionElement, DimensionGroup, DimensionUniverse

from workbench.errors import SnapshotError, UnknownNameError
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.snapshot._butler_schema import UnreadableTablesError, opening_tables
from workbench.snapshot.overlap_cache import OverlapCache
from workbench.snapshot.public import PublicReader
from workbench.snapshot.reader import Reader
from workbench.snapshot.schemas import find_element
from workbench.snapshot.snapshot import Snapshot
from workbench.snapshot.tables import TableReader

__all__ = ["list_elements", "make_request", "read_snapshot", "take_public_snapshot", "take_snapshot"]

_PASSES = 5
"""How often reading through the public interface is repeated before giving up."""


def take_snapshot(
    origin: Butler | Registry,
    collections: Sequence[str],
    dataset_types: Iterable[str | DatasetType],
    elements: Iterable[str],
    *,
    skip_existing_in: Sequence[str] = (),
    progress: Progress = silent,
) -> Snapshot:
    """Read what a graph is built from, in one consistent state.

    Parameters
    ----------
    origin : `lsst.daf.butler.Butler` or `~workbench.registry.Registry`
        The repository; nothing is written to it.  A registry also lends its
        storage directory, where computed overlaps are kept.
    collections : `~collections.abc.Sequence` [ `str` ]
        Input collections in the order in which they are searched.
    dataset_types : `~collections.abc.Iterable`
        Dataset types, or their names.  One that the repository does not know
        has no datasets.
    elements : `~collections.abc.Iterable` [ `str` ]
        Dimension elements whose records are wanted; those that their implied
        dimensions need are added.  Pixelizations have no records; the common
        one counts as a spatial family.
    skip_existing_in : `~collections.abc.Sequence` [ `str` ], optional
        Collections in which existing outputs are looked up; the output run,
        which need not exist, among them.
    progress : `~workbench.progress.Progress`, optional
        Called with what is being read.

    Returns
    -------
    snapshot : `Snapshot`
        The frames.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if an input collection or an element does not exist.
    workbench.errors.SnapshotError
        Raised if the repository changes faster than it can be read.
    """
    butler = origin.butler if isinstance(origin, Registry) else origin
    cache = OverlapCache(origin.storage_dir / "overlaps") if isinstance(origin, Registry) else None
    request = make_request(butler.dimensions, collections, dataset_types, list(elements), skip_existing_in)
    try:
        with opening_tables(butler) as tables:
            reader = TableReader(tables, butler.dimensions)
            snapshot = read_snapshot(reader, request, "butler tables", progress)
    except UnreadableTablesError as error:
        source = f"public interface (slower): {error}"
        snapshot = take_public_snapshot(butler, request, source, progress)
    return dataclasses.replace(snapshot, overlap_cache=cache)


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a snapshot is asked for, checked against the universe.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    collections : `tuple` [ `str`, ... ]
        Input collections.
    dataset_types : `~collections.abc.Mapping`
        Names, with the dataset type where the caller gave one.
    elements : `tuple` [ `lsst.daf.butler.DimensionElement`, ... ]
        Whose records are read.
    spatial : `tuple` [ `lsst.daf.butler.DimensionElement`, ... ]
        Whose pixels are read.
    skip_existing_in : `tuple` [ `str`, ... ]
        Collections of existing outputs.
    """

    universe: DimensionUniverse
    collections: tuple[str, ...]
    dataset_types: Mapping[str, DatasetType | None]
    elements: tuple[DimensionElement, ...]
    spatial: tuple[DimensionElement, ...]
    skip_existing_in: tuple[str, ...]


def make_request(
    universe: DimensionUniverse,
    collections: Sequence[str],
    dataset_types: Iterable[str | DatasetType],
    elements: Collection[str],
    skip_existing_in: Sequence[str],
) -> Request:
    """Check and complete what is asked for.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    collections : `~collections.abc.Sequence` [ `str` ]
        Input collections.
    dataset_types : `~collections.abc.Iterable`
        Dataset types, or their names.
    elements : `~collections.abc.Collection` [ `str` ]
        Dimension elements.
    skip_existing_in : `~collections.abc.Sequence` [ `str` ]
        Collections of existing outputs.

    Returns
    -------
    request : `Request`
        With the elements that implied dimensions need, in universe order.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a name cannot be one.
    """
    for name in (*collections, *skip_existing_in):
        if set(name) & set("*?["):
            raise UnknownNameError(
                f"{name!r} is a pattern. Name the collections, in the order of the search."
            )
    types = {
        found if isinstance(found, str) else found.name: None if isinstance(found, str) else found
        for found in dataset_types
    }
    for name in types:
        if "." in name:
            raise UnknownNameError(f"{name!r} is a component. Name its parent, {name.partition('.')[0]!r}.")
    found = [find_element(universe, name) for name in elements]
    other = set(universe.skypix_dimensions.names) - {universe.commonSkyPix.name}
    families = {one.spatial for one in found if one.spatial is not None and one.name not in other}
    names = list_elements(universe, elements)
    chosen = tuple(universe[name] for name in names)
    spatial = tuple(element for element in chosen if element.spatial is not None) if len(families) > 1 else ()
    return Request(universe, tuple(collections), types, chosen, spatial, tuple(skip_existing_in))


def list_elements(universe: DimensionUniverse, elements: Iterable[str]) -> tuple[str, ...]:
    """List the elements whose records a snapshot of some elements has.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    elements : `~collections.abc.Iterable` [ `str` ]
        Dimension elements.

    Returns
    -------
    names : `tuple` [ `str`, ... ]
        With those that their implied dimensions need, in universe order;
        pixelizations have no records.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a name cannot be one.
    """
    found = [find_element(universe, name) for name in elements]
    wanted = {element.name for element in found}
    # What lies between an element and its indirect dimensions: visit, physical_filter, band.
    for element in found:
        wanted |= set(element.minimal_group.implied)
    wanted -= set(universe.skypix_dimensions.names)
    return tuple(element.name for element in universe.elements if element.name in wanted)


def read_snapshot(reader: Reader, request: Request, source: str, progress: Progress) -> Snapshot:
    """Read once, in whatever state the reader sees.

    Parameters
    ----------
    reader : `~workbench.snapshot.reader.Reader`
        Where to read from.
    request : `Request`
        What to read.
    source : `str`
        How it is read.
    progress : `~workbench.progress.Progress`
        Called before each frame.

    Returns
    -------
    snapshot : `Snapshot`
        The frames.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if an input collection does not exist.
    """
    frames: dict[str, pa.Table] = {}
    groups: dict[str, DimensionGroup] = {}
    types: dict[str, DatasetType | None] = {}
    steps = len(request.dataset_types) + len(request.elements) + len(request.spatial)

    def announce(what: str) -> None:
        progress(f"reading {what}", (len(frames) + len(groups)) / (steps + len(request.dataset_types) + 1))

    announce("collections")
    tree = reader.read_collections([*request.collections, *request.skip_existing_in])
    if missing := [name for name in request.collections if name not in tree.types]:
        raise UnknownNameError(
            f"The repository has no collection {', '.join(map(repr, missing))}. "
            "List what there is with bench.collections.list(), or 'workbench collections'."
        )
    skipped = [name for name in request.skip_existing_in if name in tree.types]
    searched = tree.flatten([*request.collections, *skipped])
    inputs = tree.flatten(request.collections)
    reader.expect_dataset_types(request.dataset_types)
    for name, described in request.dataset_types.items():
        announce(name)
        types[name] = registered = reader.find_dataset_type(name)
        if registered is not None:
            groups[name] = registered.dimensions
            frames[f"associations/{name}"] = reader.read_associations(registered, searched)
            if registered.isCalibration():
                frames[f"certifications/{name}"] = reader.read_certifications(registered, inputs)
        elif described is not None:
            groups[name] = request.universe.conform(described.dimensions.names)
    for element in request.elements:
        announce(element.name)
        frames[f"records/{element.name}"] = reader.read_records(element)
    for element in request.spatial:
        announce(f"pixels of {element.name}")
        frames[f"pixels/{element.name}"] = reader.read_pixels(element)
    return Snapshot(
        universe=request.universe,
        search=request.collections,
        skip_existing_in=request.skip_existing_in,
        tree=tree,
        dataset_types=types,
        groups=groups,
        frames=frames,
        source=source,
    )


def take_public_snapshot(butler: Butler, request: Request, source: str, progress: Progress) -> Snapshot:
    """Read through the public interface until two passes agree.

    Where two passes read the same, everything had that content at the moment
    between them: one consistent state, without a transaction.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.
    request : `Request`
        What to read.
    source : `str`
        How it is read.
    progress : `~workbench.progress.Progress`
        Called before each frame.

    Returns
    -------
    snapshot : `Snapshot`
        The frames.

    Raises
    ------
    workbench.errors.SnapshotError
        Raised if the repository changes faster than it can be read.
    """
    reader = PublicReader(butler)
    snapshot = read_snapshot(reader, request, source, progress)
    for _ in range(_PASSES):
        again = read_snapshot(reader, request, source, progress)
        if again.digest == snapshot.digest:
            return again
        snapshot = again
    raise SnapshotError(
        f"The repository changed during each of {_PASSES + 1} readings, so that no consistent state of it "
        "is known. Wait for what is writing to it, and try again."
    )
