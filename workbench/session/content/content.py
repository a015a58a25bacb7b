"""What each view is given to show: a description, and arrays."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.bench import Bench
from workbench.progress import Progress, silent
from workbench.session.content.camera import (
    COUNT,
    DetectorOutlines,
    compute_detector_values,
    read_detector_outlines,
)
from workbench.session.content.outlines import Outlines
from workbench.session.content.palette import Palette
from workbench.session.content.rows import VisitRows
from workbench.session.content.selection import SharedSelection
from workbench.session.content.wire import pack_message
from workbench.session.curation.keys import VisitKey

__all__ = [
    "VisitContent",
    "Patches",
    "make_colours",
    "make_detail",
    "make_detectors",
    "make_focal_plane",
    "make_membership",
    "make_rows",
    "make_sky",
    "make_whys",
]

_MOST_PATCHES = 200_000
_MOST_DETAILED = 12


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class VisitContent:
    """Arrays of a view, and what it is told about them.

    Attributes
    ----------
    arrays : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` ], optional
        Values.
    notes : `~collections.abc.Mapping`, optional
        Label, unit and categories of columns; ``own`` for what other views
        of the page shall not see.
    options : `~collections.abc.Mapping`, optional
        What else the view reads.
    """

    arrays: Mapping[str, npt.NDArray[Any]] = dataclasses.field(default_factory=dict)
    notes: Mapping[str, Mapping[str, object]] = dataclasses.field(default_factory=dict)
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def to_wire(self, rows: VisitRows, **more: object) -> bytes:
        """Return what is sent to the browser.

        Parameters
        ----------
        rows : `~workbench.session.content.rows.VisitRows`
            The rows that the arrays are about.
        **more : `object`
            What else the view reads, such as ``title`` and ``link``.

        Returns
        -------
        message : `bytes`
            As `~workbench.session.content.wire.pack_message` makes it.
        """
        told = {"digest": rows.digest, "length": len(rows), **self.options, **more}
        return pack_message(told, self.arrays, self.notes)


def make_colours(palette: Palette) -> str:
    """Give a view its colours.

    Parameters
    ----------
    palette : `~workbench.session.content.palette.Palette`
        The theme.

    Returns
    -------
    text : `str`
        JSON, by the names of CSS properties.
    """
    colours = palette.css_variables()
    named = {name.removeprefix("--wb-"): value for name, value in colours.items()}
    return json.dumps({**named, "categories": " ".join(palette.categories)})


def make_rows(rows: VisitRows, **options: object) -> VisitContent:
    """Give a view the columns of the rows.

    Parameters
    ----------
    rows : `~workbench.session.content.rows.VisitRows`
        The visits.
    **options : `object`
        What else the view reads.

    Returns
    -------
    content : `VisitContent`
        All columns.
    """
    columns = rows.columns
    return VisitContent(
        {name: column.values for name, column in columns.items()},
        {name: column.note() for name, column in columns.items()},
        options,
    )


def make_table(rows: VisitRows) -> VisitContent:
    """Give the table of visits what it shows.

    Parameters
    ----------
    rows : `~workbench.session.content.rows.VisitRows`
        The visits.

    Returns
    -------
    content : `VisitContent`
        All columns; the measured ones are shown at first.
    """
    return make_rows(rows, columns=["visit", "night", "band", "visit.exposure_time", *rows.metric_names[:8]])


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Patches and tracts, and which visits overlap which patch.

    Attributes
    ----------
    names : `~collections.abc.Sequence`
        Sky map, tract and patch of each patch.
    patches, tracts : `~workbench.session.content.outlines.Outlines`
        Their outlines.
    pairs : `pyarrow.Table`
        Columns ``instrument``, ``visit`` and ``place`` of the patch.
    """

    names: Sequence[tuple[str, int, int]]
    patches: Outlines
    tracts: Outlines
    pairs: pa.Table

    @classmethod
    def read(cls, bench: Bench, *, progress: Progress = silent) -> Patches:
        """Read the patches that visits overlap; writes nothing but the cache of overlaps.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; it cancels by raising.

        Returns
        -------
        patches : `Patches`
            None where there are no visits with regions, no sky map, or more
            than 200,000 patches.
        """
        counts = {item["element"]: item["records"] for item in bench.dimensions.elements().to_pylist()}
        keys = ["skymap", "tract", "patch"]
        if not counts.get("visit") or not 0 < counts.get("patch", 0) <= _MOST_PATCHES:
            return cls.draw(Outlines.decode([]))
        overlaps = pl.DataFrame(pl.from_arrow(bench.dimensions.overlaps("visit", "patch", progress=progress)))
        progress("reading patches")
        records = pl.DataFrame(pl.from_arrow(bench.dimensions.records("patch").select([*keys, "region"])))
        records = records.join(overlaps, on=keys, how="semi", maintain_order="left").with_row_index("place")
        paired = overlaps.join(records.select(*keys, pl.col("place").cast(pl.Int32)), on=keys)
        tracts = pl.DataFrame(
            pl.from_arrow(bench.dimensions.records("tract").select(["skymap", "tract", "region"]))
        )
        tracts = tracts.join(records, on=["skymap", "tract"], how="semi", maintain_order="left")
        return cls(
            list(records.select(keys).iter_rows()),
            Outlines.decode(records["region"].to_list()),
            Outlines.decode(tracts["region"].to_list()),
            paired.select("instrument", "visit", "place").to_arrow(),
        )

    @classmethod
    def draw(cls, patches: Outlines) -> Patches:
        """Take outlines that are drawn alone: nobody looked which visits overlap them.

        Parameters
        ----------
        patches : `~workbench.session.content.outlines.Outlines`
            The outlines.

        Returns
        -------
        patches : `Patches`
            Without names and tracts.
        """
        fields: dict[str, pa.DataType] = {
            "instrument": pa.string(),
            "visit": pa.int64(),
            "place": pa.int32(),
        }
        return cls([], patches, Outlines.decode([]), pa.schema(fields).empty_table())

    def rows_of(self, rows: VisitRows) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return the rows of the visits that overlap each patch.

        Parameters
        ----------
        rows : `~workbench.session.content.rows.VisitRows`
            The visits.

        Returns
        -------
        starts : `numpy.ndarray`, shape (n + 1,)
            Patch i has the rows from ``starts[i]`` to ``starts[i + 1]``.
        members : `numpy.ndarray`
            Rows.
        """
        known = pl.DataFrame(
            {
                "instrument": [instrument for instrument, _ in rows.keys],
                "visit": [visit for _, visit in rows.keys],
                "row": np.arange(len(rows), dtype=np.int32),
            },
            schema={"instrument": pl.String, "visit": pl.Int64, "row": pl.Int32},
        )
        frame = pl.DataFrame(pl.from_arrow(self.pairs))
        frame = frame.with_columns(pl.col("instrument").cast(pl.String))
        found = frame.join(known, on=["instrument", "visit"]).sort("place", "row")
        counts = np.bincount(found["place"].to_numpy(), minlength=len(self.names))
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), found["row"].to_numpy()


def make_sky(rows: VisitRows, patches: Patches) -> VisitContent:
    """Give the sky what it shows.

    Parameters
    ----------
    rows : `~workbench.session.content.rows.VisitRows`
        The visits.
    patches : `Patches`
        Patches and tracts.

    Returns
    -------
    content : `VisitContent`
        Outlines, and rows by patch.
    """
    starts, members = patches.rows_of(rows)
    outlines = rows.outlines
    arrays: dict[str, npt.NDArray[Any]] = {
        "centres": outlines.centres.ravel(),
        "outlines": outlines.vertices.ravel(),
        "outline_starts": outlines.starts,
        "patches": patches.patches.vertices.ravel(),
        "patch_starts": patches.patches.starts,
        "tracts": patches.tracts.vertices.ravel(),
        "tract_starts": patches.tracts.starts,
        "overlap_starts": starts,
        "overlap_rows": members,
    }
    depth = next((name for name in rows.columns if name.endswith((".m5", ".depth"))), "")
    colours = ["none", "visits", "time", *(["depth"] if depth else [])] if patches.names else ["none"]
    return VisitContent(
        arrays,
        {name: {"own": True} for name in arrays},
        {"patch_names": list(patches.names), "colours": colours, "depth": depth},
    )


def make_membership(rows: VisitRows, patches: Outlines) -> VisitContent:
    """Give the sky of a set what it shows.

    Parameters
    ----------
    rows : `~workbench.session.content.rows.VisitRows`
        The visits, in the set and out of it.
    patches : `~workbench.session.content.outlines.Outlines`
        What is drawn behind them.

    Returns
    -------
    content : `VisitContent`
        Columns and outlines.
    """
    columns, sky = make_rows(rows), make_sky(rows, Patches.draw(patches))
    return VisitContent({**columns.arrays, **sky.arrays}, {**columns.notes, **sky.notes})


def make_whys(rows: VisitRows, whys: Mapping[VisitKey, str]) -> bytes:
    """Give the sky of a set what decided about each visit.

    Parameters
    ----------
    rows : `~workbench.session.content.rows.VisitRows`
        The visits.
    whys : `~collections.abc.Mapping`
        By instrument and visit.

    Returns
    -------
    message : `bytes`
        Each text once, and which of them is whose.
    """
    texts = [whys.get(key, "") for key in rows.keys]
    codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    return pack_message({"whys": list(codes)}, {"why": np.array([codes[text] for text in texts], np.int32)})


def make_focal_plane(plane: DetectorOutlines, columns: Sequence[tuple[str, str]]) -> VisitContent:
    """Give the focal plane what it shows.

    Parameters
    ----------
    plane : `~workbench.session.content.camera.DetectorOutlines`
        The detectors.
    columns : `~collections.abc.Sequence`
        Name and label of what they can be coloured by.

    Returns
    -------
    content : `VisitContent`
        Outlines.
    """
    arrays: dict[str, npt.NDArray[Any]] = {"outlines": plane.corners.ravel(), "starts": plane.starts}
    return VisitContent(
        arrays,
        {name: {"own": True} for name in arrays},
        {"detectors": list(plane.detectors), "columns": [list(column) for column in columns]},
    )


def make_detail(bench: Bench, selection: SharedSelection) -> bytes:
    """Give the sky the detectors of the selected visits, if they are few.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    selection : `~workbench.session.content.selection.SharedSelection`
        What is selected.

    Returns
    -------
    message : `bytes`
        Outlines; none beyond 12 visits.
    """
    if not 0 < len(selection) <= _MOST_DETAILED:
        return b""
    outlines, detectors = read_detector_outlines(bench, selection.keys)
    places = {key: number for number, key in enumerate(selection.detector_keys)}
    numbers = np.array([places.get(key, -1) for key in detectors], np.int32)
    arrays = {"outlines": outlines.vertices.ravel(), "starts": outlines.starts, "detectors": numbers}
    return pack_message({}, arrays)


def make_detectors(
    bench: Bench, plane: DetectorOutlines, keys: Sequence[VisitKey], column: str, labels: Mapping[str, str]
) -> bytes:
    """Give the focal plane the value of each detector.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    plane : `~workbench.session.content.camera.DetectorOutlines`
        The detectors.
    keys : `~collections.abc.Sequence`
        Instrument and visit of what the values are over.
    column : `str`
        What to show.
    labels : `~collections.abc.Mapping`
        Labels of the columns.

    Returns
    -------
    message : `bytes`
        Values, label and what was taken.
    """
    if not plane.detectors:
        return b""
    values, says = compute_detector_values(bench, plane, keys, column)
    label = "visits" if column == COUNT else labels.get(column, column)
    return pack_message({"values": values, "says": says, "label": label})
