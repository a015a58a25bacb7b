"""Plans: every write to the Butler, as frozen values that say what.

A plan is executed here, or shown as a script that has the same effect with
``lsst.daf.butler`` alone, where the Butler cannot be written from here.
"""

from __future__ import annotations

import dataclasses
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
from workbench.names import check_collection
from workbench.progress import Progress, silent
from workbench.registry.plan import preconditions, steps
from workbench.registry.plan.puts import PutDocument, PutMapping, PutTable
from workbench.registry.plan.record_step import InsertRecords
from workbench.registry.plan.script import Graph, arguments_of, make_script

__all__ = [
    "Associate",
    "CheckInputs",
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
        Name, as `workbench.names.check_collection` allows it, and documentation.
    """

    name: str
    doc: str = ""

    def __post_init__(self) -> None:
        check_collection(self.name, "RUN")

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
        Name, as `workbench.names.check_collection` allows it, and documentation.
    """

    name: str
    doc: str = ""

    def __post_init__(self) -> None:
        check_collection(self.name, "TAGGED collection")

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
        Name, as `workbench.names.check_collection` allows it, and documentation.
    """

    name: str
    doc: str = ""

    def __post_init__(self) -> None:
        check_collection(self.name, "chain")

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


@dataclasses.dataclass(frozen=True, slots=True)
class CheckInputs:
    """Refuse to go on if what a graph was built from has changed.

    Parameters
    ----------
    collections : `tuple` [`str`, ...]
        Input collections in the order in which they are searched.
    dataset_types : `tuple` [`str`, ...]
        Names of the dataset types that were read.
    elements : `tuple` [`str`, ...]
        Dimension elements whose records were read.
    digests : `tuple` [`tuple` [`str`, `str`], ...]
        What `workbench.registry.plan.preconditions.digest_inputs` gave for them.
    """

    collections: tuple[str, ...]
    dataset_types: tuple[str, ...]
    elements: tuple[str, ...]
    digests: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"check the inputs in {', '.join(self.collections)}"


Step: TypeAlias = (
    CheckInputs
    | RegisterRun
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
    CheckInputs: preconditions.check_inputs,
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


def _execute_step(butler: Butler, step: Step) -> None:
    try:
        _FUNCTIONS[type(step)](butler, **arguments_of(step))
    except steps.NameExistsError as error:
        kind: type[WorkbenchError] = (
            OutputRunExistsError if isinstance(step, RegisterRun) else CollectionExistsError
        )
        raise kind(str(error)) from error
    except (steps.ChainChangedError, preconditions.InputsChangedError, steps.RecordsExistError) as error:
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
            _FUNCTIONS[RegisterDatasetType](butler, **arguments_of(declaration))
        with butler.transaction():
            if guard is not None:
                guard(butler)
            for position, step in enumerate(self.steps):
                progress(step.title, position / len(self.steps))
                _execute_step(butler, step)
            progress("all steps done", 1.0)

    def to_script(
        self, *, repository: str, purpose: str, file: str = "plan.py", graph: Graph | None = None
    ) -> str:
        """Write the plan as a standalone Python script.

        Parameters
        ----------
        repository : `str`
            URI of the repository that the script writes unless told another;
            empty if that has to be told.
        purpose : `str`
            First line of the script's docstring.
        file : `str`, optional
            Name of the file that the script will be in.
        graph : `~workbench.registry.plan.script.Graph`, optional
            Graph file that the script prepares for its execution.

        Returns
        -------
        script : `str`
            Python source that imports only ``lsst.daf.butler`` and the
            standard library.
        """
        return make_script(
            _FUNCTIONS,
            self.preparation,
            self.steps,
            repository=repository,
            purpose=purpose,
            file=file,
            done=self._done_text(),
            graph=graph,
        )

    def _done_text(self) -> str:
        """Return the expression by which a script sees that it was executed before."""
        for step in self.steps:
            if isinstance(step, PutDocument | PutMapping | PutTable):
                return f"has_dataset(butler, {step.dataset_id!r})"
        for step in self.steps:
            if isinstance(step, RegisterRun | RegisterTagged | RegisterChain) and step.doc:
                return f"has_collection(butler, {step.name!r}, {step.doc!r})"
        return "False"  # records may be inserted again
