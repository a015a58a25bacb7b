"""Previews as a terminal and as JSON show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.cli.output.printing import print_facts, print_table, to_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.campaigns import Campaign
    from workbench.graph import Explanation, Preview

__all__ = ["explanation_object", "print_preview", "print_tables", "summarize_coverage", "to_object"]


def print_preview(campaign: Campaign, preview: Preview, *, costs: Mapping[str, float] | None = None) -> None:
    """Print the account of a preview.

    Parameters
    ----------
    campaign : `~workbench.campaigns.Campaign`
        Whose graph it is.
    preview : `~workbench.graph.Preview`
        The graph.
    costs : `~collections.abc.Mapping` [ `str`, `float` ], optional
        CPU seconds of a quantum by task.
    """
    print_facts(
        {
            "campaign": campaign.name,
            "pipeline": campaign.pipeline_name,
            "inputs": ", ".join(preview.inputs),
            "output run": preview.output_run,
            "partial inputs": preview.policy.value,
            "built by": preview.engine,
        }
    )
    by_quantum = [
        str(name).endswith(("_log", "_metadata")) for name in preview.datasets["dataset_type"].to_pylist()
    ]
    print_tables(
        {
            "constraints": preview.constraints,
            "groupings": preview.groupings,
            "rows of the sets, groupings and publications that are named": preview.accounts,
            "quanta by task": preview.counts,
            "inputs that are nowhere": preview.absent,
            "datasets by type, but for the log and metadata of each quantum": _leave_out(
                preview.datasets, by_quantum
            ),
            "inputs of a quantum": preview.inputs_per_quantum,
            "visits of a patch": summarize_coverage(preview.coverage),
            "Python that ran for each quantum": preview.hooks,
        }
    )
    for note in preview.notes:
        print(f"note: {note}")
    if preview.skipping.n_skipped:
        print_tables(
            {
                "skipped quanta by task": preview.skipping.counts,
                "skipped, though this graph would make them differently": preview.skipping.table,
            },
            limit=100,
        )
        print(f"\n{preview.skipping}")
    facts: dict[str, object] = {
        "quanta": preview.n_quanta,
        "partial": preview.conflicts.num_rows,
        "logical digest": preview.logical_digest,
    }
    if costs:
        estimate = preview.estimate_cost(costs)
        print_tables({"estimated cost": estimate})
        hours = estimate["cpu_hours"].to_pylist()
        facts["CPU hours"] = sum(value for value in hours if value is not None)
        facts["tasks without a cost"] = hours.count(None) or None
    print_tables({"partial quanta": preview.conflicts}, limit=20)
    print()
    print_facts(facts)
    for warning in preview.warnings:
        print(f"Warning: {warning}")
    for refusal in preview.refusals:
        print(f"A commit would be refused. {refusal}")


def print_tables(tables: Mapping[str, pa.Table], *, limit: int | None = None) -> None:
    """Print tables below their titles; those without rows are left out.

    Parameters
    ----------
    tables : `~collections.abc.Mapping` [ `str`, `pyarrow.Table` ]
        By title.
    limit : `int`, optional
        Most rows of each.
    """
    for title, table in tables.items():
        if table.num_rows:
            print(f"\n{title}")
            print_table(table, limit=limit)


def summarize_coverage(coverage: pa.Table) -> pa.Table:
    """Summarize visits per patch and band by task and band.

    Parameters
    ----------
    coverage : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.COVERAGE_SCHEMA`.

    Returns
    -------
    summary : `pyarrow.Table`
        ``task``, ``band``, number of ``patches``, and the least, median and
        largest number of visits of one.
    """
    import polars as pl

    from workbench.graph.columns.schemas import to_plain_arrow

    visits = pl.col("visits")
    return to_plain_arrow(
        pl.DataFrame(coverage)
        .group_by("task", "band", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("patches"),
            visits.min().alias("min"),
            visits.median().alias("median"),
            visits.max().alias("max"),
        )
    )


def to_object(
    campaign: Campaign,
    preview: Preview,
    *,
    explained: Sequence[Explanation] = (),
    costs: Mapping[str, float] | None = None,
) -> dict[str, object]:
    """Say the same as JSON.

    Parameters
    ----------
    campaign : `~workbench.campaigns.Campaign`
        Whose graph it is.
    preview : `~workbench.graph.Preview`
        The graph.
    explained : `~collections.abc.Sequence` [ `~workbench.graph.Explanation` ], optional
        Explanations that were asked for.
    costs : `~collections.abc.Mapping` [ `str`, `float` ], optional
        CPU seconds of a quantum by task.

    Returns
    -------
    value : `dict`
        JSON-friendly.
    """
    value = {
        "campaign": campaign.name,
        "pipeline": campaign.pipeline_name,
        "inputs": list(preview.inputs),
        "output_run": preview.output_run,
        "partial": preview.policy.value,
        "engine": preview.engine,
        "constraints": to_rows(preview.constraints),
        "notes": list(preview.notes),
        "groupings": to_rows(preview.groupings),
        "counts": to_rows(preview.counts),
        "datasets": to_rows(preview.datasets),
        "inputs_per_quantum": to_rows(preview.inputs_per_quantum),
        "coverage": to_rows(preview.coverage),
        "hooks": to_rows(preview.hooks),
        "conflicts": to_rows(preview.conflicts),
        "skipping": {
            "tasks": to_rows(preview.skipping.counts),
            "stale": to_rows(preview.skipping.table),
            "says": str(preview.skipping),
        },
        "accounts": to_rows(preview.accounts),
        "absent": to_rows(preview.absent),
        "warnings": list(preview.warnings),
        "refusals": list(preview.refusals),
        "quanta": preview.n_quanta,
        "logical_digest": preview.logical_digest,
        "explanations": [explanation_object(each) for each in explained],
    }
    return value | ({"cost": to_rows(preview.estimate_cost(costs))} if costs else {})


def explanation_object(explanation: Explanation) -> dict[str, object]:
    """Say an explanation as JSON.

    Parameters
    ----------
    explanation : `~workbench.graph.Explanation`
        Of one data ID.

    Returns
    -------
    value : `dict`
        JSON-friendly.
    """
    return {
        "data_id": dict(explanation.data_id),
        "included": explanation.included,
        "tasks": to_rows(explanation.table),
        "feeds": to_rows(explanation.feeds),
        "sentences": list(explanation.sentences),
    }


def _leave_out(table: pa.Table, mask: list[bool]) -> pa.Table:
    import pyarrow as pa

    return table.filter(pa.array([not is_out for is_out in mask], pa.bool_()))
