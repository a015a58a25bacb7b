"""What a campaign is to use: its constraints and groupings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.conditions import read_state, restate
from workbench.campaigns.constraining import StatedConstraint, state_constraints
from workbench.campaigns.grouping import CampaignGroupings
from workbench.campaigns.lowering import Lowered
from workbench.errors import BindingError
from workbench.graph import Constraint, Way
from workbench.groupings import Grouping
from workbench.registry import Registry
from workbench.sets import GivenSet

__all__ = ["Choices"]


class Choices:
    """The part of a campaign that says who may use which data.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    pipeline : `lsst.pipe.base.Pipeline`
        The pipeline.

    Attributes
    ----------
    stated : `list` [ `~workbench.campaigns.constraining.StatedConstraint` ]
        The constraints, and what they are resolved to.
    lowering : `~workbench.campaigns.grouping.CampaignGroupings`
        The pipeline with what works in it by group.
    """

    def __init__(self, registry: Registry, pipeline: Pipeline):
        self._registry = registry
        self.stated: list[StatedConstraint] = []
        self._condition_state: str | None = None
        self.lowering = CampaignGroupings(registry, pipeline)

    @property
    def registry(self) -> Registry:
        """The embedded registry (`~workbench.registry.Registry`)."""
        return self._registry

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints so far (`tuple` [ `Constraint`, ... ])."""
        return tuple(one.constraint for one in self.stated)

    @property
    def groupings(self) -> tuple[Lowered, ...]:
        """The groupings so far (`tuple` [ `~workbench.campaigns.Lowered`, ... ])."""
        return self.lowering.lowered

    @property
    def pipeline_graph(self) -> PipelineGraph:
        """The resolved pipeline with the clones of its groupings, not to be modified.

        (`lsst.pipe.base.pipeline_graph.PipelineGraph`.)
        """
        return self.lowering.graph

    def constrain(
        self,
        *,
        tasks: str | Sequence[str] | None = None,
        dataset_type: str | None = None,
        where: str = "",
        include: GivenSet | None = None,
        exclude: GivenSet | None = None,
        allow_empty: bool = False,
    ) -> Self:
        """Say which data some of the tasks may use.

        Parameters
        ----------
        tasks : `str` or `~collections.abc.Sequence` [ `str` ], optional
            Task labels, subset names or ``pipetask --select-tasks``
            expressions; by default the whole graph.
        dataset_type : `str`, optional
            Constrain the edges of this dataset type to its consumers instead.
        where : `str`, optional
            Expression; its conjuncts bind one by one, a disjunction as a whole.
        include, exclude : `~workbench.sets.GivenSet`, optional
            Sets, or names of saved ones such as "cosmos-i@3".
        allow_empty : `bool`, optional
            Accept empty sets.

        Returns
        -------
        campaign : `Campaign`
            Itself, so that calls can be chained.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if nothing, or tasks and a dataset type, are given.
        workbench.errors.UnknownNameError
            Raised for an unknown task, subset, dataset type or set.
        workbench.errors.EmptySetError, workbench.errors.ExpressionError
            Raised for an empty set, unless allowed, or a wrong expression.
        """
        self._condition_state = None
        self.stated += state_constraints(
            self._registry,
            self.lowering.graph,
            tasks=tasks,
            dataset_type=dataset_type,
            where=where,
            include=include,
            exclude=exclude,
            allow_empty=allow_empty,
        )
        return self

    def group(
        self,
        *,
        by: Grouping | str,
        tasks: str | Sequence[str] | None = None,
        way: Way | str = Way.EXTEND,
        dimension: str | None = None,
    ) -> Self:
        """Let some of the tasks work group by group, each with its group's members alone.

        Parameters
        ----------
        by : `~workbench.groupings.Grouping` or `str`
            A saved grouping, or its label, such as "folds@3".
        tasks : `str` or `~collections.abc.Sequence` [ `str` ], optional
            Tasks, as `constrain` takes them; the whole graph only where
            ``way`` is "run".
        way : `~workbench.graph.Way` or `str`, optional
            "extend": the tasks have a dynamic dimension, whose records of
            this version are there; "group": they have the Butler's own
            dimension ``group``, with a data ID table; "suffix": they, and
            all downstream of them, are cloned, with the group's key behind
            labels and output dataset types; "run": a graph and a RUN a group,
            see `split`.
        dimension : `str`, optional
            Which dynamic dimension, where the tasks have several.

        Returns
        -------
        campaign : `Campaign`
            Itself, so that calls can be chained.

        Raises
        ------
        workbench.errors.GroupingError
            Raised if the grouping cannot be lowered so; says what to do.
        workbench.errors.UnknownNameError
            Raised for an unknown task, subset or grouping.
        workbench.errors.CampaignError
            Raised if clones would have names that are taken.
        """
        self.stated = self.lowering.add(by, tasks, way, dimension, self.stated)
        return self

    def refresh_conditions(self) -> None:
        """Evaluate the conditions anew, where what they speak of may have changed since."""
        state = read_state(self._registry, self.stated)
        if state != self._condition_state:
            self.stated = [restate(self._registry, one) for one in self.stated]
            self._condition_state = state

    def find_constraint(self, number: int) -> int | None:
        """Find which of the constraints one of a preview is.

        Parameters
        ----------
        number : `int`
            Position among the constraints of a preview of this campaign,
            which has one for each conjunct of an expression.

        Returns
        -------
        position : `int` or `None`
            Position in `constraints`; `None` for what a grouping implies.
        """
        for position, one in enumerate(self.stated):
            number -= len(one.resolved)
            if number < 0:
                return position
        return None

    def remove_constraint(self, position: int) -> Constraint:
        """Take a constraint back.

        Parameters
        ----------
        position : `int`
            Its position in `constraints`.

        Returns
        -------
        constraint : `Constraint`
            What was removed.

        Raises
        ------
        workbench.errors.BindingError
            Raised if there is none at that position.
        """
        if not 0 <= position < len(self.stated):
            raise BindingError(f"No constraint {position}; there are {len(self.stated)}, counted from 0.")
        return self.stated.pop(position).constraint
