"""Views of one selection: sky, timeline, histogram, scatter, focal plane, table.

Each view is one ES module (canvas and plain HTML, nothing from elsewhere),
put together from the ``.js`` files here, and wrapped twice: for Panel in
`workbench.ui.views.component`, and as an ipywidget in `workbench.ui.widgets`.

State is in Python: `~workbench.session.content.rows.VisitRows` is what there is to
select, `~workbench.session.content.selection.SharedSelection` what is selected, by key.
Positions of rows exist on the wire only, beside the digest of the keys that
they count.  Views of one page share a hub (``hub.js``): a brush redraws all
of them at once, and Python hears of it a moment later.
"""
