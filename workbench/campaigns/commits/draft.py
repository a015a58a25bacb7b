"""A commit under way: its intent, its record and its plan."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from workbench.campaigns.commits.marker import WORKFLOW, make_marker
from workbench.campaigns.commits.owner import Owner
from workbench.campaigns.commits.pointer import Pointer
from workbench.campaigns.commits.storage import GRAPHS, CommitFiles
from workbench.campaigns.definition.request import CommitRequest
from workbench.registry import Registry
from workbench.registry.plan.plan import (
    Associate,
    Plan,
    PutDocument,
    RedefineChain,
    RegisterChain,
    RegisterRun,
    RegisterTagged,
    Step,
)

__all__ = ["Draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One commit under way: what it was asked, and the names it has chosen.

    Parameters
    ----------
    commit_id : `str`
        Identifier, 32 hexadecimal digits.
    document_id : `uuid.UUID`
        UUID that the workflow's record gets as a dataset.
    registry : `~workbench.registry.Registry`
        The embedded registry.
    request : `~workbench.campaigns.CommitRequest`
        What was asked.
    pointer : `~workbench.campaigns.commits.pointer.Pointer` or `None`
        The chain that will point to what is published.
    """

    commit_id: str
    document_id: uuid.UUID
    registry: Registry
    request: CommitRequest
    pointer: Pointer | None

    @property
    def files(self) -> CommitFiles:
        """The files that it writes (`~workbench.campaigns.commits.storage.CommitFiles`)."""
        return CommitFiles(self.registry.storage_dir, self.commit_id)

    @property
    def as_script(self) -> bool:
        """Whether the writes to the Butler come out as a script (`bool`)."""
        return not self.registry.butler_writeable

    def to_intent(self) -> dict[str, object]:
        """Return what the journal keeps: enough to go forward or back, and the record.

        Returns
        -------
        intent : `dict`
            JSON object.
        """
        request, publication = self.request, self.request.publication
        return {
            "version": 1,
            "owner": Owner.current().to_json(),
            "names": list(request.names),
            "document_id": str(self.document_id) if request.run else None,
            "script": f"{GRAPHS}/{self.files.script().name}" if self.as_script else None,
            "output": request.output,
            "collections": list(request.reads.inputs),
            "dataset_types": list(request.reads.input_types),
            "existing_in": list(request.reads.existing_in),
            "publication": publication
            and {
                "chain": publication.chain,
                "tagged": publication.tagged,
                "dataset_type": publication.dataset_type,
                "n_datasets": len(publication.dataset_ids),
                "set": publication.set_label,
                "key_digest": publication.key_digest,
                "reason": publication.reason,
                "children": self.pointer and list(self.pointer.children),
                "replaced": self.pointer and self.pointer.expected and list(self.pointer.expected),
            },
            "record": dict(request.workflow_record),
        }

    def to_document(self, created: float, graph_digest: str | None) -> str:
        """Return the workflow's record as it is put into the RUN.

        Parameters
        ----------
        created : `float`
            When the commit was prepared, MJD TAI in days.
        graph_digest : `str` or `None`
            SHA-256 of the graph file in hex.

        Returns
        -------
        document : `str`
            JSON text of an object.
        """
        request, intent = self.request, self.to_intent()
        body = {
            "commit": self.commit_id,
            "kind": request.kind,
            "campaign": request.campaign,
            "author": request.author,
            "created_mjd_tai": created,
            "run": request.run,
            "fence": request.fence_digest,
            "graph_digest": graph_digest,
        }
        kept = ("output", "collections", "dataset_types", "existing_in", "publication", "record")
        return json.dumps(body | {name: intent[name] for name in kept}, sort_keys=True)

    def to_plan(self, created: float, graph_digest: str | None) -> Plan:
        """Return the writes to the Butler.

        Parameters
        ----------
        created : `float`
            When the commit was prepared, MJD TAI in days.
        graph_digest : `str` or `None`
            SHA-256 of the graph file in hex.

        Returns
        -------
        plan : `~workbench.registry.plan.plan.Plan`
            Every collection that it registers carries the commit's marker.
        """
        request, publication, pointer = self.request, self.request.publication, self.pointer
        marker = make_marker(self.commit_id)
        steps: list[Step] = []
        if request.run is not None:
            doc = f"{request.kind} of {request.campaign} by {request.author}. {marker}"
            steps.append(RegisterRun(request.run, doc))
        if publication is not None:
            doc = (
                f"{len(publication.dataset_ids)} {publication.dataset_type} of {publication.set_label} "
                f"(key digest {publication.key_digest}) by {request.author}: {publication.reason}. {marker}"
            )
            steps.append(RegisterTagged(publication.tagged, doc))
            if publication.dataset_ids:
                steps.append(Associate(publication.tagged, publication.dataset_ids))
        if pointer is not None:
            if pointer.expected is None:
                steps.append(RegisterChain(pointer.chain, f"Pointer to what is current. {marker}"))
            steps.append(RedefineChain(pointer.chain, pointer.children, pointer.expected or ()))
        if request.run is None:
            return Plan((), tuple(steps))
        document = self.to_document(created, graph_digest)
        steps.append(PutDocument(request.run, WORKFLOW.name, self.document_id, document))
        return Plan((WORKFLOW,), tuple(steps))
