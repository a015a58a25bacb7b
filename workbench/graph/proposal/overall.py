"""Overall inputs that a pipeline asks for and its input collections lack, and what falls without them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.errors import MissingInputsError
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.request import GraphRequest

__all__ = ["LackingInput", "find_lacking_inputs", "find_unable", "require_inputs"]


@dataclasses.dataclass(frozen=True, slots=True)
class LackingInput:
    """An overall input of which the input collections hold no dataset.

    Parameters
    ----------
    dataset_type : `str`
        Its name.
    registered : `bool`
        Whether the repository has the dataset type.
    collections : `tuple` [ `str`, ... ]
        Where it was looked for.
    tasks : `tuple` [ `str`, ... ]
        Tasks that cannot do without it.
    unable : `tuple` [ `str`, ... ]
        These, and all tasks that cannot do without what they make.
    """

    dataset_type: str
    registered: bool
    collections: tuple[str, ...]
    tasks: tuple[str, ...]
    unable: tuple[str, ...]

    def __str__(self) -> str:
        where = ", ".join(self.collections)
        what = f"no dataset there ({where})" if self.registered else "not registered in this repository"
        later = [label for label in self.unable if label not in self.tasks]
        also = f", nor {', '.join(later)} after them" if later else ""
        return f"{self.dataset_type}: {what}; without it {', '.join(self.tasks)} cannot run{also}"


def find_lacking_inputs(
    butler: Butler, request: GraphRequest, graph: CandidateGraph | None, registered: Iterable[str]
) -> tuple[LackingInput, ...]:
    """Find overall inputs that tasks cannot do without and no input collection holds.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Client of the repository.
    request : `~workbench.graph.GraphRequest`
        What to build; its pipeline is resolved.
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph` or `None`
        Candidates: what they hold need not be looked up.
    registered : `~collections.abc.Iterable` [ `str` ]
        Overall inputs whose dataset types the repository has.

    Returns
    -------
    lacking : `tuple` [ `LackingInput`, ... ]
        In the order of the pipeline.
    """
    pipeline = request.pipeline_graph
    overall = {name for name, _ in pipeline.iter_overall_inputs()}
    needs: dict[str, list[str]] = {}
    for label, task in pipeline.tasks.items():
        for name in _required(task, prerequisites=True):
            if name in overall:
                needs.setdefault(name, []).append(label)
    known, lacking = frozenset(registered), []
    for name, labels in needs.items():
        if graph is not None and name in graph.dataset_ids and graph.exists[graph.dataset_span(name)].any():
            continue
        if name in known and _has_any(butler, name, request.inputs):
            continue
        unable = _spread(pipeline, labels)
        lacking.append(LackingInput(name, name in known, request.inputs, tuple(labels), unable))
    return tuple(lacking)


def find_unable(lacking: Iterable[LackingInput]) -> frozenset[str]:
    """Return the tasks that cannot run without what is lacking.

    Parameters
    ----------
    lacking : `~collections.abc.Iterable` [ `LackingInput` ]
        What is lacking.

    Returns
    -------
    labels : `frozenset` [ `str` ]
        Task labels.
    """
    return frozenset(label for one in lacking for label in one.unable)


def require_inputs(
    butler: Butler, request: GraphRequest, lacking: Sequence[LackingInput], demanded: Iterable[str]
) -> None:
    """Refuse to go on without inputs of tasks that are demanded.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Client of the repository.
    request : `~workbench.graph.GraphRequest`
        What to build.
    lacking : `~collections.abc.Sequence` [ `LackingInput` ]
        What is lacking.
    demanded : `~collections.abc.Iterable` [ `str` ]
        Labels of the tasks that are asked for by name, or of all, where not
        even one can run.

    Raises
    ------
    workbench.errors.MissingInputsError
        Raised with what is missing, who needs it, and what is there.
    """
    asked = list(demanded)
    hit = [one for one in lacking if set(one.unable) & set(asked)]
    if not hit:
        return
    names = {one.dataset_type for one in lacking}
    present = []
    for name, node in request.pipeline_graph.iter_overall_inputs():
        if name not in names and node is not None and (number := _count(butler, name, request.inputs)):
            present.append(f"{name} ({number:,})")
    stopped = [label for label in request.pipeline_graph.tasks if label in set(asked) & find_unable(hit)]
    raise MissingInputsError(
        f"The pipeline's inputs are not all in {list(request.inputs)}:\n"
        + "\n".join(f"  {one}" for one in hit)
        + f"\nThese tasks are asked for and cannot run: {', '.join(stopped)}. Inputs that are there: "
        f"{', '.join(present) or 'none'}. Add a collection that holds the missing ones, or run the tasks "
        "that make them, or ask for other tasks."
    )


def _required(task: TaskNode, *, prerequisites: bool) -> list[str]:
    connections = task.get_connections()
    edges = [*task.inputs.values(), *(task.prerequisite_inputs.values() if prerequisites else ())]
    return list(
        dict.fromkeys(
            edge.parent_dataset_type_name
            for edge in edges
            if getattr(connections, edge.connection_name).minimum > 0
        )
    )


def _spread(pipeline: PipelineGraph, labels: Iterable[str]) -> tuple[str, ...]:
    """Add the tasks that cannot do without what these make."""
    unable = set(labels)
    for label, task in pipeline.tasks.items():
        makers = (pipeline.producer_of(name) for name in _required(task, prerequisites=False))
        if any(maker is not None and maker.label in unable for maker in makers):
            unable.add(label)
    return tuple(label for label in pipeline.tasks if label in unable)


def _has_any(butler: Butler, name: str, inputs: Sequence[str]) -> bool:
    with butler.query() as query:
        return query.datasets(name, list(inputs), find_first=False).any()


def _count(butler: Butler, name: str, inputs: Sequence[str]) -> int:
    if not butler.registry.queryDatasetTypes([name]):
        return 0
    with butler.query() as query:
        return query.datasets(name, list(inputs), find_first=False).count()
