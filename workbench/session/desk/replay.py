"""A session as a notebook that does the same again."""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterator, Mapping

from nbformat import NotebookNode, v4, writes

from workbench.bench import Bench
from workbench.rendering import render_time
from workbench.session.desk.log import Entry, SessionLog

__all__ = ["make_notebook"]

_INTRODUCTION = """\
# A session of the Campaign Workbench

What was done in the application on `{uri}`, in order, as calls of the public Python API.

With `write = False` nothing is written: sets are made and compared with what the session saved.
With `write = True` everything is saved, noted, grouped and committed again, as on a copy of the repository.
"""

_CHECK = """\
if {variable}.key_digest != {digest!r}:
    raise AssertionError(
        f"The set differs from that of the session (key digest {{{variable}.key_digest}}): "
        "the repository has changed since."
    )"""


def make_notebook(log: SessionLog, bench: Bench, now: Mapping[str, str]) -> bytes:
    """Write a session as a notebook.

    Parameters
    ----------
    log : `~workbench.session.desk.log.SessionLog`
        What was done.
    bench : `~workbench.bench.Bench`
        Where.
    now : `~collections.abc.Mapping` [ `str`, `str` ]
        Key digests that variables have at the end.

    Returns
    -------
    content : `bytes`
        An ``.ipynb`` file.  Each set that was saved, and the one that stands
        at the end, is compared with its key digest of the session.
    """
    cells = [
        v4.new_markdown_cell(_INTRODUCTION.format(uri=bench.uri)),
        v4.new_code_cell(_opening(bench)),
    ]
    if log.uploads:
        cells += [
            v4.new_markdown_cell("The files that were dropped into the application."),
            v4.new_code_cell(_uploads(log.uploads)),
        ]
    entries = log.to_replay()
    for entry in entries:
        cells.append(v4.new_markdown_cell(f"{_title(entry)} ({render_time(entry.time)} TAI)"))
        cells += _cells(entry)
    checked = entries[-1].checks if entries else {}
    makes = any(
        (entry.kind == "change" and entry.subject == "set") or "visits" in entry.checks for entry in entries
    )
    if makes and checked != now:
        cells.append(v4.new_markdown_cell("The set as it stood at the end."))
        cells += [v4.new_code_cell(_check(variable, digest)) for variable, digest in now.items()]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return str(writes(notebook)).encode()


_TITLES = {"look": "Looked", "change": "Put the set together", "write": "Wrote"}


def _title(entry: Entry) -> str:
    return "Put the groups together" if entry.subject == "grouping" else _TITLES[entry.kind]


def _opening(bench: Bench) -> str:
    sidecar = "" if bench.registry.sidecar is None else f", sidecar={bench.registry.sidecar!r}"
    return (
        "import workbench as wb\n\n"
        "write = False\n"
        f"bench = wb.open({bench.uri!r}, read_only=not write{sidecar})"
    )


def _uploads(uploads: Mapping[str, bytes]) -> str:
    lines = [
        "import base64\nimport pathlib\nimport tempfile\n",
        'uploads = pathlib.Path(tempfile.mkdtemp(prefix="uploads-"))',
    ]
    for name, content in uploads.items():
        try:
            lines.append(f"(uploads / {name!r}).write_text({content.decode()!r}, newline='')")
        except UnicodeDecodeError:
            encoded = base64.b64encode(content).decode()
            lines.append(f"(uploads / {name!r}).write_bytes(base64.b64decode({encoded!r}))")
    return "\n".join([*lines, "None"])


def _cells(entry: Entry) -> Iterator[NotebookNode]:
    code = entry.python
    if entry.kind == "write":
        lines = code.splitlines()
        first = ast.parse(code).body[-1].lineno - 1
        # Text inside quotes holds no line break here: Python's `repr` writes it as \n.
        guarded = [f"    {line}" for line in lines[first:]]
        code = "\n".join([*lines[:first], "if write:", *guarded])
    yield v4.new_code_cell(code)
    for variable, digest in entry.checks.items():
        yield v4.new_code_cell(_check(variable, digest))


def _check(variable: str, digest: str) -> str:
    return _CHECK.format(variable=variable, digest=digest)
