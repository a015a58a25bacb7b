"""Small pipeline tasks whose quanta have dynamic dimensions, to be executed by stock commands.

Those of `PIPELINE` need a repository that is extended by ``pair`` and ``subset``.
"""

from __future__ import annotations

from typing import ClassVar

from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
)
from lsst.pipe.base import connectionTypes as cT

PIPELINE = """\
description: Detectors of visits, then pairs and parts of the visits.
tasks:
  measure:
    class: tests.grouped_tasks.MeasureTask
  comparePair:
    class: tests.grouped_tasks.ComparePairTask
  gatherSubset:
    class: tests.grouped_tasks.GatherSubsetTask
"""

WAYS = """\
description: The same members gathered by a dimension, by group, and by names.
tasks:
  gatherSubset:
    class: tests.grouped_tasks.GatherSubsetTask
  gatherAgain:
    class: tests.grouped_tasks.GatherSubsetTask
    config:
      connections.gathered: subset_again
  gatherGroup:
    class: tests.grouped_tasks.GatherGroupTask
  gather:
    class: tests.grouped_tasks.GatherTask
  collate:
    class: tests.grouped_tasks.CollateTask
  report:
    class: tests.grouped_tasks.ReportTask
subsets:
  named:
    subset: [gather, report]
contracts:
  - contract: gather.connections.gathered == report.connections.gathered
    msg: What is gathered is reported.
"""

_KIND = "StructuredDataDict"


class MeasureConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    raws = cT.Input(
        doc="Raws of the visit.",
        name="raw",
        storageClass=_KIND,
        dimensions=("instrument", "exposure", "detector"),
        multiple=True,
    )
    measured = cT.Output(
        doc="What the detector shows.",
        name="measured",
        storageClass=_KIND,
        dimensions=("instrument", "visit", "detector"),
    )


class MeasureConfig(PipelineTaskConfig, pipelineConnections=MeasureConnections):
    """Configuration of `MeasureTask`."""


class MeasureTask(PipelineTask):
    """Tell which visit and detector it is."""

    ConfigClass: ClassVar[type[MeasureConfig]] = MeasureConfig
    _DefaultName: ClassVar[str] = "measure"

    def runQuantum(  # noqa: N802
        self,
        butlerQC: QuantumContext,  # noqa: N803
        inputRefs: InputQuantizedConnection,  # noqa: N803
        outputRefs: OutputQuantizedConnection,  # noqa: N803
    ) -> None:
        (raw,) = butlerQC.get(inputRefs.raws)
        visit = int(outputRefs.measured.dataId["visit"])
        butlerQC.put({"visit": visit, "detector": raw["detector"]}, outputRefs.measured)


def read_measured() -> cT.Input:
    """What tasks of groups read: the detectors of several visits."""
    return cT.Input(
        doc="What the detector shows.",
        name="measured",
        storageClass=_KIND,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
    )


class GatheringTask(PipelineTask):
    """Tell which visits and detectors were given to a quantum, in the one output that it has."""

    def runQuantum(  # noqa: N802
        self,
        butlerQC: QuantumContext,  # noqa: N803
        inputRefs: InputQuantizedConnection,  # noqa: N803
        outputRefs: OutputQuantizedConnection,  # noqa: N803
    ) -> None:
        measured = butlerQC.get(inputRefs.measured)
        found = {
            "visits": sorted({one["visit"] for one in measured}),
            "detectors": sorted({one["detector"] for one in measured}),
            "n_inputs": [len(measured)],
        }
        ((_, output),) = outputRefs
        butlerQC.put(found, output)


class ComparePairConnections(PipelineTaskConnections, dimensions=("instrument", "pair", "detector")):
    measured = read_measured()
    compared = cT.Output(
        doc="The visits that were compared.",
        name="pair_comparison",
        storageClass=_KIND,
        dimensions=("instrument", "pair", "detector"),
    )


class ComparePairConfig(PipelineTaskConfig, pipelineConnections=ComparePairConnections):
    """Configuration of `ComparePairTask`."""


class ComparePairTask(GatheringTask):
    """Tell which visits a pair was given."""

    ConfigClass: ClassVar[type[ComparePairConfig]] = ComparePairConfig
    _DefaultName: ClassVar[str] = "comparePair"


