"""Files that people name: looked at before they are read, and said what is wrong with them."""

from __future__ import annotations

import io
import stat
from pathlib import Path

__all__ = ["MOST_BYTES", "MOST_VALUES", "read_bounded", "read_text", "split_lines"]

MOST_BYTES = 512 * 2**20
"""Of a file of data IDs or measurements, on disk."""

MOST_VALUES = 20_000_000
"""Of a text file, each of which takes some 100 bytes while it is read."""

_PACKED = {
    b"\x1f\x8b": "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"PK\x03\x04": "a zip archive, as spreadsheets are",
    b"version https://git-lfs": "what git-lfs left in place of a file that it did not fetch",
}
"""How files begin that hold another one."""

_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How text in UTF-16 begins."""


def read_bounded(path: Path, *, most: int = MOST_BYTES) -> bytes:
    """Read a whole file that is not too large.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    most : `int`, optional
        Bytes that are read.

    Returns
    -------
    content : `bytes`
        What it holds.

    Raises
    ------
    ValueError
        Raised with a sentence if it is no ordinary file, is larger, or holds
        another file that has to be unpacked first.
    OSError
        Raised if it cannot be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{path} is no ordinary file, but a directory, a pipe or a device.")
    if found.st_size > most:
        raise ValueError(
            f"{path} holds {found.st_size / 2**20:,.0f} MiB, and at most {most / 2**20:,.0f} are read. "
            "Split it."
        )
    content = path.read_bytes()
    for begin, what in _PACKED.items():
        if content.startswith(begin):
            raise ValueError(f"{path} is {what}. Unpack it first.")
    return content


def read_text(path: Path, *, merging: bool = False, most_values: int | None = None) -> str:
    """Read a text file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    merging : `bool`, optional
        Take the marks that git leaves of a merge for text.
    most_values : `int`, optional
        Values that are read, as lines, commas and brackets tell; for readers
        that make an object of each.

    Returns
    -------
    text : `str`
        Its content, without a byte order mark.

    Raises
    ------
    ValueError
        Raised with a sentence if it is not UTF-8 text, is too large, or holds
        NUL or the marks of a merge.
    OSError
        Raised if it cannot be read.
    """
    content = read_bounded(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = (
            "it is UTF-16"
            if content.startswith(_WIDE)
            else f"byte {error.start}, in line {line}, cannot be read"
        )
        raise ValueError(f"{path} is not UTF-8 text: {what}. Save it as UTF-8.") from error
    if "\0" in text:
        at = text.index("\0")
        raise ValueError(
            f"{path} is not text: it holds a NUL character at {at}, in line {text[:at].count(chr(10)) + 1}."
        )
    n_values = 0 if most_values is None else sum(map(text.count, "\n\r,[{"))
    if most_values is not None and n_values > most_values:
        raise ValueError(
            f"{path} holds some {n_values:,} values, and at most {most_values:,} are read as text. Write "
            "Parquet instead, or split it."
        )
    if not merging and (
        text.startswith(("<<<<<<< ", ">>>>>>> ")) or "\n<<<<<<< " in text or "\n>>>>>>> " in text
    ):
        raise ValueError(f"{path} holds the marks of a merge that git left to you: resolve it first.")
    return text


def split_lines(text: str) -> list[str]:
    r"""Split text into lines, each with its end.

    Parameters
    ----------
    text : `str`
        Any text.

    Returns
    -------
    lines : `list` [ `str` ]
        Split at ``\n``, ``\r\n`` and ``\r`` alone: a comment may hold what
        `str.splitlines` takes for the end of a line, too.
    """
    return list(io.StringIO(text, newline=""))
