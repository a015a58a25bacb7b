"""Free-text reasons as words of a vocabulary, by rules that a repository can extend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from workbench.errors import DeclarationError
from workbench.names import quote
from workbench.presentation import presented
from workbench.registry import Column, Registry, TableDeclaration
from workbench.sets.content.canonical import REASON
from workbench.sets.content.provenance import current_author
from workbench.sets.content.set_content import SetContent

__all__ = [
    "CURATED_RULES",
    "REASON_RULES",
    "ReasonRule",
    "classify_reasons",
    "count_reasons",
    "extend_rules",
    "read_rules",
]


@presented
@dataclass(frozen=True, slots=True)
class ReasonRule:
    """Texts that match a pattern are about a word.

    Parameters
    ----------
    word : `str`
        Word of the vocabulary, such as "out of focus".
    pattern : `str`
        Regular expression (of Rust's ``regex``, which takes linear time on any
        text), found anywhere in the text, in small or capital letters.
    """

    word: str
    pattern: str


CURATED_RULES: tuple[ReasonRule, ...] = (
    ReasonRule("trailed", r"\btrail|\bmotion\b|\belongated"),
    ReasonRule("out of focus", r"out[ -]of[ -]focus|\bdefocus|\btrefoil|\blopsided|\bdiamond ring"),
    ReasonRule("donuts", r"do(ugh)?nut"),
    ReasonRule("slew", r"\bslew"),
    ReasonRule("tracking", r"\btrack|\brotator\b|\bguid(er|ing)\b"),
    ReasonRule("vignetting", r"\bvignet"),
    ReasonRule("stray light", r"\blaser\b|\blights? on\b|\bstray[ -]light|\bghost|\bglint|\bmoon"),
    ReasonRule("mirror or mount fault", r"\bM1M3 fault|\bM2 fault|\bTMA fault|\bmount fault"),
    ReasonRule("no active optics", r"\b(without|no) AOS\b"),
    ReasonRule("calibration failed", r"\bcharacterizeImage\b.*\bfail|\bcalibrateImage\b.*\bfail"),
    ReasonRule("poor PSF", r"\bPSF\b|\bbad seeing|\bseeing cut"),
    ReasonRule("mislabeled", r"\bmis-?label"),
    ReasonRule("clouds", r"\bcloud|\btransparency"),
    ReasonRule("shutter", r"\bshutter"),
    ReasonRule("aircraft", r"\b(air)?planes?\b|\baircraft"),
    ReasonRule("hexapod", r"\bhexapod"),
    ReasonRule("electronics", r"\breadout\b|\bcorrupt|\bamp(lifier)?s?\b|\bbias jump"),
)
"""Rules of every repository, made for the comments of the observatory's lists of bad exposures."""

REASON_RULES = TableDeclaration(
    name="reason_rules",
    columns=(
        Column("word", "str", doc="word of the vocabulary", nullable=False),
        Column("pattern", "str", doc="regular expression that finds it in a reason", nullable=False),
        Column("author", "str", doc="who added the rule", nullable=False),
        Column("dropped", "bool", doc="whether the rule holds no longer"),
    ),
    key=("word", "pattern"),
    current="latest",
    tombstone="dropped",
    doc="Rules that this repository has beside the curated ones.",
    visible=False,
)

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*")
_LONGEST_WORD = 60
_LONGEST_PATTERN = 1000
_COUNT_TYPES: dict[str, pa.DataType] = {"word": pa.string(), "n_rows": pa.int64(), "example": pa.string()}
_COUNTS = pa.schema(_COUNT_TYPES)
WORDS = "words"


def read_rules(registry: Registry) -> tuple[ReasonRule, ...]:
    """Read the rules that hold in a repository; writes nothing.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        The repository.

    Returns
    -------
    rules : `tuple` [ `ReasonRule`, ... ]
        The curated ones, then its own.
    """
    table = registry.tables().get(REASON_RULES.name)
    own = [] if table is None else table.read(columns=["word", "pattern"]).to_pylist()
    return (*CURATED_RULES, *(ReasonRule(row["word"], row["pattern"]) for row in own))


