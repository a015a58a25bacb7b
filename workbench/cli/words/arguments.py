"""Arguments and options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable

import click

from workbench.cli.words.repository import Repository

__all__ = ["as_json", "data_ids", "limit", "repository", "where", "with_save"]

Body = Callable[..., None]


def repository(body: Body) -> Body:
    """Give a command the argument REPO and the option ``--sidecar``.

    Parameters
    ----------
    body : `~collections.abc.Callable`
        Takes a `~workbench.cli.words.repository.Repository` first.

    Returns
    -------
    wrapped : `~collections.abc.Callable`
        For click.
    """

    @functools.wraps(body)
    def with_place(repo: str, sidecar: str | None, **others: object) -> None:
        body(Repository(repo, sidecar), **others)

    option = click.option(
        "--sidecar",
        metavar="DATABASE",
        envvar="WORKBENCH_SIDECAR",
        help="Path or URL of a database for the workbench's own tables, where they are not welcome in the "
        "repository's; chosen by itself where that cannot be written.",
    )
    return click.argument("repo", metavar="REPO")(option(with_place))


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
"""The option ``--json``."""

data_ids = click.argument("data_ids", metavar="DATA_ID...", nargs=-1, required=True)
"""The data IDs that `~workbench.cli.words.data_ids.parse_data_ids` reads."""

where = click.option(
    "--where",
    default="",
    metavar="EXPRESSION",
    help="Condition in the Butler's grammar; columns of extension tables (metrics.psf_fwhm), "
    "annotations.flag and in_set('name@3') are allowed in selections. See 'workbench columns'.",
)
"""The option ``--where``."""


def limit(rows: int) -> Callable[[Body], Body]:
    """Give a command the option ``--limit``.

    Parameters
    ----------
    rows : `int`
        Its default.

    Returns
    -------
    decorator : `~collections.abc.Callable`
        For click.
    """
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=rows,
        show_default=True,
        help="Print at most so many rows.",
    )


def with_save(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """Check that what is to be saved has a reason; ``--save`` is read before ``--reason``.

    Parameters
    ----------
    ctx : `click.Context`
        With the name that was given.
    _ : `click.Parameter`
        The option.
    value : `str` or `None`
        The reason.

    Returns
    -------
    value : `str` or `None`
        The same.

    Raises
    ------
    click.UsageError
        Raised if there is a name and no reason, or a reason of nothing.
    """
    if value and not ctx.params.get("name"):
        raise click.UsageError("--reason says why a choice is saved: give --save NAME as well.")
    if ctx.params.get("name") and not (value or "").strip():
        raise click.UsageError("--save needs --reason: why this choice, in a few words.")
    return value
