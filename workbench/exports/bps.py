"""A BPS submission of a committed graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from workbench.errors import CampaignError
from workbench.graph import opening_graph
from workbench.sets.files.set_file import replace_file

__all__ = ["write_bps_yaml"]

# Where BPS's defaults say ${CTRL_MPEXEC_DIR}/bin/pipetask, which only an EUPS
# environment sets, these have the bare command.
_COMMANDS: Mapping[str, Any] = {
    "runQuantumCommand": (
        "pipetask {runPreCmdOpts} run-qbb {butlerConfig} {fileDistributionEndPoint}{qgraphFile} "
        "--qgraph-node-id {qgraphNodeId} {extraRunQuantumOptions}"
    ),
    # BPS would run 'pipetask update-graph-run', which gives every quantum and output a new UUID even where
    # the RUN stays: nothing that runs then could be traced to the commit, and a retry would mix two graphs.
    "updateQuantumGraph": "cp {inputQgraphFile} {qgraphFile}",
    # BPS refuses a directory that exists, so that a submission could not be repeated after a failure.
    "submitPath": "${PWD}/submit/{outputRun}/{timestamp}",
    "pipetask": {
        "pipetaskInit": {
            "runQuantumCommand": (
                "pipetask {initPreCmdOpts} pre-exec-init-qbb {butlerConfig} "
                "{fileDistributionEndPoint}{qgraphFile} {extraInitOptions}"
            )
        }
    },
    "finalJob": {
        "requestCpus": 1,
        "requestMemory": 2048,
        "command1": (
            "butler {finalPreCmdOpts} aggregate-graph {fileDistributionEndPoint}{qgraphFile} {butlerConfig} "
            "-j {requestCpus} --register-dataset-types {updateOutputChain} {extraAggregateOptions}"
        ),
    },
}

_FIXED = frozenset({"qgraphFile", "payload", "pipelineYaml", "updateQuantumGraph"})
"""Settings that would make BPS execute something else than the graph."""


def write_bps_yaml(
    graph: str | Path,
    path: str | Path,
    *,
    repo: str,
    name: str,
    cores: int = 2,
    settings: Mapping[str, object] | None = None,
) -> Path:
    """Write a submission of a committed graph for ``bps submit``; writes the file.

    Parameters
    ----------
    graph : `str` or `pathlib.Path`
        The graph file.  Collections are taken from its header, so that BPS
        runs it in its own output RUN.  BPS executes a copy of it, byte for
        byte, so that its UUIDs stay.
    path : `str` or `pathlib.Path`
        The YAML file; replaced as a whole.
    repo : `str`
        The Butler repository.
    name : `str`
        Name of the payload and campaign in the reports of BPS.
    cores : `int`, optional
        Cores that the default site, this machine by Parsl, may use.
    settings : `~collections.abc.Mapping`, optional
        Top-level settings that replace or extend these, such as
        ``wmsServiceClass``, ``computeSite`` and ``site`` of a facility.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if there is no graph file, or ``settings`` name another graph
        or payload than this, or would change the graph.
    """
    graph, path = Path(graph).resolve(), Path(path)
    if not graph.is_file():
        raise CampaignError(f"There is no graph file {graph}. Commit the campaign first, or check the path.")
    if fixed := sorted(_FIXED & set(settings or {})):
        raise CampaignError(
            f"The settings name {', '.join(fixed)}, which the graph itself fixes; leave them out."
        )
    with opening_graph(graph) as reader:
        header = reader.header
    payload = {
        "payloadName": name,
        "butlerConfig": repo,
        "inCollection": ",".join(header.inputs),
        "output": header.output or header.output_run,
        "outputRun": header.output_run,
    }
    submission = {
        "project": "workbench",
        "campaign": name,
        "qgraphFile": str(graph),
        "payload": payload,
        "wmsServiceClass": "lsst.ctrl.bps.parsl.ParslService",
        "computeSite": "local",
        "site": {"local": {"class": "lsst.ctrl.bps.parsl.sites.Local", "cores": cores}},
        **_COMMANDS,
        **(settings or {}),
    }
    replace_file(path, yaml.safe_dump(submission, sort_keys=False, width=1000))
    return path
