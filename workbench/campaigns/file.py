"""The campaign file: a campaign's definition as YAML, fit for git."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import yaml

from workbench.errors import CampaignError
from workbench.graph import BuildOptions
from workbench.presentation import presented

__all__ = ["CampaignFile", "read_campaign_file"]

_KEYS = (
    "campaign",
    "pipeline",
    "inputs",
    "output_run",
    "partial",
    "growth_limit",
    "options",
    "constraints",
    "groups",
)
_GROWTH_LIMIT = 2.0
_GROUP_KEYS = ("by", "tasks", "way", "dimension")
_CONSTRAINT_KEYS = ("tasks", "dataset_type", "where", "include", "exclude", "allow_empty")


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
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CampaignError(f"{str(path)!r} is no YAML file: {error}") from error
    if not isinstance(content, dict):
        raise CampaignError(
            f"{str(path)!r} holds no mapping; it needs the keys campaign, pipeline and inputs."
        )
    _check_keys(content, _KEYS, f"{str(path)!r}")
    if lacking := [key for key in ("campaign", "pipeline", "inputs") if not content.get(key)]:
        raise CampaignError(f"{str(path)!r} lacks {lacking}.")
    constraints = _read_mappings(content, "constraints", _CONSTRAINT_KEYS, "constraint", path)
    groups = _read_mappings(content, "groups", _GROUP_KEYS, "grouping", path)
    for number, grouping in enumerate(groups, start=1):
        if not isinstance(grouping.get("by"), str):
            raise CampaignError(f"grouping {number} of {str(path)!r} needs by: a label such as folds@3.")
    inputs = content["inputs"]
    if not isinstance(inputs, str | list):
        raise CampaignError(f"inputs of {str(path)!r} is {inputs!r}, but should be a list of collections.")
    beside = file.parent / str(content["pipeline"])
    return CampaignFile(
        campaign=str(content["campaign"]),
        pipeline=str(beside) if Path(str(beside).partition("#")[0]).is_file() else str(content["pipeline"]),
        inputs=(inputs,) if isinstance(inputs, str) else tuple(inputs),
        constraints=constraints,
        output_run=content.get("output_run"),
        partial=content.get("partial", "complete"),
        growth_limit=_read_number(content, "growth_limit", _GROWTH_LIMIT, path),
        options=_read_options(content.get("options") or {}, path),
        groups=groups,
    )


def _read_mappings(
    content: Mapping[str, object], key: str, known: tuple[str, ...], what: str, path: str | Path
) -> tuple[Mapping[str, object], ...]:
    values = content.get(key) or []
    if not isinstance(values, list):
        raise CampaignError(f"{key} of {str(path)!r} is {values!r}, but should be a list of mappings.")
    for number, value in enumerate(values, start=1):
        _check_keys(value, known, f"{what} {number} of {str(path)!r}")
    return tuple(values)


def _read_number(content: Mapping[str, object], key: str, default: float, path: str | Path) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CampaignError(f"{key} of {str(path)!r} is {value!r}, but should be a number.")
    return float(value)


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
