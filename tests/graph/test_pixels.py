"""Pixels of several systems and levels in the joins of columns, against the stock builder."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import pytest
from astropy.table import Table
from lsst.daf.butler import Butler, ButlerUserError
from lsst.pipe.base.all_dimensions_quantum_graph_builder import DatasetQueryConstraintVariant
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.sphgeom import DISJOINT

from tests.graph import small_survey as survey
from tests.graph.mocked import connect, make_pipeline, makes, reads
from tests.graph.oracle import OUTPUT_RUN, assert_same_graph, build_ours, build_stock
from tests.graph.statements import constraint_on
from workbench.errors import GraphBuildError
from workbench.graph import BuildMode, Mode
from workbench.graph.columns.graph_columns import GraphColumns

V, VP = ("instrument", "visit"), ("healpix6", "instrument", "visit")
T, PB = ("skymap", "tract"), ("skymap", "tract", "patch", "band")
INPUTS = ("run/a", "run/b")
PARTIAL = ("run/c",)
"""Three tenths of the inputs."""


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    root = tmp_path_factory.mktemp("pixels") / "repo"
    survey.make_survey(root, OUTPUT_RUN, survey.SKYPIX)
    with Butler.from_config(str(root), writeable=False) as butler:
        yield butler


def src(*group: str, **options: object) -> tuple[str, dict[str, object]]:
    return connect("input", survey.name_of("src", group), group, multiple=True, **options)


def recalibration() -> PipelineGraph:
    """Astrometry fitted by pixels and applied to visits, and images of the sky: as real pipelines have it."""
    fit, sky = ("healpix6", "instrument", "physical_filter"), ("healpix8", "band")
    return make_pipeline(
        {
            "associate": (("instrument", *T), [src(*V), makes("stars", "instrument", *T)]),
            "fit": (fit, [src(*V), makes("wcs", *VP, multiple=True)]),
            "smooth": (VP, [reads("wcs", *VP), makes("smooth_wcs", *VP)]),
            "analyze": (
                ("healpix6", "instrument"),
                [reads("stars", "instrument", *T), src(*V), makes("plot", "healpix6", "instrument")],
            ),
            "update": (
                V,
                [reads("smooth_wcs", *VP), reads("stars", "instrument", *T), makes("summary", *V)],
            ),
            "coadd": (PB, [reads("summary", *V), makes("coadd", *PB)]),
            "image": (sky, [reads("coadd", *PB), makes("tile", *sky)]),
            "merge": (("healpix6",), [reads("tile", *sky), makes("merged", "healpix6")]),
            "measure": (PB[:3], [reads("merged", "healpix6"), makes("measured", *PB[:3])]),
            "gather": ((), [reads("merged", "healpix6"), reads("measured", *PB[:3]), makes("all")]),
        }
    )


def hierarchy(**options: object) -> PipelineGraph:
    """Pixels of one system and several levels, from those that are there."""
    return make_pipeline(
        {
            "coarsen": (("healpix6",), [src("healpix8", **options), makes("coarse", "healpix6")]),
            "gather": ((), [reads("coarse", "healpix6"), makes("all")]),
        }
    )


def inputs_of(
    graph: GraphColumns, label: str, name: str
) -> dict[tuple[object, ...], set[tuple[object, ...]]]:
    """Data IDs of the inputs of one type, by the data ID of the quantum."""
    (edges,) = (
        edges for (task, _), edges in graph.inputs.items() if task == label and edges.dataset_type == name
    )
    quanta = graph.quanta[label].data_ids[edges.quantum_row].rows()
    datasets = graph.datasets[name].data_ids[edges.dataset_row].rows()
    found = collections.defaultdict(set)
    for quantum, dataset in zip(quanta, datasets, strict=True):
        found[quantum].add(dataset)
    return dict(found)


@pytest.mark.parametrize("inputs", [INPUTS, PARTIAL])
def test_recalibration(butler: Butler, inputs: tuple[str, ...]) -> None:
    """Nothing of it needs the stock builder."""
    ours = build_ours(butler, recalibration(), inputs, output_run="u/oracle/fresh")
    stock = build_stock(butler, recalibration(), inputs, output_run="u/oracle/fresh")
    assert_same_graph(ours.columns, stock)
    assert all(ours.n_quanta_by_task.values())


def touching(butler: Butler, element: str, pixel: str) -> set[tuple[object, ...]]:
    """Keys of the records of an element, each with a pixel that its region may touch."""
    envelope = butler.dimensions.skypix_dimensions[pixel].pixelization.envelope
    return {
        (*record.dataId.required_values, index)
        for record in butler.query_dimension_records(element, explain=False)
        if record.region is not None
        for begin, end in envelope(record.region)
        for index in range(begin, end)
    }


@pytest.mark.parametrize("inputs", [INPUTS, PARTIAL])
def test_recalibration_task_by_task(butler: Butler, inputs: tuple[str, ...]) -> None:
    """Each task alone: what a quantum reads is what touches it, of what there is."""
    options = {"mode": BuildMode.PER_TASK, "output_run": "u/oracle/fresh"}
    graph = build_ours(butler, recalibration(), inputs, **options).columns
    visits, tracts = touching(butler, "visit", "healpix6"), touching(butler, "tract", "healpix6")
    patches = {level: touching(butler, "patch", f"healpix{level}") for level in (6, 8)}
    read = {
        (label, edges.dataset_type): inputs_of(graph, label, edges.dataset_type)
        for (label, _), edges in graph.inputs.items()
        if label != "gather"
    }

    def ids_of(name: str) -> list[tuple[object, ...]]:
        return graph.datasets[name].data_ids.rows()

    # instrument, visit, band, day_obs, physical_filter
    for (pixel, camera, physical_filter, *_), found in read["fit", "src_instrument_visit"].items():
        there = [one for one in ids_of("src_instrument_visit") if one[-1] == physical_filter]
        assert found == {one for one in there if (camera, one[1], pixel) in visits}
    for (pixel, _), found in read["analyze", "stars"].items():
        assert found == {one for one in ids_of("stars") if (*one[1:], pixel) in tracts}
    for (band, pixel), found in read["image", "coadd"].items():
        there = [one for one in ids_of("coadd") if one[0] == band]
        assert found == {one for one in there if (*one[1:], pixel) in patches[8]}
    tiles = {
        (one[0], pixel) for one in ids_of("coadd") for *patch, pixel in patches[8] if tuple(patch) == one[1:]
    }
    assert set(ids_of("tile")) == tiles
    for (pixel,), found in read["merge", "tile"].items():
        assert found == {one for one in tiles if one[1] // 16 == pixel}
    for patch, found in read["measure", "merged"].items():
        assert found == {one for one in ids_of("merged") if (*patch, *one) in patches[6]}
    pixels = {pixel for (pixel,) in ids_of("merged")}
    assert read["measure", "merged"].keys() == {tuple(one[:3]) for one in patches[6] if one[3] in pixels}
    keys = graph.quanta["coadd"].data_ids.columns
    with butler.query() as query:
        pairs = [(one["visit"], tuple(one[key] for key in keys)) for one in query.data_ids({*V, *PB})]
    visits_read = {patch: {one[1] for one in found} for patch, found in read["coadd", "summary"].items()}
    there = {one[1] for one in ids_of("summary")}
    assert visits_read == {
        patch: {visit for visit, other in pairs if other == patch} & there
        for visit, patch in pairs
        if visit in there
    }


def test_the_stock_builder_relates_what_shares_a_pixel(butler: Butler) -> None:
    """Beside pixels, it lets a tract read a visit that is near; task by task it has to touch the tract."""
    options = {"output_run": "u/oracle/fresh"}
    ours = build_ours(butler, recalibration(), INPUTS, mode=BuildMode.PER_TASK, **options).columns
    stock = build_stock(butler, recalibration(), INPUTS, **options)
    regions = {
        (element, int(record.id)): record.region
        for element in ("visit", "tract")
        for record in butler.query_dimension_records(element, explain=False)
    }
    pixels = {element: touching(butler, element, "healpix6") for element in ("visit", "tract")}
    for label, name, visits_read in (("associate", "src_instrument_visit", True), ("update", "stars", False)):
        pairs = []
        for graph in (ours, stock):
            found = inputs_of(graph, label, name)
            pairs.append({(one, other) for one, others in found.items() for other in others})
        assert pairs[0] < pairs[1]
        for quantum, dataset in pairs[1] - pairs[0]:
            stars, visit = (quantum, dataset) if visits_read else (dataset, quantum)
            ends = (("tract", int(str(stars[-1]))), ("visit", int(str(visit[1]))))
            one, other = (regions[end] for end in ends)
            assert one.relate(other) & DISJOINT, "regions that touch belong together"
            near = [{key[-1] for key in pixels[element] if key[1] == number} for element, number in ends]
            assert near[0] & near[1]


def test_recalibration_of_one_tract(butler: Butler) -> None:
    constraint = constraint_on(butler, Mode.INCLUDE, T, [(survey.SKYMAP, 1)])
    options = {"output_run": "u/oracle/fresh"}
    ours = build_ours(butler, recalibration(), INPUTS, [constraint], **options)
    where = f"skymap = '{survey.SKYMAP}' AND tract = 1"
    assert_same_graph(ours.columns, build_stock(butler, recalibration(), INPUTS, where=where, **options))
    whole = build_ours(butler, recalibration(), INPUTS, **options)
    assert 0 < ours.n_quanta_by_task["image"] < whole.n_quanta_by_task["image"]


def test_three_spatial_families_one_task_at_a_time(butler: Butler) -> None:
    """Visits, tracts and pixels: one query of the Butler does not join them all, but any two of them."""
    update = [src("healpix6", *V), src(*T), src("healpix8"), makes("summary", *V)]
    options = {"output_run": "u/oracle/fresh"}
    with pytest.raises(ButlerUserError):
        build_stock(butler, make_pipeline({"update": (V, update)}), INPUTS, **options)
    with pytest.raises(GraphBuildError):
        build_ours(butler, make_pipeline({"update": (V, update)}), INPUTS, engine="", **options)
    ours = build_ours(
        butler, make_pipeline({"update": (V, update)}), INPUTS, mode=BuildMode.PER_TASK, **options
    )
    assert ours.n_quanta == 4
    fine = touching(butler, "visit", "healpix8")
    there = {one for (one,) in ours.columns.datasets["src_healpix8"].data_ids.rows()}
    for visit, found in inputs_of(ours.columns, "update", "src_healpix8").items():
        assert found == {(pixel,) for *key, pixel in fine if tuple(key) == visit[:2] and pixel in there}
    for visit, found in inputs_of(ours.columns, "update", "src_healpix6_instrument_visit").items():
        assert {one[2] for one in found} == {visit[1]}
    assert inputs_of(ours.columns, "update", "src_skymap_tract").keys() == set(
        ours.columns.quanta["update"].data_ids.rows()
    )


@pytest.mark.parametrize("names", [None, (), ("src_healpix8",)])
def test_levels(butler: Butler, names: tuple[str, ...] | None) -> None:
    options = {"output_run": "u/oracle/fresh", "dataset_query_constraint": names}
    if names == ():
        with pytest.raises(GraphBuildError, match="generate data IDs"):
            build_ours(butler, hierarchy(), INPUTS, engine="", **options)
        return
    ours = build_ours(butler, hierarchy(), PARTIAL, **options)
    assert_same_graph(ours.columns, build_stock(butler, hierarchy(), PARTIAL, output_run="u/oracle/fresh"))
    per_task = build_ours(butler, hierarchy(), PARTIAL, mode=BuildMode.PER_TASK, output_run="u/oracle/fresh")
    assert_same_graph(per_task.columns, ours.columns)
    for (coarse,), fine in inputs_of(ours.columns, "coarsen", "src_healpix8").items():
        assert {one // 16 for (one,) in fine} == {coarse}


@pytest.mark.parametrize("mode", BuildMode)
def test_chosen_pixels(butler: Butler, mode: BuildMode) -> None:
    """A set of pixels, without inputs that restrict: each quantum reads what is within its own pixel."""
    whole = build_ours(butler, hierarchy(), INPUTS, output_run="u/oracle/fresh").columns
    pixels = whole.quanta["coarsen"].data_ids["healpix6"].to_list()[1:3]
    rows = [(pixel,) for pixel in pixels]
    constraint = constraint_on(butler, Mode.INCLUDE, ("healpix6",), rows, pipeline=hierarchy())
    options = {"output_run": "u/oracle/fresh"}
    ours = build_ours(
        butler, hierarchy(), INPUTS, [constraint], mode=mode, dataset_query_constraint=(), **options
    )
    stock = build_stock(
        butler,
        hierarchy(),
        INPUTS,
        dataset_query_constraint=DatasetQueryConstraintVariant.OFF,
        data_id_tables=[Table({"healpix6": pixels})],
        **options,
    )
    assert_same_graph(ours.columns, stock)
    for (coarse,), fine in inputs_of(ours.columns, "coarsen", "src_healpix8").items():
        assert coarse in pixels
        assert {one // 16 for (one,) in fine} == {coarse}


@pytest.mark.parametrize("dimensions", [(), ("healpix8",)], ids=["one makes all", "one each"])
def test_pixels_of_a_table(butler: Butler, dimensions: tuple[str, ...]) -> None:
    """A table of no region says nothing of pixels: they are those that it was made of."""
    made = makes("made", "healpix8", multiple=not dimensions)
    pipeline = make_pipeline(
        {
            "build": ((), [src("healpix8"), makes("table")]),
            "apply": (dimensions, [reads("table"), made]),
        }
    )
    options = {"output_run": "u/oracle/fresh"}
    ours = build_ours(butler, pipeline, PARTIAL, mode=BuildMode.PER_TASK, **options)
    assert_same_graph(ours.columns, build_stock(butler, pipeline, PARTIAL, **options))
    whole = build_ours(butler, pipeline, INPUTS, mode=BuildMode.PER_TASK, **options)
    assert 0 < len(ours.columns.datasets["made"]) < len(whole.columns.datasets["made"])
