"""What notes are to be about: typed, or taken from the set."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence

from lsst.daf.butler import DataIdValue

from workbench.annotations import TargetLike
from workbench.bench import Bench
from workbench.errors import UnknownNameError
from workbench.names import is_uuid
from workbench.session.content.cells import count_text
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.curation.keys import parse_keys
from workbench.session.steps import Step
from workbench.sets import DataIdSet, list_data_ids, merge_data_ids, split_data_id

__all__ = ["NoteTargets", "aim_at_rows", "aim_at_selection", "aim_at_text", "aim_at_visits"]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class NoteTargets:
    """Targets, and the Python that names them.

    Parameters
    ----------
    label : `str`
        The targets in words.
    targets : `tuple` [ `TargetLike`, ... ]
        Data IDs, datasets, collections or one set.
    python : `str`
        An expression for them.
    before : `str`, optional
        Lines that the expression needs.
    """

    label: str = ""
    targets: tuple[TargetLike, ...] = ()
    python: str = "[]"
    before: str = ""

    def with_line(self, line: str) -> str:
        """Return a line of Python after those that the targets need.

        Parameters
        ----------
        line : `str`
            Uses `python`.

        Returns
        -------
        code : `str`
            One line or several.
        """
        return f"{self.before}\n{line}" if self.before else line


def aim_at_text(bench: Bench, text: str, instruments: Sequence[str]) -> NoteTargets:
    """Read targets as people write them.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    text : `str`
        One target a line, or separated by semicolons: numbers of visits and
        detectors (``96954.4``), data IDs (``tract=9813, patch=3``), UUIDs of
        datasets, names of collections.
    instruments : `~collections.abc.Sequence` [ `str` ]
        Those that there are; with one, it need not be written.

    Returns
    -------
    aim : `NoteTargets`
        Nothing is looked up yet.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a data ID cannot be read, or there is no target.
    """
    targets: list[TargetLike] = []
    names: list[str] = []
    for line in (piece.strip() for piece in text.replace(";", "\n").splitlines()):
        if not line:
            continue
        if "=" in line:
            targets.append(_read_data_id(bench, line, instruments))
        elif line[0].isdigit() and not is_uuid(line):
            targets += [_as_data_id(key) for key in parse_keys(line, instruments)]
        else:
            targets.append(uuid.UUID(line) if is_uuid(line) else line)
    if not targets:
        raise UnknownNameError(
            "Write what the note is about: visits (96954, 96954.4), a data ID (tract=9813, patch=3), "
            "a dataset's UUID or a collection, one a line."
        )
    names = [str(target) if isinstance(target, uuid.UUID) else target for target in targets]  # type: ignore[misc]
    return NoteTargets(count_text(len(targets), "target"), tuple(targets), repr(names))


def aim_at_visits(bench: Bench, curation: Curation, which: str) -> NoteTargets:
    """Take targets from the set that is being put together.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    which : `str`
        ``in`` for its rows, ``out`` for the visits that are left out, or
        ``hand`` for what was decided by hand.

    Returns
    -------
    aim : `NoteTargets`
        A set, or data IDs.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is nothing of the kind.
    """
    rows = curation.rows
    if which == "hand":
        ids = [_as_data_id(key) for key in curation.draft.edits]
        if not ids:
            raise UnknownNameError("Nothing was decided by hand yet.")
        return NoteTargets(f"{len(ids):,} decided by hand", tuple(ids), repr(ids))
    if rows is None:
        raise UnknownNameError("The set is still being read: try again in a moment.")
    if which == "in":
        return NoteTargets(f"the set: {curation.size}", (rows,), "visits", curation.to_python())
    rest: DataIdSet = bench.select("visit", "") - rows.project(["visit"])
    if not len(rest):
        raise UnknownNameError("No visit is left out.")
    lines = f'{curation.to_python()}\nleft_out = bench.select("visit", "") - visits.project([\'visit\'])'
    return NoteTargets(f"{len(rest):,} visits that are left out", (rest,), "left_out", lines)


def aim_at_selection(bench: Bench, selection: SharedSelection) -> NoteTargets:
    """Take what is selected in the linked views.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    selection : `~workbench.session.content.selection.SharedSelection`
        The selection.

    Returns
    -------
    aim : `NoteTargets`
        A set.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if nothing is selected.
    """
    rows = selection.to_set(bench)
    if not len(rows):
        raise UnknownNameError(f"Nothing is selected: go to {Step.EXPLORE}, and mark visits in its views.")
    return aim_at_rows(rows, selection.to_expression())


def aim_at_rows(rows: DataIdSet, python: str) -> NoteTargets:
    """Take a set as the target.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        The set.
    python : `str`
        An expression that gives it.

    Returns
    -------
    aim : `NoteTargets`
        The set.
    """
    return NoteTargets(
        f"the selection: {count_text(len(rows), 'row')}", (rows,), "visits", f"visits = {python}"
    )


def _as_data_id(key: tuple[str, int] | tuple[str, int, int]) -> dict[str, DataIdValue]:
    data_id: dict[str, DataIdValue] = {"instrument": key[0], "visit": key[1]}
    return data_id if len(key) == 2 else {**data_id, "detector": key[2]}


def _read_data_id(bench: Bench, text: str, instruments: Sequence[str]) -> Mapping[str, object]:
    """Read a data ID, or several, and fill in the governors that leave no choice."""
    universe = bench.registry.universe
    found = merge_data_ids(list_data_ids(universe, [split_data_id(text)]))
    group = universe.conform(found)
    if "instrument" in group.required and "instrument" not in found and len(instruments) == 1:
        found["instrument"] = instruments[0]
    if "skymap" in group.required and "skymap" not in found:
        maps = bench.dimensions.records("skymap", limit=2)["skymap"].to_pylist()
        if len(maps) == 1:
            found["skymap"] = str(maps[0])
    return found