def extend_rules(
    registry: Registry, rule: ReasonRule, *, author: str | None = None
) -> tuple[ReasonRule, ...]:
    """Add a rule to a repository; writes.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        The repository.
    rule : `ReasonRule`
        A word that is there, with another pattern, or a new word.
    author : `str`, optional
        Who adds it; by default the user of this process.

    Returns
    -------
    rules : `tuple` [ `ReasonRule`, ... ]
        All that hold now.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if the word is none, or the pattern no regular expression, or
        one that every text matches.
    """
    if _WORD.fullmatch(rule.word) is None or len(rule.word) > _LONGEST_WORD:
        raise DeclarationError(
            f"{quote(rule.word)} is no word for reasons: one is at most {_LONGEST_WORD} letters and digits, "
            "such as 'clouds'."
        )
    if len(rule.pattern) > _LONGEST_PATTERN:
        raise DeclarationError(
            f"The pattern for {rule.word!r} has {len(rule.pattern):,} characters; at most "
            f"{_LONGEST_PATTERN:,} are tried on every reason. Add several rules for the word."
        )
    if not rule.pattern.strip() or _find(pl.Series([""]), rule).item():
        raise DeclarationError(
            f"Every reason would match the pattern {quote(rule.pattern)} for {rule.word!r}. Write a part of "
            "the texts that are meant, such as 'cloud|cirrus'."
        )
    row = {"word": rule.word, "pattern": rule.pattern, "author": author or current_author()}
    registry.declare(REASON_RULES).upsert([row])
    return read_rules(registry)


def classify_reasons(rows: SetContent, rules: Sequence[ReasonRule] = CURATED_RULES) -> pa.Table:
    """Say what the reasons of a set are about.

    Parameters
    ----------
    rows : `DataIdSet`
        The set; its own reasons stay as they were written.
    rules : sequence of `ReasonRule`, optional
        What to look for.

    Returns
    -------
    table : `pyarrow.Table`
        Keys, ``reason``, and ``words``: a list of all words whose rules match,
        empty where none does.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if a pattern is no regular expression.
    """
    reasons = pl.Series(REASON, rows.table[REASON].to_pylist(), dtype=pl.String)
    found: dict[str, pl.Series] = {}
    for rule in rules:
        mask = _find(reasons, rule)
        found[rule.word] = found[rule.word] | mask if rule.word in found else mask
    words = [
        [word for word, mask in zip(found, row, strict=True) if mask]
        for row in zip(*found.values(), strict=True)
    ]
    column = pa.array(words or [[]] * len(rows), pa.list_(pa.string()))
    return rows.table.select([*rows.key_names, REASON]).append_column(WORDS, column)


def count_reasons(rows: SetContent, rules: Sequence[ReasonRule] = CURATED_RULES) -> pa.Table:
    """Count the rows of a set by what their reasons are about.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    rules : sequence of `ReasonRule`, optional
        What to look for.

    Returns
    -------
    counts : `pyarrow.Table`
        ``word`` (null for reasons that no rule knows, and for rows without
        one), ``n_rows``, and ``example``, one of the texts; most rows first.  A
        row counts for each of its words.
    """
    frame = pl.DataFrame(pl.from_arrow(classify_reasons(rows, rules).select([REASON, WORDS])))
    counts = (
        frame.explode(WORDS, empty_as_null=True)
        .group_by(pl.col(WORDS).alias("word"))
        .agg(pl.len().cast(pl.Int64).alias("n_rows"), pl.col(REASON).min().alias("example"))
        .sort(["n_rows", "word"], descending=[True, False])
    )
    return counts.to_arrow().cast(_COUNTS)


def _find(texts: pl.Series, rule: ReasonRule) -> pl.Series:
    try:
        return texts.str.contains(f"(?i){rule.pattern}").fill_null(value=False)
    except pl.exceptions.ComputeError as error:
        # The first lines draw the pattern again, and the last ones what was called.
        told = str(error).partition("\n\nThis error occurred")[0].splitlines()
        reason = next((line for line in told if line.startswith("error: ")), told[0])
        raise DeclarationError(
            f"The pattern {quote(rule.pattern)} for {rule.word!r} is no regular expression: "
            f"{reason.removeprefix('error: ').rstrip('.')}."
        ) from error
