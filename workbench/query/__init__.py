"""The Butler's ``where`` grammar, extended and explained.

`select` parses an expression with the Butler's own parser (`_grammar`),
resolves every name with its place (`columns`), and splits it at the
top-level ``AND`` (`conjuncts`).  Conjuncts of the Butler's columns go to the
Butler as they were written (`butler_part`); those that name extension tables
or saved sets are evaluated on Arrow frames (`frames`, `evaluate`).  The
`Selection` carries the rows, a waterfall, and what each conjunct dropped.
"""

from workbench.query.scope import Term, columns_for, read_terms
from workbench.query.select import select
from workbench.query.selection import Selection

__all__ = ["Selection", "Term", "columns_for", "read_terms", "select"]
