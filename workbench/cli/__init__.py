"""The ``workbench`` command: the public Python API, one command a call.

A module is a command group: click declares arguments, and the body of each
command is a few lines on a `~workbench.bench.Bench`, whose methods are the
functions to call from Python.

Results go to standard output, as aligned tables or with ``--json`` as JSON;
progress and errors go to standard error.  Exit codes: 0 done, 1 an error of
`workbench.errors`, 2 wrong usage, 130 interrupted.

Modules import the rest of the package inside functions, so that ``--help``
answers at once.
"""

import sys

try:
    from workbench.cli.root import main
except KeyboardInterrupt:  # Ctrl-C while the command is loaded, where no edge is yet
    print("Cancelled.", file=sys.stderr)
    sys.exit(130)

__all__ = ["main"]
