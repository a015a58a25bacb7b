"""What people type into a campaign file: read as meant, or refused with a place."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.campaigns import read_campaign_file
from workbench.errors import CampaignError
from workbench.registry.tables.yaml_text import YamlText

GOOD = """campaign: u/ana/x
pipeline: resource://workbench/demo/demo.yaml
inputs: [HSC/defaults]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "campaign.yaml"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ("campaign: 5", 1, "campaign is 5, but should be a name"),
        ("campaign: 2020-01-01", 1, "should be a name"),
        ("campaign: [a]", 1, "should be a name"),
        ("pipeline: {a: b}", 2, "the path or URI of a pipeline file"),
        ("inputs: [[HSC/defaults]]", 3, "a list of collections"),
        ("inputs: [1, 2]", 3, "a list of collections"),
        ("partial: [a]", 4, "complete, drop or allow"),
        ("partial: some", 4, "complete, drop or allow"),
        ("growth_limit: .nan", 4, "a number, 1 or larger"),
        ("growth_limit: .inf", 4, "a number, 1 or larger"),
        ("growth_limit: 0.5", 4, "a number, 1 or larger"),
        ("growth_limit: true", 4, "a number, 1 or larger"),
        ("output_run: 7", 4, "a name"),
        ("constraints:\n- {tasks: 5, where: x}", 5, "one name or a list of names"),
        ("constraints:\n- {where: x}\n- tasks: [[a]]\n  where: x", 6, "one name or a list of names"),
        ("constraints:\n- include: 5", 5, "the label of one saved set"),
        ("constraints:\n- include: [one@1]", 5, "the label of one saved set"),
        ("constraints:\n- include: {a: 1}", 5, "the label of one saved set"),
        ("constraints:\n- exclude: ''", 5, "the label of one saved set"),
        ("constraints:\n- where: 5", 5, "an expression, as text"),
        ("constraints:\n- {include: a@1, allow_empty: maybe}", 5, "true or false"),
        ("groups:\n- {by: folds@3, tasks: 5}", 5, "one name or a list of names"),
        ("groups:\n- {by: folds@3, tasks: a, way: 3}", 5, "extend, group, suffix or run"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_line(
    file: Path, change: str, line: int, said: str
) -> None:
    key = change.partition(":")[0]
    lines = [change if old.startswith(f"{key}:") else old for old in GOOD.splitlines()]
    file.write_text("\n".join(lines if change in lines else [*lines, change]) + "\n")
    with pytest.raises(CampaignError, match=said) as caught:
        read_campaign_file(file)
    assert f"campaign.yaml', line {line}: " in str(caught.value)


def test_a_key_twice_is_refused(file: Path) -> None:
    file.write_text(GOOD + "partial: drop\npartial: allow\n")
    with pytest.raises(CampaignError, match="'partial' stands twice, in lines 4 and 5"):
        read_campaign_file(file)
    file.write_text(GOOD + "constraints:\n- where: a\n  where: b\n")
    with pytest.raises(CampaignError, match="'where' stands twice, in lines 5 and 6"):
        read_campaign_file(file)


def test_another_encoding_is_refused_with_its_line(file: Path) -> None:
    file.write_bytes(GOOD.encode() + "# f\u00fcr\n".encode("latin-1"))
    with pytest.raises(CampaignError, match="no UTF-8 text: line 4 has the byte 0xfc"):
        read_campaign_file(file)


@pytest.mark.parametrize(
    "text", ["a: [", "a: \x00", "{" * 5000, "? [a]\n: b", "a: !!python/name:os.system", "a: 2020-13-45"]
)
def test_what_is_no_yaml_is_refused_in_a_sentence(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(CampaignError, match=r"is no YAML|holds no mapping|unknown keys|lacks") as caught:
        read_campaign_file(file)
    assert len(str(caught.value)) < 600


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_yaml_or_a_sentence(text: str | bytes) -> None:
    with contextlib.suppress(ValueError):  # a sentence, and nothing else
        assert YamlText("it", text).place("a", 0, "b").startswith("'it'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x, x]\n" + "".join(f"b{n}: &{c} [{', '.join([f'*{p}'] * 30)}]\n" for n, (p, c) in
         enumerate(itertools.pairwise("abcdefg"))), "anchors, written out, are more than 1,000,000 values"),
        ("a: &a {x: 1}\n" + "".join(f"b{n}: &{c} {{<<: [{', '.join([f'*{p}'] * 30)}]}}\n" for n, (p, c) in
         enumerate(itertools.pairwise("abcdefg"))), "anchors, written out, are more than 1,000,000 values"),
        ("campaign: &a [*a]", "the anchor in line 1 contains itself"),
        (f"{GOOD}growth_limit: 010\n", "010 in line 4 is a number to the base of 8 or 60"),
        (f"{GOOD}growth_limit: 1:30\n", "1:30 in line 4 is a number to the base of 8 or 60"),
        (f'{GOOD}output_run: "\\ud800"\n', "line 4 holds half a character"),
        (f"{GOOD}---\n{GOOD}", "line 4 is no YAML"),
        (f"{GOOD}{'#' * 3_000_000}\n", "holds 3 MiB, and at most 2 are read"),
        (f"{GOOD}\tpartial: drop\n", "line 4 is no YAML"),
    ],
)  # fmt: skip
def test_what_yaml_allows_and_nobody_means_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(CampaignError, match=said) as caught:
        read_campaign_file(file)
    assert len(str(caught.value)) < 500
