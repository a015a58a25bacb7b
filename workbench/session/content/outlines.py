"""Outlines of many regions as flat arrays of vertices."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from lsst.sphgeom import Region

from workbench.session.content.tangent import outline_vertices, region_centre

__all__ = ["Outlines"]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Outlines behind each other.

    Attributes
    ----------
    vertices : `numpy.ndarray`, shape (n_vertices, 3)
        Unit vectors, float32: good to 0.02 arcsec, less than a pixel.
    starts : `numpy.ndarray`, shape (n + 1,)
        Outline i has the vertices from ``starts[i]`` to ``starts[i + 1]``.
    centres : `numpy.ndarray`, shape (n, 3)
        Unit vectors; NaN where there is no region.
    """

    vertices: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int32]
    centres: npt.NDArray[np.float32]

    @classmethod
    def decode(cls, encoded: Iterable[bytes | None]) -> Outlines:
        """Read encoded regions.

        Parameters
        ----------
        encoded : `~collections.abc.Iterable` [ `bytes` or `None` ]
            As dimension records hold them; nothing has no outline.

        Returns
        -------
        outlines : `Outlines`
            In the same order.
        """
        shapes: list[npt.NDArray[np.float64]] = []
        centres: list[npt.NDArray[np.float64]] = []
        for content in encoded:
            if content is None:
                shapes.append(np.empty((0, 3)))
                centres.append(np.full(3, np.nan))
                continue
            region = Region.decode(content)
            shapes.append(outline_vertices(region))
            centres.append(region_centre(region))
        lengths = [0, *map(len, shapes)]
        return cls(
            np.concatenate([np.empty((0, 3)), *shapes]).astype(np.float32),
            np.cumsum(lengths).astype(np.int32),
            np.array(centres, np.float32).reshape(-1, 3),
        )

    def __len__(self) -> int:
        return len(self.starts) - 1
