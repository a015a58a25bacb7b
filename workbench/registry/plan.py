"""Plans: every write to the Butler, as frozen values that say what.

A plan is executed here, or shown as a script that has the same effect with
``lsst.daf.butler`` alone, where the Butler cannot be written from here.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import pprint
from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from lsst.daf.butler import Butler

from workbench.errors import (
    CollectionExistsError,
    FenceChangedError,
    OutputRunExistsError,
    UnknownNameError,
    WorkbenchError,
)
from workbench.progress import Progress, silent
from workbench.registry import steps
from workbench.registry.puts import PutDocument, PutMapping, PutTable
from workbench.registry.record_step import InsertRecords

__all__ = [
    "Associate",
    "InsertRecords",
    "Plan",
    "PutDocument",
    "PutMapping",
    "PutTable",
    "RedefineChain",
    "RegisterChain",
    "RegisterDatasetType",
    "RegisterRun",
    "RegisterTagged",
    "SetDocumentation",
    "Step",
]


@dataclasses.dataclass(frozen=True, slots=True)
class RegisterDatasetType:
    """Register a dataset type, outside of any transaction.

    Parameters
    ----------
    name : `str`
        Name of the dataset type.
    dimensions : `tuple` [`str`, ...]
        Names of its dimensions.
    storage_class : `str`
        Name of its storage class.
    is_calibration : `bool`
        Whether it may be certified.
    """

    name: str
    dimensions: tuple[str, ...]
    storage_class: str
    is_calibration: bool = False

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"register dataset type {self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class RegisterRun:
    """Register a RUN collection, which must not exist.

    Parameters
    ----------
    name, doc : `str`
        Name and documentation.
    """

    name: str
    doc: str = ""

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"register RUN {self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class RegisterTagged:
    """Register a TAGGED collection, which must not exist.

    Parameters
    ----------
    name, doc : `str`
        Name and documentation.
    """

    name: str
    doc: str = ""

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"register TAGGED {self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class RegisterChain:
    """Register an empty CHAINED collection, which must not exist.

    Parameters
    ----------
    name, doc : `str`
        Name and documentation.
    """

    name: str
    doc: str = ""

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"register CHAINED {self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class Associate:
    """Associate datasets with a TAGGED collection.

    Parameters
    ----------
    collection : `str`
        Name of the TAGGED collection.
    dataset_ids : `tuple` [`uuid.UUID`, ...]
        The datasets.
    """

    collection: str
    dataset_ids: tuple[UUID, ...]

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"associate {len(self.dataset_ids)} datasets with {self.collection}"


@dataclasses.dataclass(frozen=True, slots=True)
class RedefineChain:
    """Replace the children of a CHAINED collection.

    Parameters
    ----------
    chain : `str`
        Name of the CHAINED collection.
    children : `tuple` [`str`, ...]
        Its new children.
    expected : `tuple` [`str`, ...]
        The children that it must have now; the step is refused otherwise.
    """

    chain: str
    children: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"point {self.chain} to {', '.join(self.children)}"


@dataclasses.dataclass(frozen=True, slots=True)
class SetDocumentation:
    """Set the documentation of a collection.

    Parameters
    ----------
    collection, doc : `str`
        Name of the collection, and the text.
    """

    collection: str
    doc: str

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"document {self.collection}"


Step: TypeAlias = (
    RegisterRun
    | RegisterTagged
    | RegisterChain
    | Associate
    | RedefineChain
    | SetDocumentation
    | PutDocument
    | PutMapping
    | PutTable
    | InsertRecords
)

# A node's fields are its function's arguments, so that executing and printing
# a plan cannot disagree.
_FUNCTIONS: dict[type, Callable[..., None]] = {
    RegisterDatasetType: steps.register_dataset_type,
    RegisterRun: steps.register_run,
    RegisterTagged: steps.register_tagged,
    RegisterChain: steps.register_chain,
    Associate: steps.associate,
    RedefineChain: steps.redefine_chain,
    SetDocumentation: steps.set_documentation,
    PutDocument: steps.put_document,
    PutMapping: steps.put_mapping,
    PutTable: steps.put_table,
    InsertRecords: steps.insert_records,
}

_SCRIPT = '''#!/usr/bin/env python
"""{purpose}

Review this script, then run it with the permission to write the repository:

    python {file} [REPOSITORY]

