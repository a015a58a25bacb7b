"""Small pieces of views."""

from __future__ import annotations

import panel as pn

from workbench.ui.elements.pieces import code, name_step


def test_a_caret_stays_below_what_it_points_at() -> None:
    message = "No column 'b'.\n  a < <b\n      ^\nThere are: a."
    assert code(message, "error") == (
        '<pre class="error" role="alert">No column &#x27;b&#x27;.'
        '<span class="exact" tabindex="0">  a &lt; &lt;b\n      ^</span>There are: a.</pre>'
    )
    assert code("x ^ y\nno caret", "error") == '<pre class="error" role="alert">x ^ y\nno caret</pre>'
    assert code("a\n^", "done") == '<pre class="done" role="status">a\n^</pre>'
    assert code("") == ""


def test_a_step_back_is_named_and_cut() -> None:
    shown = pn.widgets.Button()
    name_step(shown, "Undo", "leave out visit 96954")
    assert (shown.name, shown.disabled) == ("Undo: leave out visit 96954", False)
    name_step(shown, "Undo", "take in " + "a" * 60)
    assert len(shown.name) == len("Undo: ") + 48
    assert shown.name.endswith("a…")
    name_step(shown, "Undo", "")
    assert (shown.name, shown.disabled) == ("Undo", True)
