"""Constraints: which data IDs, for which part of the pipeline.

A constraint says *what* (an expression, an include set or an exclude set) and
*where* (the whole graph, named tasks, or a dataset type).  It is resolved to
one table of keys a conjunct before it is bound to a candidate graph.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import BindingError, GraphBuildError
from workbench.presentation import presented

__all__ = ["Constraint", "Mode", "ResolvedConstraint", "Scope", "tell_reasons"]


_SAID = {"included", "said", "by", "reason", "author", "time"}
"""Columns of the reasons of a set that are no keys."""

_TOLD = 5
"""Reasons that a sentence tells: a night has as many as it has visits."""


class Mode(enum.Enum):
    """Whether the rows of a constraint are let in or kept out."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class Scope(enum.Enum):
    """The part of the pipeline that a constraint speaks of."""

    GRAPH = "graph"
    TASKS = "tasks"
    DATASET_TYPE = "dataset type"


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint, as the user stated it.

    Parameters
    ----------
    name : `str`
        What previews call it: the set's label or the expression.
    mode : `Mode`
        Include or exclude.
    scope : `Scope`
        What it speaks of.
    tasks : `tuple` [ `str`, ... ], optional
        Task labels, subset names or ``pipetask --select-tasks`` expressions,
        for the scope ``TASKS``.
    dataset_type : `str`, optional
        Dataset type name, for the scope ``DATASET_TYPE``.
    where : `str`, optional
        The expression, when it is one.
    set_label : `str`, optional
        The set's ``name@version``, when it is a set.
    key_digest : `str`, optional
        The set's key digest, when it is a set.
    """

    name: str
    mode: Mode
    scope: Scope
    tasks: tuple[str, ...] = ()
    dataset_type: str = ""
    where: str = ""
    set_label: str = ""
    key_digest: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the constraint as it is recorded with a commit.

        Returns
        -------
        record : `dict`
            JSON-friendly; only what is set.
        """
        record: dict[str, object] = {
            "name": self.name,
            "mode": self.mode.value,
            "scope": self.scope.value,
            "tasks": list(self.tasks),
            "dataset_type": self.dataset_type,
            "where": self.where,
            "set": self.set_label,
            "key_digest": self.key_digest,
        }
        return {key: value for key, value in record.items() if value}

    def to_arguments(self) -> dict[str, object]:
        """Return the constraint as a campaign file states it.

        Returns
        -------
        arguments : `dict`
            JSON-friendly; only what is set.
        """
        arguments: dict[str, object] = {
            "tasks": list(self.tasks),
            "dataset_type": self.dataset_type,
            "where": self.where,
            self.mode.value: self.set_label,
        }
        return {key: value for key, value in arguments.items() if value}


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class ResolvedConstraint:
    """One conjunct of a constraint with its keys, ready to be bound.

    Parameters
    ----------
    name : `str`
        What previews call it.
    mode : `Mode`
        Include or exclude.
    scope : `Scope`
        What it speaks of.
    tasks : `frozenset` [ `str` ]
        Labels of the tasks in scope.
    dataset_type : `str`
        Dataset type in scope, or "".
    forms : `tuple` [ `tuple` [ `lsst.daf.butler.DimensionGroup`, \
            `polars.DataFrame` ], ... ]
        Equivalent forms, preferred first: dimensions and the keys over their
        required dimensions.  More than one where exposures and visits convert
        into each other.
    is_set : `bool`, optional
        Whether it was stated as a set, not as an expression.
    of_grouping : `bool`, optional
        Whether it only says which groups or members some tasks are about:
        then it demands its tasks beside others, and alone demands no less
        than everything.
    links : `polars.DataFrame` or `None`, optional
        Which rows of the forms belong together, where there are several.
    notes : `tuple` [ `str`, ... ], optional
        What was filled in, and what there is where nothing satisfies it.
    reasons : `pyarrow.Table`, optional
        What was said of data IDs in the set and of those that it leaves out,
        as `workbench.sets.SetStore.reasons` gives it.
    """

    name: str
    mode: Mode
    scope: Scope
    tasks: frozenset[str]
    dataset_type: str
    forms: tuple[tuple[DimensionGroup, pl.DataFrame], ...]
    is_set: bool = True
    of_grouping: bool = False
    links: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()
    reasons: pa.Table | None = None

    @property
    def is_governor(self) -> bool:
        """Whether it speaks of governors alone: it restricts, and may find nothing to bind (`bool`)."""
        dimensions, _ = self.forms[0]
        return bool(dimensions.names) and set(dimensions.names) <= set(dimensions.governors)

    def tell(self, data_id: Mapping[str, object]) -> str:
        """Say why the set leaves a data ID out of the graph, in the words of who said so.

        Parameters
        ----------
        data_id : `~collections.abc.Mapping`
            Dimension values, of which the set may have fewer.

        Returns
        -------
        sentence : `str`
            Reasons and authors; empty where the set knows none.
        """
        if self.reasons is None:
            return ""
        # An exclude set has the rows that it leaves out; an include set was made without them.
        said = "taken in" if self.mode is Mode.EXCLUDE else "left out"
        rows = pl.DataFrame(pl.from_arrow(self.reasons)).filter(
            (pl.col("said") == said)
            & (pl.col("included") == (self.mode is Mode.EXCLUDE))
            & pl.col("reason").is_not_null()
        )
        columns = [name for name in rows.columns if name not in _SAID]
        shared = [name for name in columns if name in data_id]
        if not set(shared) - {"instrument", "skymap"}:
            return ""
        for name in shared:
            of_all = pl.col(name).is_null()
            rows = rows.filter(of_all | (pl.col(name).cast(pl.String) == str(data_id[name])))
        told = [f"{reason!r} ({author})" for reason, author in rows.select("reason", "author").iter_rows()]
        told = [*dict.fromkeys(told)]
        if not told:
            return ""
        more = f", and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
        return f"{self.name} says why: {', '.join(told[:_TOLD])}{more}."

    def form_for(self, names: frozenset[str]) -> tuple[tuple[str, ...], pl.DataFrame] | None:
        """Find the form whose dimensions are all among the given ones.

        Parameters
        ----------
        names : `frozenset` [ `str` ]
            Dimensions of a quantum, or of both ends of an edge.

        Returns
        -------
        form : `tuple` or `None`
            Required dimension names and keys; `None` if no form fits.
        """
        for dimensions, keys in self.forms:
            if names.issuperset(dimensions.required):
                return tuple(dimensions.required), keys
        return None

    def projected_form(self, dimensions: DimensionGroup) -> tuple[tuple[str, ...], pl.DataFrame] | None:
        """Find what it says of dimensions that are not all of its own, as a join of all of them would.

        Parameters
        ----------
        dimensions : `lsst.daf.butler.DimensionGroup`
            All dimensions that are joined.

        Returns
        -------
        form : `tuple` or `None`
            Required dimension names that both have, and the keys over them;
            `None` for what is kept out, where they have none but governors in
            common, and where its own regions would take part in the join.
        """
        own, keys = self.forms[0]
        common = tuple(name for name in own.required if name in dimensions.names)
        if self.is_governor:
            return common, keys.select(common).unique() if common else keys
        shares = set(common) - set(own.governors)
        joins = len(own.spatial | dimensions.spatial) > 1 or len(own.temporal | dimensions.temporal) > 1
        if self.mode is Mode.EXCLUDE or not shares or joins:
            return None
        return common, keys.select(common).unique()

    def restricting_form(self, dimensions: DimensionGroup) -> tuple[tuple[str, ...], pl.DataFrame] | None:
        """Find what restricts one join of all dimensions of a pipeline.

        Parameters
        ----------
        dimensions : `lsst.daf.butler.DimensionGroup`
            All dimensions that are joined.

        Returns
        -------
        form : `tuple` or `None`
            Required dimension names and keys; `None` for a governor that the
            pipeline does not have, where it is true of the repository.

        Raises
        ------
        workbench.errors.BindingError
            Raised if it is not on the whole graph, or on other dimensions.
        workbench.errors.GraphBuildError
            Raised for a governor that is false of the repository.
        """
        form = self.form_for(frozenset(dimensions.names)) or self.projected_form(dimensions)
        if self.scope is not Scope.GRAPH or form is None:
            raise BindingError(
                f"The constraint {self.name!r} cannot be used in the mode 'all-dimensions', in "
                "which constraints are on the whole graph and on dimensions of the pipeline, which has "
                f"{sorted(dimensions.names)}. Use the mode 'per-task'."
            )
        if form[0]:
            return form
        if form[1].is_empty():
            notes = "".join(f": {note}" for note in self.notes[:1])
            raise GraphBuildError(f"The constraint {self.name!r} lets nothing through{notes}.")
        return None


def tell_reasons(
    constraints: Iterable[ResolvedConstraint], causes: Sequence[str], data_id: Mapping[str, object]
) -> tuple[str, ...]:
    """Say why sets leave a data ID out of a graph.

    Parameters
    ----------
    constraints : `~collections.abc.Iterable` [ `ResolvedConstraint` ]
        The constraints of the graph.
    causes : `~collections.abc.Sequence` [ `str` ]
        Why candidates of it fell: texts that name constraints.
    data_id : `~collections.abc.Mapping`
        Dimension values; without any, nothing is said.

    Returns
    -------
    sentences : `tuple` [ `str`, ... ]
        One a set that knows a reason.
    """
    named = (one for one in constraints if any(one.name in cause for cause in causes))
    return tuple(dict.fromkeys(filter(None, (one.tell(data_id) for one in named))))
