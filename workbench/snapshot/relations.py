"""The relations between dimensions that sets of data IDs convert along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, DimensionUniverse

from workbench.errors import UnknownNameError
from workbench.snapshot.records import read_dimension_records
from workbench.snapshot.schemas import conform, data_id_schema

__all__ = ["Relations"]

RELATION_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "visit_definition": ("exposure", "visit"),
    "visit_detector": ("visit", "detector"),
    "detector": ("detector",),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Relations:
    """Frames that relate dimensions, read once and held in memory.

    Attributes
    ----------
    instruments : `tuple` [ `str`, ... ]
        Instruments that the frames cover.
    visit_definition : `pyarrow.Table`
        Which exposures make up which visits: instrument, exposure, visit.
    visit_detector : `pyarrow.Table`
        Which detectors a visit has, from ``visit_detector_region``:
        instrument, detector, visit.
    detector : `pyarrow.Table`
        All detectors of the instruments: instrument, detector.  A visit
        without detector regions is taken to have all of them, which is how
        the Butler itself joins visits and detectors.

    Notes
    -----
    Nothing here refers to a connection, so that sets which carry relations
    can be pickled and outlive the Butler they came from.
    """

    instruments: tuple[str, ...]
    visit_definition: pa.Table
    visit_detector: pa.Table
    detector: pa.Table

    def __repr__(self) -> str:
        return (
            f"Relations({', '.join(self.instruments) or 'no instruments'}: "
            f"{self.visit_definition.num_rows} exposures of visits, "
            f"{self.visit_detector.num_rows} detectors of visits)"
        )

    @classmethod
    def read(cls, butler: Butler, instruments: Iterable[str] | None = None) -> Relations:
        """Read the relations of some instruments.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            Where to read from; nothing is written.
        instruments : `~collections.abc.Iterable` [ `str` ], optional
            Instrument names; all instruments of the repository by default.

        Returns
        -------
        relations : `Relations`
            The frames.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the repository has no such instrument.
        """
        known = [str(name) for name in read_dimension_records(butler, "instrument")["instrument"].to_pylist()]
        wanted = known if instruments is None else sorted(set(instruments))
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise UnknownNameError(
                f"The repository has no instrument {', '.join(map(repr, unknown))}. "
                f"Its instruments are: {', '.join(known) or '(none)'}."
            )
        return cls(
            instruments=tuple(wanted),
            visit_definition=_read_pairs(butler, wanted, ("exposure", "visit")),
            # The condition makes the query join the table of regions, and its
            # keys come back without decoding a single region.
            visit_detector=_read_pairs(
                butler, wanted, ("visit", "detector"), "visit_detector_region.region != NULL"
            ),
            detector=_read_pairs(butler, wanted, ("detector",)),
        )

    @classmethod
    def empty(cls, universe: DimensionUniverse) -> Relations:
        """Return relations that relate nothing.

        Parameters
        ----------
        universe : `lsst.daf.butler.DimensionUniverse`
            Gives the types of the columns.

        Returns
        -------
        relations : `Relations`
            Frames without rows.
        """
        frames = {
            name: data_id_schema(conform(universe, names), implied=False).empty_table()
            for name, names in RELATION_DIMENSIONS.items()
        }
        return cls(instruments=(), **frames)

    def visits_with_detectors(self, visits: pa.Table) -> pa.Table:
        """Pair visits with their detectors.

        Parameters
        ----------
        visits : `pyarrow.Table`
            Columns instrument and visit.

        Returns
        -------
        pairs : `pyarrow.Table`
            Columns instrument, detector, visit, in no particular order.
        """
        wanted = pl.DataFrame(pl.from_arrow(visits.select(["instrument", "visit"])))
        measured = pl.DataFrame(pl.from_arrow(self.visit_detector))
        all_detectors = pl.DataFrame(pl.from_arrow(self.detector))
        on = ["instrument", "visit"]
        pairs = wanted.join(measured, on=on)
        others = wanted.join(measured, on=on, how="anti").join(all_detectors, on="instrument")
        columns = ["instrument", "detector", "visit"]
        both = pl.concat([pairs.select(columns), others.select(columns)])
        return both.to_arrow().cast(self.visit_detector.schema)


def _read_pairs(
    butler: Butler, instruments: Iterable[str], dimensions: tuple[str, ...], condition: str = ""
) -> pa.Table:
    group = conform(butler.dimensions, dimensions)
    schema = data_id_schema(group, implied=False)
    with butler.query() as query:
        results = query.data_ids(group).where("instrument IN (:wanted)", bind={"wanted": list(instruments)})
        if condition:
            results = results.where(condition)
        rows = [data_id.required_values for data_id in results]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
