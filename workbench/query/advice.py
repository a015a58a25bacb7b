"""What to write instead of what other languages have."""

from __future__ import annotations

import re

from workbench.query.days import find_date

__all__ = ["advise"]

_WORDS = {
    "BETWEEN": "A range is written visit IN (1..5), or x >= 1 AND x <= 5.",
    "LIKE": "Text is searched by GLOB(column, 'begin*'): '*' is any text, '?' one character.",
    "ILIKE": "Text is searched by GLOB(column, 'begin*'), which tells capitals from small letters.",
    "GLOB": "Text is searched by a function: GLOB(column, 'begin*').",
    "REGEXP": "Text is searched by GLOB(column, 'begin*'): '*' is any text, '?' one character.",
    "MATCH": "Text is searched by GLOB(column, 'begin*'): '*' is any text, '?' one character.",
    "SIMILAR": "Text is searched by GLOB(column, 'begin*'): '*' is any text, '?' one character.",
    "CONTAINS": "Text is searched by GLOB(column, '*part*').",
    "IS": "What has no value is found by x = NULL, and what has one by x != NULL.",
    "ISNULL": "What has no value is found by x = NULL, and what has one by x != NULL.",
    "NOTNULL": "What has no value is found by x = NULL, and what has one by x != NULL.",
    "XOR": "Conditions are joined by AND and OR, and turned around by NOT.",
    "EXISTS": "Rows of a table are asked by any(...), or by count(...) > 0.",
    "SELECT": "This is a condition, such as instrument = 'HSC' AND visit > 5, and no statement.",
    "WHERE": "Write the condition alone, without WHERE.",
    "ORDER": "This is a condition alone; how rows are sorted is asked elsewhere.",
    "LIMIT": "This is a condition alone; how many rows are shown is asked elsewhere.",
}
_JOINING = "Conditions are joined by AND and OR, and turned around by NOT."
_CHARACTERS = {
    "&": _JOINING,
    "|": _JOINING,
    "!": _JOINING,
    "~": _JOINING,
    "^": _JOINING,
    '"': "A text is written in single quotes, a name without any.",
    "`": "Strings are written in single quotes, names without quotes.",
    **dict.fromkeys("\u2018\u2019\u201c\u201d", "Strings are written in plain single quotes: '."),
    "@": "A saved set is named in a string: in_set('NAME@3').",
    "[": "Values are listed in parentheses: visit IN (1, 2, 5..9).",
    "{": "Values are listed in parentheses: visit IN (1, 2, 5..9).",
    ";": "This is one condition: leave the semicolon out.",
    "#": "Comments are not part of a condition.",
    "\\": "A string cannot hold a single quote, and nothing is escaped.",
    "\u2212": "The minus sign is the plain one: -.",
    "≤": "Write <=.",
    "≥": "Write >=.",
    "≠": "Write !=.",
}  # fmt: skip
_TIME = (
    "Times are written T'2026-05-02 03:04:05' (UTC), T'2026-05-02T03:04:05/tai', or with a decimal point "
    "T'60000.5' for MJD TAI."
)


def advise(expression: str, position: int) -> str:
    """Say what to write instead of what is not understood.

    Parameters
    ----------
    expression : `str`
        The expression.
    position : `int`
        Where the parser stopped.

    Returns
    -------
    advice : `str`
        A sentence, or nothing.
    """
    before, after = expression[:position].rstrip(), expression[position:]
    char = after[:1]
    if re.match(r"t'", after, re.IGNORECASE):
        digits = re.match(r"t'(\d{4})(\d\d)(\d\d)'", after, re.IGNORECASE)
        return f"Write T'{digits[1]}-{digits[2]}-{digits[3]}'.  {_TIME}" if digits else _TIME
    if advice := find_date(expression, position):
        return advice
    if char == '"' and (text := re.match(r'"([^"\']*)"', after)):
        return f"A text is written in single quotes: '{text[1]}'; a name without any: {text[1]}."
    if char == "'" and expression.count("'") % 2:
        return "A string lacks its closing quote; a string cannot hold a single quote."
    if char == "'" and expression[:position].endswith("'"):
        return "A string cannot hold a single quote, not even a doubled one."
    if char == "=" and before.endswith("="):
        return "Equality is written with a single '='."
    if char == ">" and before.endswith("<"):
        return "What differs is found by '!='."
    if char == "=" and before.endswith((":", "~")):
        return "Equality is written with a single '='."
    if char == "-" and before.endswith("-"):
        return "Comments are not part of a condition."
    if char == ")" and re.search(r"\bin\s*\($", before, re.IGNORECASE):
        return "IN needs a value at least: visit IN (1, 2, 5..9)."
    if re.search(r"\bin$", before, re.IGNORECASE):
        return "IN is followed by values in parentheses: visit IN (1, 2, 5..9)."
    if char in _CHARACTERS:
        return _CHARACTERS[char]
    if char and not char.isascii():
        return (
            f"It is the character U+{ord(char):04X}: outside of strings, only plain letters, digits and "
            "spaces are understood."
        )
    word = re.match(r"\w+", after)
    if word and re.search(r"[<>=]\s*[-+]?[\d.]+(e[-+]?\d+)?$", before, re.IGNORECASE):
        unit = "A number is written without a unit, in that of its column."
        return _WORDS.get(word.group().upper(), unit)
    return _WORDS.get(word.group().upper(), "") if word else ""
