"""What the depth map is given: outlines of patches, and their visits before and after."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.graph import GraphDifference
from workbench.session.content.outlines import Outlines
from workbench.session.content.wire import pack_message

__all__ = ["DepthChoice", "make_depth_map"]

_KEYS = ["skymap", "tract", "patch"]


@dataclasses.dataclass(frozen=True, slots=True)
class DepthChoice:
    """Which depths are shown.

    Attributes
    ----------
    task : `str`
        Task that combines visits; empty if there is none.
    band : `str`
        One of its bands; empty if its quanta have none.
    """

    task: str = ""
    band: str = ""

    def within(self, difference: GraphDifference) -> DepthChoice:
        """Return the choice itself, or the nearest that there is.

        Parameters
        ----------
        difference : `~workbench.graph.GraphDifference`
            What is shown.

        Returns
        -------
        choice : `DepthChoice`
            What changes comes first.
        """
        covered = difference.covered
        if not covered:
            return DepthChoice()
        changed = difference.coverage.to_pylist()
        tasks = [*dict.fromkeys(row["task"] for row in changed), *covered]
        # What is deepest says most: a coadd rather than what selects for it.
        task = (
            self.task if self.task in covered else next((name for name in tasks if "coadd" in name), tasks[0])
        )
        bands = [row["band"] for row in changed if row["task"] == task and row["band"]] + covered[task]
        return DepthChoice(task, self.band if self.band in covered[task] else (bands or [""])[0])


def make_depth_map(difference: GraphDifference, choice: DepthChoice, title: str) -> bytes:
    """Give the depth map what it shows.

    Parameters
    ----------
    difference : `~workbench.graph.GraphDifference`
        Before and after.
    choice : `DepthChoice`
        Task and band.
    title : `str`
        Heading.

    Returns
    -------
    message : `bytes`
        As ``depth_map.js`` reads it.  Patches have the outlines that the
        graphs' own records give.
    """
    covered = difference.covered
    told = {"title": title, "task": choice.task, "band": choice.band, "digest": "", "length": 0}
    told |= {"tasks": list(covered), "bands": covered.get(choice.task, [])}
    arrays: dict[str, npt.NDArray[Any]]
    if not choice.task:
        arrays = {name: np.empty(0) for name in ("patches", "centres", "before", "after", "change")}
        arrays["starts"] = np.zeros(1, np.int32)
        says = "No task of these graphs combines visits in patches."
        return pack_message(
            {**told, "says": says, "names": []}, arrays, {name: {"own": True} for name in arrays}
        )
    rows = pl.DataFrame(pl.from_arrow(difference.depth(choice.task, choice.band or None)))
    records = [
        pl.DataFrame(pl.from_arrow(graph.dimension_records["patch"].select([*_KEYS, "region"])))
        for graph in (difference.after, difference.before)
        if "patch" in graph.dimension_records
    ]
    regions = pl.concat(records).with_columns(pl.col("skymap").cast(pl.String)).unique(_KEYS, keep="first")
    rows = rows.join(regions, on=_KEYS, how="left", maintain_order="left")
    outlines = Outlines.decode(rows["region"].to_list())
    before, after = rows["before"].to_numpy(), rows["after"].to_numpy()
    many = rows["tract"].n_unique() > 1
    names = [
        f"tract {tract} patch {patch}" if many else f"patch {patch}"
        for tract, patch in rows.select("tract", "patch").iter_rows()
    ]
    n_less, n_more = int((after < before).sum()), int((after > before).sum())
    where = f"{choice.task}, band {choice.band}" if choice.band else choice.task
    says = (
        f"{where}: {before.mean():.2f} visits a patch before, {after.mean():.2f} after, in {len(rows)} "
        f"patches; {n_less} have fewer, {n_more} have more."
    )
    arrays = {
        "patches": outlines.vertices.ravel(),
        "centres": outlines.centres.ravel(),
        "starts": outlines.starts,
        "before": before.astype(np.int32),
        "after": after.astype(np.int32),
        "change": (after - before).astype(np.int32),
    }
    return pack_message(
        {**told, "says": says, "names": names}, arrays, {name: {"own": True} for name in arrays}
    )
