"""The embedded registry: a Butler repository, and our tables with it.

`open_registry` finds the repository (`location`), asks its database whether
it may be opened (`connect`) and where our tables live (`home`): beside the
Butler's, or in a sidecar database where those cannot be written.  A
`Registry` browses with a read-only Butler and opens a writing one only for
the length of a block.

Our tables have an engine of their own (`database`) and are told from the
Butler's by their names (`naming`).  Nothing is created before the first write,
which makes the fixed tables (`schema`) by Alembic (`migrations`) in its own
transaction.  All else is an extension table (`extension`): declared
(`declaration`, in files `yaml_form`), recorded with its declaration,
append-only, with a view of its current rows in the database, and brought to
later versions with its rows (`changes`, `alteration`).  Writes to the Butler are plans (`plan`),
and the commits that group them are kept in a journal (`journal`).

Where a repository is ours, its universe can be extended by dynamic dimensions
(`dimensions`): `universe_plan` says what would be done, `extending` does it or
undoes it, in one transaction of the Butler's own (`_universe`) with the text
of its dimensions (`universe_text`) and the keys in its file templates
(`templates`, `configuration`).  Groups become records of them (`members`),
with keys that belong to one version of a grouping (`minting`).
"""

from __future__ import annotations

from workbench.registry.connect import open_registry
from workbench.registry.dimensions.dynamic import DynamicDimension
from workbench.registry.registry import Registry
from workbench.registry.tables.declaration import Column, TableDeclaration
from workbench.registry.tables.extension import ExtensionTable
from workbench.registry.tables.yaml_form import declaration_from_yaml, declaration_to_yaml

__all__ = [
    "Column",
    "DynamicDimension",
    "ExtensionTable",
    "Registry",
    "TableDeclaration",
    "declaration_from_yaml",
    "declaration_to_yaml",
    "open_registry",
]
