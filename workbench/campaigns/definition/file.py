"""The campaign file: a campaign's definition as YAML, fit for git."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import yaml

from workbench.errors import CampaignError
from workbench.graph import BuildOptions
from workbench.presentation import presented
from workbench.registry.tables.yaml_text import YamlText

__all__ = ["CampaignFile", "read_campaign_file"]

_GROWTH_LIMIT = 2.0
_SHOWN = 80

_Kind: TypeAlias = tuple[str, Callable[[object], bool]]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_names(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(value) and all(map(_is_text, value)))


def _is_factor(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 1 and value < math.inf


def _is_anything(_: object) -> bool:
    return True


_NAMES: _Kind = ("one name or a list of names", _is_names)
_ONE_NAME: _Kind = ("a name", _is_text)
_SET: _Kind = ("the label of one saved set, such as cosmos@3", _is_text)
_TYPES: Mapping[str, _Kind] = {
    "campaign": _ONE_NAME,
    "pipeline": ("the path or URI of a pipeline file", _is_text),
    "inputs": ("a list of collections", _is_names),
    "output_run": _ONE_NAME,
    "partial": ("complete, drop or allow", lambda value: value in ("complete", "drop", "allow")),
    "growth_limit": ("a number, 1 or larger", _is_factor),
    "options": ("a mapping", _is_anything),  # looked at as a whole
    "constraints": ("a list of mappings", _is_anything),
    "groups": ("a list of mappings", _is_anything),
}
_CONSTRAINT_TYPES: Mapping[str, _Kind] = {
    "tasks": _NAMES,
    "dataset_type": _ONE_NAME,
    "where": ("an expression, as text", _is_text),
    "include": _SET,
    "exclude": _SET,
    "allow_empty": ("true or false", lambda value: isinstance(value, bool)),
}
_GROUP_TYPES: Mapping[str, _Kind] = {
    "by": ("the label of a grouping, such as folds@3", _is_text),
    "tasks": _NAMES,
    "way": ("extend, group, suffix or run", _is_text),
    "dimension": _ONE_NAME,
}


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class CampaignFile:
    """What a campaign file says.

    Parameters
    ----------
    campaign : `str`
        Output CHAINED collection.
    pipeline : `str`
        Path or URI; relative paths are relative to the file.
    inputs : `tuple` [ `str`, ... ]
        Input collections.
    constraints : `tuple` [ `~collections.abc.Mapping`, ... ]
        Keyword arguments of `Campaign.constrain`; sets by name.
    output_run : `str` or `None`, optional
        Output RUN collection.
    partial : `str`, optional
        Policy on missing inputs.
    growth_limit : `float`, optional
        Largest factor by which completing may grow the graph.
    options : `~workbench.graph.BuildOptions`, optional
        How the graph is built.
    groups : `tuple` [ `~collections.abc.Mapping`, ... ], optional
        Keyword arguments of `Campaign.group`; groupings by label.
    """

    campaign: str
    pipeline: str
    inputs: tuple[str, ...]
    constraints: tuple[Mapping[str, object], ...] = ()
    output_run: str | None = None
    partial: str = "complete"
    growth_limit: float = _GROWTH_LIMIT
    options: BuildOptions = dataclasses.field(default_factory=BuildOptions)
    groups: tuple[Mapping[str, object], ...] = ()

    def to_yaml(self) -> str:
        """Return the text of a campaign file that says the same.

        Returns
        -------
        text : `str`
            YAML; what is as by default is left out.
        """
        values: dict[str, object] = {
            "campaign": self.campaign,
            "pipeline": self.pipeline,
            "inputs": list(self.inputs),
            "output_run": self.output_run,
            "partial": self.partial if self.partial != "complete" else None,
            "growth_limit": self.growth_limit if self.growth_limit != _GROWTH_LIMIT else None,
            "options": self.options.to_json(),
            "constraints": [dict(each) for each in self.constraints],
            "groups": [dict(each) for each in self.groups],
        }
        return yaml.safe_dump({key: value for key, value in values.items() if value}, sort_keys=False)


def read_campaign_file(path: str | Path) -> CampaignFile:
    """Read a campaign file.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        YAML file.

    Returns
    -------
    campaign : `CampaignFile`
        What it says.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the file is missing, is no YAML mapping, lacks a key or has
        one that is not known; the message lists what may stand there.
    """
    file = Path(path)
    if not file.is_file():
        raise CampaignError(f"There is no campaign file at {str(path)!r}.")
    try:
        text = YamlText.read(path)
    except (OSError, ValueError) as error:
        raise CampaignError(f"The campaign file cannot be read. {error}") from error
    content = text.content
    if not isinstance(content, dict):
        raise CampaignError(
            f"{str(path)!r} holds no mapping; it needs the keys campaign, pipeline and inputs."
        )
    _check_keys(content, tuple(_TYPES), f"{str(path)!r}")
    if lacking := [key for key in ("campaign", "pipeline", "inputs") if not content.get(key)]:
        raise CampaignError(f"{str(path)!r} lacks {lacking}.")
    _check_values(text, content, _TYPES)
    constraints = _read_mappings(text, "constraints", _CONSTRAINT_TYPES, "constraint")
    groups = _read_mappings(text, "groups", _GROUP_TYPES, "grouping")
    for number, grouping in enumerate(groups, start=1):
        if not isinstance(grouping.get("by"), str):
            raise CampaignError(f"grouping {number} of {str(path)!r} needs by: a label such as folds@3.")
    inputs = content["inputs"]
    beside = file.parent / content["pipeline"]
    return CampaignFile(
        campaign=content["campaign"],
        pipeline=str(beside) if Path(str(beside).partition("#")[0]).is_file() else content["pipeline"],
        inputs=(inputs,) if isinstance(inputs, str) else tuple(inputs),
        constraints=constraints,
        output_run=content.get("output_run"),
        partial=content.get("partial", "complete"),
        growth_limit=float(content.get("growth_limit", _GROWTH_LIMIT)),
        options=_read_options(content.get("options") or {}, path),
        groups=groups,
    )


def _read_mappings(
    text: YamlText, key: str, types: Mapping[str, _Kind], what: str
) -> tuple[Mapping[str, object], ...]:
    values = text.content.get(key) or []
    if not isinstance(values, list):
        raise CampaignError(f"{key} of {text.name!r} is {_cut(values)}, but should be a list of mappings.")
    for number, value in enumerate(values):
        _check_keys(value, tuple(types), f"{what} {number + 1} of {text.name!r}")
        _check_values(text, value, types, key, number)
    return tuple(values)


def _check_values(
    text: YamlText, mapping: Mapping[str, object], types: Mapping[str, _Kind], *path: str | int
) -> None:
    """Refuse values of another type than a campaign takes: YAML guesses types, people seldom do."""
    for name, value in mapping.items():
        said, fits = types[name]
        if not fits(value):
            raise CampaignError(f"{text.place(*path, name)}: {name} is {_cut(value)}, but should be {said}.")


def _cut(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _read_options(values: object, path: str | Path) -> BuildOptions:
    if not isinstance(values, dict):
        raise CampaignError(f"options of {str(path)!r} is {values!r}, but should be a mapping.")
    try:
        return BuildOptions.from_mapping(values)
    except CampaignError as error:
        raise CampaignError(f"options of {str(path)!r}: {error}") from error


def _check_keys(mapping: object, known: tuple[str, ...], what: str) -> None:
    if not isinstance(mapping, dict):
        raise CampaignError(f"{what} is {mapping!r}, but should be a mapping with the keys {list(known)}.")
    if stray := sorted(str(key) for key in set(mapping) - set(known)):
        raise CampaignError(f"{what} has the unknown keys {stray}; it may have {list(known)}.")
