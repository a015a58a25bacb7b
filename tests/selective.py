"""A coadd that says which of its inputs it left out."""

from __future__ import annotations

from typing import Any

from workbench.demo.tasks.coadd import CoaddTask
from workbench.runs import UNUSED_INPUTS

PIPELINE = f"""
description: The demonstration, with a sharp coadd that says which warps it left out.
imports:
  - location: resource://workbench/demo/demo.yaml
    exclude: [sharpCoadd]
    labeledSubsetModifyMode: EDIT
tasks:
  sharpCoadd:
    class: {__name__}.SelectiveCoaddTask
    config:
      connections.selection: sharp_visits
      connections.coadd: sharp_coadd
"""


class SelectiveCoaddTask(CoaddTask):
    """Tells in its metadata what the execution system cannot know."""

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        selection = butlerQC.get(inputRefs.selection)
        selected = {row["visit"] for row in selection["visits"] if row["selected"]}
        warps = [deferred.datasetRef for deferred in inputRefs.warps]
        self.metadata[UNUSED_INPUTS] = [str(ref.id) for ref in warps if ref.dataId["visit"] not in selected]
        super().runQuantum(butlerQC, inputRefs, outputRefs)
