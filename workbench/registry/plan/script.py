"""Plans as scripts: what somebody with permission reviews, and runs with a stock Butler."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import pprint
import types
from collections.abc import Callable, Sequence
from typing import Any

from workbench.registry.plan import preconditions, steps

__all__ = ["Graph", "make_script", "refuse_to_run"]

_SCRIPT = '''#!/usr/bin/env python
"""{purpose}

Review this script, then run it with the permission to write the repository:

    python {file} {repository_argument}

It needs lsst.daf.butler alone.  It does everything that its function write
lists, or nothing: it refuses names of collections that exist, chains that have
changed, and inputs that are not what they were.  Run again, it finds that all
is done.{graph_notes}
"""
{functions}

REPOSITORY = {repository!r}


def write(butler: Butler) -> None:
    """Write to the repository, all of it or nothing."""
{preparation}
    with butler.transaction():
{steps}


def main() -> None:
    """Execute the plan on the repository named on the command line."""
    with open_to_write(REPOSITORY) as butler:
        if {done}:
            print("All of it was done before; nothing was changed.")
        else:
            write(butler)
            print("Done.")
{afterwards}

if __name__ == "__main__":
    try:
        main()
    except PlanError as error:
        raise SystemExit(f"Nothing was changed: {{error}}") from None
'''

_GRAPH_NOTES = """

The graph file {name} belongs to it (SHA-256 {digest}).
Put it beside this script: after the writes its datastore records are compared
with those of the repository, for which lsst.pipe.base is needed, and attached
to a copy where they differ.  Then it can be executed:

    pipetask pre-exec-init-qbb REPOSITORY {name}
    pipetask run-qbb REPOSITORY {name}"""


_MAIN = 'if __name__ == "__main__":'
"""What the last lines of a script begin with."""


@dataclasses.dataclass(frozen=True, slots=True)
class Graph:
    """A graph file that a script prepares for its execution.

    Parameters
    ----------
    name : `str`
        Name of the file, which is looked for beside the script.
    digest : `str`
        Its SHA-256 in hex.
    functions : `types.ModuleType`
        A module with the function ``prepare_graph``, which the script copies.
    """

    name: str
    digest: str
    functions: types.ModuleType


def make_script(
    functions: dict[type, Callable[..., None]],
    preparation: Sequence[Any],
    nodes: Sequence[Any],
    *,
    repository: str,
    purpose: str,
    file: str,
    done: str,
    graph: Graph | None,
) -> str:
    """Write a plan as a standalone Python script.

    Parameters
    ----------
    functions : `dict` [ `type`, `~collections.abc.Callable` ]
        The function of `workbench.registry.plan.steps` by type of step.
    preparation, nodes : `~collections.abc.Sequence`
        Steps before the transaction, and in it.
    repository : `str`
        Repository that the script writes unless told another; empty if one
        has to be named.
    purpose : `str`
        First line of the script's docstring.
    file : `str`
        Name of the file that the script will be in.
    done : `str`
        Python expression that tells whether ``butler`` has all of it.
    graph : `Graph` or `None`
        The graph that belongs to it.

    Returns
    -------
    script : `str`
        Python source.
    """
    argument = f"[{repository}]" if repository else "REPOSITORY"
    # A docstring's text must not end it.
    purpose = purpose.replace("\\", "\\\\").replace('"', "'")
    modules = [preconditions, steps, *([graph.functions] if graph else [])]
    return _SCRIPT.format(
        purpose=purpose,
        file=file,
        repository_argument=argument,
        graph_notes=(
            graph
            and _GRAPH_NOTES.format(name=graph.name, digest=graph.digest, repository_argument="REPOSITORY")
        )
        or "",
        functions=_merge_sources(modules),
        repository=repository,
        preparation="\n".join(_call_text(functions, node, " " * 4) for node in preparation)
        or "    # There is no dataset type to register.",
        steps="\n".join(_call_text(functions, node, " " * 8) for node in nodes) or "        pass",
        done=done,
        afterwards=f"        prepare_graph(butler, __file__, {graph.name!r}, {graph.digest!r})\n"
        if graph
        else "",
    )


def refuse_to_run(script: str, reason: str) -> str:
    """Make a script refuse, and keep all of it.

    Parameters
    ----------
    script : `str`
        As `make_script` gives it.
    reason : `str`
        What it says instead.

    Returns
    -------
    script : `str`
        The same script, which changes nothing when it is run.
    """
    head, main, tail = script.rpartition(_MAIN)
    return f"{head}\nraise SystemExit({'Nothing was changed: ' + reason!r})\n\n{main}{tail}"


def arguments_of(node: Any) -> dict[str, object]:
    """Return the fields of a step, which are the arguments of its function.

    Parameters
    ----------
    node : dataclass
        A step.

    Returns
    -------
    arguments : `dict`
        By name.
    """
    return {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}


def _call_text(functions: dict[type, Callable[..., None]], node: Any, indent: str) -> str:
    """Write a node as the call of its function."""
    inner = indent + "    "
    lines = [f"{indent}{functions[type(node)].__name__}(", f"{inner}butler,"]
    for name, value in arguments_of(node).items():
        text = pprint.pformat(value, width=88).replace("\n", "\n" + inner)
        lines.append(f"{inner}{name}={text},")
    return "\n".join([*lines, f"{indent})"])


def _merge_sources(modules: Sequence[types.ModuleType]) -> str:
    """Return the sources of modules in one: their imports once and first, no docstrings of modules."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    bodies: list[str] = []
    for module in modules:
        source = inspect.getsource(module)
        docstring, *nodes = ast.parse(source).body
        begin = docstring.end_lineno or 0
        for node in nodes:
            if isinstance(node, ast.Import):
                plain |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
            else:
                break
            begin = node.end_lineno or begin
        bodies.append("\n".join(source.splitlines()[begin:]).strip())
    names = {
        module: found
        for module, found in sorted(names.items())
        # What one of the modules takes from another is in the script itself.
        if module.partition(".")[0] != __name__.partition(".")[0]
    }
    future = [f"from __future__ import {', '.join(sorted(names.pop('__future__', ())))}", ""]
    lines = [
        *(f"import {name}" for name in sorted(plain)),
        *(f"from {module} import {', '.join(sorted(found))}" for module, found in names.items()),
    ]
    return "\n".join(["", *future, *lines, "", "", "\n\n\n".join(bodies)])
