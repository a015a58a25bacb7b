"""The relations between dimensions that sets of data IDs convert along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import astropy.table
import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, DimensionGroup, DimensionUniverse

from workbench.errors import AmbiguousRelationError, UnknownNameError
from workbench.presentation import presented
from workbench.registry.database.opening import open_butler
from workbench.snapshot.records import read_dimension_records
from workbench.snapshot.schemas import conform, data_id_schema, dimension_field, key_names

__all__ = ["AnyRelations", "Relations", "RepositoryRelations"]

# The condition makes the query join the table of regions, and its keys come
# back without decoding a single region.
_MEASURED = "visit_detector_region.region != NULL"

RELATION_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "visit_definition": ("exposure", "visit"),
    "visit_detector": ("visit", "detector"),
    "detector": ("detector",),
}


@presented
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
            visit_detector=_read_pairs(butler, wanted, ("visit", "detector"), _MEASURED),
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

    def exposures_with_visits(self, rows: pa.Table, source: str) -> pa.Table:
        """Pair exposures with the visits that they are a part of.

        Parameters
        ----------
        rows : `pyarrow.Table`
            Columns instrument and the source.
        source : `str`
            ``exposure`` or ``visit``.

        Returns
        -------
        pairs : `pyarrow.Table`
            Columns instrument, exposure, visit, those of the rows at least.
        """
        del rows, source
        return self.visit_definition

    def related(
        self, rows: pa.Table, group: DimensionGroup, target: DimensionGroup, more: Iterable[str] = ()
    ) -> pa.Table | None:
        """Join rows to more dimensions, as a query of the Butler does.

        Parameters
        ----------
        rows : `pyarrow.Table`
            Keys over the group.
        group, target : `lsst.daf.butler.DimensionGroup`
            Dimensions of the rows, and those wanted.
        more : `~collections.abc.Iterable` [ `str` ], optional
            Dimensions of the target whose values are wanted, implied or not.

        Returns
        -------
        keys : `pyarrow.Table` or `None`
            Keys over the target, where it adds exposures to visits or visits
            to exposures; otherwise `None`, since these frames know of no
            other relation.
        """
        return _relate_exposures(self, rows, group, target, more)

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
        return _pair_detectors(visits, self.visit_detector, self.detector)

    def detectors_of(self, instruments: Iterable[str]) -> pa.Table:
        """Return the detectors of instruments.

        Parameters
        ----------
        instruments : `~collections.abc.Iterable` [ `str` ]
            Names of instruments.

        Returns
        -------
        detectors : `pyarrow.Table`
            Columns instrument and detector, those of the instruments at least.
        """
        del instruments
        return self.detector


@presented
@dataclass(frozen=True, slots=True)
class RepositoryRelations:
    """Relations that are read from a repository when they are asked for.

    Each call opens a read-only Butler of its own, reads what concerns the
    rows at hand, and closes it: nothing is held, and nothing is out of date.

    Attributes
    ----------
    uri : `str`
        The repository, as ``Butler.from_config`` takes it.
    """

    uri: str

    def exposures_with_visits(self, rows: pa.Table, source: str) -> pa.Table:
        """Pair exposures with the visits that they are a part of.

        Parameters
        ----------
        rows : `pyarrow.Table`
            Columns instrument and the source.
        source : `str`
            ``exposure`` or ``visit``.

        Returns
        -------
        pairs : `pyarrow.Table`
            Columns instrument, exposure, visit.
        """
        with open_butler(self.uri) as butler:
            group = conform(butler.dimensions, ["exposure", "visit"])
            return _read_related(butler, rows.select(["instrument", source]), group)

    def related(
        self, rows: pa.Table, group: DimensionGroup, target: DimensionGroup, more: Iterable[str] = ()
    ) -> pa.Table | None:
        """Join rows to more dimensions, as a query of the Butler does.

        Parameters
        ----------
        rows : `pyarrow.Table`
            Keys over the group.
        group, target : `lsst.daf.butler.DimensionGroup`
            Dimensions of the rows, and those wanted.
        more : `~collections.abc.Iterable` [ `str` ], optional
            Dimensions of the target whose values are wanted, implied or not.

        Returns
        -------
        keys : `pyarrow.Table` or `None`
            Keys over the target: by shared and implied dimensions, by
            ``visit_definition``, and by overlap on the sky and in time.  Keys
            of the rows that the target only implies are columns beside them.
            Exposures and visits alone are related as `Relations` does it.

        Raises
        ------
        workbench.errors.AmbiguousRelationError
            Raised if the Butler cannot join these dimensions.
        """
        more = tuple(more)
        if (found := _relate_exposures(self, rows, group, target, more)) is not None:
            return found
        keys = rows.select([*key_names(group)])
        wanted = [*key_names(target), *key_names(group), *more]
        with open_butler(self.uri) as butler:
            try:
                # The repository may have been extended by a dimension since the set was made.
                now = butler.dimensions.conform(target.names)
                return _read_related(butler, keys, now, columns=wanted)
            except NotImplementedError as error:
                raise AmbiguousRelationError(
                    f"The Butler does not join {', '.join(key_names(group))} to "
                    f"{', '.join(key_names(target))}: {str(error).rstrip('.')}.  Of the pixels of the sky it "
                    f"relates {butler.dimensions.commonSkyPix.name} only to what it observed or mapped."
                ) from error

    def visits_with_detectors(self, visits: pa.Table) -> pa.Table:
        """Pair visits with their detectors.

        Parameters
        ----------
        visits : `pyarrow.Table`
            Columns instrument and visit.

        Returns
        -------
        pairs : `pyarrow.Table`
            Columns instrument, detector, visit, in no particular order: from
            ``visit_detector_region``; a visit without detector regions is
            taken to have all detectors.
        """
        keys = visits.select(["instrument", "visit"])
        instruments = {str(name) for name in keys["instrument"].unique().to_pylist()}
        with open_butler(self.uri) as butler:
            group = conform(butler.dimensions, ["visit", "detector"])
            measured = _read_related(butler, keys, group, _MEASURED)
            return _pair_detectors(keys, measured, _read_pairs(butler, instruments, ("detector",)))

    def detectors_of(self, instruments: Iterable[str]) -> pa.Table:
        """Return the detectors of instruments.

        Parameters
        ----------
        instruments : `~collections.abc.Iterable` [ `str` ]
            Names of instruments.

        Returns
        -------
        detectors : `pyarrow.Table`
            Columns instrument and detector.
        """
        with open_butler(self.uri) as butler:
            return _read_pairs(butler, instruments, ("detector",))


AnyRelations: TypeAlias = Relations | RepositoryRelations
"""What a set may carry to convert along."""


def _relate_exposures(
    relations: AnyRelations,
    rows: pa.Table,
    group: DimensionGroup,
    target: DimensionGroup,
    more: Iterable[str],
) -> pa.Table | None:
    """Add exposures to visits or visits to exposures, and nothing else; `None` where more is asked."""
    here, there = key_names(group), key_names(target)
    wanted = {*here, "exposure", "visit"}
    if {*there} != wanted or not {*more} <= wanted or len({"exposure", "visit"} & {*here}) != 1:
        return None
    (shared,) = {"exposure", "visit"} & {*here}
    pairs = relations.exposures_with_visits(rows, shared).select(["instrument", "exposure", "visit"])
    joined = rows.select([*here]).join(pairs, keys=["instrument", shared], join_type="inner")
    return joined.select([*there])


def _pair_detectors(visits: pa.Table, measured: pa.Table, detectors: pa.Table) -> pa.Table:
    wanted = pl.DataFrame(pl.from_arrow(visits.select(["instrument", "visit"])))
    regions = pl.DataFrame(pl.from_arrow(measured))
    on = ["instrument", "visit"]
    pairs = wanted.join(regions, on=on)
    others = wanted.join(regions, on=on, how="anti").join(
        pl.DataFrame(pl.from_arrow(detectors)), on="instrument"
    )
    columns = ["instrument", "detector", "visit"]
    both = pl.concat([pairs.select(columns), others.select(columns)])
    return both.to_arrow().cast(measured.schema)


def _read_related(
    butler: Butler,
    keys: pa.Table,
    group: DimensionGroup,
    condition: str = "",
    columns: Iterable[str] = (),
) -> pa.Table:
    names = [*dict.fromkeys([*key_names(group), *columns])]
    schema = pa.schema([dimension_field(group.universe, name) for name in names])
    if not keys.num_rows:
        return schema.empty_table()
    distinct = keys.group_by(keys.column_names).aggregate([])
    upload = astropy.table.Table({name: distinct[name].to_pylist() for name in distinct.column_names})
    with butler.query() as query:
        results = query.join_data_coordinate_table(upload).data_ids(group)
        if condition:
            results = results.where(condition)
        return _make_key_table([tuple(data_id[name] for name in names) for data_id in results], schema)


def _read_pairs(
    butler: Butler, instruments: Iterable[str], dimensions: tuple[str, ...], condition: str = ""
) -> pa.Table:
    group = conform(butler.dimensions, dimensions)
    schema = data_id_schema(group, implied=False)
    with butler.query() as query:
        results = query.data_ids(group).where("instrument IN (:wanted)", bind={"wanted": list(instruments)})
        if condition:
            results = results.where(condition)
        return _make_key_table([data_id.required_values for data_id in results], schema)


def _make_key_table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
