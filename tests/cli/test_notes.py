"""Commands on notes."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import workbench, workbench_json

VISIT = "instrument=HSC,visit=96980"


def test_a_note_s_life(repo: Path) -> None:
    note = workbench_json(
        "annotate", "add", repo, VISIT, "HSC/raw", "clouds", "--flag", "suspect", "--author", "ana"
    )
    assert (note["targets"], note["severity"], note["revision"]) == (2, "needs follow-up", 1)
    changed = workbench_json(
        "annotate", "supersede", repo, note["note"], "--reason", "looked again", "--text", "thin clouds",
        "--no-flag", "--tag", "clouds", "--on", VISIT, "--author", "ben",
    )  # fmt: skip
    assert (changed["revision"], changed["flag"], changed["targets"]) == (2, None, 1)
    (row,) = workbench_json("annotate", "list", repo, VISIT, "--tag", "clouds", "--author", "ben")
    assert (row["text"], row["tags"], row["reason"]) == ("thin clouds", ["clouds"], "looked again")
    assert workbench_json("annotate", "list", repo, VISIT, "--severity", "needs follow-up") == []
    gone = workbench_json("annotate", "retract", repo, note["note"], "it was fine")
    assert gone["retracted"] is True
    assert workbench_json("annotate", "list", repo, VISIT) == []
    revisions = [row["revision"] for row in workbench_json("annotate", "history", repo, note["note"])]
    assert revisions == [1, 1, 2, 2, 3]
    assert "it was fine" in workbench("annotate", "history", repo, note["note"]).stdout
    again = workbench("annotate", "retract", repo, note["note"], "again", exit_code=1)
    assert "Error (annotation)" in again.stderr


def test_a_bot_says_so(repo: Path) -> None:
    note = workbench_json("annotate", "add", repo, "instrument=HSC,visit=96954", "fine", "--author", "ana")
    refused = workbench("annotate", "supersede", repo, note["note"], "--reason", "x", "--bot", exit_code=1)
    assert "a bot never overrides a person" in refused.stderr
    robot = workbench_json(
        "annotate", "add", repo, "instrument=HSC,visit=96954", "score 3", "--author", "robot", "--bot"
    )
    assert robot["bot"] is True


def test_the_vocabulary(repo: Path) -> None:
    words = {row["flag"]: row["severity"] for row in workbench_json("annotate", "vocabulary", "list", repo)}
    assert words["bad"] == "never use"
    workbench("annotate", "vocabulary", "extend", repo, "moonlit", "needs follow-up", "the moon is near")
    assert "moonlit" in workbench("annotate", "vocabulary", "list", repo).stdout
    assert (
        workbench_json("annotate", "add", repo, "instrument=HSC,visit=19676", "moon", "--flag", "moonlit")[
            "flag"
        ]
        == "moonlit"
    )


def test_texts_do_not_command_the_terminal(repo: Path) -> None:
    workbench("annotate", "add", repo, "instrument=HSC,visit=18202", "\x1b[2J\x07red\u202e <b>x</b>")
    shown = workbench("annotate", "list", repo, "instrument=HSC,visit=18202").stdout
    assert "\\x1b[2J\\x07red\\u202e <b>x</b>" in shown
    assert "\x1b" not in shown
    (row,) = workbench_json("annotate", "list", repo, "instrument=HSC,visit=18202")
    assert row["text"] == "\x1b[2J\x07red\u202e <b>x</b>"


def test_an_output_that_no_graph_has(repo: Path) -> None:
    refused = workbench("annotate", "inherited", repo, "deep_coadd", "tract=3,patch=3,band=i", exit_code=1)
    assert "No graph that was committed has the dataset deep_coadd tract=3, patch=3, band=i" in refused.stderr
