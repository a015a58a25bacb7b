"""What a graph is to be built from, and how."""

from __future__ import annotations

import dataclasses
import enum
import fnmatch
from collections.abc import Mapping
from typing import Any

from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.errors import CampaignError
from workbench.graph.closure.closure import PartialPolicy
from workbench.graph.constraints.grouped import AppliedGrouping
from workbench.presentation import presented

__all__ = ["BuildMode", "BuildOptions", "GraphRequest"]


class BuildMode(enum.Enum):
    """How candidate quanta are found."""

    PER_TASK = "per-task"
    """Each task joins its own inputs; constraints cut where they bind."""

    ALL_DIMENSIONS = "all-dimensions"
    """One join for all dimensions, as the stock builder makes it: every
    constraint cuts everything."""


@presented
@dataclasses.dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """How a graph is built; the stock names, with the stock meaning.

    Parameters
    ----------
    mode : `BuildMode`, optional
        How candidates are found.
    skip_existing_in : `tuple` [ `str`, ... ], optional
        Quanta whose metadata is in one of these collections are skipped.
    clobber : `bool`, optional
        Whether outputs may be in the output RUN already.
    retained_dataset_types : `tuple` [ `str`, ... ], optional
        Names or patterns of dataset types that are still there where their
        task ran; a skipped quantum runs again where another one needs what is
        not.  All are, if there are none here.
    prune_unanchored_quanta : `tuple` [ `str`, `str` ], optional
        Labels of a source task and of an anchor: quanta of the source that
        lead to no quantum of the anchor are removed.
    datastore_records : `bool`, optional
        Whether the graph carries the datastore's records of its inputs, which
        ``pipetask run-qbb`` needs.
    dataset_query_constraint : `tuple` [ `str`, ... ] or `None`, optional
        Overall inputs that restrict the join of the mode ``ALL_DIMENSIONS``;
        those that the pipeline does not defer, if `None`.

    Notes
    -----
    `lsst.pipe.base.quantum_graph_builder.QuantumGraphBuilder` is the source of
    the names and rules.
    """

    mode: BuildMode = BuildMode.PER_TASK
    skip_existing_in: tuple[str, ...] = ()
    clobber: bool = False
    retained_dataset_types: tuple[str, ...] = ()
    prune_unanchored_quanta: tuple[str, str] | None = None
    datastore_records: bool = True
    dataset_query_constraint: tuple[str, ...] | None = None

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> BuildOptions:
        """Read options as a file or a notebook gives them.

        Parameters
        ----------
        values : `~collections.abc.Mapping` [ `str`, `object` ]
            By name; a mode by its value, one name where a list is expected.

        Returns
        -------
        options : `BuildOptions`
            Checked.

        Raises
        ------
        workbench.errors.CampaignError
            Raised for an option that does not exist, or a value that it
            cannot have.
        """
        known = {field.name: field for field in dataclasses.fields(BuildOptions)}
        if stray := sorted(map(str, values.keys() - known.keys())):
            raise CampaignError(f"There are no options {stray}; there are {sorted(known)}.")
        read: dict[str, object] = {}
        for name, value in values.items():
            match name:
                case "mode":
                    read[name] = _read_mode(value)
                case "clobber" | "datastore_records":
                    if not isinstance(value, bool):
                        raise CampaignError(f"The option {name} is {value!r}, but should be true or false.")
                    read[name] = value
                case _:
                    read[name] = None if value is None else _read_names(name, value)
        pair = read.get("prune_unanchored_quanta")
        if isinstance(pair, tuple) and len(pair) != 2:
            raise CampaignError(
                f"The option prune_unanchored_quanta is {list(pair)}, but should be two task labels: the "
                "source and the anchor."
            )
        for name in ("skip_existing_in", "retained_dataset_types"):
            if read.get(name, ()) is None:
                del read[name]
        return cls(**read)  # type: ignore[arg-type]

    @property
    def retains_all(self) -> bool:
        """Whether all outputs are still there where their task ran (`bool`)."""
        return not self.retained_dataset_types or "*" in self.retained_dataset_types

    def retains(self, name: str) -> bool:
        """Tell whether datasets of a type are still there where their task ran.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        retains : `bool`
            Whether a name or pattern says so.
        """
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.retained_dataset_types)

    def as_keywords(self) -> dict[str, Any]:
        """Return all options by name, such as `GraphRequest` takes them.

        Returns
        -------
        options : `dict`
            As they are.
        """
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(BuildOptions)}

    def to_json(self) -> dict[str, object]:
        """Return the options that are not the default ones.

        Returns
        -------
        values : `dict`
            JSON-friendly; `from_mapping` reads it.
        """
        found: dict[str, object] = {}
        for field in dataclasses.fields(BuildOptions):
            value = getattr(self, field.name)
            if value != field.default:
                found[field.name] = (
                    value.value
                    if isinstance(value, BuildMode)
                    else list(value)
                    if isinstance(value, tuple)
                    else value
                )
        return found


@presented
@dataclasses.dataclass(frozen=True)
class GraphRequest(BuildOptions):
    """What a graph is to be built from, and how.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline; resolved in place.
    inputs : `tuple` [ `str`, ... ]
        Input collections, searched in order.
    output : `str`
        Output CHAINED collection.
    output_run : `str`
        Output RUN collection; must not exist, unless ``clobber`` or
        ``skip_existing_in`` says what to do with what it holds.
    policy : `~workbench.graph.PartialPolicy`, optional
        What to do about missing inputs.
    growth_limit : `float`, optional
        Largest ratio of kept quanta to those kept without completing any.
    metadata : `~collections.abc.Mapping`, optional
        JSON-friendly values for the header of the graph.
    groupings : `tuple` [ `~workbench.graph.AppliedGrouping`, ... ], optional
        What is part of the graph; their constraints are given beside.
    mode, skip_existing_in, clobber, retained_dataset_types, prune_unanchored_quanta, datastore_records, \
dataset_query_constraint : optional
        As in `BuildOptions`.
    """

    pipeline_graph: PipelineGraph
    inputs: tuple[str, ...]
    output: str
    output_run: str
    policy: PartialPolicy = PartialPolicy.COMPLETE
    growth_limit: float = 2.0
    metadata: Mapping[str, object] = dataclasses.field(default_factory=dict)
    groupings: tuple[AppliedGrouping, ...] = ()


def _read_mode(value: object) -> BuildMode:
    try:
        return BuildMode(value)
    except ValueError as error:
        raise CampaignError(
            f"The option mode is {value!r}; choose one of {[mode.value for mode in BuildMode]}."
        ) from error


def _read_names(name: str, value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
        raise CampaignError(f"The option {name} is {value!r}, but should be a list of names.")
    return tuple(names)
