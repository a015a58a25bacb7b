"""What is said twice on a command line or in a file: a union or an error, never the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.conftest import workbench
from workbench.cli.root import main
from workbench.cli.words.pairs import read_pairs
from workbench.cli.words.shapes import Command
from workbench.errors import GroupingError, UnknownNameError
from workbench.groupings import parse_rule


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(every_command(main))
REPEATS = [
    (name, option)
    for name, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and not (option.multiple or option.is_flag or option.count)
]


def test_every_command_refuses_repeats() -> None:
    assert len(REPEATS) > 100
    assert [name for name, command in COMMANDS.items() if not isinstance(command, Command)] == []


@pytest.mark.parametrize(("name", "option"), REPEATS, ids=lambda value: getattr(value, "name", value))
def test_an_option_of_one_value_is_given_once(name: str, option: click.Option) -> None:
    words = [word for n in range(2) for word in (option.opts[-1], *[str(n)] * option.nargs)]
    done = workbench(*name.split(), *words, exit_code=2)
    assert f"{option.opts[-1]} is given 2 times" in done.stderr


def test_opposite_flags_are_not_given_together() -> None:
    done = workbench("groups", "make", "repo", "good", "halves", "years", "--sets", "--no-sets", exit_code=2)
    assert "--sets/--no-sets is given 2 times" in done.stderr


def test_a_flag_may_be_said_twice() -> None:
    workbench("groups", "rules", "--json", "--json")


def test_a_name_has_one_value() -> None:
    assert read_pairs(["a=b", "c=d=e", "a=b"], "a=b") == {"a": "b", "c": "d=e"}
    with pytest.raises(UnknownNameError, match="two values, 'b' and 'c'"):
        read_pairs(["a=b", "a=c"], "a=b")


@pytest.mark.parametrize("cost", ["nan", "-3", "inf", "1e999", "much"])
def test_a_cost_is_a_time(cost: str) -> None:
    done = workbench("campaign", "preview", "repo", "file.yaml", "--cost", f"warp={cost}", exit_code=1)
    assert "are no CPU seconds of warp" in done.stderr


def test_an_argument_of_a_rule_is_given_once() -> None:
    with pytest.raises(GroupingError, match=r"folds\(n, seed, by=\('band',\)\): 'seed' is given twice"):
        parse_rule("folds(2, seed=1, seed=2)")
    with pytest.raises(GroupingError, match="it missing 1 required positional argument: 'seed'"):
        parse_rule("folds(2)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('- {name: a, reason: r, where: "visit = 1", where: "visit = 2"}', "the key 'where' stands twice"),
        (
            '- {name: a, reason: r, where: "band = 1"}\n- {name: a, reason: r, where: "band = 2"}',
            "as one before it",
        ),
        ("- {name: a, reason: r, where: [x]}", "'where' is a text"),
        ("- {name: a, reason: r, union: [x]}", "of two sets or more"),
    ],
)
def test_a_file_of_sets_says_each_thing_once(repo: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "families.yaml"
    path.write_text(text)
    assert said in workbench("sets", "make", repo, path, "--dry-run", exit_code=1).stderr
