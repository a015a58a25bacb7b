"""Commands on annotations."""

from __future__ import annotations

import click

from workbench.cli import scripts_notes
from workbench.cli.arguments import as_json, repository
from workbench.cli.place import Place

__all__ = ["annotate", "list_annotations"]


ANNOTATE_NOTES = """\b
Example:
  workbench annotate demo-repo instrument=HSC,visit=96954 "satellite trail" --flag bad
"""


@click.command(epilog=ANNOTATE_NOTES)
@repository
@click.argument("target")
@click.argument("text")
@click.option("--flag", metavar="NAME", help="A word of the vocabulary, such as bad.")
@click.option("--tag", "tags", multiple=True, help="A free tag; may be repeated.")
@click.option("--link", "links", multiple=True, metavar="URL", help="A link; may be repeated.")
@as_json
def annotate(
    place: Place,
    target: str,
    text: str,
    flag: str | None,
    tags: tuple[str, ...],
    links: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the note TEXT on TARGET.

    TARGET is a data ID (instrument=HSC,visit=96954), a saved set with its version (bad@1), a
    dataset's UUID, or a collection. Flags can be used in conditions: annotations.flag = 'bad'.
    Writes to the workbench's tables; notes are superseded, never changed.
    """
    scripts_notes.annotate(place, target, text, flag=flag, tags=tags, links=links, as_json=as_json)


@click.command("annotations")
@repository
@click.argument("target", required=False)
@click.option("--flag", metavar="NAME", help="Only notes with this flag.")
@as_json
def list_annotations(place: Place, target: str | None, flag: str | None, as_json: bool) -> None:
    """List the current notes, or those about TARGET.

    TARGET is written as for 'workbench annotate'. Writes nothing.
    """
    scripts_notes.print_annotations(place, target, flag=flag, as_json=as_json)
