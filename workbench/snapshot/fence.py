"""The fence: a digest of what the repository held when a preview was made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, Timespan

from workbench.errors import UnknownNameError
from workbench.snapshot._butler_schema import UnreadableTablesError, opening_tables
from workbench.snapshot.public import PublicReader
from workbench.snapshot.reader import CollectionChains, Reader
from workbench.snapshot.tables import TableReader

__all__ = ["compute_fence", "iter_dataset_lines", "read_fence"]

_UUID_GROUPS = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
"""Where the groups of a UUID's text begin in its digits, and how long they are."""

_LINES = 1 << 16
"""Lines that are one text at a time."""


def compute_fence(butler: Butler, collections: Sequence[str], dataset_types: Sequence[str]) -> str:
    """Digest what a campaign reads from the repository.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Butler to read; inside its transaction, what the transaction sees.
    collections : `~collections.abc.Sequence` [`str`]
        Input collections in the order in which they are searched; chains are
        followed.
    dataset_types : `~collections.abc.Sequence` [`str`]
        Names of the dataset types that are read.  One that the repository
        does not know counts as having no datasets.

    Returns
    -------
    fence : `str`
        SHA-256 in hex over the definitions of all chains, the datasets of
        each collection, and the validity ranges of calibrations.  It does not
        depend on the order of ``dataset_types``, and never on the database.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a collection does not exist.

    Notes
    -----
    Reads one row an association: 1 to 2 us of processor time each from the
    Butler's tables, about 25 us each through its public interface.
    """
    try:
        with opening_tables(butler) as tables:
            return read_fence(TableReader(tables, butler.dimensions), collections, dataset_types)
    except UnreadableTablesError:
        return read_fence(PublicReader(butler), collections, dataset_types)


def read_fence(reader: Reader, collections: Sequence[str], dataset_types: Sequence[str]) -> str:
    """Digest what a campaign reads, in the state that a reader sees.

    Parameters
    ----------
    reader : `~workbench.snapshot.reader.Reader`
        Where to read from.
    collections : `~collections.abc.Sequence` [`str`]
        Input collections in the order in which they are searched.
    dataset_types : `~collections.abc.Sequence` [`str`]
        Names of the dataset types that are read.

    Returns
    -------
    fence : `str`
        As `compute_fence` gives it, the same from every reader.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a collection does not exist.
    """
    tree = reader.read_collections(collections)
    if missing := [name for name in collections if name not in tree.types]:
        raise UnknownNameError(
            f"a fence was asked over the collections {list(collections)}, but there is no "
            f"{', '.join(map(repr, missing))}; name collections of this repository"
        )
    digest = hashlib.sha256(b"campaign-workbench fence 1\n")
    for line in _iter_collection_lines(collections, tree):
        digest.update(f"{line}\n".encode())
    searched = tree.flatten(collections)
    for name in sorted(set(dataset_types)):
        digest.update(f"dataset type\t{name}\n".encode())
        dataset_type = reader.find_dataset_type(name)
        if dataset_type is None:
            continue
        frames = [reader.read_associations(dataset_type, searched)]
        if dataset_type.isCalibration():
            frames.append(reader.read_certifications(dataset_type, searched))
        for text in iter_dataset_lines(frames, calibration=dataset_type.isCalibration()):
            digest.update(text)
    return digest.hexdigest()


def _iter_collection_lines(collections: Sequence[str], tree: CollectionChains) -> Iterator[str]:
    """Yield the searched collections with the definitions of all chains below."""
    yield "\t".join(["search", *collections])
    for name, kind in sorted(tree.types.items()):
        yield "\t".join(["collection", kind.name, name, *tree.chains.get(name, ())])


def iter_dataset_lines(frames: Sequence[pa.Table], *, calibration: bool) -> Iterator[bytes]:
    """Yield lines for associations of datasets with collections, sorted, many at a time.

    Parameters
    ----------
    frames : `~collections.abc.Sequence` [ `pyarrow.Table` ]
        Associations and certifications of one dataset type.
    calibration : `bool`
        Whether validity ranges are part of them.

    Yields
    ------
    text : `bytes`
        Lines with their ends.
    """
    lines = pl.concat([_format(frame, calibration=calibration) for frame in frames]).unique().sort()
    for begin in range(0, len(lines), _LINES):
        yield f"{lines[begin : begin + _LINES].str.join(chr(10)).item()}\n".encode()


def _format(frame: pa.Table, *, calibration: bool) -> pl.Series:
    digits = pl.Series(frame["dataset_id"].cast(pa.binary()), dtype=pl.Binary).bin.encode("hex")
    columns = pl.DataFrame(
        {"collection": pl.Series(frame["collection"].cast(pa.string()), dtype=pl.String), "digits": digits}
    )
    groups = [pl.col("digits").str.slice(begin, length) for begin, length in _UUID_GROUPS]
    fields: list[pl.Expr | pl.Series] = [pl.col("collection"), pl.concat_str(groups, separator="-")]
    if calibration:
        # Datasets of RUN and TAGGED collections are valid at all times.
        fields += [
            pl.Series(name, frame[name]) if name in frame.schema.names else pl.lit(bound)
            for name, bound in zip(("timespan_begin", "timespan_end"), Timespan(None, None).nsec, strict=True)
        ]
    return columns.select(pl.concat_str(fields, separator="\t")).to_series()
