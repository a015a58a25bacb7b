"""Packages that are installed here, as a graph and a commit record them."""

from __future__ import annotations

import functools

from lsst.utils.packages import getAllPythonDistributions, getPythonPackages

__all__ = ["list_packages"]


@functools.cache
def list_packages() -> dict[str, str]:
    """List installed distributions and imported packages.

    Returns
    -------
    packages : `dict` [ `str`, `str` ]
        Version by name; read once, since it takes a second and no process
        changes its packages.
    """
    return dict(sorted((getAllPythonDistributions() | getPythonPackages()).items()))
