"""The observatory's lists of bad exposures, as they are kept in git."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import BadDataIdTableError
from workbench.reading import split_lines
from workbench.sets.content.set_content import SetContent
from workbench.sets.files.ecsv import check_lines
from workbench.sets.files.set_file import quote_field, read_text, replace_file

__all__ = ["write_excluded_visits"]

_COLUMNS = "exposure,comment"
_HEADER = f"""\
# %ECSV 1.0
# ---
# datatype:
# - {{name: exposure, datatype: uint64}}
# - {{name: comment, datatype: string}}
# delimiter: ','
# schema: astropy-2.0
{_COLUMNS}
"""


def write_excluded_visits(rows: SetContent, path: Path) -> None:
    """Write the observatory's list of bad exposures; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        A set of exposures of one instrument.
    path : `pathlib.Path`
        The file, which is replaced: columns exposure and comment, sorted, a
        space after the comma.  Where it is such a list already, the lines of
        exposures that stay as they are stay as they are, in their order and
        with their spacing; a changed comment changes its line, and a new
        exposure goes before the first larger one.  So a list that was only
        read is written byte by byte as it was, and the difference in git is
        the difference between the sets.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if the set is of other dimensions or of several instruments.
    """
    if rows.key_names != ("instrument", "exposure"):
        raise BadDataIdTableError(
            f"A list of excluded exposures has the dimensions instrument and exposure, this set has "
            f"{', '.join(rows.key_names)}.  Convert it with .to_exposures() or .project(...)."
        )
    instruments = sorted({str(name) for name in rows.table["instrument"].to_pylist()})
    if len(instruments) > 1:
        raise BadDataIdTableError(
            f"A list of excluded exposures is of one instrument, this set has {', '.join(instruments)}."
        )
    check_lines(rows, path)
    exposures = [int(exposure) for exposure in rows.table["exposure"].to_numpy()]
    reasons = rows.table["reason"].to_pylist()
    pairs = zip(exposures, reasons, strict=True)
    wanted = {exposure: quote_field(reason) if reason else "" for exposure, reason in pairs}
    header, lines = _read_lines(path)
    replace_file(path, header + _merge(lines, wanted))


def _read_lines(path: Path) -> tuple[str, list[str]]:
    """Return the header and the lines of a list that is there, or those of a new one."""
    if not path.exists():
        return _HEADER, []
    lines = split_lines(read_text(path))
    heads = [number for number, line in enumerate(lines) if line.replace(" ", "").strip() == _COLUMNS]
    if not heads or not all(line.startswith("#") or not line.strip() for line in lines[: heads[0]]):
        return _HEADER, []
    first = heads[0] + 1
    return "".join(lines[:first]), lines[first:]


def _merge(lines: list[str], wanted: Mapping[int, str]) -> str:
    """Bring lines to what is wanted, by changing as few of them as can be.

    What is no row, such as an empty line or a comment, stays where it is.
    """
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    result: list[tuple[int | None, str]] = []
    there = set()
    for line in lines:
        exposure, comment = _split(line)
        if exposure is None:
            result.append((None, line))
        elif exposure in wanted and exposure not in there:
            there.add(exposure)
            same = _unquote(comment) == _unquote(wanted[exposure])
            result.append((exposure, line if same else f"{exposure}, {wanted[exposure]}{end}"))
    for exposure in sorted(wanted.keys() - there):
        # Not by bisection: the order is broken in some lists.
        rows = [place for place, (other, _) in enumerate(result) if other is not None]
        larger = next((place for place in rows if (result[place][0] or 0) > exposure), None)
        place = larger if larger is not None else rows[-1] + 1 if rows else len(result)
        result.insert(place, (exposure, f"{exposure}, {wanted[exposure]}{end}"))
    texts = [text for _, text in result]
    # A last line without a newline stays so only where it is still the last.
    return "".join([text if text.endswith(("\n", "\r")) else text + end for text in texts[:-1]] + texts[-1:])


def _split(line: str) -> tuple[int | None, str]:
    exposure, _, comment = line.partition(",")
    try:
        # What the reader takes for a number: +5, 2025_04, digits of other scripts.
        number = int(exposure.strip().strip('"')) if not line.startswith("#") else None
    except ValueError:
        number = None
    return number, comment.rstrip("\r\n").lstrip(" ")


def _unquote(field: str) -> str:
    """Return what a field says, however it is quoted."""
    return next(csv.reader([field], skipinitialspace=True), [""])[0] if field.startswith('"') else field
