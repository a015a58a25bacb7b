"""Sets from files that were dropped or named, and sets as files."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import param

from workbench.names import LONGEST_NAME
from workbench.session.content.cells import count_text
from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import Operator, Source
from workbench.session.desk.desk import Desk
from workbench.sets import DataIdSet, FileStyle, write_set_file

__all__ = ["BEGIN", "FORMATS", "SAVE", "USES", "SetFiles"]

BEGIN = "begin"
SAVE = "save"

USES: Mapping[str, str] = {
    "leave its rows out": "-",
    "take its rows in": "|",
    "keep only its rows": "&",
    "begin from it": BEGIN,
    "save it as a set of its own": SAVE,
}
"""What may become of a file: an operator of the draft, `BEGIN` or `SAVE`."""

FORMATS: Mapping[str, tuple[str, FileStyle]] = {
    "JSON": (".json", "set"),
    "ECSV": (".ecsv", "set"),
    "ECSV, list of bad exposures": (".ecsv", "excluded_visits"),
    "ECSV for --data-id-table": (".ecsv", "data_id_table"),
    "CSV": (".csv", "set"),
    "Parquet": (".parquet", "set"),
}
"""Formats of files: their suffix and style."""

_OPERATORS: Mapping[str, Operator] = {"-": "-", "|": "|", "&": "&"}
_IN_PYTHON = "Correct them, or leave them out with unknown='drop'."
"""Advice that cannot be followed by clicks."""

_NO_NAME = re.compile(r"[^a-z0-9_-]+")


class SetFiles(param.Parameterized):
    """Reads files into the set that is being put together, and writes it out.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    """

    outcomes = param.List(
        doc="name of each file of the last drop, what became of it, whether that is an error"
    )

    def __init__(self, desk: Desk, curation: Curation):
        super().__init__()
        self.desk = desk
        self.curation = curation

    def drop(self, files: Sequence[tuple[str, bytes | None]], use: str, instrument: str) -> None:
        """Use files that were dropped, each on its own.

        Parameters
        ----------
        files : `~collections.abc.Sequence`
            Name and content of each; no content where it was too large.
        use : `str`
            One of `USES`.
        instrument : `str`
            Instrument, where a file has no such column.
        """
        outcomes = []
        for name, content in files:
            if content is None:
                outcomes.append((name, "is too large to be dropped: give its path on the server.", True))
                continue
            kept = self.desk.log.keep_upload(PurePath(name).name or "file", content)
            with tempfile.TemporaryDirectory() as directory:
                path = Path(directory) / kept
                path.write_bytes(content)
                outcomes.append(self._use(kept, path, f"uploads / {kept!r}", use, instrument))
        self.outcomes = outcomes

    def read(self, path: str, use: str, instrument: str) -> None:
        """Use a file on the server's disk.

        Parameters
        ----------
        path : `str`
            The file.
        use : `str`
            One of `USES`.
        instrument : `str`
            Instrument, where the file has no such column.
        """
        file = Path(path).expanduser().absolute()
        self.outcomes = [self._use(file.name, file, repr(str(file)), use, instrument)]

    def write(self, label: str) -> tuple[str, bytes] | None:
        """Write the set as a file for the browser.

        Parameters
        ----------
        label : `str`
            One of `FORMATS`.

        Returns
        -------
        file : `tuple` [ `str`, `bytes` ] or `None`
            Name and content; `None` if it failed, and the user was told.
        """
        rows = self.curation.rows
        if rows is None:
            return None
        suffix, style = FORMATS[label]
        filename = f"{rows.name or 'visits'}{'' if rows.version is None else f'-{rows.version}'}{suffix}"
        given = "" if style == "set" else f", style={style!r}"
        what = "visits.to_exposures()" if style == "excluded_visits" else "visits"
        hint = (
            f"from workbench.sets import write_set_file\n\n{self.curation.to_python()}\n"
            f"write_set_file({what}, {filename!r}{given})"
        )
        content = self.desk.act(hint, lambda: _write(rows, filename, style), kind="write")
        return None if content is None else (filename, content)

    def _use(self, name: str, path: Path, code: str, use: str, instrument: str) -> tuple[str, str, bool]:
        role = "exclude" if use == "-" else None if use in {BEGIN, SAVE} else "include"
        arguments = "".join(
            f", {key}={value!r}" for key, value in {"instrument": instrument, "role": role}.items() if value
        )
        python = f"bench.read_set({code}{arguments})"
        bench = self.desk.bench
        rows, error = self.desk.attempt(
            lambda: bench.read_set(path, instrument=instrument or None, role=role)  # type: ignore[arg-type]
        )
        if rows is None:
            if code.startswith("uploads"):
                # The directory is ours and gone: the message shall name the file as the user does.
                error = error.replace(f"{path.parent}/", "")
            return name, error.replace(_IN_PYTHON, "Correct them in the file."), True
        source = Source(name, rows, python)
        n_rows = count_text(len(rows), "row")
        if use == SAVE:
            return self._save(name, source, n_rows)
        before = self.curation.draft
        if use == BEGIN:
            self.curation.begin(source, f"begin from {name}")
        else:
            self.curation.apply(_OPERATORS[use], source)
        if self.curation.draft is before:
            return name, self.curation.error, True
        return name, f"{n_rows} over {', '.join(rows.key_names)}.", False

    def _save(self, name: str, source: Source, n_rows: str) -> tuple[str, str, bool]:
        desk = self.desk
        set_name = _NO_NAME.sub("-", PurePath(name).stem.lower()).strip("-0123456789_")
        set_name = set_name[:LONGEST_NAME] or "imported"
        reason = f"imported from {name}"
        save = f"bench.save(imported, {set_name!r}, reason={reason!r}{desk.author_argument})"
        hint = f"imported = {source.python}\nimported = {save}"
        saved, error = desk.attempt(
            lambda: desk.bench.save(source.rows, set_name, reason=reason, author=desk.author)
        )
        if saved is None:
            return name, error, True
        desk.record(hint, "write")
        desk.log.check("imported", saved.key_digest)
        desk.n_saved += 1
        return name, f"{n_rows}, saved as {saved.label}.", False


def _write(rows: DataIdSet, filename: str, style: FileStyle) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / filename
        write_set_file(rows.to_exposures() if style == "excluded_visits" else rows, path, style=style)
        return path.read_bytes()
