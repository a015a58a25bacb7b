"""Snapshots as directories: Arrow files and a manifest."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
from lsst.daf.butler import (
    CollectionType,
    DatasetType,
    DimensionConfig,
    DimensionUniverse,
    SerializedDatasetType,
)

from workbench.errors import SnapshotError
from workbench.snapshot.reader import CollectionChains
from workbench.snapshot.schemas import digest_universe
from workbench.snapshot.snapshot import Snapshot

__all__ = ["open_snapshot", "save_snapshot"]

_FORMAT = 1
_MANIFEST = "manifest.json"


def save_snapshot(snapshot: Snapshot, path: str | os.PathLike[str]) -> Path:
    """Write a snapshot beside its place and move it there.

    Parameters
    ----------
    snapshot : `~workbench.snapshot.Snapshot`
        What to write.
    path : `str` or path
        A directory that does not exist, or holds this same snapshot.

    Returns
    -------
    path : `pathlib.Path`
        The directory.

    Raises
    ------
    workbench.errors.SnapshotError
        Raised if the path is taken by something else.
    """
    path = Path(path)
    if path.exists():
        _check_same(snapshot, path)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        for name, frame in snapshot.frames.items():
            with (
                pa.OSFile(str(scratch / _file_name(name)), "wb") as sink,
                pa.ipc.new_file(sink, frame.schema) as writer,
            ):
                writer.write_table(frame)
        manifest = {
            "format": _FORMAT,
            "digest": snapshot.digest,
            "source": snapshot.source,
            "frames": sorted(snapshot.frames),
            "universe_config": snapshot.universe.dimensionConfig.toDict(),
            **snapshot.describe(),
        }
        with (scratch / _MANIFEST).open("w") as stream:
            json.dump(manifest, stream, indent=1)
        for file in scratch.iterdir():
            _sync(file)
        _sync(scratch)
        scratch.rename(path)
        _sync(path.parent)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
        if path.exists():  # written by another process in the meantime
            _check_same(snapshot, path)
            return path
        raise
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return path


def _check_same(snapshot: Snapshot, path: Path) -> None:
    digest = _read_manifest(path).get("digest")
    if digest != snapshot.digest:
        raise SnapshotError(
            f"{path} holds another snapshot ({digest}), not {snapshot.digest}. Save to a new directory."
        )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _file_name(frame: str) -> str:
    return urllib.parse.quote(frame, safe="") + ".arrow"


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / _MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{path} is no saved snapshot: {error}.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise SnapshotError(
            f"{path} is no saved snapshot of format {_FORMAT}. Take the snapshot again, or use the release "
            "of the workbench that wrote it."
        )
    return manifest


def open_snapshot(path: str | os.PathLike[str], universe: DimensionUniverse | None = None) -> Snapshot:
    """Open a snapshot that was saved; its files are mapped, not copied.

    Parameters
    ----------
    path : `str` or path
        The directory.
    universe : `lsst.daf.butler.DimensionUniverse`, optional
        Universe of the repository; rebuilt from the files by default.

    Returns
    -------
    snapshot : `~workbench.snapshot.Snapshot`
        With the digest of the one that was saved.

    Raises
    ------
    workbench.errors.SnapshotError
        Raised if there is no snapshot, if it was damaged, or if the universe
        is another.
    """
    path = Path(path)
    manifest = _read_manifest(path)
    if universe is None:
        universe = DimensionUniverse(DimensionConfig(manifest["universe_config"]))
    if digest_universe(universe) != manifest["universe"]:
        # Also met without one given: universes are cached by version and namespace alone.
        raise SnapshotError(
            f"The snapshot {path} was taken of a repository with another dimension universe. "
            "Open it with the universe of the Butler that it was taken from."
        )
    types = {
        name: None
        if simple is None
        else DatasetType.from_simple(SerializedDatasetType.model_validate(simple), universe=universe)
        for name, simple in manifest["dataset_types"].items()
    }
    snapshot = Snapshot(
        universe=universe,
        search=tuple(manifest["search"]),
        skip_existing_in=tuple(manifest["skip_existing_in"]),
        tree=CollectionChains(
            {name: CollectionType[kind] for name, kind in manifest["types"].items()},
            {name: tuple(children) for name, children in manifest["chains"].items()},
        ),
        dataset_types=types,
        groups={name: universe.conform(names) for name, names in manifest["groups"].items()},
        frames={name: _read_frame(path, name) for name in manifest["frames"]},
        source=manifest["source"],
    )
    if snapshot.digest != manifest["digest"]:
        raise SnapshotError(f"The snapshot {path} was changed after it was saved. Take the snapshot again.")
    return snapshot


def _read_frame(path: Path, name: str) -> pa.Table:
    try:
        with pa.memory_map(str(path / _file_name(name))) as source:
            return pa.ipc.open_file(source).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise SnapshotError(f"The snapshot {path} is damaged: {name}: {error}.") from error
