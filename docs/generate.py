"""Write the pages that are read off the code: one a package for the API, one for the commands."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

import click

import workbench

LEFT_OUT = {"workbench.cli"}  # its face is the page of commands


def public_modules() -> list[str]:
    """Name the modules and packages directly inside `workbench`."""
    found = [f"workbench.{module.name}" for module in pkgutil.iter_modules(workbench.__path__)]
    return [name for name in sorted(found) if name not in LEFT_OUT]


def public_names(module: ModuleType) -> tuple[list[str], list[str]]:
    """Split the exported names of a module into classes and functions."""
    exported = [name for name in getattr(module, "__all__", ()) if not name.startswith("_")]
    classes = [name for name in exported if inspect.isclass(getattr(module, name))]
    functions = [name for name in exported if inspect.isfunction(getattr(module, name))]
    return classes, functions


def module_page(name: str) -> str:
    """Write the page of one package: its design note, then its classes and functions."""
    module = importlib.import_module(name)
    classes, functions = public_names(module)
    lines = [name, "=" * len(name), "", f".. automodule:: {name}", "   :no-members:", ""]
    for title, names, directive in (
        ("Classes", classes, "autoclass"),
        ("Functions", functions, "autofunction"),
    ):
        if names:
            lines += [title, "-" * len(title), ""]
        for member in names:
            lines += [f".. {directive}:: {name}.{member}"]
            lines += ["   :members:", ""] if directive == "autoclass" else [""]
    return "\n".join(lines)


def command_pages(command: click.Command, path: tuple[str, ...]) -> list[str]:
    """Write the help of a command, then of each command inside it."""
    context = click.Context(command, info_name=" ".join(path), max_content_width=100)
    lines = ["#" * (min(len(path), 3) + 1) + f" `{' '.join(path)}`", ""]
    lines += ["```text", command.get_help(context).replace("\b", ""), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                lines += command_pages(inner, (*path, name))
    return lines


def write_pages(folder: Path) -> None:
    """Write every generated page into a folder.

    Parameters
    ----------
    folder : `pathlib.Path`
        Made when it is not there.
    """
    from workbench.cli import main

    folder.mkdir(exist_ok=True)
    modules = public_modules()
    for name in modules:
        (folder / f"{name}.rst").write_text(module_page(name))
    toctree = [".. toctree::", "   :maxdepth: 1", "", *(f"   {name}" for name in modules)]
    (folder / "modules.rst").write_text("\n".join(["Packages", "========", "", *toctree, ""]))
    (folder / "commands_text.md").write_text("\n".join(command_pages(main, ("workbench",))))
