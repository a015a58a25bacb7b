"""Every example of every `--help`, run in one repository in the order of the main job."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from lsst.daf.butler import Butler, DatasetType

import workbench as wb
from tests.executed import Executed
from workbench.cli import main
from workbench.demo.main_job import BAD_LIST, create
from workbench.graph import BuildOptions

ORDER = (
    "dimensions demo-repo",
    "query",
    "sets import",
    "select",
    "sets",
    "publish",
    "metrics",
    "groups make",
    "dimensions extend",
    "groups lower",
    "groups export",
    "annotate",
    "graph build",
    "graph",
    "campaign",
    "impact",
)
"""How commands begin that need what the ones before have made."""

TYPED = {
    "dimensions extend demo-repo pair": "extend pair\n",
    "dimensions extend demo-repo subset": "extend subset\n",
}


def iter_epilogs(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield what stands below the options of every help."""
    if command.epilog:
        yield " ".join(path), command.epilog
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from iter_epilogs(inner, (*path, name))


EPILOGS = dict(iter_epilogs(main))
EXAMPLES = [
    line
    for text in EPILOGS.values()
    for line in re.findall(r"^ *workbench ((?:.*\\\n)*.*)", text, re.MULTILINE)
]


def rank(example: str) -> int:
    return max(
        (place for place, words in enumerate(ORDER) if example.startswith(words)),
        key=lambda place: len(ORDER[place]),
        default=len(ORDER),
    )


def blocks_of(text: str) -> list[dict[str, object]]:
    """Return the YAML in an epilog: the lines that are indented by two."""
    chunks = re.split(r"\n(?! )", text)
    return [
        yaml.safe_load("\n".join(line[2:] for line in chunk.splitlines()[1:]))
        for chunk in chunks
        if re.search(r"^  \w+:", chunk, re.MULTILINE)
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with all that the examples take for granted."""
    root = tmp_path_factory.mktemp("examples")
    create(root / "demo-repo")
    shutil.copy(BAD_LIST, root / "bad.ecsv")
    (root / "exclusions").mkdir()
    (root / "quick.csv").write_text("instrument,visit,psf_fwhm\nHSC,96954,0.75\n")
    (root / "groups.ecsv").write_text(
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: group_key, datatype: string}\n"
        "# - {name: visit, datatype: int64}\n# delimiter: ','\ngroup_key,visit\na,96860\nb,96862\n"
    )
    with sqlite3.connect(root / "consdb.db") as database:
        database.execute("CREATE TABLE visit1_quicklook (visit_id INTEGER, zero_point REAL)")
        database.execute("INSERT INTO visit1_quicklook VALUES (96954, 27.1)")
    database.close()
    (root / "log.yaml").write_text(yaml.safe_dump(blocks_of(EPILOGS["tables declare"])[0]))
    campaign = blocks_of(EPILOGS["campaign"])[0]
    (root / "campaign.yaml").write_text(yaml.safe_dump(campaign, sort_keys=False))
    with wb.open(root / "demo-repo") as bench:
        donuts = bench.select("visit", "visit IN (96860, 96862)")
        bench.save(donuts, "donuts", reason="two sides of the focus")
        focus = wb.TableDeclaration(
            "aos", (wb.Column("focus_z", "float", unit="mm"),), dimensions=("instrument", "visit")
        )
        bench.tables.declare(focus).append(
            [
                {"instrument": "HSC", "visit": visit, "focus_z": z}
                for visit, z in ((96860, -1.5), (96862, 1.5))
            ]
        )
        bench.save(bench.select("visit", "visit > 20000"), "cosmos-i", reason="first")
        bad = bench.read_set(BAD_LIST, instrument="HSC", role="exclude")
        bench.save(bad, "bad", reason="first")
        group = bench.butler.dimensions.conform(["patch", "band"])
    with Butler.from_config(root / "demo-repo", writeable=True, run="u/ana/DM-1200") as butler:
        butler.registry.registerDatasetType(DatasetType("patch_metrics", group, "StructuredDataDict"))
        patch = next(iter(butler.query_dimension_records("patch"))).dataId
        butler.put({"depth": 26.5}, "patch_metrics", patch, band="i")
    with wb.open(root / "demo-repo") as bench:
        preview = bench.campaigns.read(root / "campaign.yaml").preview()
        preview.write(root / "before.qg")
    return root


def test_every_example_of_every_help_runs(
    place: Path, executed: Executed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    # Two campaigns ran and were brought back there; it is only asked.
    (place / "asked").mkdir(exist_ok=True)
    (place / "asked" / "demo-repo").symlink_to(executed.root)
    runner = CliRunner()
    failed = []
    for example in sorted(EXAMPLES, key=rank):
        words = shlex.split(example.replace("\\\n", " "))
        if "NOTE" in words:
            notes = json.loads(runner.invoke(main, ["annotate", "list", "demo-repo", "--json"]).stdout)
            words[words.index("NOTE")] = notes[0]["note_id"]
        typed = next((text for begin, text in TYPED.items() if example.startswith(begin)), None)
        if words[0] == "impact":
            monkeypatch.chdir(place / "asked")
        done = runner.invoke(main, words, input=typed)
        if done.exit_code:
            failed.append(f"workbench {example}\n{done.output}")
    assert not failed, "\n".join(failed)
    assert len(EXAMPLES) > 30


def test_what_the_help_says_of_files_can_be_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    done = CliRunner().invoke(main, ["tables", "declare", "demo-repo", "log.yaml"])
    assert done.exit_code == 0, done.output
    options = [block["options"] for block in blocks_of(EPILOGS["campaign"]) if "options" in block]
    assert BuildOptions.from_mapping(options[0]).clobber is False  # type: ignore[arg-type]
