"""A commit of a campaign that others commit too, by a process of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from lsst.pipe.base import Pipeline

from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign

CAMPAIGN = "u/same"


def begin(bench: Bench, **options: object) -> Campaign:
    """Begin a campaign of two quanta."""
    pipeline = Pipeline.fromString(
        "{description: x, tasks: {measure: {class: tests.grouped_tasks.MeasureTask}}}"
    )
    return bench.campaign(CAMPAIGN, pipeline, ["HSC/defaults"], **options).constrain(  # type: ignore[arg-type]
        where="instrument = 'HSC' AND visit = 96954 AND detector IN (41, 42)"
    )


def main() -> None:
    """Preview, tell it, wait for the others, and commit."""
    uri, ready, go = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with open_bench(uri) as bench:
        campaign = begin(bench)
        preview = campaign.preview()
        ready.write_text(preview.output_run)
        while not go.exists():
            time.sleep(0.01)
        print(campaign.commit(preview).run)


if __name__ == "__main__":
    main()
