"""Campaign Workbench: decide, explain and commit what data a processing campaign uses.

The flow, and the packages along it::

    repository --> select --> explain --> group --> preview --> commit --> run --> trace
    registry       query      sets        groupings  graph      campaigns  runs    provenance
    snapshot                  annotations
                              metrics

`workbench.open` gives a `~workbench.bench.Bench`, the public face of all of it.
"""
