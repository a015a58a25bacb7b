"""What a commit is asked to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from workbench.errors import CampaignError, EmptySetError
from workbench.presentation import presented
from workbench.snapshot.reads import Fence, Reads

__all__ = ["CommitRequest", "Publication"]


@presented
@dataclass(frozen=True, slots=True)
class Publication:
    """A set of datasets to publish as a TAGGED collection behind a chain.

    Parameters
    ----------
    chain : `str`
        CHAINED collection that will point to the new one; made if there is
        none.  Empty to leave all chains as they are.
    tagged : `str`
        TAGGED collection to register.
    dataset_type : `str`
        Name of the dataset type of the datasets.
    dataset_ids : `tuple` [`uuid.UUID`, ...]
        The datasets.
    set_label : `str`
        Name and version of the set that selects them, such as "cosmos-i@1".
    key_digest : `str`
        Key digest of that set, in hex.
    reason : `str`
        Why.
    children : `tuple` [`str`, ...], optional
        All children that the chain will have, ``tagged`` among them.  By
        default the new collection takes the place of the children that hold
        the dataset type, and the others stay.
    allow_empty : `bool`, optional
        Accept that there are no datasets.
    """

    chain: str
    tagged: str
    dataset_type: str
    dataset_ids: tuple[UUID, ...]
    set_label: str
    key_digest: str
    reason: str
    children: tuple[str, ...] | None = None
    allow_empty: bool = False


@presented
@dataclass(frozen=True, slots=True)
class CommitRequest:
    """All that a commit needs to know.

    Parameters
    ----------
    campaign : `str`
        Name of the campaign.
    kind : `str`
        What is committed: "graph", "publish".
    author : `str`
        Who is responsible.
    run : `str` or `None`
        RUN collection to register, which holds the workflow's record.
    fence : `~workbench.snapshot.reads.Fence`, optional
        The state of all that the preview was made from; `None` where nothing
        was read before.
    write_graph : `~collections.abc.Callable`, optional
        Writes the graph file to the path it is given.
    workflow_record : `~collections.abc.Mapping`, optional
        JSON object that records the workflow.
    publication : `Publication`, optional
        What to publish in the same step.
    output : `str`, optional
        CHAINED collection to which the RUN will be added after execution.
    """

    campaign: str
    kind: str
    author: str
    run: str | None = None
    fence: Fence | None = None
    write_graph: Callable[[Path], None] | None = None
    workflow_record: Mapping[str, object] = field(default_factory=dict)
    publication: Publication | None = None
    output: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Collections that the commit alone may register (`tuple` [ `str`, ... ])."""
        tagged = self.publication.tagged if self.publication is not None else None
        return tuple(name for name in (self.run, tagged) if name)

    @property
    def fence_digest(self) -> str:
        """Digest of the fence; empty where there is none (`str`)."""
        return "" if self.fence is None else self.fence.digest

    @property
    def reads(self) -> Reads:
        """What the fence is about (`~workbench.snapshot.reads.Reads`)."""
        return Reads((), ()) if self.fence is None else self.fence.reads

    def check(self) -> None:
        """Check what can be checked without the repository.

        Raises
        ------
        workbench.errors.CampaignError
            Raised if the request contradicts itself.
        workbench.errors.EmptySetError
            Raised if nothing would be published, unless allowed.
        """
        if not self.names:
            raise CampaignError(
                f"A commit of {self.campaign!r} was asked without a RUN and without a publication; give one."
            )
        taken = [*self.names, *filter(None, [self.output, self.publication and self.publication.chain])]
        if len(set(self.names)) < len(self.names) or any(taken.count(name) > 1 for name in self.names):
            raise CampaignError(f"The collections {taken} of a commit need different names.")
        if self.write_graph is not None and self.run is None:
            raise CampaignError("A graph is committed with the RUN it writes to; name its RUN.")
        try:
            json.dumps(self.workflow_record)
        except (TypeError, ValueError) as error:
            raise CampaignError(f"The workflow record is no JSON object: {error}.") from error
        publication = self.publication
        if publication is None:
            return
        if not publication.dataset_ids and not publication.allow_empty:
            raise EmptySetError(
                f"The set {publication.set_label} selects no {publication.dataset_type}: publishing it as "
                f"{publication.tagged!r} would hide every one. If that is meant, say allow_empty=True or "
                "--allow-empty."
            )
        if publication.children is not None and publication.tagged not in publication.children:
            raise CampaignError(
                f"children={list(publication.children)} of {publication.chain!r} leave out the collection "
                f"{publication.tagged!r} that is published."
            )