class GatherSubsetConnections(PipelineTaskConnections, dimensions=("subset",)):
    measured = read_measured()
    gathered = cT.Output(
        doc="The visits of the part.", name="subset_summary", storageClass=_KIND, dimensions=("subset",)
    )


class GatherSubsetConfig(PipelineTaskConfig, pipelineConnections=GatherSubsetConnections):
    """Configuration of `GatherSubsetTask`."""


class GatherSubsetTask(GatheringTask):
    """Tell which visits a part was given."""

    ConfigClass: ClassVar[type[GatherSubsetConfig]] = GatherSubsetConfig
    _DefaultName: ClassVar[str] = "gatherSubset"


class GatherGroupConnections(PipelineTaskConnections, dimensions=("instrument", "group")):
    measured = read_measured()
    gathered = cT.Output(
        doc="The visits of the group.",
        name="group_summary",
        storageClass=_KIND,
        dimensions=("instrument", "group"),
    )


class GatherGroupConfig(PipelineTaskConfig, pipelineConnections=GatherGroupConnections):
    """Configuration of `GatherGroupTask`."""


class GatherGroupTask(GatheringTask):
    """Tell which visits a group was given."""

    ConfigClass: ClassVar[type[GatherGroupConfig]] = GatherGroupConfig
    _DefaultName: ClassVar[str] = "gatherGroup"


class GatherConnections(PipelineTaskConnections, dimensions=("instrument",)):
    measured = read_measured()
    gathered = cT.Output(doc="The visits.", name="summary", storageClass=_KIND, dimensions=("instrument",))


class GatherConfig(PipelineTaskConfig, pipelineConnections=GatherConnections):
    """Configuration of `GatherTask`."""


class GatherTask(GatheringTask):
    """Tell which visits were given."""

    ConfigClass: ClassVar[type[GatherConfig]] = GatherConfig
    _DefaultName: ClassVar[str] = "gather"


class CollateConnections(PipelineTaskConnections, dimensions=()):
    parts = cT.Input(
        doc="The visits of each part.",
        name="subset_summary",
        storageClass=_KIND,
        dimensions=("subset",),
        multiple=True,
    )
    collated = cT.Output(doc="All of them.", name="collated", storageClass=_KIND, dimensions=())


class CollateConfig(PipelineTaskConfig, pipelineConnections=CollateConnections):
    """Configuration of `CollateTask`."""


class CollateTask(PipelineTask):
    """Put the visits of all parts together again."""

    ConfigClass: ClassVar[type[CollateConfig]] = CollateConfig
    _DefaultName: ClassVar[str] = "collate"

    def runQuantum(  # noqa: N802
        self,
        butlerQC: QuantumContext,  # noqa: N803
        inputRefs: InputQuantizedConnection,  # noqa: N803
        outputRefs: OutputQuantizedConnection,  # noqa: N803
    ) -> None:
        visits = sorted(visit for part in butlerQC.get(inputRefs.parts) for visit in part["visits"])
        butlerQC.put({"visits": visits}, outputRefs.collated)


class ReportConnections(PipelineTaskConnections, dimensions=("instrument",)):
    gathered = cT.Input(doc="The visits.", name="summary", storageClass=_KIND, dimensions=("instrument",))
    report = cT.Output(
        doc="How many they are.", name="counted", storageClass=_KIND, dimensions=("instrument",)
    )


class ReportConfig(PipelineTaskConfig, pipelineConnections=ReportConnections):
    """Configuration of `ReportTask`."""


class ReportTask(PipelineTask):
    """Count the visits that were gathered."""

    ConfigClass: ClassVar[type[ReportConfig]] = ReportConfig
    _DefaultName: ClassVar[str] = "report"

    def runQuantum(  # noqa: N802
        self,
        butlerQC: QuantumContext,  # noqa: N803
        inputRefs: InputQuantizedConnection,  # noqa: N803
        outputRefs: OutputQuantizedConnection,  # noqa: N803
    ) -> None:
        gathered = butlerQC.get(inputRefs.gathered)
        butlerQC.put({"n_visits": len(gathered["visits"])}, outputRefs.report)
