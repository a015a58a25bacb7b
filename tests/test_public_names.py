"""The names of the root package: all there, and loaded when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import workbench


@pytest.mark.parametrize("name", workbench.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(workbench, name) is not None
    assert name in dir(workbench)


def test_public_names_are_what_they_say() -> None:
    from workbench.bench import open_bench
    from workbench.groupings import folds
    from workbench.ui import app

    assert (workbench.open, workbench.folds, workbench.app) == (open_bench, folds, app)
    assert workbench.__version__[0].isdigit()


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known() -> None:
    with pytest.raises(AttributeError, match="best_seeing"):
        workbench.nothing  # noqa: B018


def test_importing_the_package_loads_no_interface_and_no_butler() -> None:
    code = (
        "import sys, workbench; print({'panel', 'bokeh', 'lsst', 'pandas', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_opening_a_repository_loads_no_interface() -> None:
    code = "import sys, workbench; workbench.open; print({'panel', 'bokeh'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
