"""Times and regions of extension tables that overlap others."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from lsst.sphgeom import Angle, Box, LonLat, Region, UnitVector3d

from workbench.query.nodes import Call, Literal, Node, Unary

__all__ = ["REGION_FUNCTIONS", "make_region_test", "overlap_times"]

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
        Raised if an argument is no number, or they make no region.
    """
    if node.function == "REGION":
        (text,) = node.arguments
        if not (isinstance(text, Literal) and isinstance(text.value, str)):
            raise ValueError("REGION takes one string")
        return _overlaps(Region.from_ivoa_pos(text.value))
    numbers = [_number(argument) for argument in node.arguments]
    match node.function, numbers:
        case "POINT", [ra, dec]:
            point = UnitVector3d(LonLat.fromDegrees(ra, dec))
            return lambda code: bool(Region.decode(code).contains(point))
        case "CIRCLE", [ra, dec, radius]:
            return _overlaps(Region.from_ivoa_pos(f"CIRCLE {ra} {dec} {radius}"))
        case "BOX", [ra, dec, width, height]:
            center = LonLat.fromDegrees(ra, dec)
            return _overlaps(Box(center, Angle.fromDegrees(width / 2), Angle.fromDegrees(height / 2)))
        case "POLYGON", _ if len(numbers) >= 6:
            return _overlaps(Region.from_ivoa_pos(" ".join(["POLYGON", *map(str, numbers)])))
    raise ValueError(f"{node.function} does not take {len(numbers)} numbers")


def _overlaps(region: Region) -> Callable[[bytes], bool]:
    return lambda code: Region.decode(code).overlaps(region) is not False


def _number(node: Node) -> float:
    match node:
        case Literal(value=int() | float() as value):
            return float(value)
        case Unary(operator="-", operand=operand):
            return -_number(operand)
        case Unary(operator="+", operand=operand):
            return _number(operand)
    raise ValueError("only numbers can stand here, in degrees")
