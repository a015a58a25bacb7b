"""Where a command works: a repository, and a sidecar if one was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.bench import Bench

__all__ = ["Repository"]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as a command line names it.

    Parameters
    ----------
    uri : `str`
        Path, label, ``butler.yaml`` or URL.
    sidecar : `str` or `None`, optional
        Path or URL of a database for our tables, if not beside the Butler's.
    """

    uri: str
    sidecar: str | None = None

    def reading(self) -> Bench:
        """Open the repository to look around.

        Returns
        -------
        bench : `~workbench.bench.Bench`
            Never writes; a context manager.
        """
        return self._open(read_only=True)

    def writing(self) -> Bench:
        """Open the repository to write.

        Returns
        -------
        bench : `~workbench.bench.Bench`
            A context manager.  Settles commits that a dead process left.
        """
        return self._open(read_only=False)

    def _open(self, *, read_only: bool) -> Bench:
        from workbench.bench import open_bench

        return open_bench(self.uri, read_only=read_only, sidecar=self.sidecar)
