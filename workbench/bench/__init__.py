"""The public face of the workbench: one repository, and what to do with it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from workbench.arguments import checked, checked_call
from workbench.bench.browsing import Browsing
from workbench.bench.choosing import Choosing
from workbench.bench.committing import Committing
from workbench.bench.examining import Examination, Examining
from workbench.bench.keeping import Keeping
from workbench.bench.relating import Relating
from workbench.bench.running import Running
from workbench.bench.tables import Tables
from workbench.bench.working import Working
from workbench.campaigns import recover
from workbench.presentation import presented
from workbench.registry import open_registry

__all__ = ["Bench", "Examination", "open_bench"]


@checked_call
def open_bench(uri: str | Path, *, read_only: bool = False, sidecar: str | None = None) -> Bench:
    """Open a Butler repository with the workbench's tables beside it.

    Parameters
    ----------
    uri : `str` or `pathlib.Path`
        Path, label, ``butler.yaml`` or URL of a Butler repository.
    read_only : `bool`, optional
        Never write, not even on request.
    sidecar : `str`, optional
        Path or URL of a database for our tables, where they are not welcome
        in the repository's own; chosen by itself where that is not writeable.

    Returns
    -------
    bench : `Bench`
        Also a context manager.

    Raises
    ------
    workbench.errors.NotARepositoryError
        Raised if there is no repository.
    workbench.errors.NewerSchemaError
        Raised if our tables were written by a newer release.
    workbench.errors.RepositoryLockedError
        Raised if another writer holds the database.

    Notes
    -----
    Opening writes nothing, except that commits which a dead process left
    half done are rolled forward or back.
    """
    registry = open_registry(str(uri), read_only=read_only, sidecar=sidecar)
    if not read_only:
        recover(registry)
    return Bench(registry)


@checked
@presented
class Bench(Browsing, Choosing, Committing, Examining, Keeping, Relating, Tables, Running, Working):
    """One repository on the bench.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; closed with the bench.

    Notes
    -----
    Browsing uses a read-only Butler; each call that writes opens its own
    short writeable one.  Safe to use from one thread at a time.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        mode = "read-only" if self.registry.read_only else "writeable"
        return f"Bench({self.uri!r}, {mode}, tables {self.registry.home})"

    def _shown_facts(self) -> dict[str, object]:
        return {
            "repository": self.uri,
            "mode": "read-only" if self.registry.read_only else "writeable",
            "tables": self.registry.home,
        }

    def close(self) -> None:
        """Close the connections; the bench must not be used afterwards."""
        self.registry.close()
