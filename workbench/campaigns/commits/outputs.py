"""Which collections a campaign may write into: new ones, and chains that campaigns of ours made."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

from lsst.daf.butler import CollectionType, MissingCollectionError

from workbench.errors import CampaignError
from workbench.names import LONGEST_COLLECTION, check_collection
from workbench.registry import Registry

__all__ = ["check_output", "check_outputs", "find_type"]


def check_outputs(registry: Registry, name: object, output_run: object, inputs: Sequence[str]) -> None:
    """Refuse names that a campaign may not have; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `object`
        Output chain.
    output_run : `object`
        Output RUN; `None` for the next free one.
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if a collection cannot be called so.
    workbench.errors.CampaignError
        Raised if the chain is another's; what to do instead is said.
    """
    output = check_collection(name, "campaign")
    check_collection(f"{output}/r1", "output RUN")  # which is longer than the campaign
    if output_run is not None:
        run = check_collection(output_run, "output RUN")
        if run == output:
            raise CampaignError(
                f"The campaign and its output RUN are both called {output!r}: a RUN becomes a child of the "
                "campaign's chain.  Leave it out, and the RUN is the next free one of the campaign."
            )
    if fault := check_output(registry, output, inputs):
        raise CampaignError(fault)


def check_output(registry: Registry, output: str, inputs: Sequence[str]) -> str:
    """Say why a campaign may not extend a collection; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    output : `str`
        Output chain.
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections.

    Returns
    -------
    fault : `str`
        What is wrong, and what to do; nothing where the collection is new, or
        a chain that a campaign of ours made.
    """
    kind = find_type(registry, output)
    if kind is None:
        return ""
    advice = f"Give the campaign a name of its own, such as {_find_free(registry, output)!r}."
    if kind is not CollectionType.CHAINED:
        return f"The output {output!r} is a {kind.name} collection; it has to be CHAINED, or new.  {advice}"
    runs = _read_runs(registry, output)
    children = set(registry.butler.collections.get_info(output).children)
    # A next step may read what the steps before it left in their own chain.
    if not (runs and children <= runs) and output in _flatten(registry, inputs):
        return (
            f"{output!r} is among the inputs: whoever reads it would find the outputs of this campaign in "
            f"it.  {advice}"
        )
    if not runs:
        return (
            f"The chain {output!r} is there, and no campaign made it from here: whoever reads it would find "
            f"the outputs of this campaign in it.  {advice}"
        )
    return ""


def _find_free(registry: Registry, output: str) -> str:
    """Find a name like one that is taken, which no collection has."""
    # The RUN of it is longer.
    names = (f"{output[: LONGEST_COLLECTION - 10]}-{number}" for number in itertools.count(2))
    return next(name for name in names if find_type(registry, name) is None)


def find_type(registry: Registry, name: str) -> CollectionType | None:
    """Find the type of a collection; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        Name of the collection.

    Returns
    -------
    kind : `lsst.daf.butler.CollectionType` or `None`
        `None` where there is none.
    """
    try:
        return registry.butler.collections.get_info(name).type
    except MissingCollectionError:
        return None


def _read_runs(registry: Registry, output: str) -> set[str]:
    """Read the RUNs that commits were to leave in a chain."""
    commits = registry.journal.read(states=["committed"]).select(["run", "intent"]).to_pylist()
    return {row["run"] for row in commits if row["run"] and json.loads(row["intent"])["output"] == output}


def _flatten(registry: Registry, inputs: Sequence[str]) -> set[str]:
    """Return input collections with all that is in their chains."""
    found: set[str] = set()
    left = [*inputs]
    while left:
        name = left.pop()
        # What is no name at all is an error of the preview, as an unknown input is.
        if not isinstance(name, str) or name in found:
            continue
        found.add(name)
        try:
            info = registry.butler.collections.get_info(name)
        except MissingCollectionError:
            continue
        if info.type is CollectionType.CHAINED:
            left.extend(info.children)
    return found
