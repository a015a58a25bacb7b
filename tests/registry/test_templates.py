"""Keys of file templates in a ``butler.yaml``: added, and taken out to the byte."""

from __future__ import annotations

import itertools

import pytest
import yaml
from lsst.daf.butler import DimensionUniverse
from lsst.daf.butler.datastore.file_templates import FileTemplates

from workbench.errors import DimensionError
from workbench.registry.dimensions.templates import add_keys, list_keys, remove_keys

DEFAULT = "{run:/}/{datasetType}/{visit:?}/{datasetType}_{visit:?}_{run}"

PLAIN = """\
datastore:
  cls: lsst.daf.butler.datastores.fileDatastore.FileDatastore
  root: <butlerRoot>
registry:
  db: sqlite:///<butlerRoot>/gen3.sqlite3
"""
TEMPLATES = """\
# A comment of somebody's.
datastore:
    root: <butlerRoot>   # another
    templates:
        default: "{run:/}/{datasetType}_{visit:?}_{run}"
        raw: '{run:/}/{datasetType}_{exposure:?}.{id}'
        instrument<HSC>:
            flat: 'f/{datasetType}_{detector}_{run}'
    records: {table: file_datastore_records}
"""
WITHOUT_DEFAULT = """\
datastore:
  templates:
    raw: "{run:/}/{exposure}_{run}"
"""
CHAIN = """\
datastore:
  cls: lsst.daf.butler.datastores.chainedDatastore.ChainedDatastore
  datastores:
  - datastore:
      cls: lsst.daf.butler.datastores.inMemoryDatastore.InMemoryDatastore
  - datastore:
      cls: lsst.daf.butler.datastores.fileDatastore.FileDatastore
      root: <butlerRoot>/a
  - datastore:
      root: <butlerRoot>/b
      templates:
        default: 'b/{datasetType}_{visit:?}_{run}'
"""
CRLF = PLAIN.replace("\n", "\r\n")
FORMS = [PLAIN, TEMPLATES, WITHOUT_DEFAULT, CHAIN, CRLF, PLAIN.rstrip("\n")]


@pytest.mark.parametrize("text", FORMS)
def test_what_was_added_is_taken_out_to_the_byte(text: str) -> None:
    both = add_keys(text, ["pair", "subset"], DEFAULT)
    assert list_keys(both) == ["pair", "subset"]
    assert remove_keys(both, ["pair", "subset"]) == text
    for first, second in itertools.permutations(["pair", "subset"]):
        apart = add_keys(add_keys(text, [first], DEFAULT), [second], DEFAULT)
        assert list_keys(apart) == ["pair", "subset"]
        assert remove_keys(remove_keys(apart, [first]), [second]) == text
        assert remove_keys(remove_keys(apart, [second]), [first]) == text
    assert add_keys(both, ["pair"], DEFAULT) == both
    assert remove_keys(text, ["pair"]) == text


@pytest.mark.parametrize("text", FORMS)
def test_every_template_gets_the_key_once(text: str) -> None:
    both = add_keys(text, ["pair", "subset"], DEFAULT)

    def iter_templates(node: object) -> list[str]:
        if isinstance(node, dict):
            return [found for value in node.values() for found in iter_templates(value)]
        if isinstance(node, list):
            return [found for value in node for found in iter_templates(value)]
        return [str(node)] if any(field in str(node) for field in ("{run}", "{id}")) else []

    templates = iter_templates(yaml.safe_load(both))
    assert templates
    for template in templates:
        assert template.count("{pair:?}") == template.count("{subset:?}") == 1


def test_the_butler_reads_the_edited_templates() -> None:
    config = yaml.safe_load(add_keys(TEMPLATES, ["pair"], DEFAULT))["datastore"]
    found = FileTemplates(config["templates"], universe=DimensionUniverse())
    assert found.default is not None
    assert found.default.template == "{run:/}/{datasetType}_{visit:?}_{pair:?}_{run}"
    assert config["records"] == {"table": "file_datastore_records"}
    without = yaml.safe_load(add_keys(PLAIN, ["pair"], DEFAULT))["datastore"]
    assert without["templates"]["default"] == DEFAULT.replace("_{run}", "_{pair:?}_{run}")


def test_a_key_that_was_there_stays() -> None:
    text = PLAIN + "# end\n"
    text = text.replace("  root", '  templates:\n    default: "{run:/}/{datasetType}_{pair:?}_{run}"\n  root')
    assert add_keys(text, ["pair"], DEFAULT) == text
    assert remove_keys(add_keys(text, ["pair", "subset"], DEFAULT), ["pair", "subset"]) == text


def test_what_others_edited_since_is_kept() -> None:
    edited = add_keys(PLAIN, ["pair"], DEFAULT).replace("gen3", "gen4") + "logging: true\n"
    assert remove_keys(edited, ["pair"]) == PLAIN.replace("gen3", "gen4") + "logging: true\n"
    lines = add_keys(PLAIN, ["pair"], DEFAULT).splitlines(keepends=True)
    lines.insert(4, "    raw: '{run:/}/{exposure}_{run}'\n")
    config = yaml.safe_load(remove_keys("".join(lines), ["pair"]))
    assert config["datastore"]["templates"] == {"default": DEFAULT, "raw": "{run:/}/{exposure}_{run}"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("registry:\n  db: sqlite://\n", "no 'datastore' of its own"),
        ("datastore: {root: <butlerRoot>}\n", "in line 1 a mapping is written in braces"),
        ("datastore:\n  templates: !include templates.yaml\n", "line 2 the templates are no mapping"),
        ("datastore:\n  templates:\n    default: >\n      {run:/}/{id}\n", "line 3 a template is a block"),
        (
            "datastore:\n  datastores:\n  - datastore:\n      templates: {raw: '{id}'}\n",
            "line 4 a mapping is written in braces",
        ),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(DimensionError, match=says):
        add_keys(text, ["pair"], DEFAULT)
