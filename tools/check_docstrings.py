"""Check the docstrings of every public name against numpydoc's rules.

``python tools/check_docstrings.py PACKAGE`` imports every module of the
package and prints ``file:line: CODE message`` for each finding; it ends with
1 if there was any.  The rules are those of ``[tool.numpydoc_validation]``.

numpydoc's own ``numpydoc lint`` reads source without importing it, so it takes
a dataclass's documented fields for unknown parameters and asks a property for
a "Returns" section.  The validator that looks at live objects does neither.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from numpydoc.docscrape import NumpyDocString
from numpydoc.hooks.validate_docstrings import parse_config
from numpydoc.validate import validate

ROOT = Path(__file__).resolve().parent.parent


def iter_modules(package: str, excluded: re.Pattern[str] | None) -> Iterator[ModuleType]:
    """Import a package and every module in it that is not excluded."""
    root = importlib.import_module(package)
    yield root
    for found in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
        if not (excluded and excluded.search(found.name)):
            yield importlib.import_module(found.name)


def iter_names(module: ModuleType) -> Iterator[str]:
    """Name the public classes, functions, methods and properties that a module defines.

    The docstring of the module itself is asked for by ruff (D100, D104).
    """
    for name, value in vars(module).items():
        documented = inspect.isclass(value) or inspect.isfunction(value)
        if name.startswith("_") or not documented or value.__module__ != module.__name__:
            continue
        yield f"{module.__name__}.{name}"
        if inspect.isclass(value):
            for member in vars(value):
                if not member.startswith("_") and _is_judged(value, member):
                    yield f"{module.__name__}.{name}.{member}"


def _is_judged(owner: type, member: str) -> bool:
    # What a class makes without a `def` (a dataclass, an enumeration) has no docstring to judge; an override
    # without one inherits it.
    attribute = vars(owner)[member]
    function = attribute
    if isinstance(attribute, property):
        function = attribute.fget
    elif isinstance(attribute, classmethod | staticmethod):
        function = attribute.__func__
    if not inspect.isfunction(function) or not function.__qualname__.startswith(f"{owner.__qualname__}."):
        return False
    inherited = any(member in vars(base) for base in owner.__mro__[1:])
    return bool(function.__doc__) or not inherited


def find_faults(package: str) -> Iterator[str]:
    """Validate every public docstring of a package."""
    rules = parse_config(ROOT)
    for module in iter_modules(package, rules["exclude"]):
        for name in iter_names(module):
            if rules["exclude"] and rules["exclude"].search(name):
                continue
            report = validate(name)
            for code, message in report["errors"]:
                if code not in rules["checks"]:
                    continue
                if code == "PR01" and _is_documented_otherwise(module, name, report["docstring"]):
                    continue
                yield f"{report['file']}:{report['file_line']}: {code} {name}: {message}"


def _is_documented_otherwise(module: ModuleType, name: str, docstring: str) -> bool:
    judged = vars(module).get(name.removeprefix(f"{module.__name__}."))
    if not inspect.isclass(judged):
        return False
    if not dataclasses.is_dataclass(judged):
        # A task, an enumeration, a protocol: the parameters are documented where the constructor is.
        constructor = vars(judged).get("__init__")
        return constructor is None or constructor.__qualname__ != f"{judged.__qualname__}.__init__"
    # The fields of a dataclass are its attributes, and may be documented as such.
    sections = NumpyDocString(docstring)["Attributes"]
    documented = {attribute.strip() for section in sections for attribute in section.name.split(",")}
    own = set(vars(judged).get("__annotations__", {}))
    return {
        field.name for field in dataclasses.fields(judged) if field.init and field.name in own
    } <= documented


if __name__ == "__main__":
    faults = list(find_faults(sys.argv[1]))
    print("\n".join(faults) or "Docstrings: no faults.")
    sys.exit(bool(faults))
