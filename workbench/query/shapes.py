"""Times and regions of extension tables that overlap others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from lsst.sphgeom import Angle, Box, Circle, ConvexPolygon, LonLat, Region, UnitVector3d

from workbench.query.nodes import Call, Literal, Node, Unary

__all__ = [
    "REGION_FUNCTIONS",
    "make_region",
    "make_region_test",
    "overlap_regions",
    "overlap_times",
    "write_region",
]

_CORNERS = 2000
"""How many corners of a polygon are looked at, each with each."""

_SLACK = 5e-6
"""How far (rad, an arcsecond) a corner may lie inside of the line through its neighbours."""

REGION_FUNCTIONS = ("POINT", "CIRCLE", "BOX", "POLYGON", "REGION")
"""Functions of the grammar that make a point or a region of numbers (deg)."""


def overlap_times(left: tuple[pl.Expr, pl.Expr], right: tuple[pl.Expr, pl.Expr]) -> pl.Expr:
    """Tell whether two spans of time overlap.

    Parameters
    ----------
    left, right : `tuple` [ `polars.Expr`, `polars.Expr` ]
        Begin and end, MJD TAI in days; the end does not belong to the span,
        as in `lsst.daf.butler.Timespan`.

    Returns
    -------
    overlaps : `polars.Expr`
        Null where an end is.
    """
    return (left[0] < right[1]) & (right[0] < left[1])


def make_region(node: Call) -> Region | UnitVector3d:
    """Make the region or the point that an expression gives.

    Parameters
    ----------
    node : `workbench.query.nodes.Call`
        A call of one of `REGION_FUNCTIONS`.

    Returns
    -------
    region : `lsst.sphgeom.Region` or `lsst.sphgeom.UnitVector3d`
        A vector for a point.

    Raises
    ------
    ValueError
        Raised if an argument is no number, if they make no region, or if a
        polygon is none that is the same for everybody: `lsst.sphgeom`, and
        with it the Butler, takes the convex hull of what is given, on the
        smaller side of it, in silence.
    """
    if node.function == "REGION":
        (text,) = node.arguments
        if not (isinstance(text, Literal) and isinstance(text.value, str)):
            raise ValueError("REGION takes one string")
        kind, *rest = text.value.split() or [""]
        numbers = [_to_number(word) for word in rest]
        if kind.upper() not in ("POLYGON", "CIRCLE"):
            return Region.from_ivoa_pos(text.value)
        return _make_region(kind.upper(), numbers)
    return _make_region(node.function, [_number(argument) for argument in node.arguments])


def write_region(node: Call) -> str:
    """Write a region as the Butler understands it.

    Parameters
    ----------
    node : `workbench.query.nodes.Call`
        A call of one of `REGION_FUNCTIONS` that makes a region.

    Returns
    -------
    text : `str`
        Empty where it stays as it is.  The Butler draws ``CIRCLE`` with twice
        the radius that is given, and ``REGION`` with the radius itself.
    """
    if node.function != "CIRCLE":
        return ""
    numbers = " ".join(repr(_number(argument)) for argument in node.arguments)
    return f"REGION('CIRCLE {numbers}')"


def make_region_test(node: Call) -> Callable[[bytes], bool]:
    """Make the test for regions that overlap one that an expression gives.

    Parameters
    ----------
    node : `workbench.query.nodes.Call`
        A call of one of `REGION_FUNCTIONS`.

    Returns
    -------
    test : `~collections.abc.Callable`
        Takes an encoded region; true unless `lsst.sphgeom` is certain that
        they are apart, which is the Butler's own rule.

    Raises
    ------
    ValueError
        Raised as by `make_region`.
    """
    region = make_region(node)
    if isinstance(region, UnitVector3d):
        return lambda code: bool(Region.decode(code).contains(region))
    return lambda code: Region.decode(code).overlaps(region) is not False


def overlap_regions(one: bytes | None, other: bytes | None) -> bool | None:
    """Tell whether two regions overlap.

    Parameters
    ----------
    one, other : `bytes` or `None`
        Encoded regions.

    Returns
    -------
    overlaps : `bool` or `None`
        True unless they are certainly apart; `None` where one is missing.
    """
    if one is None or other is None:
        return None
    return Region.decode(one).overlaps(Region.decode(other)) is not False


def _make_region(function: str, numbers: Sequence[float]) -> Region | UnitVector3d:
    match function, numbers:
        case "POINT", [ra, dec]:
            return _make_vector(ra, dec)
        case "CIRCLE", [ra, dec, radius]:
            if not 0 <= radius <= 180:
                raise ValueError(f"a radius lies between 0 and 180 degrees, not at {radius:g}")
            return Circle(_make_vector(ra, dec), Angle.fromDegrees(radius))
        case "BOX", [ra, dec, width, height]:
            if not (0 <= width <= 360 and 0 <= height <= 180):
                raise ValueError(
                    f"a box is 0 to 360 degrees wide and 0 to 180 high, not {width:g} and {height:g}"
                )
            _make_vector(ra, dec)
            center = LonLat.fromDegrees(ra, dec)
            return Box(center, Angle.fromDegrees(width / 2), Angle.fromDegrees(height / 2))
        case "POLYGON", _ if len(numbers) >= 6 and len(numbers) % 2 == 0:
            return _make_polygon(list(zip(numbers[::2], numbers[1::2], strict=True)))
    raise ValueError(f"{function} does not take {len(numbers)} numbers")


def _make_vector(ra: float, dec: float) -> UnitVector3d:
    if not -90 <= dec <= 90:
        raise ValueError(f"a declination lies between -90 and 90 degrees, not at {dec:g}")
    if not -360 <= ra <= 720:
        raise ValueError(f"a right ascension lies between 0 and 360 degrees, not at {ra:g}")
    return UnitVector3d(LonLat.fromDegrees(ra, dec))


def _make_polygon(corners: Sequence[tuple[float, float]]) -> ConvexPolygon:
    """Make a polygon of corners (deg) that are all corners of it."""
    # A first corner that is written again at the end closes nothing that is open.
    kept = [
        corner for corner, after in zip(corners, [*corners[1:], corners[0]], strict=True) if corner != after
    ]
    if not 3 <= len(kept) <= _CORNERS:
        raise ValueError(f"a polygon has 3 to {_CORNERS} corners, and this one {len(kept)}")
    vectors = [_make_vector(ra, dec) for ra, dec in kept]
    steps = np.diff([*(ra for ra, _ in kept), kept[0][0]])
    # Around a pole there are always such sides, and but one way to draw them.
    is_around_pole = abs(abs(float(((steps + 180) % 360 - 180).sum())) - 360) < 1
    if (np.abs(steps) >= 180).any() and not is_around_pole:
        raise ValueError(
            "a side goes over 180 degrees of right ascension or more, and is drawn the other way around; "
            "beyond RA 0 write 350, 370 or -10, 10, and join parts of a wide area by OR, or use BOX"
        )
    points = np.array([[v.x(), v.y(), v.z()] for v in vectors])
    poles = np.cross(points, np.roll(points, -1, axis=0))
    lengths = np.linalg.norm(poles, axis=1)
    if (lengths < _SLACK).any():
        raise ValueError("two corners after each other are the same, or opposite to each other")
    heights = (poles / lengths[:, np.newaxis]) @ points.T
    if heights.sum() < 0:
        heights = -heights
    if (heights < -_SLACK).any():
        raise ValueError(
            "the polygon is not convex, its sides cross, or it is wider than half of the sky; write convex "
            "parts, each as an OVERLAPS of its own, joined by OR"
        )
    return ConvexPolygon(vectors)


def _to_number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{word[:20]!r} is no number")
    return number


def _number(node: Node) -> float:
    match node:
        case Literal(value=int() | float() as value):
            return float(value)
        case Unary(operator="-", operand=operand):
            return -_number(operand)
        case Unary(operator="+", operand=operand):
            return _number(operand)
    raise ValueError("only numbers can stand here, in degrees")
