"""Plans as scripts, for somebody who may write where we may not."""

from __future__ import annotations

from pathlib import Path

from workbench.registry.plan.plan import Plan
from workbench.sets.files.set_file import replace_file

__all__ = ["write_plan_script"]


def write_plan_script(plan: Plan, path: str | Path, *, repo: str, purpose: str) -> Path:
    """Write a plan as an executable Python script; writes the file.

    Parameters
    ----------
    plan : `~workbench.registry.plan.plan.Plan`
        Writes to a Butler.
    path : `str` or `pathlib.Path`
        The script; replaced as a whole.
    repo : `str`
        Repository that the script writes unless told another; empty if it
        has to be told.
    purpose : `str`
        What it is for, in a sentence.

    Returns
    -------
    path : `pathlib.Path`
        The script, which imports only ``lsst.daf.butler``.
    """
    path = Path(path)
    replace_file(path, plan.to_script(repository=repo, purpose=purpose, file=path.name))
    path.chmod(path.stat().st_mode | 0o111)
    return path
