"""Building: pipeline, inputs and constraints in, a `Preview` out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from lsst.daf.butler import (
    Butler,
    CollectionType,
    DataIdValueError,
    DimensionGroup,
    MissingCollectionError,
    MissingDatasetTypeError,
)
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilderError

from workbench.errors import (
    GraphBuildError,
    GrowthError,
    MissingInputsError,
    OutputRunExistsError,
    UnknownNameError,
)
from workbench.graph._stock import StockBuilder
from workbench.graph.binding import UNCUT, bind_constraints
from workbench.graph.closure import PartialPolicy, compute_closure
from workbench.graph.constraints import ResolvedConstraint
from workbench.graph.preview import Preview
from workbench.progress import Progress, silent
from workbench.snapshot.fence import compute_fence

__all__ = ["GraphRequest", "build_preview"]


@dataclasses.dataclass(frozen=True, slots=True)
class GraphRequest:
    """What a graph is to be built from.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline; resolved in place.
    inputs : `tuple` [ `str`, ... ]
        Input collections, searched in order.
    output : `str`
        Output CHAINED collection.
    output_run : `str`
        Output RUN collection; must not exist.
    policy : `PartialPolicy`, optional
        What to do about missing inputs.
    growth_limit : `float`, optional
        Largest ratio of kept quanta to those kept without completing any.
    metadata : `~collections.abc.Mapping`, optional
        JSON-friendly values for the header of the graph.
    """

    pipeline_graph: PipelineGraph
    inputs: tuple[str, ...]
    output: str
    output_run: str
    policy: PartialPolicy = PartialPolicy.COMPLETE
    growth_limit: float = 2.0
    metadata: Mapping[str, object] = dataclasses.field(default_factory=dict)


def build_preview(
    butler: Butler,
    request: GraphRequest,
    constraints: Sequence[ResolvedConstraint],
    *,
    progress: Progress = silent,
) -> Preview:
    """Build a quantum graph in memory; nothing is written.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client of the repository.
    request : `GraphRequest`
        What to build.
    constraints : `~collections.abc.Sequence` [ `ResolvedConstraint` ]
        In the order in which they take the blame.
    progress : `~workbench.progress.Progress`, optional
        Told the stage; may cancel.

    Returns
    -------
    preview : `Preview`
        The graph and its explanation.

    Raises
    ------
    workbench.errors.MissingInputsError
        Raised if overall inputs are not in the input collections.
    workbench.errors.OutputRunExistsError
        Raised if the output RUN exists.
    workbench.errors.BindingError
        Raised if a constraint binds to nothing.
    workbench.errors.GrowthError
        Raised if completing the inputs grows the graph above the limit.
    workbench.errors.GraphBuildError
        Raised if the stock builder refuses, with its words.
    """
    progress("checking inputs", 0.0)
    _check_output_run(butler, request.output_run)
    dataset_types = _check_inputs(butler, request)
    fence = compute_fence(butler, request.inputs, dataset_types)
    try:
        builder = StockBuilder(
            request.pipeline_graph,
            butler,
            input_collections=request.inputs,
            output_run=request.output_run,
        )
        progress("finding candidate quanta", 0.1)
        graph = builder.propose(lambda fraction: progress("finding candidate quanta", 0.1 + 0.4 * fraction))
    except (QuantumGraphBuilderError, DataIdValueError) as error:
        raise GraphBuildError(f"The stock builder cannot propose quanta: {error}") from error
    if not graph.n_quanta:
        raise GraphBuildError(_explain_empty(butler, request, dataset_types))
    progress("applying constraints", 0.5)
    binding = bind_constraints(graph, constraints)
    closure = compute_closure(graph, binding, request.policy)
    if closure.growth > request.growth_limit:
        raise GrowthError(
            f"Completing the inputs would grow the graph {closure.growth:.1f} times, to "
            f"{int(closure.kept.sum())} quanta; the limit is {request.growth_limit:g}. Raise "
            "growth_limit if that "
            "is what you want, or choose partial='drop' to leave the partial quanta out."
        )
    progress("resolving quanta", 0.6)
    builder.prune(graph, closure.kept, binding.edge_cut == UNCUT)
    try:
        components = builder.finish(output=request.output, metadata=dict(request.metadata))
    except QuantumGraphBuilderError as error:
        raise GraphBuildError(f"The stock builder cannot resolve the quanta: {error}") from error
    progress("resolving quanta", 1.0)
    return Preview(
        graph=graph,
        binding=binding,
        closure=closure,
        components=components,
        policy=request.policy,
        fence=fence,
        fence_dataset_types=dataset_types,
        describe_absent=lambda data_id: _describe_absent(butler, request, dataset_types, data_id),
    )


def _check_output_run(butler: Butler, output_run: str) -> None:
    try:
        found = butler.collections.get_info(output_run)
    except MissingCollectionError:
        return
    kind = "RUN" if found.type is CollectionType.RUN else found.type.name
    raise OutputRunExistsError(
        f"The output RUN {output_run!r} exists already (as a {kind} collection); a workflow needs a "
        "RUN of its own. "
        "Name another with output_run=, or leave it out to get the next free one."
    )


def _check_inputs(butler: Butler, request: GraphRequest) -> tuple[str, ...]:
    """Return the overall-input dataset types, prerequisites included."""
    try:
        butler.collections.query_info(list(request.inputs), flatten_chains=True)
    except MissingCollectionError as error:
        raise UnknownNameError(
            f"Input collections {list(request.inputs)} do not all exist: {error} "
            "Collections can be listed with bench.collections()."
        ) from error
    pipeline_graph = request.pipeline_graph
    pipeline_graph.resolve(butler.registry)
    needed = [name for name, _ in pipeline_graph.iter_overall_inputs()]
    counts = {name: _count(butler, name, request.inputs) for name in needed}
    required = {
        edge.parent_dataset_type_name
        for task in pipeline_graph.tasks.values()
        for edge in (*task.inputs.values(), *task.prerequisite_inputs.values())
        if getattr(task.get_connections(), edge.connection_name).minimum > 0
    }
    missing = {name: count for name, count in counts.items() if not count and name in required}
    if missing:
        lines = [
            f"  {name}: " + ("not registered in this repository" if count is None else "no dataset there")
            for name, count in missing.items()
        ]
        present = ", ".join(f"{name} ({count})" for name, count in counts.items() if count) or "none"
        raise MissingInputsError(
            f"The pipeline's inputs are not all in {list(request.inputs)}:\n"
            + "\n".join(lines)
            + f"\nInputs that "
            f"are there: {present}. Add a collection that holds the missing ones, or run the tasks "
            "that make them."
        )
    return tuple(sorted(name for name, count in counts.items() if count is not None))


def _count(butler: Butler, dataset_type: str, collections: Sequence[str]) -> int | None:
    """Count datasets in collections; `None` if the type is not registered."""
    try:
        with butler.query() as query:
            return query.datasets(dataset_type, collections, find_first=False).count(exact=False)
    except MissingDatasetTypeError:
        return None


def _explain_empty(butler: Butler, request: GraphRequest, dataset_types: Sequence[str]) -> str:
    counts = ", ".join(f"{name} ({_count(butler, name, request.inputs)})" for name in dataset_types)
    return (
        f"The inputs join to no quantum at all. The overall inputs {counts} are in "
        f"{list(request.inputs)}, but no "
        "data ID has all of the dimensions "
        f"{sorted(request.pipeline_graph.get_all_dimensions().names)}: look for "
        "visits without regions, or a skymap that does not overlap them."
    )


def _describe_absent(
    butler: Butler, request: GraphRequest, dataset_types: Sequence[str], data_id: Mapping[str, object]
) -> str:
    """Say why a data ID is in no candidate quantum."""
    complete = _with_governors(butler, data_id)
    dimensions = butler.dimensions.conform(data_id.keys())
    if not any(_any_data_id(butler, candidate, dimensions) for candidate in complete):
        return "The repository has no such data ID."
    for name in dataset_types:
        dataset_type = butler.get_dataset_type(name)
        if not set(data_id) <= set(dataset_type.dimensions.names) or dataset_type.isCalibration():
            continue
        if not any(_any_dataset(butler, name, request.inputs, candidate) for candidate in complete):
            return (
                f"The repository has it, but there is no {name} for it in {list(request.inputs)}; "
                "a published TAGGED collection behind a chain may leave it out."
            )
    return "The repository has it, but the pipeline's inputs and regions join to no quantum for it."


def _with_governors(butler: Butler, data_id: Mapping[str, object]) -> list[dict[str, object]]:
    """Give a data ID every value of the governor dimensions that it leaves out."""
    complete: list[dict[str, object]] = [dict(data_id)]
    for name in butler.dimensions.conform(data_id.keys()).governors:
        if name not in data_id:
            values = [record.dataId[name] for record in butler.query_dimension_records(name, explain=False)]
            complete = [{**one, name: value} for one in complete for value in values]
    return complete


def _any_data_id(butler: Butler, data_id: Mapping[str, object], dimensions: DimensionGroup) -> bool:
    with butler.query() as query:
        return query.where(dict(data_id)).data_ids(dimensions).any()


def _any_dataset(butler: Butler, name: str, inputs: Sequence[str], data_id: Mapping[str, object]) -> bool:
    with butler.query() as query:
        return query.where(dict(data_id)).datasets(name, list(inputs)).any()
