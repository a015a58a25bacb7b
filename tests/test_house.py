"""The rules of the house that no other tool knows, read from the source with `ast`.

Each rule yields ``line: what`` for a file; a test asserts that no file breaks
it, and another that the rule sees what it is for.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from workbench.session.steps import Step

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "workbench"

SEAMS = {
    "campaigns/commits/_attach.py",
    "graph/_datastore.py",
    "graph/_generators.py",
    "graph/_stock.py",
    "query/_grammar.py",
    "registry/database/_served.py",
    "registry/dimensions/_universe.py",
    "snapshot/_butler_schema.py",
}
"""The only modules that may use private names of ``lsst.*``."""

CONFINED = {
    "alembic": {"registry"},
    "bokeh": {"ui", "dashboards"},
    "click": {"cli"},
    "panel": {"ui", "dashboards"},
    "psycopg": {"registry"},
    "sqlalchemy": {"registry", "snapshot", "datastore"},
    "sqlite3": {"registry", "snapshot", "datastore"},
    "tornado": {"server"},
}
"""Libraries, and the packages that may import them."""

FAMILIES = {"ctrl", "daf", "obs", "pex", "pipe"}
"""Packages of ``lsst`` whose distributions are named by two words."""

VAGUE_MODULES = {"common", "helper", "helpers", "misc", "util", "utils"}
VAGUE_CLASS = re.compile(r"(Manager|Helper|Handler|Processor|Wrapper)$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
LONG = 400  # lines from which on somebody else looks at a file and asks what its noun is
EXCUSED = {
    "bench/bench.py": "the face of all: a method a verb, a line a noun, the rest docstrings",
    "bench/dimensions.py": "the noun `bench.dimensions`: a method a verb, and half of it is docstrings",
    "campaigns/campaign.py": "the face of a campaign: a method a verb, and two lines of three are docstrings",
    "cli/groups.py": "a command group in one place: most of it is options and their help",
    "cli/sets.py": "a command group in one place: most of it is options and their help",
    "errors.py": "a class for each error, and no more to it",
    "sets/set_store.py": "the noun `bench.sets`: a method a verb, and half of it is docstrings",
}
"""Files whose noun is long, with a reviewer's reason.  Nothing is cut into mix-ins to stay short."""

PUBLIC_BY_CONVENTION = {"_asdict", "_fields", "_mapping", "_replace"}
"""Attributes that named tuples and SQLAlchemy's rows document in spite of the underscore."""

Rule = Callable[[PurePosixPath, ast.Module, str], Iterator[str]]


def iter_imports(tree: ast.Module) -> Iterator[tuple[int, str, str | None]]:
    """Yield line, module and imported name (`None` for ``import module``) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def own_private_names() -> set[str]:
    """Every private name that the package itself defines."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and isinstance(node.value, ast.Name)
                and node.value.id in {"self", "cls"}
            ):
                names.add(node.attr)
    return {name for name in names if is_private(name)} | PUBLIC_BY_CONVENTION


OWN = own_private_names()


def private_names_of_lsst(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """Private modules and names of lsst.* stay in the seams, and so does private access to any object."""
    if str(path) in SEAMS:
        return
    for line, module, name in iter_imports(tree):
        if module.split(".")[0] == "lsst":
            parts = [*module.split("."), *([name] if name else [])]
            if any(is_private(part) for part in parts):
                yield f"{line}: imports {'.'.join(parts)}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in OWN:
            if not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}):
                yield f"{node.lineno}: uses .{node.attr}, which is another package's"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"lsst(\.\w+)*\.(_[a-z]\w*)(\.\w+)*", node.value):
                yield f"{node.lineno}: names {node.value}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            asked = node.args[1] if len(node.args) > 1 else None
            if isinstance(asked, ast.Constant) and is_private(str(asked.value)) and asked.value not in OWN:
                yield f"{node.lineno}: getattr of {asked.value}"


