"""The Butler's ``where`` grammar, extended and explained.

`select` parses an expression with the Butler's own parser (`_grammar`),
resolves every name with its place (`columns`), and splits it at the
top-level ``AND`` (`conjuncts`).  Conjuncts of the Butler's columns go to the
Butler as they were written (`butler_part`); those that name extension tables
or saved sets are evaluated on Arrow frames (`frames`, `evaluate`).  The
`Selection` carries the rows, a waterfall, and what each conjunct dropped;
`attach_columns` puts metadata, metrics and aggregates (`aggregates`) beside
the rows.  What tables hold of times and the sky is tested in `shapes`.
"""

from workbench.query.attach import attach_columns
from workbench.query.conjuncts import tell_many
from workbench.query.scope import Term, columns_for, find_named_sets, read_terms
from workbench.query.select import butler_where, select
from workbench.query.selection import Selection
from workbench.query.why_not import WhyNot

__all__ = [
    "Selection",
    "Term",
    "WhyNot",
    "attach_columns",
    "butler_where",
    "columns_for",
    "find_named_sets",
    "read_terms",
    "select",
    "tell_many",
]
