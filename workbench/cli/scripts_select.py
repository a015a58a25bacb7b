"""Choose data IDs: select, publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.data_ids import is_set_name
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_rows, print_table, to_rows
from workbench.cli.scripts_browse import split_names
from workbench.cli.scripts_query import print_account
from workbench.cli.terminal import reporting
from workbench.errors import UnknownNameError
from workbench.names import quote

if TYPE_CHECKING:
    from workbench.bench import Bench
    from workbench.sets import DataIdSet, Role

__all__ = ["print_selection", "publish_set", "read_operand", "set_facts"]


def set_facts(rows: DataIdSet) -> dict[str, object]:
    """Say what a set is in one line a fact.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        Any set.

    Returns
    -------
    facts : `dict`
        Name and version, role, dimensions, number of rows, digests, rule.
    """
    return {
        "set": rows.label,
        "role": rows.role,
        "dimensions": ", ".join(rows.key_names),
        "rows": len(rows),
        "key digest": rows.key_digest,
        "record digest": rows.record_digest,
        "rule": rows.provenance.rule or None,
    }


def print_selection(
    place: Place,
    dimensions: str,
    *,
    where: str = "",
    role: Role = "include",
    excluded: tuple[str, ...] = (),
    instrument: str | None = None,
    name: str | None = None,
    reason: str = "",
    allow_empty: bool = False,
    limit: int = 20,
    as_json: bool = False,
) -> None:
    """Select data IDs, subtract others, and save what is left.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    dimensions : `str`
        Dimensions of the set, separated by commas.
    where : `str`, optional
        Condition.
    role : `str`, optional
        "include" or "exclude".
    excluded : `tuple` [ `str`, ... ], optional
        Files, and labels of saved sets, to subtract.
    instrument : `str`, optional
        Value of the instrument column of files that have none.
    name : `str`, optional
        Name to save under; without one, nothing is written.
    reason : `str`, optional
        Why it is saved.
    allow_empty : `bool`, optional
        Save also an empty set.
    limit : `int`, optional
        Print at most so many rows.
    as_json : `bool`, optional
        Print one object with waterfall, subtractions, set and all rows.
    """
    with place.work() if name else place.look() as bench:
        names = split_names(dimensions)
        found = bench.selection(names, where)
        rows = bench.make_selected(found, role=role)
        steps: list[dict[str, str | int]] = []
        for one in excluded:
            before = len(rows)
            rows -= read_operand(bench, one, instrument, role="exclude")
            steps.append({"excluded": one, "rows_before": before, "rows_after": len(rows)})
        if name:
            rows = bench.save(rows, name, reason=reason, allow_empty=allow_empty)
    if as_json:
        print_json(
            {
                "waterfall": to_rows(found.waterfall),
                "notes": list(found.notes),
                "subtracted": steps,
                **{key.replace(" ", "_"): value for key, value in set_facts(rows).items()},
                "data_ids": to_rows(rows.table),
            }
        )
        return
    print_account(found)
    if steps:
        print_rows(list(steps[0]), [list(step.values()) for step in steps])
        print()
    print_table(rows.table, limit=limit)
    print()
    print_facts(set_facts(rows))


def read_operand(bench: Bench, text: str, instrument: str | None, *, role: Role | None = None) -> DataIdSet:
    """Read a saved set if the text can be the name of one, and otherwise a file.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    text : `str`
        Label, or path.
    instrument : `str` or `None`
        Value of the instrument column of files that have none.
    role : `str`, optional
        What the rows of a file are for; by default what the file says.

    Returns
    -------
    rows : `~workbench.sets.DataIdSet`
        The set.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such file, and sets have no such names.
    """
    if is_set_name(text) and not Path(text).exists():
        return bench.load(text)
    if not Path(text).is_file():
        raise UnknownNameError(f"There is no file {quote(text)}, and sets have no such names.")
    return bench.read_set(text, instrument=instrument, role=role)


def publish_set(
    place: Place,
    label: str,
    tagged: str,
    *,
    chain: str,
    reason: str,
    dataset_type: str = "raw",
    source: tuple[str, ...] = (),
    allow_empty: bool = False,
    as_json: bool = False,
) -> None:
    """Publish a saved set as a TAGGED collection behind a chain.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; its Butler is written.
    label : `str`
        The set, as "name" or "name@3".
    tagged : `str`
        New TAGGED collection.
    chain : `str`
        CHAINED collection to point at it.
    reason : `str`
        Why.
    dataset_type : `str`, optional
        What to tag.
    source : `tuple` [ `str`, ... ], optional
        Collections to search, in order.
    allow_empty : `bool`, optional
        Publish also an empty set.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench, reporting() as progress:
        rows = bench.load(label)
        done = bench.publish(
            rows,
            tagged,
            chain=chain,
            reason=reason,
            dataset_type=dataset_type,
            source=source or None,
            allow_empty=allow_empty,
            progress=progress,
        )
    facts: dict[str, object] = {
        "set": rows.label,
        "tagged": done.tagged,
        "chain": done.chain,
        "datasets": done.n_published,
        "commit": done.commit_id,
        "script": None if done.script_path is None else str(done.script_path),
    }
    print_facts(facts, as_json=as_json)