def libraries_out_of_place(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """Each of the confined libraries is imported in its own packages alone."""
    for line, module, _ in iter_imports(tree):
        library = module.split(".")[0]
        if library in CONFINED and path.parts[0] not in CONFINED[library]:
            yield f"{line}: imports {library}, which belongs in {', '.join(sorted(CONFINED[library]))}"


def imports_of_the_root(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """Nothing inside imports what the root package re-exports."""
    for line, module, name in iter_imports(tree):
        if module == "workbench" and (name is None or not is_module(name)):
            yield f"{line}: imports workbench{'.' + name if name else ''}"


def is_module(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def long_files(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """A long file was looked at, and has one noun."""
    lines = sum(not line.lstrip().startswith("#") for line in text.splitlines())  # what says why is free
    if lines > LONG and str(path) not in EXCUSED:
        yield f"1: {lines} lines: cut it by noun, or have it excused in EXCUSED, with the reason"


def vague_names(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """Modules and classes say what they are about."""
    for part in path.parts:
        if part.removesuffix(".py").strip("_") in VAGUE_MODULES:
            yield f"1: a module named {part}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and VAGUE_CLASS.search(node.name):
            yield f"{node.lineno}: a class named {node.name}"


def swallowed_errors(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """Errors are caught by name; whoever catches everything raises on, or shows it at an edge."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {
                kind.id if isinstance(kind, ast.Name) else "" if kind is None else "named" for kind in caught
            }
            raises_on = names in ({"BaseException"}, {"Exception"}) and isinstance(node.body[-1], ast.Raise)
            calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
            called = {function.id for function in calls if isinstance(function, ast.Name)}
            shows = names == {"Exception"} and "describe_error" in called
            if names & {"", "Exception", "BaseException"} and not raises_on and not shows:
                yield f"{node.lineno}: catches everything"


def unfinished_work(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """What is there works."""
    for number, line in enumerate(text.splitlines(), start=1):
        if UNFINISHED.search(line):
            yield f"{number}: {line.strip()}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc:
            kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(kind, ast.Name) and kind.id == "NotImplementedError":
                yield f"{node.lineno}: raises NotImplementedError"


PYTHON_ADVICE = re.compile(
    r"\bbench\.(\w+\.)*\w+\(|\bcampaign\.\w+\(|\b(say|pass|with|without|give|or|add) (?!way)[a-z_]+=(?!\d)"
)
COMMAND_ADVICE = re.compile(r"--[a-z]|workbench [a-z]|WORKBENCH_|in the campaign file|in the rule")
NO_COMMANDS = {"ui", "dashboards", "server", "session", "demo", "campaigns/what_if.py"}
"""Where nobody comes by a command."""


def advice_for_python_alone(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """What an error advises can be followed by whoever typed a command too."""
    if path.parts[0] in NO_COMMANDS or str(path) in NO_COMMANDS:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc:
            parts = [part.value for part in ast.walk(node.exc) if isinstance(part, ast.Constant)]
            said = "".join(part for part in parts if isinstance(part, str))
            if PYTHON_ADVICE.search(said) and not COMMAND_ADVICE.search(said):
                yield f"{node.lineno}: {said}"


COUNTED_STEP = re.compile(rf"\bstep (\d|({'|'.join(step.value for step in Step)})\b)", re.IGNORECASE)


def steps_by_number(path: PurePosixPath, tree: ast.Module, text: str) -> Iterator[str]:
    """A message says a step by its key, whose title is shown: another step before it changes no message."""
    if path.parts[0] not in {"session", "ui", "cli"}:
        return
    for node in ast.walk(tree):
        # Whatever is put into a text may be a number.
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        said = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in parts)
        if isinstance(node, ast.JoinedStr | ast.Constant) and COUNTED_STEP.search(said):
            yield f"{node.lineno}: {said}"


RULES: list[Rule] = [
    private_names_of_lsst,
    libraries_out_of_place,
    imports_of_the_root,
    long_files,
    vague_names,
    swallowed_errors,
    unfinished_work,
    advice_for_python_alone,
    steps_by_number,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_breaks_the_rule(rule: Rule) -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        inside = path.relative_to(PACKAGE).as_posix()
        found += [
            f"workbench/{inside}:{fault}" for fault in rule(PurePosixPath(inside), ast.parse(text), text)
        ]
    assert found == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (private_names_of_lsst, "sets/a.py", "from lsst.daf.butler._x import y"),
        (private_names_of_lsst, "sets/a.py", "from lsst.daf.butler import _y"),
        (private_names_of_lsst, "sets/a.py", "import lsst.daf.butler._y"),
        (private_names_of_lsst, "sets/a.py", "def f():\n    from lsst.pipe.base._z import q"),
        (private_names_of_lsst, "sets/a.py", "butler._registry_of_theirs.x"),
        (private_names_of_lsst, "sets/a.py", "getattr(butler, '_registry_of_theirs')"),
        (private_names_of_lsst, "sets/a.py", "importlib.import_module('lsst.daf.butler._y')"),
        (libraries_out_of_place, "graph/a.py", "import panel as pn"),
        (libraries_out_of_place, "bench.py", "from bokeh.plotting import figure"),
        (libraries_out_of_place, "demo/a.py", "import click"),
        (libraries_out_of_place, "sets/a.py", "def f():\n    import sqlalchemy.sql"),
        (imports_of_the_root, "sets/a.py", "import workbench"),
        (imports_of_the_root, "sets/a.py", "from workbench import open"),
        (long_files, "sets/a.py", "x = 1\n" * (LONG + 1)),
        (vague_names, "sets/_helpers.py", ""),
        (vague_names, "common/a.py", ""),
        (vague_names, "sets/a.py", "class SetManager: ..."),
        (swallowed_errors, "sets/a.py", "try:\n    f()\nexcept (OSError, Exception):\n    raise"),
        (swallowed_errors, "sets/a.py", "try:\n    f()\nexcept:\n    raise"),
        (swallowed_errors, "sets/a.py", "try:\n    f()\nexcept BaseException:\n    g()"),
        (advice_for_python_alone, "sets/a.py", "raise E(f'The set {x} is empty: say allow_empty=True.')"),
        (advice_for_python_alone, "sets/a.py", "raise E('List them with bench.collections.list().')"),
        (steps_by_number, "cli/a.py", "echo(f'step {number} of 5')"),
        (steps_by_number, "session/a.py", "CURRENT = 'the set of step 3'"),
        (steps_by_number, "ui/a.py", "tell(f'{what}: {size} in the set. Undo and save in step Choose.')"),
        (unfinished_work, "sets/a.py", "raise NotImplementedError"),
        (unfinished_work, "sets/a.py", "raise NotImplementedError('later')"),
        (unfinished_work, "sets/a.py", "x = 1  # TO" + "DO: more"),
    ],
)
def test_a_rule_sees_what_it_is_for(rule: Rule, path: str, text: str) -> None:
    assert list(rule(PurePosixPath(path), ast.parse(text), text))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (private_names_of_lsst, "graph/_stock.py", "from lsst.pipe.base._x import y"),
        (private_names_of_lsst, "sets/a.py", "from lsst.daf.butler import Butler\nself._butler.query()"),
        (libraries_out_of_place, "ui/a.py", "import panel, bokeh"),
        (libraries_out_of_place, "registry/a.py", "import sqlalchemy, alembic"),
        (imports_of_the_root, "sets/a.py", "from workbench import errors\nimport workbench.errors"),
        (swallowed_errors, "sets/a.py", "try:\n    f()\nexcept OSError:\n    raise"),
        (swallowed_errors, "sets/a.py", "try:\n    f()\nexcept BaseException:\n    g()\n    raise"),
        (unfinished_work, "sets/a.py", "try:\n    f()\nexcept NotImplementedError:\n    g()"),
        (advice_for_python_alone, "sets/a.py", "raise E('Say allow_empty=True or --allow-empty.')"),
        (steps_by_number, "ui/a.py", "tell(f'Go to {Step.CHOOSE}, and save one.')"),
        (steps_by_number, "campaigns/a.py", "progress('step 3 of the commit')"),
    ],
)
def test_a_rule_lets_pass_what_is_allowed(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(PurePosixPath(path), ast.parse(text), text))


def test_other_source_files_are_short_too() -> None:
    sources = [path for kind in ("js", "ts", "css", "yaml") for path in PACKAGE.rglob(f"*.{kind}")]
    long = {path.name: n for path in sources if (n := path.read_text().count("\n")) > LONG}
    assert long == {}


def test_tests_mirror_the_package() -> None:
    of_their_own = {"benchmarks", "binder"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    packages = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert folders - of_their_own <= packages


def test_every_exception_to_a_check_gives_its_reason() -> None:
    """Each ignored warning, rule or type says on its own line which library or thing it is for, and why."""
    text = (ROOT / "pyproject.toml").read_text()
    exceptions = re.findall(r"^module = .*$", text, re.MULTILINE)
    for opening in (r"filterwarnings = \[", r"\nignore = \["):
        block = re.search(opening + r"\n(.*?)\n\]", text, re.DOTALL)
        assert block, opening
        exceptions += [line.strip() for line in block[1].splitlines() if line.strip() != '"error",']
    unreasoned = [line for line in exceptions if not re.search(r"# .*\w+ \w+", line)]
    assert unreasoned == []


def distributions_of(tree: ast.Module) -> set[str]:
    """Name the distributions that a module imports, the standard library and our own aside."""
    named = {"yaml": "pyyaml"}
    found = set()
    relative = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level}
    for line, module, name in iter_imports(tree):
        if line in relative:
            continue
        top, *rest = module.split(".")
        if top == "lsst":
            first, *others = [*rest, *([name] if name else [])]
            found.add("-".join(["lsst", first, *(others[:1] if first in FAMILIES else [])]))
        elif top not in sys.stdlib_module_names and top != "workbench":
            found.add(named.get(top, top))
    return found


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    requirements = (*project["dependencies"], *extras["postgres"], *extras["remote"])
    declared = {re.split(r"[\[<>=~! ]", one)[0] for one in requirements}
    imported = {path: distributions_of(ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py")}
    assert set().union(*imported.values()) > {"lsst-daf-butler", "pyarrow", "numpy"}
    missing = {str(path): found - declared for path, found in imported.items() if found - declared}
    assert not missing


def test_an_undeclared_import_is_seen() -> None:
    lines = [
        "import yaml, os.path",
        "from lsst.pex.config import Field",
        "from lsst.utils import a",
        "import duckdb",
    ]
    assert distributions_of(ast.parse("\n".join(lines))) == {
        "pyyaml",
        "lsst-pex-config",
        "lsst-utils",
        "duckdb",
    }


def test_warnings_are_errors_and_ignored_ones_are_exact() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    for entry in options["filterwarnings"][1:]:
        action, message, category, *_ = [*entry.split(":"), "", ""]
        assert action == "ignore"
        assert message, f"{entry} ignores by category alone"
        assert category, f"{entry} ignores every category"


BAD_DOCSTRING = '''"""A module."""


def scale(length: float, factor: float) -> float:
    """Scale a length.

    Parameters
    ----------
    length : `float`
        Length (m).
    """
    return length * factor
'''


def test_the_docstring_check_fails_on_a_bad_docstring(tmp_path: Path) -> None:
    package = tmp_path / "sample"
    package.mkdir()
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "lengths.py").write_text(BAD_DOCSTRING)
    command = [sys.executable, ROOT / "tools" / "check_docstrings.py", "sample"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "lengths.py:4: PR01 sample.lengths.scale: Parameters {'factor'} not documented" in done.stdout
    assert "RT01" in done.stdout


def test_the_notebook_check_finds_stored_outputs_and_clears_them(tmp_path: Path) -> None:
    import nbformat
    from nbformat import v4

    cell = v4.new_code_cell("1 + 1", execution_count=1, outputs=[v4.new_output("stream", text="2")])
    nbformat.write(v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    command = [sys.executable, str(ROOT / "tools" / "check_notebooks.py"), str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    subprocess.run([*command, "--clear"], capture_output=True, check=True)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
