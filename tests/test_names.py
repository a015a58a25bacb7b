"""Names and reasons that people give."""

from __future__ import annotations

import pytest

from workbench import errors
from workbench.errors import BadNameError, ReasonRequiredError, WorkbenchError
from workbench.names import check_collection, check_name, is_name, quote, require_reason
from workbench.registry.plan.plan import RegisterChain, RegisterRun, RegisterTagged

ODD_COLLECTIONS = [
    "",
    " ",
    "/",
    "..",
    "../../x",
    "u/../../x",
    "u/ana/..",
    "u/./x",
    "/u/ana",
    "u/ana/",
    "u//ana",
    "u/ana x",
    "u/ana ",
    " u/ana",
    "u/a\nb",
    "u/ana\n",
    "u/a\tb",
    "u/a\0b",
    "u/a\x7fb",
    "u/a\u200bb",
    "u/\u0430na",  # a Cyrillic letter that looks Latin
    "u/an\u0061\u0301",
    "u/a\udc80b",
    "u/a%2e%2e",
    "u/a'b",
    'u/a"b',
    "u/a;b",
    "u/a*",
    "u/a?",
    "u\\a",
    "u/a:b",
    "my campaign!",
    "x" * 201,
    "u/" + "x" * 5000,
    None,
    5,
    b"u/ana",
    ["u/ana"],
]


@pytest.mark.parametrize("name", ODD_COLLECTIONS, ids=lambda name: ascii(name)[:30])
def test_odd_collections_are_refused(name: object) -> None:
    with pytest.raises(BadNameError) as caught:
        check_collection(name)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()
    for step in (RegisterRun, RegisterTagged, RegisterChain):
        with pytest.raises(BadNameError):
            step(name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["u/ana/DM-1234", "HSC/raw/all", "HSC/runs/RC2/w_2026_30/DM-1@2#x", "x" * 200, "a+b", "v1.0/a.b"]
)
def test_usual_collections_are_taken(name: str) -> None:
    assert check_collection(name) == RegisterRun(name).name == name


@pytest.mark.parametrize(
    "name", ["", "A", "1a", "a b", "a\n", "a/b", "../a", "a.json", "a@1", "\u0430", "a" * 61, "a\0", None, 5]
)
def test_odd_names_are_refused(name: object) -> None:
    with pytest.raises(BadNameError, match="small letters"):
        check_name(name)


def test_usual_names_are_taken() -> None:
    assert check_name("a" * 60) == "a" * 60
    assert check_name("cosmos-i_2") == "cosmos-i_2"
    assert not is_name("a" * 61)


@pytest.mark.parametrize("reason", ["", " ", "\n\t", None, 5])
def test_a_reason_tells_something(reason: object) -> None:
    with pytest.raises(ReasonRequiredError, match="Say why it is saved"):
        require_reason(reason, "it is saved")
    assert require_reason("seeing", "it is saved") == "seeing"


@pytest.mark.parametrize("typed", ["a" * 5000, "\0" * 5000, "a b " * 2000, ["a" * 5000], {"a": "b" * 5000}])
def test_what_was_typed_is_repeated_in_part(typed: object) -> None:
    assert len(quote(typed)) < 200
    assert quote("short") == "'short'"


def test_no_error_repeats_a_pasted_page() -> None:
    for name in errors.__all__:
        kind: type[WorkbenchError] = getattr(errors, name)
        error = kind(f"There is no {'9' * 5000!r} here, and nothing else.")
        assert len(str(error)) < 250
        assert "(5,002 characters) here, and nothing else." in str(error)
        assert str(kind("There is no 'x'.")) == "There is no 'x'."
