"""The flags that a note may carry, each with a severity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from workbench.errors import AnnotationError
from workbench.registry import Column, Registry, TableDeclaration

__all__ = ["CURATED_FLAGS", "FLAGS", "Severity", "extend_vocabulary", "read_vocabulary"]

Severity = Literal["never use", "needs follow-up"]
"""What a flag asks for (DMTN-204 section 3 wants these two told apart)."""

CURATED_FLAGS: Mapping[str, Severity] = MappingProxyType(
    {
        "bad": "never use",
        "corrupt": "never use",
        "donuts": "never use",
        "shutter": "never use",
        "slewing": "never use",
        "trailed": "never use",
        "artifact": "needs follow-up",
        "astrometry": "needs follow-up",
        "background": "needs follow-up",
        "photometry": "needs follow-up",
        "psf": "needs follow-up",
        "suspect": "needs follow-up",
        "vignetted": "needs follow-up",
    }
)
"""Flags that every repository has; the words are those of the observatory's own lists of bad exposures."""

FLAGS = TableDeclaration(
    name="annotation_flags",
    columns=(
        Column("flag", "str", nullable=False),
        Column("severity", "str", doc=" or ".join(get_args(Severity)), nullable=False),
        Column("meaning", "str", doc="When to use it", nullable=False),
        Column("author", "str", nullable=False),
    ),
    key=("flag",),
    current="latest",
    doc="Flags of notes that this repository has beside the curated ones",
    visible=False,
)

_FLAG = re.compile(r"[a-z][a-z0-9_-]*")


def read_vocabulary(registry: Registry) -> dict[str, Severity]:
    """Read the flags that notes may carry here; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.

    Returns
    -------
    vocabulary : `dict` [ `str`, `str` ]
        Severity by flag: the curated flags and the repository's own.
    """
    vocabulary = dict(CURATED_FLAGS)
    if (table := registry.tables().get(FLAGS.name)) is not None:
        for row in table.read(columns=["flag", "severity"]).to_pylist():
            vocabulary[row["flag"]] = row["severity"]
    return dict(sorted(vocabulary.items()))


def extend_vocabulary(
    registry: Registry, flag: str, severity: Severity, meaning: str, *, author: str
) -> dict[str, Severity]:
    """Add a flag to the repository's vocabulary; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    flag : `str`
        Matches ``[a-z][a-z0-9_-]*``.
    severity : `str`
        "never use" or "needs follow-up".
    meaning : `str`
        When to use the flag.
    author : `str`
        Who adds it.

    Returns
    -------
    vocabulary : `dict` [ `str`, `str` ]
        Severity by flag, the new one included.

    Raises
    ------
    workbench.errors.AnnotationError
        Raised if the flag exists with another severity, is no name, or has
        no meaning or no known severity.
    """
    if _FLAG.fullmatch(flag) is None:
        raise AnnotationError(f"The flag {flag!r} is no name; one matches [a-z][a-z0-9_-]*, such as 'bad'.")
    if severity not in get_args(Severity):
        known = " or ".join(map(repr, get_args(Severity)))
        raise AnnotationError(f"The flag {flag!r} has the unknown severity {severity!r}; it is {known}.")
    if not meaning.strip():
        raise AnnotationError(f"The flag {flag!r} has no meaning; say when to use it.")
    with registry.transaction():
        vocabulary = read_vocabulary(registry)
        if vocabulary.get(flag, severity) != severity:
            raise AnnotationError(
                f"The flag {flag!r} exists and says {vocabulary[flag]!r}; notes that carry it mean that. "
                "Choose another name."
            )
        if flag not in vocabulary:
            row = {"flag": flag, "severity": severity, "meaning": meaning, "author": author}
            registry.declare(FLAGS).append([row])
    return read_vocabulary(registry)
