"""Collections and their datasets, for the tree of collections."""

from __future__ import annotations

from workbench.bench import Bench
from workbench.session.content.wire import pack_message

__all__ = ["make_tree", "make_types"]


def make_tree(bench: Bench) -> bytes:
    """Describe all collections.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; nothing is written.

    Returns
    -------
    message : `bytes`
        Collections, and those that no chain searches.
    """
    rows = bench.collections.list().to_pylist()
    collections = [
        {
            "name": row["name"],
            "type": row["type"],
            "children": [name for name in row["children"].split(", ") if name],
            "doc": row["doc"] or "",
        }
        for row in rows
    ]
    # What is searched is looked for more often than what is in it.
    collections.sort(key=lambda one: one["type"] != "CHAINED")
    below = {name for one in collections for name in one["children"]}
    kinds: dict[str, int] = {}
    for one in collections:
        kinds[one["type"]] = kinds.get(one["type"], 0) + 1
    counted = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
    return pack_message(
        {
            "title": "Collections",
            "digest": "",
            "length": 0,
            "collections": collections,
            "roots": [one["name"] for one in collections if one["name"] not in below],
            "says": f"{len(collections):,} collections: {counted}." if collections else "No collections.",
        }
    )


def make_types(bench: Bench, collection: str) -> bytes:
    """Describe the datasets of a collection.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; nothing is written.
    collection : `str`
        Its name; empty for all.

    Returns
    -------
    message : `bytes`
        Dataset types with counts.
    """
    rows = bench.collections.dataset_types([collection] if collection else None).to_pylist()
    noun = "dataset type" if len(rows) == 1 else "dataset types"
    where = f"in {collection}" if collection else "in all collections; choose one to see its own"
    docs = (
        {row["name"]: row["doc"] or "" for row in bench.collections.list().to_pylist()} if collection else {}
    )
    return pack_message(
        {
            "types": [
                [row["name"], row["dimensions"], row["storage_class"], f"{row['datasets']:,}"] for row in rows
            ],
            "says": f"{len(rows)} {noun} {where}.",
            "doc": docs.get(collection, ""),
        }
    )
