"""Objects in a terminal and in a notebook."""

from __future__ import annotations

import dataclasses
import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from workbench.presentation import LONGEST, presented


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    first: object
    second: object = None
    _hidden: int = 0


@presented
class Counted:
    def __init__(self, facts: dict[str, object], rows: pa.Table | None = None):
        self.facts = facts
        self.table = rows

    def _shown_facts(self) -> dict[str, object]:
        return self.facts

    def _shown_rows(self) -> pa.Table | None:
        return self.table


def html_of(shown: object) -> str:
    return shown._repr_html_()  # type: ignore[attr-defined]


def test_a_dataclass_shows_its_public_fields() -> None:
    assert repr(Pair(1, "two")) == "Pair(first=1, second='two')"
    assert html_of(Pair(1, "two")) == (
        "<b>Pair</b><table><tr><th>first</th><td>1</td></tr><tr><th>second</th><td>two</td></tr></table>"
    )


def test_of_what_is_long_the_size_is_told() -> None:
    table = pa.table({"visit": range(10_000), "band": ["i"] * 10_000})
    assert repr(Pair(table)) == "Pair(first=10,000 rows of 2 columns)"
    text = repr(Pair(list(range(10_000)), dict.fromkeys(range(1000), "x" * 50)))
    assert "of 10,000" in text
    assert "of 1,000" in text
    assert len(text) < LONGEST


def test_what_is_short_can_be_typed_again() -> None:
    shown = Pair(("a@1",), {"visit": [1, 2.5, None, True]})
    assert eval(repr(shown)) == shown


def test_a_class_keeps_its_own_words() -> None:
    @presented
    class Told:
        def __repr__(self) -> str:
            return "Told(in my words)"

        def __str__(self) -> str:
            return "A sentence < a page."

        def _shown_facts(self) -> dict[str, object]:
            return {"n": 1}

    assert repr(Told()) == "Told(in my words)"
    assert (
        html_of(Told()) == "<b>Told</b> A sentence &lt; a page.<table><tr><th>n</th><td>1</td></tr></table>"
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.binary(max_size=100),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=40), inner, max_size=20),
    max_leaves=40,
)


@given(
    st.dictionaries(st.text("abc_", min_size=1, max_size=60), values, max_size=60),
    st.lists(st.text(max_size=200), max_size=60),
)
def test_no_form_is_longer_than_a_screen_or_holds_markup(facts: dict[str, object], texts: list[str]) -> None:
    rows = pa.table({"text": pa.array(texts, pa.string()), "n": pa.array(range(len(texts)), pa.int64())})
    for shown in (Counted(facts), Counted(facts, rows)):
        assert len(repr(shown)) <= LONGEST
        assert repr(shown).isprintable()
        html = html_of(shown)
        assert len(html) <= LONGEST
        assert set(re.findall("<[^>]*>", html)) <= {
            f"<{slash}{tag}>" for slash in ("", "/") for tag in ("b", "table", "tr", "th", "td")
        }
        assert html.count("<table>") == html.count("</table>")


def test_rows_that_do_not_fit_are_counted() -> None:
    rows = pa.table({"visit": range(1000), "name": ["<b>&"] * 1000})
    html = html_of(Counted({"n": 1000}, rows))
    assert html.count("&lt;b&gt;&amp;") == 12
    assert html.endswith("... and 988 more rows")
