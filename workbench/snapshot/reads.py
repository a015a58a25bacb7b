"""What a graph is made from, named: which collections, dataset types and dimension records were read."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import Butler, DatasetType, DimensionElement

from workbench.errors import UnknownNameError
from workbench.presentation import presented
from workbench.snapshot._butler_schema import UnreadableTablesError, opening_tables
from workbench.snapshot.fence import iter_dataset_lines, read_fence
from workbench.snapshot.frames import digest_frame
from workbench.snapshot.public import PublicReader
from workbench.snapshot.reader import Collection, CollectionChains, Reader
from workbench.snapshot.snapshot import Snapshot
from workbench.snapshot.tables import TableReader

__all__ = ["Fence", "Reads"]


@dataclasses.dataclass(frozen=True, slots=True)
class Reads:
    """What of a repository a graph is made from.

    Parameters
    ----------
    inputs : `tuple` [ `str`, ... ]
        Input collections in the order in which they are searched.
    input_types : `tuple` [ `str`, ... ]
        Dataset types that are searched in them, prerequisites among them;
        one that is not registered has no datasets.
    existing_in : `tuple` [ `str`, ... ], optional
        Collections in which existing outputs are looked up, the output RUN
        among them; they need not exist.
    output_types : `tuple` [ `str`, ... ], optional
        Dataset types that are looked up in those.
    elements : `tuple` [ `str`, ... ], optional
        Dimension elements whose records are read.
    """

    inputs: tuple[str, ...]
    input_types: tuple[str, ...]
    existing_in: tuple[str, ...] = ()
    output_types: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Fence:
    """The state of all that a graph was made from, so that a change of it is seen.

    Parameters
    ----------
    reads : `Reads`
        What was read.
    parts : `~collections.abc.Mapping` [ `str`, `str` ]
        SHA-256 in hex of each part, by what it is in words; the same from
        every database, and however it is read.
    chains : `~collections.abc.Mapping` [ `str`, `tuple` [ `str`, ... ] ]
        Children of every chain that was followed.
    """

    reads: Reads
    parts: Mapping[str, str]
    chains: Mapping[str, tuple[str, ...]]

    @property
    def digest(self) -> str:
        """SHA-256 in hex over all parts (`str`)."""
        lines = "".join(f"{name}\t{value}\n" for name, value in sorted(self.parts.items()))
        return hashlib.sha256(f"campaign-workbench fence 2\n{lines}".encode()).hexdigest()

    @classmethod
    def read(cls, butler: Butler, reads: Reads) -> Fence:
        """Read the state that the repository has now.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            Butler to read; inside its transaction, what the transaction sees.
        reads : `Reads`
            What to look at.

        Returns
        -------
        fence : `Fence`
            The state.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if an input collection does not exist.

        Notes
        -----
        Reads one row an association or record: 1 to 3 us of processor time
        each from the Butler's tables, about 25 us each through its public
        interface.
        """
        try:
            with opening_tables(butler) as tables:
                return cls._of_reader(TableReader(tables, butler.dimensions), reads, butler)
        except UnreadableTablesError:
            return cls._of_reader(PublicReader(butler), reads, butler)

    @classmethod
    def of_snapshot(cls, butler: Butler, snapshot: Snapshot, reads: Reads) -> Fence:
        """Take the state that a snapshot has: what was read, not what is there by now.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            Knows the dimensions.
        snapshot : `~workbench.snapshot.Snapshot`
            Was taken of all that was read.
        reads : `Reads`
            What that is.

        Returns
        -------
        fence : `Fence`
            As `read` gives it for the same state.
        """
        return cls._of_reader(_SnapshotReader(snapshot), reads, butler)

    @classmethod
    def _of_reader(cls, reader: Reader, reads: Reads, butler: Butler) -> Fence:
        tree = reader.read_collections([*reads.inputs, *reads.existing_in])
        return cls(reads, dict(_read_parts(reader, reads, butler)), dict(sorted(tree.chains.items())))

    def list_changes(self, now: Fence) -> list[str]:
        """Say what has changed.

        Parameters
        ----------
        now : `Fence`
            The state of the same now.

        Returns
        -------
        parts : `list` [ `str` ]
            Names of the parts that differ.
        """
        names = self.parts.keys() | now.parts.keys()
        return sorted(name for name in names if self.parts.get(name) != now.parts.get(name))


def _read_parts(reader: Reader, reads: Reads, butler: Butler) -> Iterator[tuple[str, str]]:
    """Yield each part in words, with its digest."""
    inputs, existing = ", ".join(reads.inputs), ", ".join(reads.existing_in)
    reader.expect_dataset_types([*reads.input_types, *reads.output_types])
    yield f"the chains of {inputs}", read_fence(reader, reads.inputs, ())
    # Without the chains, so that only what has changed itself is named.
    searched = reader.read_collections(reads.inputs).flatten(reads.inputs)
    for name in reads.input_types:
        yield f"{name} in {inputs}", _digest_datasets(reader, name, searched, with_ranges=True)
    if reads.existing_in:
        known = reader.read_collections(reads.existing_in).types
        there = [name for name in reads.existing_in if name in known]
        yield f"the collections {existing}", f"{there} {read_fence(reader, there, ())}"
        places = reader.read_collections(there).flatten(there)
        for name in reads.output_types:
            yield f"{name} in {existing}", _digest_datasets(reader, name, places, with_ranges=False)
    for name in reads.elements:
        yield f"the records of {name}", digest_frame(reader.read_records(butler.dimensions[name]))


def _digest_datasets(reader: Reader, name: str, places: Sequence[Collection], *, with_ranges: bool) -> str:
    """Digest where datasets of a type are, and when they are valid, if that counts."""
    dataset_type = reader.find_dataset_type(name)
    digest = hashlib.sha256()
    if dataset_type is not None:
        frames = [reader.read_associations(dataset_type, places)]
        calibration = with_ranges and dataset_type.isCalibration()
        if calibration:
            frames.append(reader.read_certifications(dataset_type, places))
        for text in iter_dataset_lines(frames, calibration=calibration):
            digest.update(text)
    return digest.hexdigest()


class _SnapshotReader(Reader):
    """Reads from a snapshot what it was taken of."""

    def __init__(self, snapshot: Snapshot):
        self._snapshot = snapshot

    def _fetch_collections(self, names: tuple[str, ...]) -> CollectionChains:
        tree = self._snapshot.tree
        found: dict[str, None] = {}
        waiting = [name for name in names if name in tree.types]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting.extend(tree.chains.get(name, ()))
        return CollectionChains(
            {name: tree.types[name] for name in found},
            {name: tree.chains[name] for name in found if name in tree.chains},
        )

    def _find_dataset_type(self, name: str) -> DatasetType | None:
        return self._snapshot.dataset_type(name)

    def _fetch_associations(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        return self._take("associations", dataset_type, collections, schema)

    def _fetch_certifications(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        return self._take("certifications", dataset_type, collections, schema)

    def _take(
        self, kind: str, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        frame = self._snapshot.frames.get(f"{kind}/{dataset_type.name}")
        if frame is None:
            return schema.empty_table()
        wanted = pa.array([one.name for one in collections], pa.string())
        return frame.filter(pc.is_in(frame["collection"].cast(pa.string()), wanted))

    def _fetch_records(self, element: DimensionElement) -> pa.Table:
        return self._snapshot.stored_records(element.name)

    def _fetch_pixels(self, element: DimensionElement) -> pa.Table:
        raise UnknownNameError(f"No fence is about the pixels of {element.name}, which its records give.")
