"""The conjuncts that the Butler evaluates, and what each of them drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
from lsst.daf.butler import Butler, ButlerUserError

from workbench.errors import ExpressionError
from workbench.query.columns import Catalogue, DimensionKey
from workbench.query.conjuncts import Conjunct
from workbench.query.pointing import make_error
from workbench.snapshot import read_data_id_results, read_dimension_records

__all__ = ["TRACE_LIMIT", "read_butler_stages"]

TRACE_LIMIT = 200_000
"""Rows above which it is not looked up what the Butler's conjuncts drop."""

_REFUSALS = (ButlerUserError, ValueError, TypeError, LookupError)
"""What the Butler raises on expressions that it does not accept."""


def read_butler_stages(
    butler: Butler,
    catalogue: Catalogue,
    conjuncts: Sequence[Conjunct],
    *,
    is_whole: bool,
    data_id: Mapping[str, object] | None = None,
    is_traced: bool = True,
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
    is_whole : `bool`
        Whether these conjuncts are the whole expression, which the Butler
        then gets as it was written.
    data_id : `~collections.abc.Mapping`, optional
        Consider only data IDs with these values.
    is_traced : `bool`, optional
        Whether to read the stages before the last.

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
    where = catalogue.expression if is_whole else _join(conjuncts)
    try:
        result = _read(butler, catalogue, where, None, data_id)
    except _REFUSALS as error:
        raise _translate(butler, catalogue, conjuncts, error) from error
    stages: list[pa.Table | None] = [result]
    for count in reversed(range(len(conjuncts))):
        earlier = None
        if is_traced and stages[0] is not None:
            try:
                earlier = _read(butler, catalogue, _join(conjuncts[:count]), TRACE_LIMIT, data_id)
            except _REFUSALS:
                # A part may lack the governor that only the whole constrains.
                earlier = None
        # A shorter conjunction has at least as many rows as a longer one.
        stages.insert(0, earlier)
    return stages


def _join(conjuncts: Sequence[Conjunct]) -> str:
    return " AND ".join(conjunct.text for conjunct in conjuncts)


def _read(
    butler: Butler,
    catalogue: Catalogue,
    where: str,
    limit: int | None,
    data_id: Mapping[str, object] | None,
) -> pa.Table | None:
    with butler.query() as query:
        results = query.data_ids(catalogue.group)
        if data_id:
            results = results.where(dict(data_id))
        if where.strip():
            results = results.where(where, bind=dict(catalogue.bind))
        if limit is not None:
            results = results.limit(limit + 1)
        table = read_data_id_results(butler, catalogue.group, results)
    return None if limit is not None and table.num_rows > limit else table


def _translate(
    butler: Butler, catalogue: Catalogue, conjuncts: Sequence[Conjunct], error: Exception
) -> ExpressionError:
    """Find the conjunct that the Butler does not accept."""
    for conjunct in conjuncts:
        with butler.query() as query:
            try:
                query.data_ids(catalogue.group).where(conjunct.text, bind=dict(catalogue.bind))
            except _REFUSALS as own:
                if not _lacks_governor(own):
                    what = f"The Butler does not accept this condition: {own}"
                    return make_error(catalogue.expression, conjunct.node.start, what)
    if not _lacks_governor(error):
        return make_error(catalogue.expression, None, f"The Butler does not accept the expression: {error}")
    governors = catalogue.group.universe.governor_dimensions.names
    named = {c.dimension for part in conjuncts for c in part.columns if isinstance(c, DimensionKey)}
    wanted = {name for d in named for name in catalogue.group.universe.dimensions[d].required.names}
    advice = []
    for governor in governors:
        if governor in wanted - named:
            known = read_dimension_records(butler, governor)[governor].to_pylist()
            if known:
                advice.append(f"Add {governor} = '{known[0]}' (there are: {', '.join(map(str, known))}).")
    place = next((c.node.start for c in conjuncts if _is_governed(catalogue, c, named)), None)
    what = "A condition here depends on a governor dimension that the expression does not constrain."
    return make_error(catalogue.expression, place, what, *advice)


def _lacks_governor(error: Exception) -> bool:
    return "without constraining it directly" in str(error)


def _is_governed(catalogue: Catalogue, conjunct: Conjunct, named: set[str]) -> bool:
    dimensions = [c.dimension for c in conjunct.columns if isinstance(c, DimensionKey)]
    universe = catalogue.group.universe
    return any(
        universe.dimensions[d].required.names & universe.governor_dimensions.names - named for d in dimensions
    )
