"""What a user is doing, apart from how it is drawn.

The draft of a set and its history, groups that are tried, the campaign that
is planned and its execution, notes, and the log of it all.  Pages, widgets
and JupyterLab draw this state and pass actions on to it; nothing here imports
a library that draws, so that it works, and is tested, without a browser.

- `~workbench.session.desk`: how an action is carried out, logged and replayed;
- `~workbench.session.curation`: the set that is put together;
- `~workbench.session.groups`: groups that are tried and changed by hand;
- `~workbench.session.campaign`: the plan, its previews, what runs;
- `~workbench.session.notes`: annotations that are written;
- `~workbench.session.content`: what is drawn, as arrays and texts.
"""
