"""What a commit will write, and what one has written: collections, files and dataset types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from lsst.daf.butler import MissingCollectionError, MissingDatasetTypeError

from workbench.campaigns.campaign import Campaign
from workbench.campaigns.commits.marker import WORKFLOW
from workbench.campaigns.commits.record import Commit
from workbench.campaigns.commits.storage import GRAPHS
from workbench.campaigns.definition.request import Publication
from workbench.graph import GraphSize, Preview
from workbench.presentation import presented
from workbench.registry import Registry
from workbench.snapshot.browse import collection_exists

__all__ = [
    "COLLECTION_SCHEMA",
    "FILE_SCHEMA",
    "TYPE_SCHEMA",
    "CommitForecast",
    "forecast_commit",
    "list_written",
]

COLLECTION_SCHEMA = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("collection", "type", "when")]
)
"""Collections, and whether the commit writes them or the ingest of what ran."""

_FILE: dict[str, pa.DataType] = {
    "what": pa.string(),
    "path": pa.string(),
    "n_bytes": pa.int64(),
    "size": pa.string(),
}
FILE_SCHEMA = pa.schema(_FILE)
"""Files with their size (byte), which is ``written``, ``measured`` or ``estimated``."""

_TYPE: dict[str, pa.DataType] = {
    "dataset_type": pa.string(),
    "n_datasets": pa.int64(),
    "registered": pa.bool_(),
    "when": pa.string(),
}
TYPE_SCHEMA = pa.schema(_TYPE)
"""Dataset types of what is written, and whether the repository has them already."""

_COMMIT, _SCRIPT, _INGEST = "commit", "script", "ingest"


@presented
@dataclass(frozen=True, slots=True)
class CommitForecast:
    """What a commit will write.

    Parameters
    ----------
    collections, files, dataset_types : `pyarrow.Table`
        Of `COLLECTION_SCHEMA`, `FILE_SCHEMA` and `TYPE_SCHEMA`; ``when`` is
        ``commit``, ``ingest``, or, where the Butler is not written from here,
        ``script`` for what the script of the commit writes.  The datasets
        of the run are predicted: they are registered when it is ingested.
    graph : `~workbench.graph.GraphSize`
        Of the graph file.
    """

    collections: pa.Table
    files: pa.Table
    dataset_types: pa.Table
    graph: GraphSize


def forecast_commit(
    registry: Registry, campaign: Campaign, preview: Preview, publication: Publication | None = None
) -> CommitForecast:
    """Say what a commit will write; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    campaign : `Campaign`
        The campaign.
    preview : `~workbench.graph.Preview`
        Its graph.
    publication : `Publication`, optional
        What will be published in the same step.

    Returns
    -------
    forecast : `CommitForecast`
        The graph file is measured, or estimated where it is large.
    """
    size = preview.measure_size()
    record = json.dumps(campaign.to_record(preview), sort_keys=True)
    directory = registry.storage_dir / GRAPHS
    files = [
        _file(
            "graph", f"{directory}/<SHA-256>.qg", size.n_bytes, "measured" if size.measured else "estimated"
        )
    ]
    if not registry.butler_writeable:
        files.append(_file("script", f"{directory}/<commit>.py", len(record), "estimated"))
    # The document in the RUN has some hundred bytes beside the record.
    files.append(_file("record", f"{preview.output_run}, {WORKFLOW.name}", len(record), "estimated"))
    made = [
        (row["dataset_type"], row["datasets"])
        for row in preview.datasets.to_pylist()
        if row["kind"] != "input"
    ]
    return CommitForecast(
        _list_collections(registry, preview.output_run, campaign.name, publication),
        pa.Table.from_pylist(files, schema=FILE_SCHEMA),
        _list_types(registry, made),
        size,
    )


def list_written(registry: Registry, commit: Commit) -> pa.Table:
    """List the files that a commit has written, and what ran since; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    commit : `Commit`
        The commit.

    Returns
    -------
    files : `pyarrow.Table`
        Of `FILE_SCHEMA`, with their sizes on the disk; logs of executions
        among them.
    """
    files = [
        _file(what, str(path), path.stat().st_size, "written")
        for what, path in (("graph", commit.graph_path), ("script", commit.script_path))
        if path is not None and path.is_file()
    ]
    if commit.run is not None and (path := _find_record(registry, commit.run)) is not None:
        files.append(_file("record", str(path), path.stat().st_size, "written"))
    if commit.graph_path is not None:
        logs = commit.graph_path.parent.glob(f"{commit.graph_path.stem}*.log")
        files += [_file("log", str(path), path.stat().st_size, "written") for path in sorted(logs)]
    return pa.Table.from_pylist(files, schema=FILE_SCHEMA)


def _file(what: str, path: str, n_bytes: int, size: str) -> Mapping[str, object]:
    return {"what": what, "path": path, "n_bytes": n_bytes, "size": size}


def _list_collections(registry: Registry, run: str, output: str, publication: Publication | None) -> pa.Table:
    writer = _COMMIT if registry.butler_writeable else _SCRIPT
    rows = [(run, "RUN", writer)]
    if publication is not None:
        rows.append((publication.tagged, "TAGGED", writer))
        if publication.chain:
            rows.append((publication.chain, "CHAINED, pointer", writer))
    is_new = not collection_exists(registry.butler, output)
    rows.append((output, f"CHAINED, {'new' if is_new else 'extended'}", _INGEST))
    return pa.Table.from_pylist(
        [dict(zip(COLLECTION_SCHEMA.names, row, strict=True)) for row in rows], schema=COLLECTION_SCHEMA
    )


def _list_types(registry: Registry, made: Sequence[tuple[str, int]]) -> pa.Table:
    writer = _COMMIT if registry.butler_writeable else _SCRIPT
    rows = [(WORKFLOW.name, 1, writer), *((name, n, _INGEST) for name, n in made)]
    return pa.Table.from_pylist(
        [
            {
                "dataset_type": name,
                "n_datasets": n,
                "registered": _is_registered(registry, name),
                "when": when,
            }
            for name, n, when in rows
        ],
        schema=TYPE_SCHEMA,
    )


def _is_registered(registry: Registry, name: str) -> bool:
    try:
        registry.butler.get_dataset_type(name)
    except MissingDatasetTypeError:
        return False
    return True


def _find_record(registry: Registry, run: str) -> Path | None:
    try:
        ref = registry.butler.find_dataset(WORKFLOW.name, collections=[run])
    except (MissingCollectionError, MissingDatasetTypeError):
        return None  # a script has still to register them
    if ref is None:
        return None
    place = registry.butler.getURI(ref)
    return Path(place.ospath) if place.isLocal else None
