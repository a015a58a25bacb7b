"""Sky maps in rings: tracts of one size side by side, each a square of patches."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator

from lsst.daf.butler import Butler
from lsst.sphgeom import ConvexPolygon

from workbench.tangent import TangentPlane

__all__ = ["COSMOS_RINGS", "RingSkyMap", "make_survey_rings"]


@dataclasses.dataclass(frozen=True, slots=True)
class RingSkyMap:
    """A part of the sky in rings of constant declination.

    Tracts are numbered from zero, west to east within a ring and ring by
    ring from south to north.

    Parameters
    ----------
    name : `str`
        Name of the ``skymap`` dimension record.
    ra, dec : `float`
        Centre of tract 0, deg.
    n_rings, n_columns : `int`
        Number of rings, and of tracts in each.
    spacing : `float`
        Distance between the centres of neighbouring tracts, deg.
    overlap : `float`
        Width that neighbouring tracts share, deg.
    n_patches : `int`
        Number of patches along one side of a tract.
    border : `float`
        Width by which a patch reaches over its cell, deg; cut at the edge
        of the tract.
    """

    name: str
    ra: float
    dec: float
    n_rings: int
    n_columns: int
    spacing: float
    overlap: float
    n_patches: int
    border: float

    @property
    def n_tracts(self) -> int:
        """Number of tracts (`int`)."""
        return self.n_rings * self.n_columns

    @property
    def hash(self) -> bytes:
        """Digest of all the numbers that define the map (`bytes`)."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha1(text.encode(), usedforsecurity=False).digest()

    def to_dict(self) -> dict[str, str | int | float]:
        """Return the definition of the map.

        Returns
        -------
        definition : `dict` [ `str`, `str` or `int` or `float` ]
            The constructor's arguments.
        """
        return dataclasses.asdict(self)

    def center(self, tract: int) -> tuple[float, float]:
        """Return the point where a tract touches the sky.

        Parameters
        ----------
        tract : `int`
            Tract number.

        Returns
        -------
        ra, dec : `float`
            Position, deg.
        """
        ring, column = divmod(tract, self.n_columns)
        dec = self.dec + ring * self.spacing
        return (self.ra + column * self.spacing / math.cos(math.radians(dec))) % 360.0, dec

    def tract_region(self, tract: int) -> ConvexPolygon:
        """Return the outline of a tract.

        Parameters
        ----------
        tract : `int`
            Tract number.

        Returns
        -------
        region : `lsst.sphgeom.ConvexPolygon`
            Outline on the sky.
        """
        half = self._half_size
        return _rectangle(TangentPlane(*self.center(tract)), -half, -half, half, half)

    def iter_patches(self, tract: int) -> Iterator[tuple[int, int, int, ConvexPolygon]]:
        """Iterate over the patches of a tract.

        Parameters
        ----------
        tract : `int`
            Tract number.

        Yields
        ------
        patch, cell_x, cell_y : `int`
            Patch number, and its column and row in the tract.
        region : `lsst.sphgeom.ConvexPolygon`
            Outline on the sky.
        """
        plane = TangentPlane(*self.center(tract))
        half, cell = self._half_size, 2 * self._half_size / self.n_patches
        for patch in range(self.n_patches**2):
            row, column = divmod(patch, self.n_patches)
            x, y = column * cell - half, row * cell - half
            region = _rectangle(
                plane,
                max(x - self.border, -half),
                max(y - self.border, -half),
                min(x + cell + self.border, half),
                min(y + cell + self.border, half),
            )
            yield patch, column, row, region

    def register(self, butler: Butler) -> None:
        """Write the dimension records of the map, its tracts and patches.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            A writeable Butler; its database is written to.
        """
        registry = butler.registry
        registry.insertDimensionData(
            "skymap",
            {
                "name": self.name,
                "hash": self.hash,
                "tract_max": self.n_tracts,
                "patch_nx_max": self.n_patches,
                "patch_ny_max": self.n_patches,
            },
        )
        tracts = range(self.n_tracts)
        registry.insertDimensionData(
            "tract", *[{"skymap": self.name, "id": t, "region": self.tract_region(t)} for t in tracts]
        )
        registry.insertDimensionData(
            "patch",
            *[
                {
                    "skymap": self.name,
                    "tract": tract,
                    "id": patch,
                    "cell_x": cell_x,
                    "cell_y": cell_y,
                    "region": region,
                }
                for tract in tracts
                for patch, cell_x, cell_y, region in self.iter_patches(tract)
            ],
        )

    @property
    def _half_size(self) -> float:
        """Half the side of a tract in its tangent plane, deg (`float`)."""
        return math.degrees(math.tan(math.radians((self.spacing + self.overlap) / 2)))


COSMOS_RINGS = RingSkyMap(
    name="cosmos_rings",
    ra=148.89,
    dec=1.03,
    n_rings=2,
    n_columns=2,
    spacing=0.64,
    overlap=0.03,
    n_patches=2,
    border=0.005,
)
"""The map of the COSMOS demonstration: 4 tracts of 2 x 2 patches."""


def make_survey_rings(name: str, ra: float, dec: float, width: float, height: float) -> RingSkyMap:
    """Return a map of 1.5 deg tracts over a simulated survey's area.

    Parameters
    ----------
    name : `str`
        Name of the ``skymap`` dimension record.
    ra, dec : `float`
        South-west corner of the area, deg.
    width, height : `float`
        Extent of the area along the sky, deg.

    Returns
    -------
    skymap : `RingSkyMap`
        A map that covers the area.
    """
    spacing = 1.5
    return RingSkyMap(
        name=name,
        ra=ra + spacing / 2,
        dec=dec + spacing / 2,
        n_rings=max(1, math.ceil(height / spacing)),
        n_columns=max(1, math.ceil(width / spacing)),
        spacing=spacing,
        overlap=0.03,
        n_patches=5,
        border=0.005,
    )


def _rectangle(plane: TangentPlane, x_min: float, y_min: float, x_max: float, y_max: float) -> ConvexPolygon:
    """Return the region of a rectangle whose x, as that of cells, grows to the west."""
    return plane.polygon([-x_min, -x_max, -x_max, -x_min], [y_min, y_min, y_max, y_max])
