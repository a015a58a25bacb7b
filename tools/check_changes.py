"""Check that the changelog's fragments can be built.

Towncrier passes over a fragment whose name it does not understand, so that its
text would be missing from the changelog without a word.  Names are judged here
first; then towncrier drafts the next version's section.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHANGES = ROOT / "changes"


def main() -> int:
    """Name the fragments that have no known type or no text, then draft."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    types = [kind["directory"] for kind in project["tool"]["towncrier"]["type"]]
    bad = []
    for path in sorted(CHANGES.iterdir()):
        if path.name in {"README.md", ".gitignore"}:
            continue
        parts = path.name.split(".")
        if len(parts) != 3 or parts[1] not in types or parts[2] != "md":
            bad.append(f"{path.name}: not <name>.<{'|'.join(types)}>.md")
        elif not path.read_text().strip():
            bad.append(f"{path.name}: empty")
    if bad:
        print("\n".join(bad))
        return 1
    version = project["project"]["version"]
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", version]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
