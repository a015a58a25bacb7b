"""The conjuncts that the database evaluates, and what each of them drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
from lsst.daf.butler import Butler, ButlerUserError

from workbench.errors import ExpressionError
from workbench.query.columns import Catalogue
from workbench.query.conjuncts import Conjunct
from workbench.query.limits import shorten
from workbench.query.pointing import make_error
from workbench.snapshot import read_data_ids

__all__ = ["TRACE_LIMIT", "read_butler_stages", "read_rows"]

TRACE_LIMIT = 200_000
"""Rows above which it is not looked up what the database's conjuncts drop."""

_REFUSALS = (ButlerUserError, ValueError, TypeError, LookupError)
"""What the Butler raises on expressions that it does not accept."""


def read_butler_stages(
    butler: Butler,
    catalogue: Catalogue,
    conjuncts: Sequence[Conjunct],
    *,
    data_id: Mapping[str, object] | None = None,
    is_traced: bool = True,
    upload: Sequence[pa.Table] = (),
) -> list[pa.Table | None]:
    """Read what the Butler finds, conjunct by conjunct.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    catalogue : `Catalogue`
        Dimensions, binds, and the expression for messages.
    conjuncts : `~collections.abc.Sequence` [ `Conjunct` ]
        Conjuncts in the order of evaluation.
    data_id : `~collections.abc.Mapping`, optional
        Consider only data IDs with these values.
    is_traced : `bool`, optional
        Whether to read the stages before the last.
    upload : `~collections.abc.Sequence` [ `pyarrow.Table` ], optional
        Keys that the last stage is restricted to.

    Returns
    -------
    stages : `list` [ `pyarrow.Table` or `None` ]
        Data IDs before the first conjunct, after the first, and so on; the
        last is the result.  Earlier ones are `None` where there are more than
        `TRACE_LIMIT` rows, or where they were not wanted.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the Butler does not accept a conjunct.
    """
    result = read_rows(butler, catalogue, conjuncts, data_id=data_id, upload=upload)
    stages: list[pa.Table | None] = [result]
    for count in reversed(range(len(conjuncts))):
        earlier = None
        if is_traced and stages[0] is not None and not upload:
            try:
                earlier = _read(butler, catalogue, conjuncts[:count], TRACE_LIMIT, data_id, ())
            except _REFUSALS:
                # A part may lack the governor that only the whole constrains.
                earlier = None
        # A shorter conjunction has at least as many rows as a longer one.
        stages.insert(0, earlier)
    return stages


def read_rows(
    butler: Butler,
    catalogue: Catalogue,
    conjuncts: Sequence[Conjunct],
    *,
    limit: int | None = None,
    data_id: Mapping[str, object] | None = None,
    upload: Sequence[pa.Table] = (),
) -> pa.Table | None:
    """Read the data IDs that satisfy all of some conjuncts.

    Parameters
    ----------
    butler, catalogue, conjuncts : as they are given
        As `read_butler_stages` takes them.
    limit : `int`, optional
        Give up where there are more.
    data_id, upload : as they are given
        As `read_butler_stages` takes them.

    Returns
    -------
    rows : `pyarrow.Table` or `None`
        Required and implied dimensions; `None` where there are more than the
        limit.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the Butler does not accept a conjunct.
    """
    try:
        return _read(butler, catalogue, conjuncts, limit, data_id, upload)
    except _REFUSALS as error:
        raise _translate(butler, catalogue, conjuncts, error) from error


def _read(
    butler: Butler,
    catalogue: Catalogue,
    conjuncts: Sequence[Conjunct],
    limit: int | None,
    data_id: Mapping[str, object] | None,
    upload: Sequence[pa.Table],
) -> pa.Table | None:
    table = read_data_ids(
        butler,
        catalogue.joined.names,
        # One by one: the Butler walks along a chain of AND by recursion.
        where=[conjunct.operand for conjunct in conjuncts],
        bind=catalogue.bind,
        data_id=data_id,
        limit=None if limit is None else limit + 1,
        upload=upload,
    )
    return None if limit is not None and table.num_rows > limit else table


def _translate(
    butler: Butler, catalogue: Catalogue, conjuncts: Sequence[Conjunct], error: Exception
) -> ExpressionError:
    """Find the conjunct that the Butler does not accept."""
    for conjunct in conjuncts:
        with butler.query() as query:
            try:
                query.data_ids(catalogue.joined).where(conjunct.operand, bind=dict(catalogue.bind))
            except _REFUSALS as own:
                what = f"The Butler does not accept this condition: {shorten(str(own), 300)}"
                return make_error(catalogue.expression, conjunct.node.start, what)
    what = f"The Butler does not accept the expression: {shorten(str(error), 300)}"
    return make_error(catalogue.expression, None, what)
