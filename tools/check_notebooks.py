"""Check that no notebook in a folder is stored with what it printed.

``python tools/check_notebooks.py FOLDER`` names each notebook that holds
outputs, execution counts or a kernel of one's own, and ends with 1 if there
was any.  ``--clear`` removes them instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def clear(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out what depends on who ran a notebook, and when."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    return notebook


def main(folder: str, *, rewrite: bool) -> int:
    """Check, or clear, every notebook in a folder."""
    stored = []
    for path in sorted(Path(folder).glob("*.ipynb")):
        before = nbformat.read(path, as_version=4)
        after = clear(nbformat.from_dict(before))
        if after != nbformat.read(path, as_version=4):
            stored.append(path)
            if rewrite:
                nbformat.write(after, path)
    for path in stored:
        print(f"{path}: {'cleared' if rewrite else 'holds outputs; run tools/check_notebooks.py --clear'}")
    return int(bool(stored) and not rewrite)


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--clear"]
    sys.exit(main(arguments[0], rewrite="--clear" in sys.argv))
