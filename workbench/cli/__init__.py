"""The ``workbench`` command: the public Python API, one command a call.

Click is a skin.  A ``commands_*`` module declares arguments, and the body of
each command is one call of a function in the ``scripts_*`` module of the same
noun.  Such a function takes plain arguments, works through
`~workbench.bench.Bench`, prints, and returns; it knows nothing of click.

Results go to standard output, as aligned tables or with ``--json`` as JSON;
progress and errors go to standard error.  Exit codes: 0 done, 1 an error of
`workbench.errors`, 2 wrong usage, 130 interrupted.

Modules import the rest of the package inside functions, so that ``--help``
answers at once.
"""

from workbench.cli.root import main

__all__ = ["main"]