It does everything that its main function lists, or nothing.  It refuses the
names of collections that exist and chains that have changed.
"""
{functions}

REPOSITORY = {repository!r}


def main() -> None:
    """Execute the plan on the repository named on the command line."""
    repository = sys.argv[1] if len(sys.argv) > 1 else REPOSITORY
    with Butler.from_config(repository, writeable=True) as butler:
{preparation}
        with butler.transaction():
{steps}


if __name__ == "__main__":
    try:
        main()
    except (NameExistsError, ChainChangedError, MissingDatasetsError, RecordsExistError) as error:
        raise SystemExit(f"Nothing was changed: {{error}}") from None
'''


def _arguments(node: RegisterDatasetType | Step) -> dict[str, object]:
    return {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}


def _call_text(node: RegisterDatasetType | Step, indent: str) -> str:
    """Write a node as the call of its function."""
    inner = indent + "    "
    lines = [f"{indent}{_FUNCTIONS[type(node)].__name__}(", f"{inner}butler,"]
    for name, value in _arguments(node).items():
        text = pprint.pformat(value, width=88).replace("\n", "\n" + inner)
        lines.append(f"{inner}{name}={text},")
    return "\n".join([*lines, f"{indent})"])


def _functions_text() -> str:
    """Return the source of the steps without its docstring."""
    source = inspect.getsource(steps)
    docstring = ast.parse(source).body[0]
    body = "\n".join(source.splitlines()[docstring.end_lineno :])
    return body.replace("import json\n", "import json\nimport sys\n", 1)


def _execute_step(butler: Butler, step: Step) -> None:
    try:
        _FUNCTIONS[type(step)](butler, **_arguments(step))
    except steps.NameExistsError as error:
        kind: type[WorkbenchError] = (
            OutputRunExistsError if isinstance(step, RegisterRun) else CollectionExistsError
        )
        raise kind(str(error)) from error
    except (steps.ChainChangedError, steps.RecordsExistError) as error:
        raise FenceChangedError(str(error)) from error
    except steps.MissingDatasetsError as error:
        raise UnknownNameError(str(error)) from error


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """Writes to a Butler that happen together or not at all.

    Parameters
    ----------
    preparation : `tuple` [`RegisterDatasetType`, ...]
        Dataset types, registered beforehand and not undone: the Butler cannot
        register one inside a transaction.
    steps : `tuple` [`Step`, ...]
        What happens inside one transaction, in this order.
    """

    preparation: tuple[RegisterDatasetType, ...]
    steps: tuple[Step, ...]

    def execute(
        self,
        butler: Butler,
        *,
        guard: Callable[[Butler], None] | None = None,
        progress: Progress = silent,
    ) -> None:
        """Carry the plan out.  Writes to the Butler.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            Writeable Butler.
        guard : `~collections.abc.Callable`, optional
            Called with the Butler as the first thing inside the transaction;
            what it raises undoes the transaction.
        progress : `~workbench.progress.Progress`, optional
            Told each step before it is done, and, inside the transaction, that
            all are done.

        Raises
        ------
        workbench.errors.OutputRunExistsError
            Raised if a RUN that is to be registered exists.
        workbench.errors.CollectionExistsError
            Raised if another collection that is to be registered exists.
        workbench.errors.FenceChangedError
            Raised if a chain has not the expected children, or a dimension
            record says something else.
        workbench.errors.UnknownNameError
            Raised if datasets to associate do not exist.
        """
        for declaration in self.preparation:
            progress(declaration.title)
            _FUNCTIONS[RegisterDatasetType](butler, **_arguments(declaration))
        with butler.transaction():
            if guard is not None:
                guard(butler)
            for position, step in enumerate(self.steps):
                progress(step.title, position / len(self.steps))
                _execute_step(butler, step)
            progress("all steps done", 1.0)

    def to_script(self, *, repository: str, purpose: str, file: str = "plan.py") -> str:
        """Write the plan as a standalone Python script.

        Parameters
        ----------
        repository : `str`
            URI of the repository that the script writes unless told another.
        purpose : `str`
            First line of the script's docstring.
        file : `str`, optional
            Name of the file that the script will be in.

        Returns
        -------
        script : `str`
            Python source that imports only ``lsst.daf.butler`` and the
            standard library.
        """
        # A docstring's text must not end it.
        purpose = purpose.replace("\\", "\\\\").replace('"', "'")
        prepared = "\n".join(_call_text(node, " " * 8) for node in self.preparation)
        done = "\n".join(_call_text(node, " " * 12) for node in self.steps)
        return _SCRIPT.format(
            purpose=purpose,
            file=file,
            functions=_functions_text(),
            repository=repository,
            preparation=prepared or "        # There is no dataset type to register.",
            steps=done or "            pass",
        )
