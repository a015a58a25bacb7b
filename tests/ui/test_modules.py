"""Modules of JavaScript, joined to one."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.ui.elements.modules import join_modules


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "entry.js"


def test_each_is_made_once_before_those_that_import_it(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { left } from "./left.js";\nimport { base } from "./base.js";\nexport const all = 1;\n',
        left='import { base } from "./base.js";\n\nexport function left() {\n  return base;\n}\n',
        base="export const base = 1;\nconst own = 2;\n",
    )
    source = join_modules(entry)
    assert source.count("const base = 1;") == 1
    assert source.index("const base = 1;") < source.index("function left()") < source.index("const all")
    assert "import " not in source
    assert "export " not in source
    assert source.endswith("const $entry = $module2;")


def test_what_python_knows_better_is_put_in(tmp_path: Path) -> None:
    entry = write(tmp_path, entry='export const STYLE = "";\n')
    assert r'const STYLE = "a\n\"b\" \\1";' in join_modules(entry, (("STYLE", 'a\n"b" \\1'),))


def test_a_circle_is_named(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { a } from "./a.js";\n',
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match=r"a\.js -> b\.js -> a\.js"):
        join_modules(entry)


@pytest.mark.parametrize("line", ["export default 1;", 'import all from "./all.js";', "export { a };"])
def test_other_forms_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        join_modules(write(tmp_path, entry=f"const a = 1;\n{line}\n"))
